"""Score a model that ships again, and choose its thresholds.

    python scripts/remeasure_model.py cracknet-lite --data ../shared/data [--scenes runs/surroundings]

For a split that has changed, a rule of `cracknet.scoring.sensitivity`, or a way in which photographs
are segmented. Weights stay. The scenes' share is measured where they are named. Of an int8 model both
it and the model that it was made of are scored as `cracknet quantise` compared them, in float32.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import ship_int8
from ship_model import (
    TEST,
    VALIDATION,
    card_text,
    photographs,
    planking_called_crack,
    scenes_called_crack,
    score_sets,
)

from cracknet.scoring.evaluate import score_model
from cracknet.scoring.sensitivity import choose_thresholds
from cracknet.segmentation import Segmenter
from cracknet.segmentation.models import WEIGHTS, ModelCard, find_model, read_card, write_card


def main() -> None:
    """Score, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scenes", type=Path)
    parser.add_argument("--thresholds", action="store_true", help="choose these alone")
    options = parser.parse_args()
    path = WEIGHTS / f"{options.name}.json"
    card = read_card(path)
    scores, curves = score_sets(card.file, options.data, VALIDATION)
    card = dataclasses.replace(card, thresholds=choose_thresholds(curves))
    if not options.thresholds:
        card = _scored(card, scores, options)
    text = card_text(card) if card.precision == "float" else ship_int8.card_text(card)
    path.with_suffix(".md").write_text(text, "utf-8")
    write_card(card, path)
    print(card.thresholds)


def _scored(card: ModelCard, validation: dict[str, Any], options: argparse.Namespace) -> ModelCard:
    """Put the scores on all sets into a card, those on validation sets being there already."""
    if card.precision != "float":
        return _compared(card, options.data)
    scores = validation | score_sets(card.file, options.data, TEST)[0]
    about: dict[str, Any] = {
        "planking_called_crack": planking_called_crack(card.file, options.data)
    }
    if options.scenes:
        about["scenes_called_crack"] = scenes_called_crack(card.file, options.scenes)
    return dataclasses.replace(card, scores=card.scores | scores, training=card.training | about)


def _compared(card: ModelCard, data: Path) -> ModelCard:
    """Score an int8 model beside what it was made of, by the names that its card has."""
    about = card.quantisation
    before = _scores(find_model(about["of"]).file, data, about["scores_before"])
    after = _scores(card.file, data, card.scores)
    losses = [before[name][key] - after[name][key] for name in after for key in ("f1", "ods")]
    changed = {"scores_before": before, "largest_loss": max(losses)}
    return dataclasses.replace(card, scores=after, quantisation=about | changed)


def _scores(model: Path, data: Path, kept: dict[str, Any]) -> dict[str, Any]:
    """Score a model in float32 on the validation sets: what `kept` has of each, anew."""
    found = {}
    with Segmenter(model, precision="f32") as segmenter:
        for (name, old), which in zip(kept.items(), VALIDATION.values(), strict=True):
            done = score_model(segmenter, photographs(data, *which)).summary()
            found[name] = {key: done[key] for key in old}
    return found


if __name__ == "__main__":
    main()
