"""The held-out cases say what they mean, and those written by hand use the world's names."""
import random
import unittest
from dataclasses import replace

try:
    import numpy as np
    from draw import render
except ImportError as missing:
    raise unittest.SkipTest(f"needs {missing.name}")
import cases
from score import check_wanted, decibels, inside
from world import BACKGROUNDS, COLOURS, COLUMNS, GROUNDS, KINDS, Scene, Thing, random_scene

HOUSE = Thing("house", "red", "normal", "middle")


class Cases(unittest.TestCase):
    def test_few_cases_are_the_first_of_many(self):
        few, many = cases.template_cases(3), cases.template_cases(5)
        self.assertEqual([case["id"] for case in few], ["g000", "g001", "g002", "e000", "e001", "e002"])
        self.assertEqual(few, many[:3] + many[5:8])

    def test_wishes_written_by_hand_use_the_names_of_the_world(self):
        self.assertEqual(len(cases.free_cases()), 64)
        for case in cases.free_cases() + cases.foreign_cases():
            wanted = case["wanted"]
            self.assertIn(wanted.get("background"), (None, *BACKGROUNDS), case)
            self.assertIn(wanted.get("ground"), (None, *GROUNDS), case)
            for kind, colour, column in wanted.get("things", ()):
                self.assertIn(kind, KINDS, case)
                self.assertIn(colour, (None, *COLOURS), case)
                self.assertIn(column, (None, *COLUMNS), case)

    def test_a_chain_leaves_its_subject_alone_and_says_four_kinds_of_edit(self):
        chain = cases.chain_cases()
        self.assertEqual(len(chain), cases.CHAINS * (cases.CHAIN_STEPS + 1))
        for case in chain:
            self.assertIn(Thing(**case["subject"]), Scene.from_json(case["scene"]).things, case)
            self.assertGreater(inside(Thing(**case["subject"])).sum(), 40, case)
        self.assertEqual([case["source"] for case in chain[:3]], [None, "c0-0.png", "c0-1.png"])


class Wishes(unittest.TestCase):
    def wrong(self, scene, **wanted):
        return {name for name, values in check_wanted(render(scene), wanted).items() if not all(values)}

    def test_what_is_unsaid_may_be_anything(self):
        scene = Scene((HOUSE,), "night", "sea", "OPEN")
        self.assertEqual(self.wrong(scene, things=[["house", None, None]], background="night", ground=None, word="OPEN"), set())
        self.assertEqual(self.wrong(scene, things=[["house", "blue", None]]), {"thing", "scene"})
        self.assertEqual(self.wrong(scene, things=[["house", None, "left"]]), {"thing", "scene"})
        self.assertEqual(self.wrong(scene, things=[]), {"count", "scene"})
        self.assertEqual(self.wrong(scene, word=""), {"word", "scene"})
        self.assertEqual(self.wrong(scene, background="day", ground="grass"), {"background", "ground", "scene"})


class Subjects(unittest.TestCase):
    def test_the_mask_of_a_thing_lies_inside_of_it_wherever_the_seed_puts_it(self):
        rng = random.Random(4)
        for seed in range(20):
            thing = random_scene(rng).things[0]
            if thing.colour in ("black", "white") or thing.kind == "moon" and thing.size == "small":
                continue
            pictures = [render(Scene((thing,), sky, ground, seed=seed)) for sky, ground in (("white", "none"), ("black", "none"))]
            self.assertGreater(inside(thing).sum(), 20, thing)
            self.assertGreater(decibels(*pictures, inside(thing)), 40, thing)
            other = replace(thing, colour="green" if thing.colour != "green" else "red")
            self.assertLess(decibels(pictures[0], render(Scene((other,), "white", "none", seed=seed)), inside(thing)), 30)


if __name__ == "__main__":
    unittest.main()
