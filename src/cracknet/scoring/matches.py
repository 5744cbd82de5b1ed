"""How far predicted pixels and the truth's pixels meet: counts, and the ratios of counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Matches:
    """Counts of predicted pixels that are right, and of the truth's pixels that are found.

    Without tolerance both are the true positives. They differ where a pixel may lie beside the
    truth (`cracknet.scoring.tolerance`) or where skeletons are compared
    (`cracknet.scoring.skeletons`). Counts of several photographs are pooled by adding them.

    Attributes
    ----------
    right : int
        Predicted pixels that are right.
    predicted : int
        Predicted pixels: true and false positives.
    found : int
        The truth's pixels that are found.
    actual : int
        The truth's pixels: true positives and false negatives.

    Examples
    --------
    >>> counts = Matches(6, 8, 6, 12)
    >>> counts.precision, counts.recall, counts.f1, counts.iou
    (0.75, 0.5, 0.6, 0.42857142857142855)
    >>> counts + counts == Matches(12, 16, 12, 24)
    True
    """

    right: int = 0
    predicted: int = 0
    found: int = 0
    actual: int = 0

    def __add__(self, other: Matches) -> Matches:
        return Matches(
            self.right + other.right,
            self.predicted + other.predicted,
            self.found + other.found,
            self.actual + other.actual,
        )

    @property
    def precision(self) -> float:
        """Share of predicted pixels that are right, the paper's equation (2): TP / (TP + FP).

        0 where nothing is predicted.
        """
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float | None:
        """Share of the truth's pixels that are found, the paper's equation (3): TP / (TP + FN).

        None where the truth has no crack: there is nothing to find.
        """
        return self.found / self.actual if self.actual else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where the truth has no crack."""
        if self.recall is None:
            return None
        if self.right == self.found:  # the same, without rounding on the way
            return 2 * self.right / (self.predicted + self.actual)
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def iou(self) -> float | None:
        """Intersection over union, TP / (TP + FP + FN); only where `right` equals `found`.

        None where the truth has no crack.
        """
        if not self.actual:
            return None
        return self.right / (self.predicted + self.actual - self.right)
