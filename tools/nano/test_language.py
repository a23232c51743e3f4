"""Captions and instructions say what they mean, and both tokenizers spell as the checkpoint promises."""
import random
import tempfile
import unittest
from dataclasses import replace

try:
    import sentencepiece  # noqa: F401
    import torch  # noqa: F401
except ImportError as missing:
    raise unittest.SkipTest(f"needs {missing.name}")
import tokenizers
from language import EDITS, caption, edit
from prompts import IGNORE, TOKEN_HEADS, Prompter
from world import Scene, Thing, first_cell, random_scene


def setUpModule():
    global prompter, folder
    folder = tempfile.TemporaryDirectory()
    tokenizers.build(folder.name)
    prompter = Prompter(folder.name)


def tearDownModule():
    folder.cleanup()


def spelled(text):
    model = prompter.t5.model
    return model.encode(text, out_type=str)


class T5Pieces(unittest.TestCase):
    def test_special_ids_are_those_of_t5(self):
        model = prompter.t5.model
        self.assertEqual((model.pad_id(), model.eos_id(), model.unk_id(), model.bos_id()), (0, 1, 2, -1))

    def test_words_of_the_world_are_whole(self):
        self.assertEqual(spelled("Make the house blue, please."), ["▁Make", "▁the", "▁house", "▁blue", ",", "▁please", "."])

    def test_quoted_words_are_spelled_letter_by_letter_in_either_case(self):
        self.assertEqual(spelled("'OPEN'"), ["▁'", *"OPEN", "'"])
        self.assertEqual(spelled('"open"'), ['▁"', *"open", '"'])

    def test_wide_and_composed_characters_are_normalised(self):
        self.assertEqual(spelled("ＯＰＥＮ\u3000ﬁ"), ["▁", *"OPEN", "▁", "f", "i"])

    def test_word_by_word_ids_equal_those_of_the_library_for_whole_texts(self):
        rng = random.Random(2)
        for _ in range(300):
            scene = random_scene(rng)
            for text in (caption(rng, scene).text, edit(rng, scene)[0].text):
                self.assertEqual(prompter.t5.pieces(text), prompter.t5.model.encode(text), text)

    def test_captions_have_no_unknown_pieces_and_fit(self):
        rng = random.Random(3)
        for _ in range(300):
            ids = prompter.t5.pieces(caption(rng, random_scene(rng)).text)
            self.assertNotIn(tokenizers.UNK, ids)
            self.assertLess(len(ids), tokenizers.T5_TOKENS)


class ClipPieces(unittest.TestCase):
    def test_words_of_the_world_are_whole_and_marks_are_the_last_two_ids(self):
        names = {value: key for key, value in prompter.clip.ids.items()}
        ids = prompter.clip.encode("A red House, at night")
        self.assertEqual([names[i] for i in ids], ["<|startoftext|>", "a</w>", "red</w>", "house</w>", ",</w>", "at</w>", "night</w>",
                                                   "<|endoftext|>"])
        self.assertEqual((ids[0], ids[-1]), (len(names) - 2, len(names) - 1))

    def test_any_bytes_can_be_encoded(self):
        self.assertGreater(len(prompter.clip.encode("zqx 日本 §")), 5)


class Labels(unittest.TestCase):
    def test_every_token_has_a_row_and_letters_know_their_cells(self):
        rng, cell = random.Random(4), list(TOKEN_HEADS).index("cell")
        for _ in range(200):
            scene = replace(random_scene(rng), word="KIWI")
            said = caption(rng, scene)
            rows = prompter.token_labels(said)
            self.assertEqual(len(rows), len(prompter.t5.pieces(said.text)), said.text)
            self.assertEqual([row[cell] for row in rows if row[cell] != IGNORE], [first_cell("KIWI") + i for i in range(4)], said.text)

    def test_instructions_change_what_they_name(self):
        rng = random.Random(5)
        source = Scene((Thing("house", "red", "normal", "middle"), Thing("star", "blue", "small", "left")), "night", "grass", "HI")
        for kind in EDITS:
            made = edit(rng, source, kind)
            while made is None:
                made = edit(rng, source, kind)
            said, target = made
            self.assertNotEqual(source, target, said.text)
            self.assertEqual(source.seed, target.seed)
            self.assertEqual(said.summary["edit"], EDITS.index(kind))

    def test_unsaid_places_follow_the_order_of_mention(self):
        scene = Scene((Thing("cat", "blue", "normal", "left"), Thing("car", "pink", "normal", "right")), "day", "grass")
        texts = [caption(random.Random(i), scene).text.lower() for i in range(60)]
        unsaid = [text for text in texts if "left" not in text and "right" not in text]
        self.assertTrue(unsaid)
        for text in unsaid:
            self.assertLess(max(text.find("cat"), text.find("kitten")), text.find("car"), text)


if __name__ == "__main__":
    unittest.main()
