"""Two networks in parallel, after Hoskere et al.; their gate fits any model.

"Vision-based structural inspection using multiscale deep convolutional neural networks"
(Hoskere, Narazaki, Hoang and Spencer 2018). A classifier of VGG19's type says where there is damage
at all, a residual segmenter of 45 layers says which pixels; both look at several scales. What the
segmenter marks counts only where the classifier sees damage, which removes false alarms.

What differs: one kind of damage, cracks; the classifier judges tiles of a photograph, where theirs
judged pixels' surroundings; the maps of the scales are joined as said below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.baselines.baseline import at_half, check_gray
from cracknet.baselines.tiles import Classify, painted_cracks

Predict = Callable[[Gray], Probability]
"""From a photograph (H, W) uint8 to (H, W) float32, as `Segmenter.probability` does."""


@dataclass(frozen=True)
class DamageMap:
    """Where a classifier of tiles sees damage, at several scales.

    Attributes
    ----------
    classify : callable
        From tiles (N, T, T, 1) float32, 0 to 255, to (N, classes); crack is class 1.
    tile_px : int
    scales : tuple of float
        The photograph is scanned at each of these sizes; a pixel takes the largest value, so that
        no scale hides what another sees.
    threshold : float
        Probability from which a tile is damage.
    name : str
    parameters : int
    """

    classify: Classify
    tile_px: int = 224
    scales: tuple[float, ...] = (1.0, 0.5)
    threshold: float = 0.5
    name: str = "vgg19"
    parameters: int = 0

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32: damage from 0.5 on.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """

        def at_one(small: Gray) -> Probability:
            return painted_cracks(small, self.tile_px, self.classify)

        maps = _at_scales(gray, self.scales, at_one, cv2.INTER_NEAREST)
        return at_half(np.asarray(np.max(maps, axis=0), np.float32), self.threshold)


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
        maps = _at_scales(gray, self.scales, self.segment, cv2.INTER_LINEAR)
        return at_half(np.mean(maps, axis=0, dtype=np.float32), self.threshold)


@dataclass(frozen=True)
class Gate:
    """What a segmenter marks, where a classifier sees damage; elsewhere nothing.

    Attributes
    ----------
    damage : callable
        (H, W) float32 of a photograph; damage from 0.5 on.
    segment : callable
        Any model's: `Segmenter.probability`, or a baseline's `predict`. It is not called for a
        photograph without damage.
    name : str
    parameters : int
        Of both.

    Examples
    --------
    >>> left = lambda gray: (np.arange(gray.shape[1]) < 2) * np.ones(gray.shape, np.float32)
    >>> gate = Gate(left, lambda gray: np.full(gray.shape, 0.75, np.float32))
    >>> gate.predict(np.zeros((1, 4), np.uint8)).tolist()
    [[0.75, 0.75, 0.0, 0.0]]
    """

    damage: Predict
    segment: Predict
    name: str = "two-networks"
    parameters: int = 0

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32."""
        seen = self.damage(gray) >= 0.5
        if not seen.any():
            return np.zeros(gray.shape, np.float32)
        return np.where(seen, self.segment(gray), np.float32(0)).astype(np.float32)


def _at_scales(
    gray: Gray, scales: tuple[float, ...], predict: Predict, back: int
) -> list[Probability]:
    """Apply `predict` at several sizes and bring the results back to the photograph's."""
    check_gray(gray)
    height, width = gray.shape
    maps = []
    for scale in scales:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = gray if scale == 1 else cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        found = predict(np.asarray(small, np.uint8))
        whole = found if scale == 1 else cv2.resize(found, (width, height), interpolation=back)
        maps.append(np.asarray(whole, np.float32))
    return maps
