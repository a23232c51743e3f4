"""The held-out cases that a checkpoint is scored on, as files: cases.jsonl and the pictures that are edited.

A case: {"id", "group", "mode": "generate" | "edit", "prompt", "seed", "source": file name or null}, and by group
generate  "scene"                                     a caption of the world's templates
edit      "scene", "source_scene", "edit"             an instruction of the templates; "edit" is its kind
free      "wanted"                                    free_prompts.jsonl, written by hand: what is unsaid may be anything
foreign   "wanted"                                    foreign_cases.jsonl: edits of pictures that another program has drawn
chain     "scene", "subject", "step", "source_scene"  four edits one upon the other that leave the subject alone
The source of a chain's later steps is the picture made of the step before.
"""
import io
import json
import os
import random
import re
import subprocess

import numpy as np
from PIL import Image

from dataset import random_pair
from draw import render
from language import caption, edit
from score import inside
from world import SIZE, Scene, random_scene

HERE = os.path.dirname(os.path.abspath(__file__))
CHAINS, CHAIN_STEPS = 8, 4


def template_cases(count):
    """Held-out prompts and edits: other seeds than any training data. A smaller count gives the first of a larger one's."""
    prompts, edits, cases = random.Random("held-out prompts"), random.Random("held-out edits"), []
    for i in range(count):
        scene = random_scene(prompts)
        cases.append(dict(id=f"g{i:03}", group="generate", mode="generate", prompt=caption(prompts, scene).text, seed=1000 + i,
                          source=None, scene=scene.to_json()))
    for i in range(count):
        source, target, said = random_pair(edits)
        cases.append(dict(id=f"e{i:03}", group="edit", mode="edit", prompt=said.text, seed=2000 + i, source=f"e{i:03}-source.png",
                          scene=target.to_json(), source_scene=source.to_json(), edit=said.edit))
    return cases


def written_by_hand(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def free_cases():
    return [dict(id=f"f{i:02}", group="free", mode="generate", prompt=wanted["prompt"], seed=3000 + i, source=None, wanted=wanted)
            for i, wanted in enumerate(written_by_hand("free_prompts.jsonl"))]


def foreign_cases():
    return [dict(id=f"x{i:02}", group="foreign", mode="edit", prompt=wanted["prompt"], seed=4000 + i,
                 source=f"foreign-{wanted['picture']}.png", wanted=wanted)
            for i, wanted in enumerate(written_by_hand("foreign_cases.jsonl"))]


def next_of_chain(rng, scene, subject, used):
    """(Said, target) of a kind not used yet that leaves the subject as it is."""
    while True:
        said, target = edit(rng, scene)
        if subject in target.things and said.edit not in used:
            return said, target


def chain_cases():
    rng, cases = random.Random("chains"), []
    for i in range(CHAINS):
        scene = random_scene(rng)
        subject, used = max(scene.things, key=lambda thing: inside(thing).sum()), set()
        common = dict(group="chain", seed=5000 + i, subject=vars(subject))
        cases.append(dict(common, id=f"c{i}-0", mode="generate", prompt=caption(rng, scene).text, source=None, scene=scene.to_json(),
                          source_scene=None, step=0))
        for step in range(1, CHAIN_STEPS + 1):
            said, target = next_of_chain(rng, scene, subject, used)
            used.add(said.edit)
            cases.append(dict(common, id=f"c{i}-{step}", mode="edit", prompt=said.text, source=f"c{i}-{step - 1}.png",
                              scene=target.to_json(), source_scene=scene.to_json(), step=step))
            scene = target
    return cases


def drawn_by_rsvg(name, without_backdrop=False):
    """A picture of foreign/ as RGBA; without its backdrop, the alpha channel says where its subject is."""
    with open(os.path.join(HERE, "foreign", name + ".svg"), encoding="utf-8") as file:
        drawing = file.read()
    if without_backdrop:
        drawing = re.sub(r'<g id="backdrop">.*?</g>', "", drawing, flags=re.DOTALL)
    made = subprocess.run(["rsvg-convert", "--width", str(SIZE), "--height", str(SIZE)], input=drawing.encode(), check=True, capture_output=True)
    return np.asarray(Image.open(io.BytesIO(made.stdout)).convert("RGBA"))


def write(folder, count):
    """Writes all cases and the pictures that they start from."""
    os.makedirs(folder, exist_ok=True)
    cases = template_cases(count) + free_cases() + foreign_cases() + chain_cases()
    for case in cases:
        if case["group"] == "edit":
            Image.fromarray(render(Scene.from_json(case["source_scene"]))).save(os.path.join(folder, case["source"]))
        elif case["group"] == "foreign":
            Image.fromarray(drawn_by_rsvg(case["wanted"]["picture"])[..., :3]).save(os.path.join(folder, case["source"]))
    with open(os.path.join(folder, "cases.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)


def read(folder):
    with open(os.path.join(folder, "cases.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def source_path(case, folder, pictures):
    """Where the picture lies that a case edits."""
    return os.path.join(pictures if case["group"] == "chain" else folder, case["source"])


def read_picture(path):
    picture = Image.open(path).convert("RGB")
    if picture.size != (SIZE, SIZE):
        raise SystemExit(f"{path}: {picture.width}x{picture.height} pixels; the scorer reads {SIZE}x{SIZE}")
    return np.asarray(picture)
