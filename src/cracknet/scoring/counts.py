"""Pixel counts over thresholds, gathered photograph by photograph, and their scores."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.scoring.matches import Matches

THRESHOLDS = np.arange(1, 100) / 100
"""The thresholds of ODS: 0.01, 0.02, ... 0.99."""


@dataclass
class PooledCounts:
    """Counts of true and false positives over thresholds, pooled over photographs.

    A pixel counts as crack where its probability is at least the threshold. No tolerance: a
    pixel beside the truth is wrong.

    Attributes
    ----------
    crack, background : (100,) int64
        Pixels of the truth by the probability's bin; bin k holds probabilities that reach
        threshold k / 100 but not (k + 1) / 100.
    """

    crack: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(100, np.int64))
    background: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(100, np.int64))

    def add(self, probability: Probability, truth: Mask) -> None:
        """Count one photograph.

        Parameters
        ----------
        probability : (H, W) float32
        truth : (H, W) bool

        Raises
        ------
        ArgumentError
            When the shapes differ.
        """
        if probability.shape != truth.shape:
            msg = f"probability {probability.shape} and truth {truth.shape} must have one shape."
            raise ArgumentError(msg)
        bins = np.searchsorted(THRESHOLDS.astype(np.float32), probability.ravel(), side="right")
        both = np.bincount(bins + 100 * truth.ravel(), minlength=200)
        self.background += both[:100]
        self.crack += both[100:]

    def pool(self, other: PooledCounts) -> None:
        """Add the counts of other photographs."""
        self.crack += other.crack
        self.background += other.background

    def best(self) -> tuple[Matches, float]:
        """Return the counts at the threshold of the best F1, and that threshold.

        Of several best thresholds, that which predicts fewest pixels; of these the lowest. So a
        photograph without crack takes the threshold of fewest false alarms.
        """
        hits, wrong = self._above()
        cracks = int(self.crack.sum())
        f1 = 2 * hits / np.maximum(hits + wrong + cracks, 1)
        index = int(np.lexsort((hits + wrong, -f1))[0])
        true_positive = int(hits[index])
        counts = Matches(true_positive, true_positive + int(wrong[index]), true_positive, cracks)
        return counts, float(THRESHOLDS[index])

    def scores(self) -> PooledScores:
        """Return precision, recall and F1 at every threshold.

        Precision is 0 where nothing is predicted, recall is 0 where there is no crack.
        """
        true_positive, false_positive = self._above()
        predicted = true_positive + false_positive
        precision = true_positive / np.maximum(predicted, 1)
        recall = true_positive / max(self.crack.sum(), 1)
        f1 = 2 * true_positive / np.maximum(predicted + self.crack.sum(), 1)
        return PooledScores(precision, recall, f1)

    def _above(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the true and the false positives at each threshold, (99,) each."""
        return (
            self.crack[::-1].cumsum()[::-1][1:],
            self.background[::-1].cumsum()[::-1][1:],
        )


@dataclass(frozen=True)
class PooledScores:
    """Scores at each of `THRESHOLDS`, from pixel counts pooled over photographs.

    Attributes
    ----------
    precision, recall, f1 : (99,) float64
        Equations (2) and (3) of the paper, and their harmonic mean.
    """

    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    f1: npt.NDArray[np.float64]

    @property
    def ods(self) -> float:
        """The best F1 over thresholds ("optimal dataset scale")."""
        return float(self.f1.max())

    @property
    def ods_threshold(self) -> float:
        """The threshold that gives the best F1."""
        return float(THRESHOLDS[self.f1.argmax()])

    def at(self, threshold: float) -> dict[str, float]:
        """Return precision, recall and F1 at the nearest of `THRESHOLDS`, and that threshold."""
        index = int(np.abs(THRESHOLDS - threshold).argmin())
        return {
            "precision": float(self.precision[index]),
            "recall": float(self.recall[index]),
            "f1": float(self.f1[index]),
            "threshold": float(THRESHOLDS[index]),
        }
