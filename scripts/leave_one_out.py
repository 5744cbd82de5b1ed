"""Train a recipe without each source in turn, and score the source that was left out.

    python scripts/leave_one_out.py recipes/leave-one-out.toml -o runs/leave-one-out

Prints, for each source and on average, the pooled scores of photographs of an origin that the run has
never seen: what recipes are chosen by. And the threshold that has the best F1 on average over the
sources left out, with the logit that would move it to 0.5. Runs are resumable: stopped and started
again it goes on; `--minutes` stops after the checkpoint that follows.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from average_weights import average_of
from ship_model import ROOT

from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import read_stems
from cracknet.files import write_whole
from cracknet.scoring.counts import THRESHOLDS
from cracknet.scoring.evaluate import score_model
from cracknet.scoring.sensitivity import f_beta
from cracknet.segmentation import Segmenter
from cracknet.training.checkpoints import read_checkpoint
from cracknet.training.export import export_model
from cracknet.training.loop import train
from cracknet.training.recipe import Recipe
from cracknet.training.recipe_file import read_recipe

LEFT_OUT = {
    "deepcrack": ("train", "validation/deepcrack.txt"),
    "crack500": ("train", "validation/crack500.txt"),
    "uav75": ("val", None),
    "uav_concrete": ("val", None),
    "masonry": ("all", None),
    "tile": ("all", None),
}
"""What is scored of a source that a run has not seen: its validation photographs, or all of them
where they are few and none is kept for a test. Never a test split."""

KEPT = (
    "precision", "recall", "f1", "f1_2px", "cl_dice", "false_alarm_share", "ods", "ods_at",
    "average_precision", "photos",
)  # fmt: skip


def main() -> None:
    """Train and score each source left out, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--sources", nargs="+", choices=LEFT_OUT, default=list(LEFT_OUT))
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop when they are over")
    options = parser.parse_args()
    recipe = read_recipe(options.recipe)
    until = time.monotonic() + options.minutes * 60
    found: dict[str, dict[str, Any]] = {}
    for source in options.sources:
        folder = options.out / source
        if not _trained(without(recipe, source), folder, until):
            break
        found[source] = _scored(recipe, source, folder)
    if found:
        _print(found)
        write_whole(options.out / "scores.json", (json.dumps(found, indent=1) + "\n").encode())


def without(recipe: Recipe, source: str) -> Recipe:
    """Return the recipe without a source; the others' shares grow alike."""
    kept = tuple(one for one in recipe.data if one.root.name != source)
    if len(kept) == len(recipe.data):
        msg = f"the recipe has no set {source}"
        raise SystemExit(msg)
    return recipe.model_copy(update={"data": kept})


def _trained(recipe: Recipe, folder: Path, until: float) -> bool:
    """Train on to the end of the recipe, or of the time; tell whether the end was reached."""
    steps, piece = recipe.run.steps, recipe.run.checkpoint_every
    checkpoint = read_checkpoint(folder)
    step = checkpoint.step if checkpoint else 0
    while step < steps:
        if time.monotonic() > until:
            print(f"{folder}: stopped at step {step} of {steps}", flush=True)
            return False
        step = min(steps, step + 2 * piece) if math.isfinite(until) else steps
        train(recipe, folder, lambda line: print(line, flush=True), until=step)
        keras.utils.clear_session()
    return True


def _scored(recipe: Recipe, source: str, folder: Path) -> dict[str, Any]:
    """Score what was left out; kept beside the run."""
    kept = folder / "left-out.json"
    if kept.is_file():
        return dict(json.loads(kept.read_text("utf-8")))
    weights, model = folder / "left-out.weights.h5", folder / "model" / f"without-{source}.xml"
    average_of({folder: 1.0}, recipe.net.name).save_weights(weights)
    export_model(weights, model, net=recipe.net.name)
    root = next(one.root for one in recipe.data if one.root.name == source)
    split, only = LEFT_OUT[source]
    stems = read_stems(ROOT / "recipes" / only) if only else None
    with Segmenter(model) as segmenter:
        done = score_model(segmenter, find_pairs(root, split, only=stems))
    content = {key: done.summary()[key] for key in KEPT}
    content["f1_at"] = [round(float(value), 5) for value in f_beta(done.curve, 1.0)]
    write_whole(kept, (json.dumps(content) + "\n").encode())
    return content


def _print(found: Mapping[str, Mapping[str, Any]]) -> None:
    columns = ("precision", "recall", "f1", "ods", "ods_at", "f1_2px", "cl_dice")
    print(f"{'left out':14}", *(f"{name:>9}" for name in columns), f"{'false alarms':>13}")
    for source, row in found.items():
        cells = (f"{row[name]:9.3f}" for name in columns)
        print(f"{source:14}", *cells, f"{row['false_alarm_share']:13.3%}")
    mean = {name: float(np.mean([row[name] for row in found.values()])) for name in columns}
    alarms = float(np.mean([row["false_alarm_share"] for row in found.values()]))
    print(f"{'mean':14}", *(f"{mean[name]:9.3f}" for name in columns), f"{alarms:13.3%}")
    curve = np.mean([row["f1_at"] for row in found.values()], axis=0)
    best = float(THRESHOLDS[curve.argmax()])
    print(
        f"best threshold on average {best:.2f}: F1 {curve.max():.3f}; "
        f"to be moved to 0.5 by {-math.log(best / (1 - best)):+.3f} on the logit"
    )


if __name__ == "__main__":
    main()
