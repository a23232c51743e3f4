"""Builds the two tokenizers of the checkpoint, as the ordinary files of CLIP and T5, and encodes text with them.

T5: a SentencePiece unigram model whose pieces are the world's words (whole), single characters, and nothing between; so
every letter of a quoted word is one token. CLIP: a byte-level BPE whose merges make the same words whole.
"""
import collections
import json
import math
import os
import re
import struct
import subprocess
import tempfile

import sentencepiece

from language import capitalised, vocabulary

T5_TOKENS = 64
CLIP_TOKENS = 77
EXTRA_IDS = 100                 # <extra_id_n> of T5: the rows after the pieces
SPACE = "\u2581"
PAD, EOS, UNK = 0, 1, 2


# ---- the few bits of protobuf that a SentencePiece model needs

def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytearray([value]))


def field_bytes(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def field_int(number, value):
    return varint(number << 3) + varint(value)


def field_float(number, value):
    return varint(number << 3 | 5) + struct.pack("<f", value)


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def subfield(data, wanted):
    """The payload of the first length-delimited field of that number."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == 0:
            _value, at = read_varint(data, at)
        elif kind == 5:
            at += 4
        else:
            length, at = read_varint(data, at)
            if key >> 3 == wanted:
                return data[at:at + length]
            at += length
    raise ValueError(f"no field {wanted}")


def normaliser_spec():
    """The nmt_nfkc normaliser's settings and character map, as spm_train writes them."""
    with tempfile.TemporaryDirectory() as folder:
        text = os.path.join(folder, "text")
        with open(text, "w") as file:
            file.write("a house beside a tree at night\n" * 50)
        subprocess.run(["spm_train", f"--input={text}", f"--model_prefix={folder}/m", "--vocab_size=24", "--hard_vocab_limit=false",
                        "--normalization_rule_name=nmt_nfkc", "--minloglevel=2"], check=True, capture_output=True)
        with open(os.path.join(folder, "m.model"), "rb") as file:
            return subfield(file.read(), 3)


def t5_pieces():
    """(piece, score, type) in order of id."""
    words = vocabulary()
    whole = words + [capitalised(word) for word in words if len(word) > 1]
    single = [chr(c) for c in range(0x21, 0x7F)] + [chr(c) for c in range(0xC0, 0x100) if chr(c).isalpha()] + list("“”‘’–—…")
    pieces = [("<pad>", 0.0, 3), ("</s>", 0.0, 3), ("<unk>", 0.0, 2)]
    pieces += [(character, -6.0, 1) for character in single]
    pieces += [(SPACE, -4.0, 1), (SPACE + "'", -7.0, 1), (SPACE + '"', -7.0, 1), (SPACE + "“", -7.0, 1)]
    pieces += [(SPACE + word, -8.0, 1) for word in whole]
    return pieces


def write_spiece(path):
    model = b"".join(field_bytes(1, field_bytes(1, piece.encode()) + field_float(2, score) + field_int(3, kind))
                     for piece, score, kind in t5_pieces())
    count = len(t5_pieces())
    trainer = field_int(3, 1) + field_int(4, count)                                    # unigram, vocab_size
    trainer += field_int(40, UNK) + field_int(41, (1 << 64) - 1) + field_int(42, EOS) + field_int(43, PAD)
    trainer += b"".join(field_bytes(number, piece.encode()) for number, piece in ((45, "<unk>"), (47, "</s>"), (48, "<pad>")))
    with open(path, "wb") as file:
        file.write(model + field_bytes(2, trainer) + field_bytes(3, normaliser_spec()))


# ---- CLIP

def byte_alphabet():
    """CLIP's printable character for each byte, in the order of its vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(rest)}


def merge_pair(symbols, pair):
    out = []
    for symbol in symbols:
        if out and (out[-1], symbol) == pair:
            out[-1] = "".join(pair)
        else:
            out.append(symbol)
    return tuple(out)


def learn_merges(words):
    """Merges, most frequent pair first, until every word is one symbol."""
    splits = {word: tuple(word[:-1]) + (word[-1] + "</w>",) for word in words}
    merges = []
    while any(len(symbols) > 1 for symbols in splits.values()):
        counts = collections.Counter(pair for symbols in splits.values() for pair in zip(symbols, symbols[1:]))
        best = max(counts.items(), key=lambda item: (item[1], item[0]))[0]
        merges.append(best)
        splits = {word: merge_pair(symbols, best) for word, symbols in splits.items()}
    return merges


def write_clip(folder):
    merges = learn_merges(vocabulary())
    letters = list(byte_alphabet().values())
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    write_json(os.path.join(folder, "vocab.json"), {token: i for i, token in enumerate(tokens)}, indent=None)
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = dict(bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<|endoftext|>", unk_token="<|endoftext|>")
    write_json(os.path.join(folder, "special_tokens_map.json"), special)
    write_json(os.path.join(folder, "tokenizer_config.json"),
               dict(special, tokenizer_class="CLIPTokenizer", model_max_length=CLIP_TOKENS, do_lower_case=True, add_prefix_space=False,
                    errors="replace"))


def write_t5(folder):
    write_spiece(os.path.join(folder, "spiece.model"))
    special = dict(eos_token="</s>", pad_token="<pad>", unk_token="<unk>")
    extra = [f"<extra_id_{i}>" for i in range(EXTRA_IDS)]
    write_json(os.path.join(folder, "special_tokens_map.json"), dict(special, additional_special_tokens=extra))
    write_json(os.path.join(folder, "tokenizer_config.json"),
               dict(special, tokenizer_class="T5Tokenizer", model_max_length=T5_TOKENS, extra_ids=EXTRA_IDS,
                    additional_special_tokens=extra))


def write_json(path, value, indent=2):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=indent, ensure_ascii=False)
        file.write("\n")


def build(root):
    """Writes tokenizer/ and tokenizer_2/ below a folder."""
    for name, write in (("tokenizer", write_clip), ("tokenizer_2", write_t5)):
        folder = os.path.join(root, name)
        os.makedirs(folder, exist_ok=True)
        write(folder)


class T5Tokenizer:
    """spiece.model through the sentencepiece library."""

    def __init__(self, folder):
        self.model = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "spiece.model"))
        self.rows = self.model.get_piece_size() + EXTRA_IDS
        self.words = {}

    def word(self, word):
        """Ids of one word between spaces; words do not touch each other in this model."""
        if word not in self.words:
            if len(self.words) > 200_000:
                self.words.clear()
            self.words[word] = self.model.encode(word)
        return self.words[word]

    def pieces(self, text):
        """Ids of a text without the end mark."""
        return [i for word in text.split() for i in self.word(word)]

    def is_letter(self, token):
        piece = self.model.id_to_piece(token)
        return len(piece) == 1 and piece.isascii() and piece.isalpha()


class ClipTokenizer:
    """vocab.json and merges.txt; enough of CLIP's rules for text of letters, digits and punctuation."""

    def __init__(self, folder):
        with open(os.path.join(folder, "vocab.json"), encoding="utf-8") as file:
            self.ids = json.load(file)
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as file:
            self.ranks = {tuple(line.split()): i for i, line in enumerate(file.read().splitlines()[1:])}
        self.start, self.end = self.ids["<|startoftext|>"], self.ids["<|endoftext|>"]
        self.alphabet = byte_alphabet()
        self.split = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+|_+")
        self.words = {}

    def word(self, word):
        if word not in self.words:
            if len(self.words) > 200_000:
                self.words.clear()
            symbols = [self.alphabet[byte] for byte in word.encode()]
            symbols[-1] += "</w>"
            while True:
                ranked = [(self.ranks.get(pair, math.inf), pair) for pair in zip(symbols, symbols[1:])]
                if not ranked or min(ranked)[0] == math.inf:
                    break
                symbols = list(merge_pair(symbols, min(ranked)[1]))
            self.words[word] = [self.ids[symbol] for symbol in symbols]
        return self.words[word]

    def encode(self, text):
        """Ids from start to end mark, at most CLIP_TOKENS of them."""
        ids = [i for word in self.split.findall(text.lower()) for i in self.word(word)]
        return [self.start] + ids[:CLIP_TOKENS - 2] + [self.end]
