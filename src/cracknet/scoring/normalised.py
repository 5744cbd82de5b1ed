"""Scores by the protocol of the SCSegamba family, for comparison with published numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability

NORMALISED_PROTOCOL = (
    "per-image normalised (SCSegamba): F1 of each photograph averaged, probabilities divided by "
    "each photograph's maximum, 8 bits"
)
_THRESHOLDS = np.arange(0.0, 1.0, 0.01)
_FIRST_LEVEL = np.searchsorted(np.arange(256) / 255, _THRESHOLDS, side="right")
"""For each threshold the least 8-bit level that lies above it."""


@dataclass
class NormalisedScores:
    """F1 of each photograph after its own normalisation, averaged over photographs.

    The evaluation code of SCSegamba (``test.py``, ``eval/evaluate.py``) and of those that took
    it over divides each output by its own maximum, keeps it in 8 bits, and counts a pixel where
    ``level / 255 > t`` for ``t = 0.00, 0.01 ... 0.99``. Its "ODS" is the best over t of the mean
    over photographs of F1, its "OIS" the mean of each photograph's best F1, its "mIoU" the best
    over t of the mean of ``(IoU of crack + IoU of background) / 2``. No counts are pooled: a
    photograph with few crack pixels weighs as much as one with many.

    What differs here: they divide logits, this divides probabilities; they score photographs
    squeezed to 512x512, this scores whole ones; photographs without crack are left out.

    Attributes
    ----------
    photos : int
        Photographs with crack.
    """

    photos: int = 0
    _f1: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(100))
    _iou: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(100))
    _best: float = 0.0

    def add(self, probability: Probability, truth: Mask) -> None:
        """Count one photograph; one without crack is left out.

        Parameters
        ----------
        probability : (H, W) float32
        truth : (H, W) bool
        """
        cracks = int(np.count_nonzero(truth))
        if not cracks:
            return
        highest = np.float32(probability.max()) or np.float32(1)
        levels = np.rint(probability / highest * np.float32(255)).astype(np.uint8)
        crack = np.bincount(levels[truth], minlength=256)
        background = np.bincount(levels[~truth], minlength=256)
        hits = crack[::-1].cumsum()[::-1][_FIRST_LEVEL]
        wrong = background[::-1].cumsum()[::-1][_FIRST_LEVEL]
        f1 = 2 * hits / (hits + wrong + cracks)
        rest = truth.size - cracks
        iou_background = (rest - wrong) / np.maximum(rest + cracks - hits, 1)
        self.photos += 1
        self._f1 = self._f1 + f1  # not in place: a copy of the scores stays as it was
        self._iou = self._iou + (hits / (cracks + wrong) + iou_background) / 2
        self._best += float(f1.max())

    def summary(self) -> dict[str, float | int | str | None]:
        """Return ``ods``, ``ods_at``, ``ois``, ``miou``, ``photos`` and ``protocol``."""
        some = self.photos > 0
        count = max(self.photos, 1)
        return {
            "ods": float(self._f1.max()) / count if some else None,
            "ods_at": float(_THRESHOLDS[self._f1.argmax()]) if some else None,
            "ois": self._best / count if some else None,
            "miou": float(self._iou.max()) / count if some else None,
            "photos": self.photos,
            "protocol": NORMALISED_PROTOCOL,
        }
