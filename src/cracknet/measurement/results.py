"""What is measured: branches of a centreline with their widths, and the cracks they make up.

Convention: a position is (x, y) in pixels, x to the right, y down, pixel centres at integer
coordinates, so pixel (row r, column c) covers [c - 0.5, c + 0.5] x [r - 0.5, r + 0.5]. N is the
number of centreline points of a branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.measurement.scale import Scale

Points: TypeAlias = npt.NDArray[np.float64]
"""Shape (N, 2): x, y in pixels."""

Polygon: TypeAlias = tuple[Points, ...]
"""An outer ring and its holes, each (M, 2), not closed by a repeated point."""

WIDTH_METHODS = ("gray", "probability", "distance")
"""How a width was found: from the photograph's gray profile at half depth, from the probability's
crossing of one half, or as twice the distance to the mask's border (at junctions and ends)."""


@dataclass(frozen=True, eq=False)
class Branch:
    """A piece of centreline between two ends or junctions, with its width profile.

    Parameters
    ----------
    points_px : (N, 2) float64, N >= 2
        Smoothed centreline, about a pixel apart; of a closed branch the first comes again last.
    widths_px : (N,) float64
        Full width at right angles to the branch at each point, at least 0.
    methods : (N,) uint8
        Index into `WIDTH_METHODS` for each point.
    nodes : (int, int)
        Numbers, within the crack, of the nodes at the first and last point. Branches that share a
        number meet there; a loop has the same node twice.
    resolved : bool
        False where the crack is thinner than the photograph can resolve: its width is then an
        upper bound rather than a measurement.

    Raises
    ------
    ArgumentError
        When shapes do not fit or a value is not finite or negative.
    """

    points_px: Points
    widths_px: npt.NDArray[np.float64]
    methods: npt.NDArray[np.uint8]
    nodes: tuple[int, int] = (0, 1)
    resolved: bool = True

    def __post_init__(self) -> None:
        points = np.array(self.points_px, np.float64)
        widths = np.array(self.widths_px, np.float64)
        methods = np.array(self.methods, np.uint8)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
            msg = f"points_px must have shape (N, 2) with N >= 2; got {points.shape}."
            raise ArgumentError(msg)
        if widths.shape != (len(points),) or methods.shape != (len(points),):
            msg = (
                f"widths_px and methods must have shape ({len(points)},), one a point; got "
                f"{widths.shape} and {methods.shape}."
            )
            raise ArgumentError(msg)
        if not (np.isfinite(points).all() and np.isfinite(widths).all() and (widths >= 0).all()):
            msg = "points_px and widths_px must be finite, and widths at least 0."
            raise ArgumentError(msg)
        if (methods >= len(WIDTH_METHODS)).any():
            msg = f"methods must be below {len(WIDTH_METHODS)}; got {methods.max()}."
            raise ArgumentError(msg)
        for name, values in (("points_px", points), ("widths_px", widths), ("methods", methods)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @cached_property
    def steps_px(self) -> npt.NDArray[np.float64]:
        """Length of each straight piece, (N - 1,)."""
        return np.asarray(np.hypot(*np.diff(self.points_px, axis=0).T), np.float64)

    @property
    def length_px(self) -> float:
        """Length of the smoothed centreline."""
        return float(self.steps_px.sum())

    @property
    def closed(self) -> bool:
        """Whether the branch ends where it begins."""
        return self.nodes[0] == self.nodes[1]

    @cached_property
    def weights_px(self) -> npt.NDArray[np.float64]:
        """Length of centreline that each point stands for, (N,); their sum is the length."""
        half = self.steps_px / 2
        return np.asarray(np.append(half, 0) + np.append(0, half), np.float64)


@dataclass(frozen=True, eq=False)
class MeasuredCrack:
    """One connected crack.

    Parameters
    ----------
    number : int
        From 1 on, the longest first.
    branches : tuple of Branch
    area_px2 : float
        Pixels of its mask.
    polygons_px : tuple of Polygon
        Outline along the pixels' borders: outer ring and holes for each part of it.
    """

    number: int
    branches: tuple[Branch, ...]
    area_px2: float
    polygons_px: tuple[Polygon, ...] = ()

    @property
    def length_px(self) -> float:
        """Sum of the lengths of its branches."""
        return float(sum(branch.length_px for branch in self.branches))


@dataclass(frozen=True, eq=False)
class Measurement:
    """All cracks of one photograph.

    Parameters
    ----------
    height_px, width_px : int
        Of the photograph.
    cracks : tuple of MeasuredCrack
    scale : Scale, optional
    specks : int
        Regions of the mask too small to be measured as cracks.
    specks_area_px2 : float
        Their pixels.
    notes : tuple of str
        What a reader must know: which widths are bounds, what was left out.
    """

    height_px: int
    width_px: int
    cracks: tuple[MeasuredCrack, ...]
    scale: Scale | None = None
    specks: int = 0
    specks_area_px2: float = 0.0
    notes: tuple[str, ...] = ()
