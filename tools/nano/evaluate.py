#!/usr/bin/env python3
"""Scores a checkpoint on held-out prompts and edits, whoever draws the pictures.

usage: evaluate.py cases CASES [--count N]                       writes cases.jsonl and the edits' source pictures
       evaluate.py sample CASES CHECKPOINT PICTURES [...]        draws all cases with PyTorch into PICTURES/<id>.png
       evaluate.py score CASES PICTURES [--sheet SHEET.png]      prints the table, draws a sheet of the first cases
       evaluate.py autoencoder CHECKPOINT                        PSNR of pictures that went through encoder and decoder
       evaluate.py reference CHECKPOINT FILE.safetensors         inputs and results at every stage, for an engine's test
A case: {"id", "mode": "generate" | "edit", "prompt", "seed", "source": file name or null, "scene", "source_scene", "edit"}.
"""
import argparse
import json
import os
import random
import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import score
from dataset import random_pair
from draw import FONT_FILE, render
from language import caption
from world import SIZE, Scene, random_scene

SHEET_PROMPTS, SHEET_EDITS, SHEET_COLUMNS = 24, 8, 8
GATES = {"generate": {"both": 0.85, "letter": 0.95, "scene": 0.70}, "edit": {"scene": 0.60}}


# ---- cases

def make_cases(count):
    """Held-out prompts and edits: other seeds than any training data."""
    rng = random.Random("held out")
    cases = []
    for i in range(count):
        scene = random_scene(rng)
        cases.append(dict(id=f"g{i:03}", mode="generate", prompt=caption(rng, scene).text, seed=1000 + i, source=None,
                          scene=scene.to_json(), source_scene=None, edit=None))
    for i in range(count):
        source, target, said = random_pair(rng)
        cases.append(dict(id=f"e{i:03}", mode="edit", prompt=said.text, seed=2000 + i, source=f"e{i:03}-source.png",
                          scene=target.to_json(), source_scene=source.to_json(), edit=said.edit))
    return cases


def write_cases(arguments):
    os.makedirs(arguments.cases, exist_ok=True)
    with open(os.path.join(arguments.cases, "cases.jsonl"), "w", encoding="utf-8") as file:
        for case in make_cases(arguments.count):
            file.write(json.dumps(case, ensure_ascii=False) + "\n")
            if case["source"]:
                Image.fromarray(render(Scene.from_json(case["source_scene"]))).save(os.path.join(arguments.cases, case["source"]))


