"""Maps of a raster for fitting centrelines, read by windows as points ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.measurement.centreline.curves import Values
from cracknet.measurement.centreline.ends import reach, within
from cracknet.measurement.centreline.recentring import middles
from cracknet.measurement.centreline.sampling import border_distance, inner_distance, sampled
from cracknet.measurement.results import Points
from cracknet.mosaic.measuring.regions import with_halo
from cracknet.raster import Box

CELL_PX = 512
"""Points of one cell are looked up together."""

MASKS_KEPT, WINDOWS_KEPT = 128, 16
"""Cells whose mask stays in memory, half a MB each, and whose floats do."""

HALO_PX, HALO_FACTOR, MOST_HALO_PX = 64, 6, 512
"""Halo of a cell, px: the first, and so many half widths of the crack, and not more than that."""


class WindowMaps:
    """`cracknet.measurement.centreline.maps.Maps` of a raster.

    Parameters
    ----------
    solid : callable
        Gives the mask, holes filled, of a box.
    probability : callable
        Gives the probability of a box, or None where there is none.
    shape : (int, int)
        Of the raster, px.
    deepest_px : float
        Half width of the widest place.
    """

    def __init__(
        self,
        solid: Callable[[Box], Mask],
        probability: Callable[[Box], Probability | None],
        shape: tuple[int, int],
        deepest_px: float,
    ) -> None:
        self.shape = shape
        self._solid, self._probability = solid, probability
        self._halo = min(HALO_PX + int(HALO_FACTOR * deepest_px), MOST_HALO_PX)
        self._columns = -(-shape[1] // CELL_PX)
        # Each question needs one of these, and asks all cells in turn.
        self._mask = lru_cache(MASKS_KEPT)(self._read_mask)
        self._distance = lru_cache(WINDOWS_KEPT)(lambda number: inner_distance(self._mask(number)))
        self._picture = lru_cache(WINDOWS_KEPT)(self._read_picture)

    def half_widths(self, points: Points, *, bounded: bool = False) -> Values:
        """See `sampling.sampled`."""
        out = np.zeros(len(points))
        for here, number, corner in self._parts(points):
            out[here] = sampled(self._distance(number), points[here] - corner)
        if bounded:
            out = np.minimum(out, border_distance(points, *self.shape))
        return out

    def middles(self, points: Points, normals: Points, half_widths: Values) -> Values:
        """See `recentring.middles`."""
        out = np.zeros(len(points))
        for here, number, corner in self._parts(points):
            picture = self._picture(number)
            out[here] = middles(points[here] - corner, normals[here], half_widths[here], picture)
        return out

    def within(self, points: Points) -> Mask:
        """See `ends.within`."""
        out = np.zeros(len(points), bool)
        for here, number, corner in self._parts(points):
            out[here] = within(points[here] - corner, self._mask(number))
        return out

    def reach(self, points: Points, directions: Points, limits: Values) -> Values:
        """See `ends.reach`. Rays longer than the halo end there."""
        out = np.zeros(len(points))
        for here, number, corner in self._parts(points):
            mask = self._mask(number)
            out[here] = reach(points[here] - corner, directions[here], limits[here], mask)
        return out

    def _parts(self, points: Points) -> Iterator[tuple[npt.NDArray[np.intp], int, Points]]:
        """Yield the points of each cell, its number, and the corner of what is read for it."""
        if not len(points):
            return
        most = np.array(self.shape[::-1]) - 1
        column, row = (np.clip(np.rint(points), 0, most) // CELL_PX).astype(np.int64).T
        numbers = row * self._columns + column
        order = np.argsort(numbers, kind="stable")
        for here in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
            number = int(numbers[here[0]])
            around = self._around(number)
            yield here, number, np.array([around.left, around.top], np.float64)

    def _around(self, number: int) -> Box:
        top, left = (CELL_PX * k for k in divmod(number, self._columns))
        height, width = self.shape
        cell = Box(top, left, min(top + CELL_PX, height), min(left + CELL_PX, width))
        return with_halo(cell, self._halo, self.shape)

    def _read_mask(self, number: int) -> Mask:
        return self._solid(self._around(number))

    def _read_picture(self, number: int) -> Mask | Probability:
        probability = self._probability(self._around(number))
        return self._mask(number) if probability is None else probability
