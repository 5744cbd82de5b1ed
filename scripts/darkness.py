"""Score a model on darkened validation photographs, brightened for the net and not.

    python scripts/darkness.py cracknet-lite-int8 --data ../shared/data

Each photograph is multiplied by a share of light, and normal noise of 1.5 gray levels is added, as a
short exposure has. Prints a row for each share: mean pooled F1 at 0.5 over the validation sets.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from ship_model import ROOT, VALIDATION, photographs

from cracknet.arrays import Gray
from cracknet.scoring.options import QUICK_SCORES
from cracknet.scoring.scorer import Scorer
from cracknet.segmentation import Segmenter

SHARES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05)
NOISE = 1.5
TARGET = ROOT / "benchmarks/results/darkness.json"


def main() -> None:
    """Score each set at each share, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    found: dict[str, dict[str, list[float]]] = {}
    with Segmenter(options.model) as segmenter:
        for share in SHARES:
            for segmenter.brighten in (False, True):
                key = "brightened" if segmenter.brighten else "as taken"
                scores = [f1(segmenter, options.data, name, share) for name in VALIDATION]
                found.setdefault(f"{share:g}", {})[key] = scores
            means = {key: round(float(np.mean(one)), 4) for key, one in found[f"{share:g}"].items()}
            print(share, means, flush=True)
    content = {"model": options.model, "sets": list(VALIDATION), "noise": NOISE, "f1": found}
    TARGET.write_text(json.dumps(content, indent=1) + "\n")


def f1(segmenter: Segmenter, data: Path, name: str, share: float) -> float:
    """Return the F1 on one validation set with a share of its light."""
    scorer = Scorer(0.5, QUICK_SCORES)
    for number, pair in enumerate(photographs(data, *VALIDATION[name])):
        gray, truth = pair.read()
        if share < 1:
            gray = darkened(gray, share, number)
        scorer.add(segmenter.probability(gray), truth)
    return float(scorer.result().summary()["f1"])


def darkened(gray: Gray, share: float, seed: int) -> Gray:
    """Return a photograph with a share of its light, and noise."""
    noise = np.random.default_rng(seed).normal(0, NOISE, gray.shape)
    return np.clip(gray * share + noise + 0.5, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
