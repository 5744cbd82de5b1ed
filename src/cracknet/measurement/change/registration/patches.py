"""The fine step: patches of AFTER found again in BEFORE, at full resolution and to sub-pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.measurement.change.registration.homography import (
    Matrix,
    inverse,
    jacobians,
    map_points,
)
from cracknet.measurement.results import Points

HALF_PX = 20
"""A patch is 2 * HALF_PX + 1 pixels a side."""

GRID = 18
"""The common view is cut into about GRID x GRID cells, each of which gives one patch."""

LEAST_CORRELATION = 0.3
"""Of a patch found again. The best of a hundred places picked by chance reaches 0.25 or so."""

SMOOTHING_PX = 1.0
"""Sigma of the blur before patches are compared: noise goes, texture stays."""


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches that were tried.

    Attributes
    ----------
    before, after : (N, 2) float64
        Where the patch was found in BEFORE, and its middle in AFTER, px.
    found : (N,) bool
        Whether it was found: correlated well enough, and best not at the search's border.
    likeness : (N,) float64
        Greatest correlation within the search; -1 where BEFORE does not show the place.
    """

    before: Points
    after: Points
    found: npt.NDArray[np.bool_]
    likeness: npt.NDArray[np.float64]


def smooth_pair(before: Gray, after: Gray, factor: float) -> tuple[Gray, Gray]:
    """Blur both alike, in px of AFTER, so that the finer one shows no more than the other.

    Parameters
    ----------
    factor : float
        Pixels of AFTER for one of BEFORE.
    """
    own = max(SMOOTHING_PX, SMOOTHING_PX * factor)
    return _blur(before, own / factor), _blur(after, own)


def choose_patches(after: Gray, allowed: Mask, longest_px: int = 1600) -> Points:
    """Place patches where the photograph has most texture in two directions, one in each cell.

    Parameters
    ----------
    after : (H, W) uint8
        Smoothed.
    allowed : (H, W) bool
        The common view without cracks; patches lie wholly inside the photograph.

    Returns
    -------
    (N, 2) float64
        Whole numbers: x, y of their middles.
    """
    height, width = after.shape
    factor = min(1.0, longest_px / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(after, size, interpolation=cv2.INTER_AREA)
    block = max(3, int(2 * HALF_PX * factor) | 1)
    texture = np.asarray(cv2.cornerMinEigenVal(small, block, ksize=3), np.float32)
    usable = cv2.resize(allowed.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    edge = int(np.ceil((HALF_PX + 1) * factor))
    usable[:edge] = usable[-edge:] = False
    usable[:, :edge] = usable[:, -edge:] = False
    rows, columns = np.nonzero(usable)
    if not len(rows):
        return np.empty((0, 2))
    # Cells are laid over the usable part, so that a small common view has as many.
    top, left = rows.min(), columns.min()
    tall, wide = rows.max() + 1 - top, columns.max() + 1 - left
    cell = max(np.sqrt(tall * wide) / GRID, HALF_PX * factor)
    number = ((rows - top) // cell).astype(int) * 100_000 + ((columns - left) // cell).astype(int)
    order = np.lexsort((-texture[rows, columns], number))
    _, first = np.unique(number[order], return_index=True)
    best = order[first]
    best = best[texture[rows[best], columns[best]] > 0]
    centres = (np.column_stack([columns[best], rows[best]]) + 0.5) / factor - 0.5
    low = HALF_PX
    high = [width - 1 - low, height - 1 - low]
    return np.asarray(np.clip(np.round(centres), low, high), np.float64)


def find_patches(
    before: Gray, after: Gray, matrix: Matrix, centres: Points, search_px: int
) -> Patches:
    """Find each patch of AFTER in BEFORE around the place where a homography puts it.

    The piece of BEFORE is warped into AFTER's frame first; the best place is that of the highest
    normalised correlation, refined by a paraboloid through its neighbours.

    Parameters
    ----------
    before, after : (H, W) uint8
        Smoothed by `smooth_pair`.
    matrix : (3, 3) float64
    centres : (N, 2) float64
        Of `choose_patches`.
    search_px : int
        Greatest distance of the search along each axis.
    """
    back = inverse(matrix)
    inside = np.full(before.shape, 255, np.uint8)
    side = 2 * (HALF_PX + search_px) + 1
    offsets = np.zeros((len(centres), 2))
    found = np.zeros(len(centres), bool)
    likeness = np.full(len(centres), -1.0)
    for k, (x, y) in enumerate(centres.astype(int)):
        move = np.eye(3)
        move[:2, 2] = HALF_PX + search_px - x, HALF_PX + search_px - y
        there = move @ matrix
        piece = cv2.warpPerspective(before, there, (side, side), flags=cv2.INTER_LINEAR)
        known = cv2.warpPerspective(inside, there, (side, side), flags=cv2.INTER_NEAREST)
        if known.min() == 0:
            continue
        patch = after[y - HALF_PX : y + HALF_PX + 1, x - HALF_PX : x + HALF_PX + 1]
        if patch.std() < 0.5 or piece.std() < 0.5:
            continue
        fit = cv2.matchTemplate(piece, patch, cv2.TM_CCOEFF_NORMED)
        likeness[k] = float(np.max(fit))
        offset = _peak(np.asarray(fit, np.float64))
        if offset is not None:
            offsets[k] = offset
            found[k] = True
    return Patches(map_points(back, centres + offsets), centres, found, likeness)


def median_factor(matrix: Matrix, points: Points) -> float:
    """Pixels of AFTER for one of BEFORE, the median over points of BEFORE."""
    return float(np.sqrt(np.median(np.abs(np.linalg.det(jacobians(matrix, points))))))


def _peak(fit: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Offset x, y of the highest value from the middle; None at the border or where too low."""
    row, column = np.unravel_index(int(fit.argmax()), fit.shape)
    last = len(fit) - 1
    if fit[row, column] < LEAST_CORRELATION or not (0 < row < last and 0 < column < last):
        return None
    near = fit[row - 1 : row + 2, column - 1 : column + 2]
    dx = (near[:, 2].sum() - near[:, 0].sum()) / 6
    dy = (near[2].sum() - near[0].sum()) / 6
    dxx = (near[:, 2] - 2 * near[:, 1] + near[:, 0]).sum() / 3
    dyy = (near[2] - 2 * near[1] + near[0]).sum() / 3
    dxy = (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0]) / 4
    det = dxx * dyy - dxy**2
    if not (dxx < 0 and det > 0):
        return None
    x, y = -(dyy * dx - dxy * dy) / det, -(dxx * dy - dxy * dx) / det
    if max(abs(x), abs(y)) > 1:
        return None
    return column + x - last / 2, row + y - last / 2


def _blur(gray: Gray, sigma_px: float) -> Gray:
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), sigma_px), np.uint8)
