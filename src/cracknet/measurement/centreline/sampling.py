"""Distance to the mask's border, between the pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from cracknet.arrays import Mask
from cracknet.measurement.results import Points

_BLOCK_ROWS = 128


def inner_distance(mask: Mask) -> npt.NDArray[np.float32]:
    """Distance from each pixel of the mask to the nearest pixel outside it, (H, W), px.

    What lies beyond the photograph is unknown, not outside: a crack that leaves it keeps its
    width there. A mask without any pixel outside ends at the photograph's border.
    """
    picture = mask.astype(np.uint8)
    if mask.all():
        framed = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        inner = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        return _root_of_whole(np.ascontiguousarray(inner, np.float32))
    found = cv2.distanceTransform(picture, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return _root_of_whole(np.asarray(found, np.float32))


def _root_of_whole(distance: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Make each distance the root of the whole number that it is, in place.

    Distances between pixels' centres are roots of whole numbers. OpenCV's differ in the last digit
    with the number of its threads, and iterations that end at a tolerance make more of it.
    """
    for top in range(0, len(distance), _BLOCK_ROWS):
        rows = distance[top : top + _BLOCK_ROWS]
        rows[:] = np.sqrt(np.rint(np.square(rows, dtype=np.float64)))
    return distance


def sampled(
    distance: npt.NDArray[np.float32], points: Points, *, bounded: bool = False
) -> npt.NDArray[np.float64]:
    """Distance from points to the mask's border, (N,), px.

    The border runs half a pixel before the nearest pixel outside.

    Parameters
    ----------
    distance : (H, W) float32
        From `inner_distance`.
    points : (N, 2) float64
        x, y.
    bounded : bool
        Whether the photograph's border counts as a border of the mask.
    """
    x, y = points.T
    inner = map_coordinates(distance, [y, x], np.float64, order=1, mode="nearest", prefilter=False)
    out = np.maximum(inner - 0.5, 0.0)
    if bounded:
        height, width = distance.shape
        out = np.minimum(out, border_distance(points, height, width))
    return np.asarray(out, np.float64)


def border_distance(points: Points, height: int, width: int) -> npt.NDArray[np.float64]:
    """Distance from each (x, y) to the border of the photograph, (N,), px."""
    x, y = points.T
    return np.asarray(
        np.minimum.reduce([x + 0.5, y + 0.5, width - 0.5 - x, height - 0.5 - y]), np.float64
    )
