"""What a centreline is fitted to, asked at single points: of arrays, or of windows of a raster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.measurement.centreline import ends, recentring, sampling
from cracknet.measurement.centreline.curves import Values
from cracknet.measurement.results import Points


class Maps(Protocol):
    """Mask, distance to its border, and what the middle of a crack is told from.

    Points are (N, 2) float64, x and y in px of the whole picture.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the whole picture, px."""

    def half_widths(self, points: Points, *, bounded: bool = False) -> Values:
        """Distance to the mask's border, (N,); see `sampling.sampled`."""

    def middles(self, points: Points, normals: Points, half_widths: Values) -> Values:
        """How far the crack's middle lies along each normal, (N,); see `recentring.middles`."""

    def within(self, points: Points) -> Mask:
        """Whether each point lies on the mask, (N,)."""

    def reach(self, points: Points, directions: Points, limits: Values) -> Values:
        """How far each ray runs within the mask, (N,); see `ends.reach`."""


@dataclass(frozen=True, eq=False)
class ArrayMaps:
    """Maps of a picture that is in memory.

    Attributes
    ----------
    mask : (H, W) bool
    picture : (H, W) bool or float32
        What the middle of the crack is told from: the probability, or the mask.
    distance : (H, W) float32
        See `sampling.inner_distance`.
    """

    mask: Mask
    picture: Mask | Probability
    distance: npt.NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""
        height, width = self.mask.shape
        return height, width

    def half_widths(self, points: Points, *, bounded: bool = False) -> Values:
        """See `sampling.sampled`."""
        return sampling.sampled(self.distance, points, bounded=bounded)

    def middles(self, points: Points, normals: Points, half_widths: Values) -> Values:
        """See `recentring.middles`."""
        return recentring.middles(points, normals, half_widths, self.picture)

    def within(self, points: Points) -> Mask:
        """See `ends.within`."""
        return ends.within(points, self.mask)

    def reach(self, points: Points, directions: Points, limits: Values) -> Values:
        """See `ends.reach`."""
        return ends.reach(points, directions, limits, self.mask)
