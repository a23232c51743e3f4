#!/usr/bin/env python3
"""Scores a checkpoint on held-out prompts and edits, whoever draws the pictures.

usage: evaluate.py cases CASES [--count N]                           writes the cases (see cases.py)
       evaluate.py draw CASES PICTURES [--checkpoint C] [--first N]  draws them with the engine into PICTURES/<id>.png
       evaluate.py sample CASES CHECKPOINT PICTURES [...]            draws the templates' cases with PyTorch
       evaluate.py score CASES PICTURES [--sheet FOLDER]             prints the tables; writes sheet.png and chains.png
       evaluate.py autoencoder CHECKPOINT                            PSNR of pictures that went through encoder and decoder
       evaluate.py reference CHECKPOINT FILE.safetensors             inputs and results at every stage, for an engine's test
"""
import argparse
import os
import random
import subprocess

import numpy as np
from PIL import Image

import cases as held_out
import score
import sheets
from cases import read_picture, source_path
from draw import render
from world import Scene, Thing, random_scene

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "..", "build", "release", "palimpsest")
GOALS = {"generate": dict(both=0.98, background=0.99, ground=0.99, position=0.95, count=0.95, size=0.95, letter=0.99, word=0.96, scene=0.95),
         "edit": dict(scene=0.90)}
UNTOUCHED_GOAL = 35             # dB


def first_of_groups(cases, count):
    """The first cases of each group, or all."""
    if count is None:
        return cases
    groups = dict.fromkeys(case["group"] for case in cases)
    return [case for group in groups for case in [case for case in cases if case["group"] == group][:count]]


# ---- drawing

def draw_with_engine(arguments):
    """One run of the program for each case; pictures that exist already are left as they are."""
    os.makedirs(arguments.pictures, exist_ok=True)
    for case in first_of_groups(held_out.read(arguments.cases), arguments.first):
        made = os.path.join(arguments.pictures, case["id"] + ".png")
        if os.path.exists(made):
            continue
        inputs = [source_path(case, arguments.cases, arguments.pictures)] if case["source"] else []
        command = [arguments.program, case["mode"], *inputs, case["prompt"], "-o", made, "--seed", str(case["seed"]), "-q"]
        command += ["-m", arguments.checkpoint] if arguments.checkpoint else []
        command += ["--steps", str(arguments.steps)] if arguments.steps else []
        subprocess.run(command, check=True)


def sample_cases(arguments):
    import torch
    from checkpoint import Checkpoint
    from sampling import draw
    torch.set_num_threads(1)
    model = Checkpoint(arguments.checkpoint)
    os.makedirs(arguments.pictures, exist_ok=True)
    for group in ("generate", "edit", "free", "foreign"):
        cases = [case for case in held_out.read(arguments.cases) if case["group"] == group][:arguments.first]
        sources = [read_picture(source_path(case, arguments.cases, None)) for case in cases] if cases[0]["source"] else None
        pictures = draw(model, [case["prompt"] for case in cases], [case["seed"] for case in cases], sources, arguments.steps,
                        full=not arguments.trimmed)
        for case, picture in zip(cases, pictures):
            Image.fromarray(picture).save(os.path.join(arguments.pictures, case["id"] + ".png"))


# ---- scoring

def score_cases(arguments):
    """Prints a table of each group; cases without a picture are an error unless --partial."""
    cases = held_out.read(arguments.cases)
    present = [case for case in cases if os.path.exists(os.path.join(arguments.pictures, case["id"] + ".png"))]
    if not present or len(present) < len(cases) and not arguments.partial:
        raise SystemExit(f"{arguments.pictures} holds {len(present)} of {len(cases)} pictures")
    pictures = {case["id"]: read_picture(os.path.join(arguments.pictures, case["id"] + ".png")) for case in present}
    results = {case["id"]: result_of(case, pictures[case["id"]]) for case in present}
    for group in dict.fromkeys(case["group"] for case in present):
        chosen = [case for case in present if case["group"] == group]
        print_table(group, [results[case["id"]] for case in chosen])
        if group == "edit":
            print_edits(chosen, results, pictures)
        elif group == "foreign":
            print_subjects(chosen, pictures)
        elif group == "chain":
            print_drift(chosen, pictures)
    if arguments.failures:
        print_failures(present, results)
    if arguments.sheet:
        sheets.sheet(sheets.tile_rows(present, pictures, arguments.cases, arguments.pictures)).save(os.path.join(arguments.sheet, "sheet.png"))
        sheets.sheet(sheets.chain_rows(present, pictures)).save(os.path.join(arguments.sheet, "chains.png"))


