"""The sides of a marker to a fraction of a pixel.

OpenCV's own refinement of corners (cornerSubPix) is drawn inwards by the camera's blur: its corners
lie 0.17 to 0.25 px off at a blur of 0.5 px, 0.30 to 0.49 px at 1.2 px (`benchmarks/scale.py`). So a
straight line is fitted along each side of the marker's black border instead, and corners are where
the lines meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.errors import MeasurementError
from cracknet.measurement.scale.scale import Points

STEP_PX = 0.25
"""Between the samples of a profile across a side."""
CORNER_SHARE = 0.12
"""Of a side left out at each end, where the neighbouring side's blur bends the edge."""
REACH_MODULES = 0.7
"""How far a profile reaches to both sides, into the black border and into the white margin, in
squares as deep as they are seen at right angles to the side."""
FLOOR_PX = 0.02
"""Standard uncertainty of a side that scatter along it does not show."""
LEAST_CONTRAST = 20.0
"""Gray values between the border and the margin."""


@dataclass(frozen=True, eq=False)
class Sides:
    """The four sides of a marker, each a line through two points near its ends.

    Parameters
    ----------
    ends_px : (4, 2, 2) float64
        Two points x, y of each side, which run around the marker.
    normals : (4, 2) float64
        Unit vectors at right angles to the sides.
    covariances_px2 : (4, 2, 2) float64
        Of the shifts of a side's two points along its normal.
    """

    ends_px: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64]
    covariances_px2: npt.NDArray[np.float64]

    def corners(self, shifts_px: npt.NDArray[np.float64] | None = None) -> Points:
        """Give the corners (4, 2), each where a side and the one before it meet.

        `shifts_px`, shape (4, 2), moves the sides' points along their normals first.
        """
        shifts = np.zeros((4, 2)) if shifts_px is None else shifts_px
        ends = self.ends_px + shifts[:, :, None] * self.normals[:, None, :]
        lines = np.cross(_lift(ends[:, 0]), _lift(ends[:, 1]))
        meeting = np.cross(np.roll(lines, 1, axis=0), lines)
        return np.asarray(meeting[:, :2] / meeting[:, 2:], np.float64)


def fit_sides(gray: Gray, corners_px: Points, modules: int, name: str) -> Sides:
    """Fit a line to each side of a marker's black border.

    Across each side, a pixel apart along it, the gray profile from black to white is summed: its
    area says where a step of the same two levels would lie, whatever the blur, as long as the
    profile reaches past it. The line is fitted to these places by least squares, without those
    that lie apart.

    Parameters
    ----------
    gray : (H, W) uint8
    corners_px : (4, 2)
        As detected, around the marker; a pixel or so off does no harm.
    modules : int
        Squares along a side, the border's included.
    name : str
        What to call the marker in an error.

    Raises
    ------
    MeasurementError
        When a side has too little contrast or too few good places.
    """
    corners = np.asarray(corners_px, np.float64)
    field = gray.astype(np.float32)
    for _ in range(2):  # once more from the better place
        fitted = [_fit_side(field, np.roll(corners, -i, 0), modules, name) for i in range(4)]
        sides = Sides(*(np.array(part) for part in zip(*fitted, strict=True)))
        corners = sides.corners()
    return sides


def depth_px(corners_px: Points, side_px: float) -> float:
    """Give how deep a marker is seen at right angles to a side of its: area / side."""
    x, y = corners_px.T
    area = 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
    return area / max(side_px, 1e-9)


def _cotangent(along: Points, neighbour: Points) -> float:
    across = along[0] * neighbour[1] - along[1] * neighbour[0]
    return float(along @ neighbour / across) if across else math.inf


def _lift(points: Points) -> npt.NDArray[np.float64]:
    return np.column_stack([points, np.ones(len(points))])


def _fit_side(
    field: npt.NDArray[np.float32], corners: Points, modules: int, name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Fit the side from the first to the second of the corners, which run on around the marker."""
    start, end = corners[0], corners[1]
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length
    normal = np.array([along[1], -along[0]])  # outwards: corners run clockwise, y down
    reach = REACH_MODULES * depth_px(corners, length) / modules
    # where neighbours are not at right angles, profiles near the ends would meet them
    lean = [abs(_cotangent(along, corners[k] - corners[j])) for j, k in ((0, 3), (1, 2))]
    first, last = (CORNER_SHARE * length + reach * share for share in lean)
    places = np.arange(first, length - last)
    across = np.arange(-reach, reach + STEP_PX / 2, STEP_PX)
    grid = (start + places[:, None, None] * along + across[None, :, None] * normal).astype("f4")
    profiles = np.asarray(
        cv2.remap(
            field, grid[..., 0], grid[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        np.float64,
    )
    fifth = max(len(across) // 5, 1)
    black, white = profiles[:, :fifth].mean(axis=1), profiles[:, -fifth:].mean(axis=1)
    height = np.maximum(white - black, 1e-6)
    lit = ((profiles - black[:, None]) / height[:, None]).sum(axis=1) * STEP_PX
    offsets = across[-1] + STEP_PX / 2 - lit
    good = (white - black >= LEAST_CONTRAST) & (np.abs(offsets) < 0.7 * reach)
    return _line(start, along, normal, length, places[good], offsets[good], len(places), name)


def _line(
    start: Points,
    along: Points,
    normal: Points,
    length: float,
    places: npt.NDArray[np.float64],
    offsets: npt.NDArray[np.float64],
    sampled: int,
    name: str,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Fit the line; give two points of it, its normal, and the covariance of their shifts."""
    # The line is held by its two points at a quarter and three quarters of the side.
    holds = np.array([0.25, 0.75]) * length
    for _ in range(4):
        if len(places) < max(6, 0.5 * sampled):
            msg = (
                f"{name} has a side without a clear edge between black border and white margin. "
                "Use a clean marker with a white margin at least one square wide, wholly in view, "
                "in even light."
            )
            raise MeasurementError(msg)
        weights = (places - holds[0]) / (holds[1] - holds[0])
        design = np.column_stack([1 - weights, weights])
        shifts = np.linalg.lstsq(design, offsets, rcond=None)[0]
        left = offsets - design @ shifts
        near = np.abs(left) <= 3 * 1.4826 * np.median(np.abs(left)) + 1e-9
        if near.all():
            break
        places, offsets = places[near], offsets[near]
    variance = float(left @ left) / max(len(left) - 2, 1)
    covariance = variance * np.linalg.inv(design.T @ design) + FLOOR_PX**2 * np.eye(2)
    points = start + holds[:, None] * along + shifts[:, None] * normal
    turned = points[1] - points[0]
    turned /= np.hypot(*turned)
    return points, np.array([turned[1], -turned[0]]), covariance
