"""Dark photographs brightened for the net.

Nets learn from photographs that were exposed for what they show. One taken with a third of that
light lies outside of what they have seen, though its cracks stand out as well. So a photograph
whose median gray is low is multiplied, as a longer exposure would have, before the net sees it;
what is written and measured stays as it was taken. The figures were chosen on darkened validation
photographs (docs/models.md).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.errors import ArgumentError

DARK = 90
"""Median gray below which a photograph is brightened."""
AIM = 120
"""Median gray that it is brightened to."""
MOST = 16.0
"""Largest gain: beyond, there is nothing but noise."""

LIT, LIMIT = 0.95, 180
"""This share of the pixels stays below this gray: a lit wall in a dark place keeps its cracks."""

Histogram = npt.NDArray[np.int64]


def histogram_of(gray: Gray, valid: Mask | None = None) -> Histogram:
    """Count the pixels of each gray value, (256,), those that are valid if told which."""
    chosen = None if valid is None else np.ascontiguousarray(valid).view(np.uint8)
    # OpenCV counts without a copy of the pixels; its float32 is exact to 16 million a gray value.
    counts = cv2.calcHist([np.ascontiguousarray(gray)], [0], chosen, [256], [0, 256])
    return np.asarray(np.ravel(counts), np.int64)


def gain_of(histogram: Histogram) -> float:
    """Return by how much a photograph is to be multiplied: 1 where it is not dark.

    Parameters
    ----------
    histogram : (256,) int64
        Pixels of each gray value; see `histogram_of`.

    Raises
    ------
    ArgumentError
        When the histogram has another shape.

    Examples
    --------
    >>> [gain_of(histogram_of(np.full((8, 8), gray, np.uint8))) for gray in (140, 90, 60, 1)]
    [1.0, 1.0, 2.0, 16.0]
    """
    if histogram.shape != (256,):
        msg = f"a histogram must count the 256 gray values; got shape {histogram.shape}."
        raise ArgumentError(msg)
    below = np.cumsum(histogram)
    if not below[-1]:
        return 1.0
    median, lit = (int(np.searchsorted(below, below[-1] * share)) for share in (0.5, LIT))
    if median >= DARK:
        return 1.0
    return max(min(AIM / max(median, 1), LIMIT / max(lit, 1), MOST), 1.0)


def brightened(gray: Gray, gain: float) -> Gray:
    """Multiply gray values by a gain, rounded, at most 255; the same array where the gain is 1.

    Parameters
    ----------
    gray : (H, W) uint8
    gain : float
        1 or more.
    """
    if gain == 1:
        return gray
    table = np.minimum(np.rint(np.arange(256) * gain), 255).astype(np.uint8)
    return np.asarray(cv2.LUT(gray, table), np.uint8)
