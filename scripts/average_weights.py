"""Average several weight files of one net into one.

    python scripts/average_weights.py OUT.weights.h5 A.weights.h5 B.weights.h5 [...]

Weights of one run, far apart in its schedule, often do better averaged than any of them
(Wortsman et al. 2022, "Model soups"); validation decides.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from cracknet.training.export import load_net


def main(out: str, *parts: str, net: str = "cracknet-lite") -> None:
    """Average and write."""
    sets = [load_net(Path(part), net).get_weights() for part in parts]
    model = load_net(Path(parts[0]), net)
    model.set_weights([sum(same) / len(parts) for same in zip(*sets, strict=True)])
    model.save_weights(out)
    print(f"{out}: the average of {len(parts)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
