"""Two networks in parallel, after Hoskere et al.; their gate fits any model.

"Vision-based structural inspection using multiscale deep convolutional neural networks"
(Hoskere, Narazaki, Hoang and Spencer 2018). A classifier of VGG19's type says where there is damage
at all (`cracknet.segmentation.gate`), a residual segmenter of 45 layers says which pixels; both
look at several scales. What the segmenter marks counts only where the classifier sees damage, which
removes false alarms.

What differs: one kind of damage, cracks; the classifier judges tiles of a photograph, where theirs
judged pixels' surroundings; the maps of the scales are joined as said below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.baselines.baseline import at_half
from cracknet.segmentation.gate import at_scales

Predict = Callable[[Gray], Probability]
"""From a photograph (H, W) uint8 to (H, W) float32, as `Segmenter.probability` does."""


@dataclass(frozen=True)
class MultiScale:
    """A segmenter that looks at the photograph at several scales: the mean of its results.

    Attributes
    ----------
    segment : callable
        From (H, W) uint8 to (H, W) float32.
    scales : tuple of float
    threshold : float
        Mean probability from which a pixel is crack.
    name : str
    parameters : int
    """

    segment: Predict
    scales: tuple[float, ...] = (1.0, 0.5)
    threshold: float = 0.5
    name: str = "resnet-45"
    parameters: int = 0

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """
        maps = at_scales(gray, self.scales, self.segment, cv2.INTER_LINEAR)
        return at_half(np.mean(maps, axis=0, dtype=np.float32), self.threshold)


@dataclass(frozen=True)
class Gate:
    """What a segmenter marks, where a classifier sees damage; elsewhere nothing.

    Attributes
    ----------
    damage : callable
        (H, W) bool of a photograph: `DamageMap.seen`.
    segment : callable
        Any model's: `Segmenter.probability`, or a baseline's `predict`. It is not called for a
        photograph without damage.
    name : str
    parameters : int
        Of both.

    Examples
    --------
    >>> left = lambda gray: np.broadcast_to(np.arange(gray.shape[1]) < 2, gray.shape)
    >>> gate = Gate(left, lambda gray: np.full(gray.shape, 0.75, np.float32))
    >>> gate.predict(np.zeros((1, 4), np.uint8)).tolist()
    [[0.75, 0.75, 0.0, 0.0]]
    """

    damage: Callable[[Gray], Mask]
    segment: Predict
    name: str = "two-networks"
    parameters: int = 0

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32."""
        seen = self.damage(gray)
        if not seen.any():
            return np.zeros(gray.shape, np.float32)
        return np.where(seen, self.segment(gray), np.float32(0)).astype(np.float32)
