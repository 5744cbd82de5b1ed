"""Skeleton points moved to the middle of the crack, between the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from cracknet.arrays import Mask, Probability
from cracknet.measurement.centreline.curves import Curves, Values
from cracknet.measurement.results import Points

if TYPE_CHECKING:
    from cracknet.measurement.centreline.maps import Maps

SAMPLES = 16
"""On each side of a point."""
BEYOND_PX = 1.5
"""How far the samples reach beyond the mask's border: the skeleton may lie a pixel aside."""
CHUNK = 65536


def offsets(
    curves: Curves,
    half_widths: Values,
    maps: Maps,
    chosen: npt.NDArray[np.intp] | slice,
) -> tuple[Values, Points]:
    """Find how far the crack's middle lies to the side of points, px.

    The middle is the centroid of the mask, or of the probability, along the normal. Walking out
    from the point, values may only fall: what lies behind a gap is another crack.

    Parameters
    ----------
    curves : Curves
    half_widths : (P,) float64
        Of the crack at each point of the curves, px.
    maps : Maps
    chosen : (Q,) int64 or slice
        Points to look at.

    Returns
    -------
    offset : (Q,) float64
    normal : (Q, 2) float64
        Unit vector along which the offset is counted.
    """
    tangent = curves.tangents(2)[chosen]
    points, half = curves.points[chosen], half_widths[chosen]
    normal = np.column_stack([tangent[:, 1], -tangent[:, 0]])
    out = np.zeros(len(points))
    for first in range(0, len(out), CHUNK):
        part = slice(first, first + CHUNK)
        out[part] = maps.middles(points[part], normal[part], half[part])
    return out, normal


def middles(points: Points, normal: Points, half: Values, picture: Mask | Probability) -> Values:
    """Give the centroid of a picture along the normal at each point, px; see `offsets`.

    Parameters
    ----------
    points, normal : (N, 2) float64
    half : (N,) float64
        Half width of the crack.
    picture : (H, W) bool or float32
    """
    share = np.arange(-SAMPLES, SAMPLES + 1) / SAMPLES
    distance = (half + BEYOND_PX)[:, None] * share
    x = points[:, :1] + normal[:, :1] * distance
    y = points[:, 1:] + normal[:, 1:] * distance
    source = picture.view(np.uint8) if picture.dtype == np.bool_ else picture
    value = map_coordinates(source, [y, x], np.float32, order=1, mode="nearest", prefilter=False)
    right, left = value[:, SAMPLES:], value[:, SAMPLES::-1]
    value[:, SAMPLES:] = np.minimum.accumulate(right, axis=1)
    value[:, : SAMPLES + 1] = np.minimum.accumulate(left, axis=1)[:, ::-1]
    total = value.sum(axis=1)
    offset = (value * distance).sum(axis=1) / np.maximum(total, 1e-6)
    return np.asarray(np.where(total > 0, offset, 0.0), np.float64)
