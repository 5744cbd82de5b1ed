"""Average the weights of nets, each with its share: averages often do better than their parts.

    python scripts/average_weights.py -o runs/lite-hairlines/shipped.weights.h5 \
        runs/lite-long/shipped.weights.h5:0.5 runs/lite-hairlines:0.5

A part is a file of weights, or a run's folder, whose running average at its last checkpoint is taken.
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

from cracknet.nets import NETS
from cracknet.training.checkpoints import read_checkpoint
from cracknet.training.export import load_net


def main() -> None:
    """Read, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", metavar="PART[:SHARE]", help="shares are 1 by default")
    parser.add_argument("-o", "--out", type=Path, required=True, help="a .weights.h5 file")
    parser.add_argument("--net", default="cracknet-lite")
    options = parser.parse_args()
    parts = [part.partition(":") for part in options.parts]
    shares = {Path(path): float(share or 1) for path, _, share in parts}
    average_of(shares, options.net).save_weights(options.out)


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