def result_of(case, picture):
    if "wanted" in case:
        return score.check_wanted(picture, case["wanted"])
    return score.check(picture, Scene.from_json(case["scene"]))


def print_table(group, results):
    print(f"{group}: {len(results)} cases")
    for name, value in score.mean_scores(results).items():
        goal = GOALS.get(group, {}).get(name)
        print(f"  {name:<12} {value:.3f}" + (f"   goal {goal:.2f} {'reached' if value >= goal else 'missed'}" if goal else ""))


def print_edits(cases, results, pictures):
    for kind in sorted({case["edit"] for case in cases}):
        scenes = [results[case["id"]]["scene"][0] for case in cases if case["edit"] == kind]
        print(f"  {kind:<12} {np.mean(scenes):.3f}   of {len(scenes)}")
    kept = [score.kept_psnr(pictures[case["id"]], Scene.from_json(case["source_scene"]), Scene.from_json(case["scene"])) for case in cases]
    print(f"  untouched    {np.mean(kept):.1f} dB mean, {np.median(kept):.1f} dB median   goal {UNTOUCHED_GOAL}")


def print_subjects(cases, pictures):
    """How well the subjects of other programs' pictures are kept, which neither edit should touch."""
    kept = []
    for case in cases:
        source = held_out.drawn_by_rsvg(case["wanted"]["picture"])
        subject = held_out.drawn_by_rsvg(case["wanted"]["picture"], without_backdrop=True)[..., 3] == 255
        kept.append(score.decibels(pictures[case["id"]], source[..., :3], subject))
    print(f"  subject      {np.mean(kept):.1f} dB mean, {np.min(kept):.1f} dB worst")


def print_drift(cases, pictures):
    """Each step's picture of the subject against that of the chain's first picture."""
    for step in sorted({case["step"] for case in cases} - {0}):
        drift = [score.decibels(pictures[case["id"]], pictures[case["id"][:-1] + "0"], score.inside(Thing(**case["subject"])))
                 for case in cases if case["step"] == step]
        print(f"  subject after {step} edits: {np.mean(drift):.1f} dB mean, {np.min(drift):.1f} dB worst")


def print_failures(cases, results):
    for case in cases:
        wrong = [name for name, values in results[case["id"]].items() if not all(values) and name not in ("scene", "size")]
        if wrong:
            print(f"  {case['id']} {case['prompt']!r}: {', '.join(wrong)}")


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

    command("cases", lambda arguments: held_out.write(arguments.cases, arguments.count), "cases").add_argument("--count", type=int, default=256)
    drawing = command("draw", draw_with_engine, "cases", "pictures")
    drawing.add_argument("--checkpoint", help="folder; without it the built-in one")
    drawing.add_argument("--program", default=PROGRAM)
    drawing.add_argument("--steps", type=int)
    drawing.add_argument("--first", type=int, help="only the first cases of each group")
    sampling = command("sample", sample_cases, "cases", "checkpoint", "pictures")
    sampling.add_argument("--steps", type=int)
    sampling.add_argument("--first", type=int, help="only the first cases of each group")
    sampling.add_argument("--trimmed", action="store_true", help="do not pad prompts to their full length")
    scoring = command("score", score_cases, "cases", "pictures")
    scoring.add_argument("--sheet", help="folder for sheet.png and chains.png")
    scoring.add_argument("--partial", action="store_true", help="score the pictures that exist")
    scoring.add_argument("--failures", action="store_true", help="list what is wrong in which case")
    command("autoencoder", score_autoencoder, "checkpoint").add_argument("--count", type=int, default=64)
    command("reference", write_reference, "checkpoint", "file")
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
