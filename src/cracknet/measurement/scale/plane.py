"""The plane of the concrete, from a square of known size on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.errors import MeasurementError
from cracknet.measurement.scale.edges import Sides
from cracknet.measurement.scale.scale import Points

MOST_SLANT_DEG = 70.0
"""Beyond it a marker's far side is too short to be measured by."""
_DIRECTIONS = np.array([[1.0, 0.0], [math.sqrt(0.5), math.sqrt(0.5)], [0.0, 1.0],
                        [-math.sqrt(0.5), math.sqrt(0.5)]])  # fmt: skip

Matrix = npt.NDArray[np.float64]
"""Shape (3, 3)."""


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane seen by a camera.

    Parameters
    ----------
    homography : (3, 3) float64
        Maps (x, y, 1) in px to mm; at the photograph's middle without a turn.
    mm_per_px : float
        Geometric mean over the photograph's middle half.
    slant_deg : float
        Between the line of sight to the marker and the plane's normal.
    uncertainty : float
        Relative standard uncertainty of a short length, root mean square over all places of the
        photograph and all directions.
    """

    homography: Matrix
    mm_per_px: float
    slant_deg: float
    uncertainty: float


def fit_plane(sides: Sides, side_mm: float, width_px: int, height_px: int, name: str) -> Plane:
    """Find the plane on which the marker is a square of the given side.

    Four corners fix the eight numbers of a homography exactly. Its uncertainty is propagated from
    the eight shifts of the sides' points (two a side) by the Jacobian of ln(mm per px), taken by
    differences, at 7 x 7 places and 4 directions.

    Raises
    ------
    MeasurementError
        When the marker is no convex quadrilateral, is seen at more than `MOST_SLANT_DEG`, or the
        plane's horizon lies within the photograph.
    """
    corners = sides.corners()
    edges = np.roll(corners, -1, axis=0) - corners
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    if not (np.isfinite(corners).all() and (turns > 0).all()):
        msg = f"{name} is not seen as a square on a plane. Take the photograph more squarely."
        raise MeasurementError(msg)
    homography = _homography(corners, side_mm)
    frame = np.array(
        [[0, 0], [width_px - 1, 0], [width_px - 1, height_px - 1], [0, height_px - 1]], float
    )
    depths = _lift(np.vstack([frame, corners])) @ homography[2]
    if not ((depths > 0).all() or (depths < 0).all()):
        msg = (
            f"the plane of {name} has its horizon within the photograph, so lengths beyond it mean "
            "nothing. Take the photograph more squarely to the concrete, or use a larger marker."
        )
        raise MeasurementError(msg)
    slant = _slant(homography, corners.mean(axis=0))
    if slant > MOST_SLANT_DEG:
        msg = (
            f"{name} is seen {slant:.0f} degrees aslant; at most {MOST_SLANT_DEG:.0f} can be "
            "measured by. Take the photograph more squarely to the concrete."
        )
        raise MeasurementError(msg)
    middle = _grid(width_px, height_px, 0.25, 0.75, 5)
    mm_per_px = float(np.exp(0.5 * np.log(_areas(homography, middle)).mean()))
    return Plane(
        _straightened(homography, width_px, height_px, mm_per_px),
        mm_per_px,
        slant,
        _uncertainty(sides, side_mm, width_px, height_px),
    )


def _lift(points: Points) -> npt.NDArray[np.float64]:
    return np.column_stack([points, np.ones(len(points))])


def _homography(corners: Points, side_mm: float) -> Matrix:
    """Solve for the map px -> mm of the square's corners, with unit depth at its first corner."""
    square = side_mm * np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    rows = []
    # about the marker's own middle and size, where the equations are well conditioned
    middle = corners.mean(axis=0)
    size = np.abs(corners - middle).max()
    for (x, y), (u, v) in zip((corners - middle) / size, square / side_mm, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    system = np.array(rows)
    solved = np.linalg.solve(system[:, :8], system[:, 8])
    inner = np.append(solved, 1).reshape(3, 3)
    to_unit = np.array([[1 / size, 0, -middle[0] / size], [0, 1 / size, -middle[1] / size],
                        [0, 0, 1]])  # fmt: skip
    return np.asarray(np.diag([side_mm, side_mm, 1]) @ inner @ to_unit, np.float64)


def _jacobians(homography: Matrix, points: Points) -> npt.NDArray[np.float64]:
    """Give the derivatives of mm by px at each of (N, 2) points, (N, 2, 2)."""
    mapped = _lift(points) @ homography.T
    place = mapped[:, :2] / mapped[:, 2:]
    slopes = homography[None, :2, :2] - place[:, :, None] * homography[None, 2:, :2]
    return np.asarray(slopes / mapped[:, 2, None, None], np.float64)


def _areas(homography: Matrix, points: Points) -> npt.NDArray[np.float64]:
    """Square millimetres of a square pixel at each point."""
    return np.asarray(np.abs(np.linalg.det(_jacobians(homography, points))), np.float64)


def _slant(homography: Matrix, point: Points) -> float:
    """Give the slant by which a circle at the point is seen as its ellipse, degrees.

    Near the photograph's middle; towards its borders the obliqueness of the ray adds to it.
    """
    long, short = np.linalg.svd(_jacobians(homography, point[None])[0], compute_uv=False)
    return math.degrees(math.acos(min(short / long, 1.0)))


def _grid(width_px: int, height_px: int, low: float, high: float, count: int) -> Points:
    share = np.linspace(low, high, count)
    x, y = np.meshgrid(share * (width_px - 1), share * (height_px - 1))
    return np.column_stack([x.ravel(), y.ravel()])


def _straightened(homography: Matrix, width_px: int, height_px: int, mm_per_px: float) -> Matrix:
    """Turn and move the millimetres so that they lie as the photograph does.

    The photograph's middle keeps its place (px times mm_per_px) and its directions, so layers in
    mm look like the photograph, however the marker was glued on.
    """
    middle = np.array([(width_px - 1) / 2, (height_px - 1) / 2])
    left, _, right = np.linalg.svd(_jacobians(homography, middle[None])[0])
    turn = (left @ right).T
    mapped = homography @ np.append(middle, 1)
    shift = middle * mm_per_px - turn @ (mapped[:2] / mapped[2])
    motion = np.eye(3)
    motion[:2, :2], motion[:2, 2] = turn, shift
    matrix = motion @ homography
    return np.asarray(matrix / mapped[2], np.float64)


def _uncertainty(sides: Sides, side_mm: float, width_px: int, height_px: int) -> float:
    points = _grid(width_px, height_px, 0.0, 1.0, 7)

    def logs(shifts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        slopes = _jacobians(_homography(sides.corners(shifts), side_mm), points)
        along = np.einsum("nij,dj->ndi", slopes, _DIRECTIONS)
        return np.asarray(np.log(np.hypot(along[..., 0], along[..., 1])).ravel(), np.float64)

    step = 1e-3
    variance = np.zeros(len(points) * len(_DIRECTIONS))
    for side in range(4):
        slopes = []
        for end in range(2):
            shifts = np.zeros((4, 2))
            shifts[side, end] = step
            slopes.append((logs(shifts) - logs(-shifts)) / (2 * step))
        columns = np.array(slopes)
        variance += np.einsum("in,ij,jn->n", columns, sides.covariances_px2[side], columns)
    return float(np.sqrt(variance.mean()))
