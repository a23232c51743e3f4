"""The scorer finds true pictures right and spoiled ones wrong."""
import random
import unittest
from dataclasses import replace

try:
    import numpy as np
    from draw import render
except ImportError as missing:
    raise unittest.SkipTest(f"needs {missing.name}")
from score import check, kept_psnr
from world import Scene, Thing, random_scene

HOUSE = Thing("house", "red", "normal", "middle")
SCENE = Scene((HOUSE, Thing("moon", "yellow", "small", "right")), "night", "grass", "OPEN")


def wrong(picture, scene):
    return {name for name, values in check(picture, scene).items() if not all(values)}


class Scorer(unittest.TestCase):
    def test_true_pictures_are_wholly_right(self):
        rng = random.Random(77)
        for _ in range(12):
            scene = random_scene(rng)
            self.assertEqual(wrong(render(scene), scene) - {"size"}, set(), scene)

    def test_another_colour_is_noticed(self):
        other = replace(SCENE, things=(replace(HOUSE, colour="blue"), SCENE.things[1]))
        self.assertEqual(wrong(render(other), SCENE), {"colour", "both", "scene"})

    def test_another_kind_is_noticed(self):
        other = replace(SCENE, things=(replace(HOUSE, kind="car"), SCENE.things[1]))
        self.assertLessEqual({"kind", "both", "scene"}, wrong(render(other), SCENE))

    def test_a_letter_beside_the_word_is_noticed(self):
        self.assertEqual(wrong(render(replace(SCENE, word="OPENXX")), SCENE) & {"word", "scene"}, {"word", "scene"})

    def test_a_word_nobody_asked_for_is_noticed(self):
        self.assertEqual(wrong(render(SCENE), replace(SCENE, word="")), {"no_word", "scene"})

    def test_a_missing_thing_and_an_extra_thing_are_noticed(self):
        alone = replace(SCENE, things=(HOUSE,))
        self.assertIn("kind", wrong(render(alone), SCENE))
        self.assertEqual(wrong(render(SCENE), alone), {"count", "scene"})

    def test_kept_part_ignores_what_the_edit_changes(self):
        target = replace(SCENE, word="SHUT")
        self.assertGreater(kept_psnr(render(target), SCENE, target), 70)
        self.assertLess(kept_psnr(np.zeros((128, 128, 3)), SCENE, target), 20)


if __name__ == "__main__":
    unittest.main()
