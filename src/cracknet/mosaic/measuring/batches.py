"""Regions put together into windows small enough to be measured as a photograph is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.measurement.centreline import TraceOptions
from cracknet.measurement.centreline.tracing import fill_holes, least_region_px
from cracknet.mosaic.measuring.regions import TILE_PX, Regions, grown, with_halo
from cracknet.mosaic.measuring.sources import Source
from cracknet.raster import Box

HALO_PX = 160
"""Read around the regions of a window: no profile of a width reaches further."""

MOST_PX = 6_000_000
"""Pixels of a window with its halo. A region that needs more is traced piece by piece."""


PIECE_PX = 2048
"""Points of a branch whose widths are found at once, where it is one of a region without window."""


@dataclass(frozen=True)
class Limits:
    """How large the windows are, px."""

    most_px: int = MOST_PX
    halo_px: int = HALO_PX
    tile_px: int = TILE_PX
    piece_px: int = PIECE_PX


@dataclass(frozen=True, eq=False)
class Batch:
    """Regions that are measured together.

    Attributes
    ----------
    groups : (G,) int64
        Numbers of `Survey.groups`.
    box : Box
        Around them, without halo.
    giant : bool
        Whether this is one that no window holds.
    """

    groups: npt.NDArray[np.int64]
    box: Box
    giant: bool


class Survey:
    """What is known of a raster's mask before anything is traced.

    Regions that a bridge could join are one group, so that they are traced together; without
    bridging each region is a group.

    Parameters
    ----------
    source : Source
    options : TraceOptions
    limits : Limits

    Attributes
    ----------
    regions, groups : Regions
    long_enough : (R + 1,) bool
        Which regions are not too small to be traced.
    specks : int
        Regions in groups without any region long enough to be traced.
    specks_area_px2 : float
    """

    def __init__(self, source: Source, options: TraceOptions, limits: Limits) -> None:
        self.shape, self.limits = source.shape, limits
        self._least_hole_px2 = options.least_hole_px2
        self.regions = Regions(source.mask, source.shape, tile_px=limits.tile_px)
        boxes = self.regions.boxes
        least = least_region_px(options)
        if options.bridge_px > 0:
            reach = int(np.ceil(options.bridge_px / 2)) + 2
            read = grown(source.mask, source.shape, reach)
            self.groups = Regions(read, source.shape, tile_px=limits.tile_px)
            self._group_of = self.groups.at(self.regions.seeds)
        else:
            self.groups = self.regions
            self._group_of = np.arange(self.regions.count + 1)
        self._group_of[0] = 0
        long_enough = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) >= least
        long_enough[0] = False
        self.long_enough = long_enough
        self._traced = np.zeros(self.groups.count + 1, bool)
        self._traced[self._group_of[long_enough]] = True
        left_out = ~self._traced[self._group_of]
        left_out[0] = False
        self.specks = int(left_out.sum())
        self.specks_area_px2 = float(self.regions.areas[left_out].sum())

    @property
    def traced(self) -> npt.NDArray[np.int64]:
        """Numbers of the groups that are traced, by their first tile."""
        return np.flatnonzero(self._traced)

    def part(self, batch: Batch, box: Box, mask: Mask) -> tuple[Mask, Mask]:
        """Part a mask, of a box, into what is of a batch and what else is traced.

        Small holes of the latter are filled.
        """
        chosen = np.zeros(self.groups.count + 1, bool)
        chosen[batch.groups] = True
        labels = self.groups.read(box)
        own = np.asarray(chosen[labels] & mask)
        regions = labels if self.groups is self.regions else self.regions.read(box)
        others = np.asarray(self.long_enough[regions] & ~own)
        if others.any():
            others = fill_holes(others, np.zeros(box.shape, np.int32), self._least_hole_px2)
        return own, others

    def regions_of(self, group: int) -> npt.NDArray[np.int64]:
        """Numbers of the regions of a group."""
        return np.flatnonzero(self._group_of == group)

    def batches(self) -> Iterator[Batch]:
        """Yield the groups, those near each other together, from the top left to the bottom right.

        By rows of tiles, then by columns of tiles, of their boxes' upper left corners. What comes
        out hangs on the mask and the limits alone.
        """
        numbers = self.traced
        boxes = self.groups.boxes[numbers]
        tile = self.limits.tile_px
        order = np.lexsort((boxes[:, 0], boxes[:, 1] // tile, boxes[:, 0] // tile))
        waiting: list[int] = []
        around: Box | None = None
        for number in numbers[order].tolist():
            top, left, bottom, right = self.groups.boxes[number].tolist()
            own = Box(top, left, bottom, right)
            if not self._fits(own):
                yield Batch(np.array([number]), own, giant=True)
                continue
            both = own if around is None else _union(around, own)
            if around is not None and not self._fits(both):
                yield Batch(np.array(waiting), around, giant=False)
                waiting, both = [], own
            waiting.append(number)
            around = both
        if around is not None:
            yield Batch(np.array(waiting), around, giant=False)

    def _fits(self, box: Box) -> bool:
        height, width = with_halo(box, self.limits.halo_px, self.shape).shape
        return height * width <= self.limits.most_px


def _union(one: Box, other: Box) -> Box:
    return Box(
        min(one.top, other.top), min(one.left, other.left),
        max(one.bottom, other.bottom), max(one.right, other.right),
    )  # fmt: skip
