"""What looks like a crack, or hides one, and is none: the hard negatives of a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cracknet.synthesis.distractors.built import (
    aggregate,
    edges,
    joints,
    masonry,
    pores,
    tie_holes,
    tiles,
)
from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.distractors.captions import captions
from cracknet.synthesis.distractors.objects import debris, markings, plants, scratches
from cracknet.synthesis.distractors.openings import openings
from cracknet.synthesis.distractors.shadows import cables, shadows
from cracknet.synthesis.distractors.soiling import moss, stains, streaks

DISTRACTORS: dict[str, Callable[[Canvas, np.random.Generator, float], None]] = {
    "masonry": masonry,
    "tiles": tiles,
    "aggregate": aggregate,
    "edges": edges,
    "joints": joints,
    "stains": stains,
    "streaks": streaks,
    "moss": moss,
    "pores": pores,
    "tie_holes": tie_holes,
    "scratches": scratches,
    "markings": markings,
    "debris": debris,
    "plants": plants,
    "shadows": shadows,
    "cables": cables,
    "openings": openings,
    "captions": captions,
}
"""Every distractor by name, in the order of painting."""


def paint(canvas: Canvas, amounts: Mapping[str, float], rng: np.random.Generator) -> None:
    """Paint distractors by amount (1 is usual, 0 none).

    Each has its own stream of chance, so that switching one off leaves the others as they are.
    """
    streams = rng.spawn(len(DISTRACTORS))
    for (name, draw), stream in zip(DISTRACTORS.items(), streams, strict=True):
        if amounts.get(name, 0.0) > 0:
            draw(canvas, stream, amounts[name])
