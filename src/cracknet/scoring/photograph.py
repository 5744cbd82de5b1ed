"""The scores of one photograph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from cracknet.arrays import Mask, Probability
from cracknet.scoring.counts import PooledCounts
from cracknet.scoring.guards import check_pair, check_truth
from cracknet.scoring.matches import Matches
from cracknet.scoring.options import ALL_SCORES, ScoreOptions
from cracknet.scoring.skeletons import match_skeletons
from cracknet.scoring.tolerance import match_within
from cracknet.segmentation.segmenter import DEFAULT_THRESHOLD, check_threshold


@dataclass(frozen=True)
class PhotoScores:
    """Counts of one photograph, or of several pooled, from which its scores follow.

    Attributes
    ----------
    stem : str
    threshold : float
        Where the mask is cut: a pixel is crack where its probability, a float32, is at least
        the threshold rounded to float32, as in the masks that `Segmenter` gives.
    pixels : int
    matches : Matches
        At the threshold, without tolerance.
    best : Matches
        At the threshold of the best F1 among 0.01, 0.02 ... 0.99; pooled, the sum of these.
    best_at : float, optional
        That threshold; None where several photographs are pooled.
    within : mapping of int to Matches
        With a tolerance in px, by the tolerance.
    skeletons : Matches, optional
        The counts of clDice, where it is asked for.
    distractors : Matches, optional
        Of the pixels that must not be marked, where they are known: all (`predicted`) and those
        called crack (`right`).
    """

    stem: str
    threshold: float
    pixels: int
    matches: Matches
    best: Matches
    best_at: float | None
    within: Mapping[int, Matches] = field(default_factory=lambda: MappingProxyType({}))
    skeletons: Matches | None = None
    distractors: Matches | None = None

    @property
    def crack_share(self) -> float:
        """Share of pixels that are crack in the truth."""
        return self.matches.actual / self.pixels if self.pixels else 0.0

    @property
    def false_alarm_share(self) -> float | None:
        """Share of the truth's background that is called crack; None where all is crack."""
        background = self.pixels - self.matches.actual
        wrong = self.matches.predicted - self.matches.right
        return wrong / background if background else None

    @property
    def distractor_share(self) -> float | None:
        """Share of pixels that must not be marked and are; None where there are none."""
        if self.distractors is None or not self.distractors.predicted:
            return None
        return self.distractors.precision

    def summary(self) -> dict[str, Any]:
        """Return the scores by name; what is undefined or was not taken is None.

        ``precision``, ``recall``, ``f1``, ``iou`` at ``threshold``; ``best_f1`` and
        ``best_f1_at``; ``precision_2px``, ``recall_2px``, ``f1_2px`` for each tolerance;
        ``cl_dice``; ``false_alarm_share``, ``distractor_share``, ``crack_share``.
        """
        scores: dict[str, Any] = {
            "crack_share": self.crack_share,
            "threshold": self.threshold,
            "precision": self.matches.precision,
            "recall": self.matches.recall,
            "f1": self.matches.f1,
            "iou": self.matches.iou,
            "best_f1": self.best.f1,
            "best_f1_at": self.best_at if self.matches.actual else None,
        }
        for radius, counts in self.within.items():
            scores[f"precision_{radius}px"] = counts.precision
            scores[f"recall_{radius}px"] = counts.recall
            scores[f"f1_{radius}px"] = counts.f1
        scores["cl_dice"] = self.skeletons.f1 if self.skeletons else None
        scores["false_alarm_share"] = self.false_alarm_share
        scores["distractor_share"] = self.distractor_share
        return scores


def score_photograph(
    probability: Probability,
    truth: Mask,
    threshold: float = DEFAULT_THRESHOLD,
    *,
    options: ScoreOptions = ALL_SCORES,
    distractors: Mask | None = None,
    stem: str = "",
) -> PhotoScores:
    """Score one photograph.

    Parameters
    ----------
    probability : (H, W) float32
        In [0, 1].
    truth : (H, W) bool
    threshold : float
        In [0, 1]; any value, not only hundredths.
    options : ScoreOptions
    distractors : (H, W) bool, optional
        Pixels that must not be marked, such as formwork joints.
    stem : str

    Returns
    -------
    PhotoScores

    Raises
    ------
    ArgumentError
        When shapes differ, a dtype is wrong, a value is NaN or outside [0, 1], or there are no
        pixels.

    Examples
    --------
    >>> truth = np.zeros((4, 5), bool); truth[2] = True
    >>> probability = np.where(truth, 0.9, 0.2).astype(np.float32)
    >>> probability[2, 0] = 0.4
    >>> scores = score_photograph(probability, truth)
    >>> scores.matches.precision, scores.matches.recall, scores.best.f1, scores.best_at
    (1.0, 0.8, 1.0, 0.21)
    """
    probability, truth = check_pair(probability, truth)
    counts = PooledCounts()
    counts.add(probability, truth)
    return score_counted(counts, probability, truth, threshold, options, distractors, stem)


def score_counted(
    counts: PooledCounts,
    probability: Probability,
    truth: Mask,
    threshold: float,
    options: ScoreOptions,
    distractors: Mask | None,
    stem: str,
) -> PhotoScores:
    """Score one checked photograph whose histogram is counted already; see `score_photograph`."""
    mask = np.asarray(probability >= np.float32(check_threshold(threshold)))
    right = int(np.count_nonzero(mask & truth))
    matches = Matches(right, int(np.count_nonzero(mask)), right, int(np.count_nonzero(truth)))
    avoided = None
    if distractors is not None:
        distractors = check_truth(distractors, truth.shape, "distractors")
        avoided = Matches(
            right=int(np.count_nonzero(mask & distractors)),
            predicted=int(np.count_nonzero(distractors)),
        )
    best, best_at = counts.best()
    return PhotoScores(
        stem=stem,
        threshold=float(threshold),
        pixels=int(truth.size),
        matches=matches,
        best=best,
        best_at=best_at,
        within={radius: match_within(mask, truth, radius) for radius in options.tolerances_px},
        skeletons=match_skeletons(mask, truth) if options.cl_dice else None,
        distractors=avoided,
    )
