"""What is true of a crack: its centreline, its width at every point of it, its contrast.

Convention: a position is (x, y) in pixels, x to the right, y down. Pixel centres lie at integer
coordinates, so pixel (row r, column c) covers [c - 0.5, c + 0.5] x [r - 0.5, r + 0.5].
N is the number of centreline points of a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError

Points: TypeAlias = npt.NDArray[np.float64]
"""Shape (N, 2): x, y in pixels."""

MITRE_LIMIT = 2.0
"""Longest offset of an outline corner, in half widths: turns beyond 120 degrees are cut off."""


@dataclass(frozen=True, eq=False)
class CrackPath:
    """One unbranched crack: a polyline with a width at every point.

    The region of the path is the strip between its two rails. A rail corner lies on the bisector
    of the turn, so that each straight piece has exactly the stated width at right angles to it
    (linear between two points); the ends are cut square. Hence the area is exact, too:
    ``sum(length_i * (w_i + w_{i+1}) / 2)``.

    Parameters
    ----------
    points_px : array, shape (N, 2), N >= 2
        Centreline, x and y in pixels; pixel centres are at integer coordinates.
    widths_px : array, shape (N,)
        Full width at each point, at right angles to the centreline, in pixels.
    depth : float
        Contrast in [0, 1]: the share of the light that the crack takes away.

    Raises
    ------
    ArgumentError
        Fewer than two points, equal neighbouring points, lengths that differ, values that are not
        finite, a negative width, or a depth outside [0, 1].

    Examples
    --------
    >>> path = CrackPath([[0, 0], [30, 40]], [2, 4], depth=0.5)
    >>> path.length_px, path.width_mean_px, path.area_px2
    (50.0, 3.0, 150.0)
    """

    points_px: Points
    widths_px: npt.NDArray[np.float64]
    depth: float = 0.6

    def __post_init__(self) -> None:
        points = np.array(self.points_px, dtype=np.float64)
        widths = np.array(self.widths_px, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
            message = f"points_px must have shape (N, 2) with N >= 2; got {points.shape}"
            raise ArgumentError(message)
        if widths.shape != (len(points),):
            message = f"widths_px must have shape ({len(points)},), one a point; got {widths.shape}"
            raise ArgumentError(message)
        if not (np.isfinite(points).all() and np.isfinite(widths).all()):
            message = "points_px and widths_px must be finite; got NaN or infinity"
            raise ArgumentError(message)
        if (widths < 0).any():
            message = f"widths_px must not be negative; got {widths.min()}"
            raise ArgumentError(message)
        if (np.diff(points, axis=0) == 0).all(axis=1).any():
            message = "points_px must not repeat a point at once; remove the doubled point"
            raise ArgumentError(message)
        if not 0 <= self.depth <= 1:
            message = f"depth must be in [0, 1]; got {self.depth}"
            raise ArgumentError(message)
        points.flags.writeable = False
        widths.flags.writeable = False
        object.__setattr__(self, "points_px", points)
        object.__setattr__(self, "widths_px", widths)
        object.__setattr__(self, "depth", float(self.depth))

    @cached_property
    def lengths_px(self) -> npt.NDArray[np.float64]:
        """Length of each straight piece, shape (N - 1,)."""
        return np.asarray(np.hypot(*np.diff(self.points_px, axis=0).T), dtype=np.float64)

    @property
    def length_px(self) -> float:
        """Arc length of the centreline polyline."""
        return float(self.lengths_px.sum())

    @property
    def area_px2(self) -> float:
        """Area of the strip, parts outside a photograph included."""
        return float(self.lengths_px @ (self.widths_px[1:] + self.widths_px[:-1]) / 2)

    @property
    def width_mean_px(self) -> float:
        """Mean width weighted by centreline length."""
        return self.area_px2 / self.length_px

    @property
    def width_max_px(self) -> float:
        """Largest width."""
        return float(self.widths_px.max())

    @cached_property
    def rails_px(self) -> tuple[Points, Points]:
        """The two sides of the strip, each of shape (N, 2), in the order of the points."""
        tangents = np.diff(self.points_px, axis=0) / self.lengths_px[:, None]
        before = np.vstack([tangents[:1], tangents])
        after = np.vstack([tangents, tangents[-1:]])
        bisector = before + after
        size = np.hypot(*bisector.T)
        turned_back = size < 1e-9
        bisector[turned_back] = before[turned_back]
        size[turned_back] = 1.0
        # |before + after| / 2 is the cosine of half the turn.
        mitre = np.minimum(2.0 / size, MITRE_LIMIT) / size
        normal = np.column_stack([-bisector[:, 1], bisector[:, 0]])
        offset = normal * (mitre * self.widths_px / 2)[:, None]
        return self.points_px + offset, self.points_px - offset

    @property
    def polygon_px(self) -> Points:
        """Outline of the strip, shape (2 N, 2): along one rail and back along the other."""
        left, right = self.rails_px
        return np.vstack([left, right[::-1]])

    @property
    def bounds_px(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, largest x, largest y of the strip."""
        corners = np.vstack(self.rails_px)
        low, high = corners.min(axis=0), corners.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


@dataclass(frozen=True, eq=False)
class Crack:
    """One connected crack: one path or more, joined at junctions.

    Parameters
    ----------
    paths : tuple of CrackPath
        The first is the main one. A side path begins on the centreline of another path.
    junctions_px : array, shape (J, 2)
        Where paths meet: x and y in pixels.
    """

    paths: tuple[CrackPath, ...]
    junctions_px: Points

    def __init__(self, paths: tuple[CrackPath, ...], junctions_px: npt.ArrayLike = ()) -> None:
        if not paths:
            message = "paths must hold at least one CrackPath; got none"
            raise ArgumentError(message)
        object.__setattr__(self, "paths", tuple(paths))
        junctions = np.array(junctions_px, dtype=np.float64).reshape(-1, 2)
        object.__setattr__(self, "junctions_px", junctions)

    @property
    def length_px(self) -> float:
        """Centreline length of all paths together."""
        return sum(path.length_px for path in self.paths)

    @property
    def width_mean_px(self) -> float:
        """Mean width of all paths, weighted by centreline length."""
        return sum(path.area_px2 for path in self.paths) / self.length_px

    @property
    def width_max_px(self) -> float:
        """Largest width of all paths."""
        return max(path.width_max_px for path in self.paths)
