"""Score a model that ships again on the validation splits, and choose its thresholds.

    python scripts/remeasure_model.py cracknet-lite --data ../shared/data

For a split that has changed, or a rule of `cracknet.scoring.sensitivity` that has. Weights and test
scores stay. Of an int8 model the thresholds alone are written: its scores are those that
`cracknet quantise` compared.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from ship_model import VALIDATION, card_text, score_sets

from cracknet.scoring.sensitivity import choose_thresholds
from cracknet.segmentation.models import WEIGHTS, read_card, write_card


def main() -> None:
    """Score, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    path = WEIGHTS / f"{options.name}.json"
    card = read_card(path)
    scores, curves = score_sets(card.file, options.data, VALIDATION)
    card = dataclasses.replace(card, thresholds=choose_thresholds(curves))
    if card.precision == "float":
        card = dataclasses.replace(card, scores=card.scores | scores)
        path.with_suffix(".md").write_text(card_text(card), "utf-8")
    write_card(card, path)
    print(card.thresholds)


if __name__ == "__main__":
    main()
