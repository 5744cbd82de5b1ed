"""Millimetres per pixel, and where they came from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError

Points: TypeAlias = npt.NDArray[np.float64]
"""Shape (N, 2): x, y in pixels, pixel centres at integer coordinates."""

ScaleMethod = Literal["given", "marker", "points", "camera", "raster"]
FINEST_MM_PER_PX, COARSEST_MM_PER_PX = 1e-4, 1e3
"""Beyond these a scale is taken for a mistake: a micrometre for ten pixels, a metre for one."""


@dataclass(frozen=True, eq=False)
class Scale:
    """What a pixel measures on the concrete.

    Parameters
    ----------
    mm_per_px : float
        Millimetres per pixel; of a slanted view, the geometric mean over the photograph's middle.
    method : {"given", "marker", "points", "camera", "raster"}
        How it was found.
    source : str
        The same in words for a report: ``ArUco marker 7 of 50 mm (DICT_4X4_50)``.
    uncertainty : float, optional
        Relative standard uncertainty (k = 1) of mm_per_px; None where nothing is known of it.
    homography : (3, 3) float64, optional
        Maps (x, y, 1) in px to millimetres on the plane of the concrete, for a slanted view.

    Raises
    ------
    ArgumentError
        When mm_per_px is not a number between `FINEST_MM_PER_PX` and `COARSEST_MM_PER_PX`, or
        another value is impossible.

    Examples
    --------
    >>> scale = Scale(0.25, "given", "--mm-per-px 0.25")
    >>> scale.to_mm(np.array([[4.0, 8.0]])).tolist()
    [[1.0, 2.0]]
    """

    mm_per_px: float
    method: ScaleMethod
    source: str
    uncertainty: float | None = None
    homography: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        value = self.mm_per_px
        if not (math.isfinite(value) and FINEST_MM_PER_PX <= value <= COARSEST_MM_PER_PX):
            msg = (
                f"mm_per_px must be between {FINEST_MM_PER_PX:g} and {COARSEST_MM_PER_PX:g} "
                f"millimetres per pixel; got {value:g}. Check the unit and the distance."
            )
            raise ArgumentError(msg)
        if self.method not in get_args(ScaleMethod):
            msg = f"method must be one of {', '.join(get_args(ScaleMethod))}; got {self.method!r}."
            raise ArgumentError(msg)
        if self.uncertainty is not None and not 0 <= self.uncertainty < 1:
            msg = f"uncertainty must be a share in [0, 1); got {self.uncertainty}."
            raise ArgumentError(msg)
        if self.homography is not None:
            matrix = np.array(self.homography, np.float64)
            if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
                msg = f"homography must be a finite (3, 3) array; got shape {matrix.shape}."
                raise ArgumentError(msg)
            matrix.flags.writeable = False
            object.__setattr__(self, "homography", matrix)

    def to_mm(self, points_px: Points) -> Points:
        """Map positions, (N, 2) px, to millimetres on the concrete."""
        points = np.asarray(points_px, np.float64)
        if self.homography is None:
            return points * self.mm_per_px
        mapped = np.column_stack([points, np.ones(len(points))]) @ self.homography.T
        return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)

    def mm_along(self, points_px: Points, directions: Points) -> npt.NDArray[np.float64]:
        """Millimetres per pixel at each of (N, 2) points along (N, 2) unit directions, (N,)."""
        if self.homography is None:
            return np.full(len(points_px), self.mm_per_px)
        half = 0.5 * np.asarray(directions, np.float64)
        ends = self.to_mm(points_px + half) - self.to_mm(points_px - half)
        return np.asarray(np.hypot(ends[:, 0], ends[:, 1]), np.float64)

    def mm_across(self, points_px: Points, along: Points) -> npt.NDArray[np.float64]:
        """Millimetres of width per pixel of width, (N,), of strips along (N, 2) unit vectors.

        See `width_factor`.
        """
        if self.homography is None:
            return np.full(len(points_px), self.mm_per_px)
        return width_factor(self.to_mm, points_px, along)


def width_factor(
    mapping: Callable[[Points], Points], points: Points, along: Points
) -> npt.NDArray[np.float64]:
    """How much a mapping of the plane widens strips along (N, 2) unit vectors at points, (N,).

    The width of a strip grows by the area's factor over the length's.
    """
    half = 0.5 * np.asarray(along, np.float64)
    across = np.column_stack([-half[:, 1], half[:, 0]])
    t, n = (mapping(points + way) - mapping(points - way) for way in (half, across))
    area = np.abs(t[:, 0] * n[:, 1] - t[:, 1] * n[:, 0])
    return np.asarray(area / np.hypot(t[:, 0], t[:, 1]), np.float64)
