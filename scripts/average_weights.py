"""Average the weights of nets, each with its share: averages often do better than their parts.

    python scripts/average_weights.py -o runs/lite-hairlines/shipped.weights.h5 \
        runs/lite-long/shipped.weights.h5:0.5 runs/lite-hairlines:0.5

A part is a file of weights, or a run's folder, whose running average at its last checkpoint is taken.
Shares may be negative: A:1.5 B:-0.5 lies on the line from B through A, half as far beyond A. With
`--statistics RECIPE` batch normalisation's means and variances are taken anew on crops of that recipe.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cracknet.datasets.batches import batches
from cracknet.nets import NETS
from cracknet.training.checkpoints import read_checkpoint
from cracknet.training.data import training_plan
from cracknet.training.export import load_net
from cracknet.training.recipe_file import read_recipe
from cracknet.training.statistics import renew_statistics


def main() -> None:
    """Read, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", metavar="PART[:SHARE]", help="shares are 1 by default")
    parser.add_argument("-o", "--out", type=Path, required=True, help="a .weights.h5 file")
    parser.add_argument("--net", default="cracknet-lite")
    parser.add_argument("--statistics", type=Path, metavar="RECIPE")
    parser.add_argument(
        "--batches", type=int, default=120, help="of the recipe, for the statistics"
    )
    options = parser.parse_args()
    parts = [part.partition(":") for part in options.parts]
    shares = {Path(path): float(share or 1) for path, _, share in parts}
    net = average_of(shares, options.net)
    if options.statistics:
        plan = training_plan(read_recipe(options.statistics))
        print(f"statistics of {options.batches} batches of {plan.batch_size} crops")
        renew_statistics(net, (grays for grays, _ in batches(plan, 0, options.batches)))
    net.save_weights(options.out)


def average_of(shares: Mapping[Path, float], net: str) -> Any:
    """Return a net with the average weights of files and runs, each counting by its share."""
    whole = sum(shares.values())
    total: list[Any] | None = None
    for path, share in shares.items():
        scaled = [share / whole * weight for weight in _weights(path, net)]
        total = scaled if total is None else [a + b for a, b in zip(total, scaled, strict=True)]
    averaged = NETS[net]()
    averaged.set_weights(total)
    return averaged


def _weights(path: Path, net: str) -> list[Any]:
    if not path.is_dir():
        return [np.asarray(weight) for weight in load_net(path, net).get_weights()]
    checkpoint = read_checkpoint(path)
    if checkpoint is None or not checkpoint.average:
        msg = f"{path} holds no running average"
        raise SystemExit(msg)
    print(f"{path}: step {checkpoint.step}")
    return list(checkpoint.average)


if __name__ == "__main__":
    main()
