"""Score a model on the validation sets as it is, and with `--thorough`.

    python scripts/thorough.py cracknet-lite-int8 --data ../shared/data

Prints a row for each set: F1 at 0.5, precision, recall and F1 within 2 px of both.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from ship_model import ROOT, VALIDATION, photographs

from cracknet.scoring.options import ScoreOptions
from cracknet.scoring.scorer import Scorer
from cracknet.segmentation import Segmenter

KEYS = ("f1", "precision", "recall", "f1_2px")
SCORES = ScoreOptions((2,), cl_dice=False, average_precision=False, normalised=False)
TARGET = ROOT / "benchmarks/results/thorough.json"


def main() -> None:
    """Score each set both ways, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    found: dict[str, dict[str, dict[str, float]]] = {}
    seconds = {"once": 0.0, "thorough": 0.0}
    with Segmenter(options.model) as segmenter:
        for name, where in VALIDATION.items():
            scorers = {way: Scorer(0.5, SCORES) for way in seconds}
            for pair in photographs(options.data, *where):
                gray, truth = pair.read()
                for way, scorer in scorers.items():
                    segmenter.thorough = way == "thorough"
                    began = time.process_time()
                    probability = segmenter.probability(gray)
                    seconds[way] += time.process_time() - began
                    scorer.add(probability, truth)
            found[name] = {
                way: {key: float(scorer.result().summary()[key]) for key in KEYS}
                for way, scorer in scorers.items()
            }
            print(name, found[name], flush=True)
    means = {
        way: {key: float(np.mean([one[way][key] for one in found.values()])) for key in KEYS}
        for way in seconds
    }
    cost = seconds["thorough"] / seconds["once"]
    print("mean", means, f"processor time {cost:.2f}-fold")
    content = {"model": options.model, "sets": found, "mean": means, "processor_time_ratio": cost}
    TARGET.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
