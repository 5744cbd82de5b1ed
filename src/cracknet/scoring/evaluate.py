"""Scores of a model on a set of photographs with masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cracknet.datasets.pairs import Pair
from cracknet.errors import DatasetError
from cracknet.scoring.counts import PooledCounts
from cracknet.segmentation import Segmenter

PROTOCOL = "pooled pixels, no tolerance, whole photographs, float probabilities"


def evaluate_model(
    segmenter: Segmenter, pairs: Sequence[Pair], progress: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Segment every photograph of a set and score all pixels together.

    Parameters
    ----------
    segmenter : Segmenter
        Precision, recall and F1 are taken at its threshold, to the nearest hundredth.
    pairs : sequence of Pair
    progress : callable, optional
        Called after each photograph.

    Returns
    -------
    dict
        ``precision``, ``recall``, ``f1`` at ``threshold``, ``ods`` and its threshold
        ``ods_at``, ``photos``, ``crack_share``, ``protocol``.

    Raises
    ------
    DatasetError, PhotoError
        When a file cannot be read, or there is none.
    """
    if not pairs:
        msg = "no photographs to score. Check the data set's split and the list of stems."
        raise DatasetError(msg)
    counts = PooledCounts()
    for pair in pairs:
        gray, mask = pair.read()
        counts.add(segmenter.probability(gray), mask)
        if progress:
            progress()
    scores = counts.scores()
    total = counts.crack.sum() + counts.background.sum()
    return {
        **scores.at(segmenter.threshold),
        "ods": scores.ods,
        "ods_at": scores.ods_threshold,
        "photos": len(pairs),
        "crack_share": float(counts.crack.sum() / total),
        "protocol": PROTOCOL,
    }
