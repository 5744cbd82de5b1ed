"""The photographs that a model gets wrong most, and which of their pixels are wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cracknet.arrays import Mask
from cracknet.errors import ArgumentError
from cracknet.scoring.photograph import PhotoScores
from cracknet.scoring.scorer import SetScores
from cracknet.scoring.tolerance import grow

NEAR_PX = 2
"""Errors this close to the other mask are taken for the annotator's border, not for mistakes."""

FALSE_ALARMS, MISSES = "false alarms", "misses"


@dataclass(frozen=True)
class Ranked:
    """A photograph's place among those with most errors of one kind.

    Attributes
    ----------
    scores : PhotoScores
    kind : str
        ``false alarms`` or ``misses``.
    rank : int
        From 1.
    errors_px : int
        False alarms: marked pixels with no crack within the radius. Misses: crack pixels with
        nothing marked within it.
    share : float
        Of all such pixels of the set, those that lie in this photograph.
    """

    scores: PhotoScores
    kind: str
    rank: int
    errors_px: int
    share: float


@dataclass(frozen=True)
class Worst:
    """The worst photographs of a set, most errors first; those without errors are left out.

    Attributes
    ----------
    radius_px : int
    photographs : int
        How many were ranked.
    false_alarms, misses : tuple of Ranked
    false_alarms_px, misses_px : int
        Errors of the whole set.
    """

    radius_px: int
    photographs: int
    false_alarms: tuple[Ranked, ...]
    misses: tuple[Ranked, ...]
    false_alarms_px: int
    misses_px: int

    @property
    def stems(self) -> list[str]:
        """The photographs of both lists, each once."""
        ranked = (*self.false_alarms, *self.misses)
        return list(dict.fromkeys(one.scores.stem for one in ranked))

    def as_dict(self) -> dict[str, object]:
        """Return both lists for JSON: photograph, errors in px, share of the set's."""

        def rows(ranked: tuple[Ranked, ...]) -> list[dict[str, object]]:
            return [
                {"photo": one.scores.stem, "errors_px": one.errors_px, "share": one.share}
                for one in ranked
            ]

        return {
            "radius_px": self.radius_px,
            "false_alarms_px": self.false_alarms_px,
            "misses_px": self.misses_px,
            "false_alarms": rows(self.false_alarms),
            "misses": rows(self.misses),
        }


def rank_worst(scores: SetScores, count: int, radius_px: int = NEAR_PX) -> Worst:
    """Rank the photographs of a set by their gross errors at the threshold.

    The counts are those of the scores with tolerance, so no photograph is read again and none is
    kept. Photographs of equal errors are sorted by name.

    Parameters
    ----------
    scores : SetScores
    count : int
        Length of each list, at least 1.
    radius_px : int
        A tolerance that the scores were taken with.

    Raises
    ------
    ArgumentError
        When `count` is below 1, or the scores were taken without this tolerance.

    Examples
    --------
    >>> from cracknet.scoring.scorer import Scorer
    >>> truth = np.zeros((9, 30), bool); truth[4] = True
    >>> scorer = Scorer(0.5)
    >>> _ = scorer.add(truth * np.float32(0.9), truth, stem="found")
    >>> _ = scorer.add(truth * np.float32(0.2), truth, stem="missed")
    >>> worst = rank_worst(scorer.result(), 5)
    >>> [(one.scores.stem, one.errors_px, one.share) for one in worst.misses]
    [('missed', 30, 1.0)]
    >>> worst.false_alarms
    ()
    """
    if count < 1:
        msg = f"the number of worst photographs must be at least 1; got {count}."
        raise ArgumentError(msg)
    if radius_px not in scores.pooled.within:
        taken = ", ".join(map(str, scores.pooled.within)) or "none"
        msg = (
            f"photographs are ranked by a tolerance that their scores were taken with ({taken} "
            f"px); got {radius_px}. Name it in ScoreOptions.tolerances_px."
        )
        raise ArgumentError(msg)
    near = [one.within[radius_px] for one in scores.photographs]
    wrong = [counts.predicted - counts.right for counts in near]
    missed = [counts.actual - counts.found for counts in near]
    return Worst(
        radius_px=radius_px,
        photographs=len(scores.photographs),
        false_alarms=_rank(scores, wrong, FALSE_ALARMS, count),
        misses=_rank(scores, missed, MISSES, count),
        false_alarms_px=sum(wrong),
        misses_px=sum(missed),
    )


def _rank(scores: SetScores, errors: list[int], kind: str, count: int) -> tuple[Ranked, ...]:
    found = [pair for pair in zip(errors, scores.photographs, strict=True) if pair[0]]
    found.sort(key=lambda pair: (-pair[0], pair[1].stem))
    total = sum(errors)
    return tuple(
        Ranked(photo, kind, rank, px, px / total)
        for rank, (px, photo) in enumerate(found[:count], start=1)
    )


@dataclass(frozen=True, eq=False)
class PixelKinds:
    """What each pixel of a prediction is; pixels of none of these are background left alone.

    Attributes
    ----------
    hits : (H, W) bool
        Marked crack.
    near_alarms, gross_alarms : (H, W) bool
        Marked background, within the radius of crack and beyond it.
    near_misses, gross_misses : (H, W) bool
        Crack not marked, within the radius of what is marked and beyond it.
    """

    hits: Mask
    near_alarms: Mask
    gross_alarms: Mask
    near_misses: Mask
    gross_misses: Mask


def kinds_of_pixels(mask: Mask, truth: Mask, radius_px: int = NEAR_PX) -> PixelKinds:
    """Tell hits, false alarms and misses apart, and gross errors from those at a border.

    Gross errors are the very pixels that `match_within` counts as wrong.

    Parameters
    ----------
    mask, truth : (H, W) bool
    radius_px : int
        0 to 50.

    Raises
    ------
    ArgumentError
        When the shapes differ or the radius is out of range.
    """
    if mask.shape != truth.shape:
        msg = f"mask {mask.shape} and truth {truth.shape} must have one shape."
        raise ArgumentError(msg)
    by_truth, by_mask = grow(truth, radius_px), grow(mask, radius_px)
    alarms, misses = mask & ~truth, truth & ~mask
    return PixelKinds(
        hits=np.asarray(mask & truth),
        near_alarms=np.asarray(alarms & by_truth),
        gross_alarms=np.asarray(alarms & ~by_truth),
        near_misses=np.asarray(misses & by_mask),
        gross_misses=np.asarray(misses & ~by_mask),
    )