def read_cases(folder):
    with open(os.path.join(folder, "cases.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_picture(folder, name):
    picture = Image.open(os.path.join(folder, name)).convert("RGB")
    if picture.size != (SIZE, SIZE):
        raise SystemExit(f"{name}: {picture.width}x{picture.height} pixels; the scorer reads {SIZE}x{SIZE}")
    return np.asarray(picture)


# ---- drawing with PyTorch

def sample_cases(arguments):
    import torch
    from checkpoint import Checkpoint
    from sampling import draw
    torch.set_num_threads(1)
    model = Checkpoint(arguments.checkpoint)
    os.makedirs(arguments.pictures, exist_ok=True)
    for mode in ("generate", "edit"):
        cases = [case for case in read_cases(arguments.cases) if case["mode"] == mode][:arguments.first]
        sources = [read_picture(arguments.cases, case["source"]) for case in cases] if mode == "edit" else None
        pictures = draw(model, [case["prompt"] for case in cases], [case["seed"] for case in cases], sources, arguments.steps,
                        full=not arguments.trimmed)
        for case, picture in zip(cases, pictures):
            Image.fromarray(picture).save(os.path.join(arguments.pictures, case["id"] + ".png"))


# ---- scoring

def score_cases(arguments):
    """Prints the table and the gates; cases without a picture are an error unless --partial."""
    cases = read_cases(arguments.cases)
    present = [case for case in cases if os.path.exists(os.path.join(arguments.pictures, case["id"] + ".png"))]
    if not present or len(present) < len(cases) and not arguments.partial:
        raise SystemExit(f"{arguments.pictures} holds {len(present)} of {len(cases)} pictures")
    pictures = {case["id"]: read_picture(arguments.pictures, case["id"] + ".png") for case in present}
    results = {case["id"]: score.check(pictures[case["id"]], Scene.from_json(case["scene"])) for case in present}
    passed = True
    for mode, gates in GATES.items():
        chosen = [case for case in present if case["mode"] == mode]
        means = score.mean_scores([results[case["id"]] for case in chosen])
        print(f"{mode}: {len(chosen)} cases")
        for name, value in means.items():
            gate = gates.get(name)
            passed &= gate is None or value >= gate
            print(f"  {name:<12} {value:.3f}" + (f"   gate {gate:.2f} {'passed' if value >= gate else 'MISSED'}" if gate else ""))
        if mode == "edit":
            print_edits(chosen, results, pictures)
    if arguments.failures:
        print_failures(present, results)
    if arguments.sheet:
        draw_sheet(present, pictures, arguments.cases).save(arguments.sheet)
    return passed


def print_edits(cases, results, pictures):
    for kind in sorted({case["edit"] for case in cases}):
        scenes = [results[case["id"]]["scene"][0] for case in cases if case["edit"] == kind]
        print(f"  {kind:<12} {np.mean(scenes):.3f}   of {len(scenes)}")
    kept = [score.kept_psnr(pictures[case["id"]], Scene.from_json(case["source_scene"]), Scene.from_json(case["scene"])) for case in cases]
    print(f"  untouched    {np.mean(kept):.1f} dB mean, {np.median(kept):.1f} dB median")


def print_failures(cases, results):
    for case in cases:
        wrong = [name for name, values in results[case["id"]].items() if not all(values) and name not in ("scene", "size")]
        if wrong:
            print(f"  {case['id']} {case['prompt']!r}: {', '.join(wrong)}")


def draw_sheet(cases, pictures, folder):
    """The first prompts and the first edits (source, result) with their words; nothing is picked."""
    tiles = [([pictures[case["id"]]], case["prompt"]) for case in cases if case["mode"] == "generate"][:SHEET_PROMPTS]
    edits = [case for case in cases if case["mode"] == "edit"][:SHEET_EDITS]
    tiles = [tiles[i:i + SHEET_COLUMNS] for i in range(0, len(tiles), SHEET_COLUMNS)]
    edit_tiles = [([read_picture(folder, case["source"]), pictures[case["id"]]], case["prompt"]) for case in edits]
    tiles += [edit_tiles[i:i + SHEET_COLUMNS // 2] for i in range(0, len(edit_tiles), SHEET_COLUMNS // 2)]
    step, line, lines, font = SIZE + 8, 11, 6, ImageFont.truetype(FONT_FILE.replace("-Bold", ""), 9)
    height = step + line * lines
    sheet = Image.new("RGB", (SHEET_COLUMNS * step + 8, len(tiles) * height + 8), "white")
    pen = ImageDraw.Draw(sheet)
    for row, tile_row in enumerate(tiles):
        x = 8
        for images, prompt in tile_row:
            for image in images:
                sheet.paste(Image.fromarray(image), (x, row * height + 8))
                x += step
            left = x - step * len(images)
            for i, words in enumerate(textwrap.wrap(prompt, 24 * len(images))[:lines]):
                pen.text((left, row * height + step + 4 + i * line), words, font=font, fill="black")
    return sheet


def score_autoencoder(arguments):
    import torch
    from checkpoint import Checkpoint
    from latents import to_pixels
    from sampling import decode, encode
    torch.set_num_threads(1)
    model, rng = Checkpoint(arguments.checkpoint), random.Random("autoencoder")
    pictures = [render(random_scene(rng)) for _ in range(arguments.count)]
    made = to_pixels(np.concatenate([decode(model, encode(model, [picture])) for picture in pictures]))
    errors = ((made.astype(float) - np.stack(pictures)) ** 2).mean((1, 2, 3))
    print(f"AutoEncoder: {np.mean(10 * np.log10(255 ** 2 / errors)):.2f} dB over {len(pictures)} pictures")


# ---- the engine's reference

def write_reference(arguments):
    """One prompt and one edit with everything between text and picture."""
    import torch
    import safetensors_file
    from checkpoint import Checkpoint
    from sampling import decode, encode, sample, start_noise
    torch.set_num_threads(1)
    model = Checkpoint(arguments.checkpoint)
    source = render(Scene.from_json(README_SCENE))
    tensors, texts = {"edit.source": torch.from_numpy(source.astype(np.int32))}, dict(generate=README_PROMPT, edit=README_EDIT)
    for mode, text in texts.items():
        t5, clip = model.prompter.batch([text], full=True)
        hidden, pooled = model.text(t5, clip)
        noise, reference = start_noise([7]), encode(model, [source]) if mode == "edit" else None
        final = sample(model, [text], noise, reference)
        picture = torch.from_numpy(decode(model, final).copy())
        parts = dict(t5_ids=t5, clip_ids=clip, t5_hidden=hidden, pooled=pooled, noise=noise, final=final, picture=picture)
        if reference is not None:
            parts["reference"] = reference
        tensors.update({f"{mode}.{name}": tensor for name, tensor in parts.items()})
    metadata = dict(prompt=README_PROMPT, edit=README_EDIT, seed="7", steps=str(model.settings["default_steps"]))
    safetensors_file.save(arguments.file, tensors, metadata)


README_PROMPT = "a red house beside a green tree at night, sign reads 'OPEN'"
README_EDIT = "make the house blue"
README_SCENE = dict(things=(dict(kind="house", colour="red", size="normal", column="middle"),
                            dict(kind="tree", colour="green", size="normal", column="right")),
                    background="day", ground="grass", word="OPEN", word_place="bottom", seed=7)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(name, function, *positional):
        sub = commands.add_parser(name)
        sub.set_defaults(run=function)
        for argument in positional:
            sub.add_argument(argument)
        return sub

    command("cases", write_cases, "cases").add_argument("--count", type=int, default=128)
    sampling = command("sample", sample_cases, "cases", "checkpoint", "pictures")
    sampling.add_argument("--steps", type=int)
    sampling.add_argument("--first", type=int, help="only the first cases of each mode")
    sampling.add_argument("--trimmed", action="store_true", help="do not pad prompts to their full length")
    scoring = command("score", score_cases, "cases", "pictures")
    scoring.add_argument("--sheet")
    scoring.add_argument("--partial", action="store_true", help="score the pictures that exist")
    scoring.add_argument("--failures", action="store_true", help="list what is wrong in which case")
    command("autoencoder", score_autoencoder, "checkpoint").add_argument("--count", type=int, default=64)
    command("reference", write_reference, "checkpoint", "file")
    arguments = parser.parse_args()
    raise SystemExit(0 if arguments.run(arguments) in (None, True) else 1)


if __name__ == "__main__":
    main()
