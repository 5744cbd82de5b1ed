"""A group of regions that no window holds, traced piece by piece into one graph.

Thinning, holes and outlines are local: each tile is looked at with a halo, and of what is found the
tile's own pixels are kept. The skeleton's pixels of all tiles make one graph, which is pruned and
fitted as a photograph's is; what it asks of mask and probability is read by tiles (`window_maps`).

Exact while half the crack's width is less than `DEEPEST_PX`. Wider regions are thinned on a coarser
grid, as in a photograph, in windows of it. A circle within the mask counts for at most `FAR_PX`,
and a hole that a large `least_hole_px2` would fill is filled if it fits into `HOLE_PX`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize

from cracknet.arrays import Mask
from cracknet.measurement.centreline import Traced, TraceOptions
from cracknet.measurement.centreline.graph import Graph, graph_of, joined
from cracknet.measurement.centreline.sampling import inner_distance
from cracknet.measurement.centreline.thinning import (
    DEEPEST_PX,
    coarse_cell,
    from_cells,
    in_cells,
)
from cracknet.measurement.centreline.tracing import (
    assemble,
    fill_holes,
    least_region_px,
    trace_graph,
)
from cracknet.measurement.outlines import outlines
from cracknet.measurement.results import Polygon
from cracknet.mosaic.measuring.batches import Batch, Survey
from cracknet.mosaic.measuring.joining import joined_outlines
from cracknet.mosaic.measuring.regions import with_halo
from cracknet.mosaic.measuring.sources import Source
from cracknet.mosaic.measuring.window_maps import WindowMaps
from cracknet.raster import Box

NEAR_PX = 2 * DEEPEST_PX + 32
"""Halo of a tile that is thinned: a round of thinning looks two pixels far, and as many rounds
are needed as the crack's half width has pixels."""

FAR_PX = 512
"""Most halo of a tile where it is deeper than that."""

HOLE_PX = 64
"""Largest hole that is filled, along either axis."""

CELLS_HALO = 64
"""Halo of a window on the coarser grid, in its cells."""


class Giant:
    """A group of regions, read by boxes.

    Parameters
    ----------
    source : Source
    survey : Survey
    batch : Batch
    options : TraceOptions

    Attributes
    ----------
    boxes : (R + 1, 4) int64
        Left, top, width and height of its regions, which are numbered from 1 on.
    areas : (R + 1,) float64
    tiles : list of Box
        That hold some of it.
    """

    def __init__(self, source: Source, survey: Survey, batch: Batch, options: TraceOptions) -> None:
        (group,) = batch.groups.tolist()
        regions = survey.regions_of(group)
        top, left, bottom, right = survey.regions.boxes[[0, *regions]].T
        self.source, self.survey, self.options = source, survey, options
        self.shape = source.shape
        self.boxes = np.column_stack([left, top, right - left, bottom - top])
        self.areas = survey.regions.areas[[0, *regions]].astype(np.float64)
        kept = np.hypot(self.boxes[:, 2], self.boxes[:, 3]) >= least_region_px(options)
        self._number = np.zeros(survey.regions.count + 1, np.int32)
        self._number[regions] = np.where(kept[1:], np.arange(1, len(regions) + 1), 0)
        self.tiles = survey.groups.tiles_of(group)
        self._margin = min(int(np.ceil(options.least_hole_px2)), HOLE_PX) + 1

    def labels(self, box: Box) -> npt.NDArray[np.int32]:
        """Own regions within a box, 0 elsewhere, (h, w)."""
        return self._number[self.survey.regions.read(box)]

    def solid(self, box: Box) -> tuple[Mask, npt.NDArray[np.int32]]:
        """Own regions within a box with small holes filled, and their numbers, (h, w)."""
        around = with_halo(box, self._margin, self.shape)
        labels = self.labels(around)
        mask = self._filled(labels)
        place = box.within(around)
        return np.ascontiguousarray(mask[place]), np.ascontiguousarray(labels[place])

    def everything(self, box: Box) -> Mask:
        """All regions within a box that are traced, of this group or not, holes filled, (h, w)."""
        around = with_halo(box, self._margin, self.shape)
        labels = self.survey.regions.read(around)
        labels[~self.survey.long_enough[labels]] = 0
        return np.ascontiguousarray(self._filled(labels)[box.within(around)])

    def _filled(self, labels: npt.NDArray[np.int32]) -> Mask:
        mask = np.asarray(labels > 0)
        return fill_holes(mask, labels, self.options.least_hole_px2) if mask.any() else mask


@dataclass(frozen=True, eq=False)
class Skeleton:
    """What the tiles of a giant hold.

    Attributes
    ----------
    graphs : list of Graph
        In px of the raster.
    deepest_px : float
        Distance from the mask's border, at most.
    polygons : dict of int to list of Polygon
        Outlines of each region.
    """

    graphs: list[Graph]
    deepest_px: float
    polygons: dict[int, list[Polygon]]


def trace_giant(source: Source, survey: Survey, batch: Batch, options: TraceOptions) -> Traced:
    """Trace a group of regions of any size, as `trace_cracks` would trace them.

    Parameters
    ----------
    source : Source
    survey : Survey
    batch : Batch
        Of one group.
    options : TraceOptions
    """
    giant = Giant(source, survey, batch, options)
    skeleton = _skeleton(giant)
    maps = WindowMaps(giant.everything, source.probability, source.shape, skeleton.deepest_px)
    graph = trace_graph(joined(skeleton.graphs), maps, options)
    return assemble(
        graph, skeleton.polygons, giant.areas, giant.boxes, maps, options.least_length_px
    )


def _skeleton(giant: Giant) -> Skeleton:
    """Thin tile by tile."""
    rows, columns, regions = [], [], []
    deepest = np.zeros(len(giant.areas))
    vast = np.zeros(len(giant.areas))
    parts: dict[int, list[Polygon]] = defaultdict(list)
    for tile in giant.tiles:
        near = with_halo(tile, NEAR_PX, giant.shape)
        mask, labels = giant.solid(near)
        place = tile.within(near)
        if not labels[place].any():
            continue
        for region, polygon in _outlines_within(giant, tile):
            parts[region].append(polygon)
        thin = skeletonize(mask)  # type: ignore[no-untyped-call]
        own = labels[place]
        here = np.nonzero(thin[place])
        rows.append(here[0] + tile.top)
        columns.append(here[1] + tile.left)
        regions.append(own[here].astype(np.int64))
        distance = inner_distance(mask)[place]
        if distance.max() > NEAR_PX - 2:
            far = with_halo(tile, FAR_PX, giant.shape)
            distance = inner_distance(giant.solid(far)[0])[tile.within(far)]
        np.minimum(distance, FAR_PX, out=distance)
        inside = own > 0
        np.maximum.at(deepest, own[inside], distance[inside])
        deep = (distance > DEEPEST_PX) & inside & _off_border(tile, giant.shape)
        np.maximum.at(vast, own[deep], distance[deep])
    chosen = np.concatenate(regions)
    kept = vast[chosen] == 0
    down, across = (np.concatenate(parts)[kept] for parts in (rows, columns))
    order = np.lexsort((across, down))
    graphs = [graph_of(down[order], across[order], chosen[kept][order])]
    for region in np.flatnonzero(vast).tolist():
        radius = min(float(vast[region]), float(giant.boxes[region, 2:].min()) / 2)
        graphs.append(_coarse_graph(giant, region, coarse_cell(radius)))
    polygons = {region: joined_outlines(pieces) for region, pieces in parts.items()}
    return Skeleton(graphs, float(deepest.max()), polygons)


def _off_border(tile: Box, shape: tuple[int, int]) -> Mask:
    """Pixels of a tile that lie further than `DEEPEST_PX` from the raster's border."""
    rows = np.arange(tile.top, tile.bottom)
    columns = np.arange(tile.left, tile.right)
    down = (rows >= DEEPEST_PX) & (rows < shape[0] - DEEPEST_PX)
    across = (columns >= DEEPEST_PX) & (columns < shape[1] - DEEPEST_PX)
    return np.asarray(down[:, None] & across)


def _outlines_within(giant: Giant, tile: Box) -> Iterator[tuple[int, Polygon]]:
    """Yield the outlines of what lies within a tile, in px of the raster, with their regions."""
    labels = giant.labels(tile)
    corner = np.array([tile.left, tile.top], np.float64)
    for polygon in outlines(np.asarray(labels > 0)):
        column, row = (polygon[0][0] + 0.5).astype(int)
        yield int(labels[row, column]), tuple(ring + corner for ring in polygon)


def _coarse_graph(giant: Giant, region: int, cell: int) -> Graph:
    """Thin a region on a grid of cells from the corner of its box, window by window."""
    left, top, width, height = giant.boxes[region].tolist()
    span = max(giant.survey.limits.tile_px // cell, 1)
    rows, columns = [], []
    for row in range(0, -(-height // cell), span):
        for column in range(0, -(-width // cell), span):
            own, at = _cells(giant, region, cell, (row, column), span)
            if own is None:
                continue
            here = np.nonzero(skeletonize(own)[at])  # type: ignore[no-untyped-call]
            rows.append(here[0] + row)
            columns.append(here[1] + column)
    down, across = np.concatenate(rows), np.concatenate(columns)
    order = np.lexsort((across, down))
    graph = graph_of(down[order], across[order], np.full(len(down), region, np.int64))
    return from_cells(graph, cell, (left, top), (width, height))


def _cells(
    giant: Giant, region: int, cell: int, first: Sequence[int], span: int
) -> tuple[Mask | None, tuple[slice, slice]]:
    """Read a window of cells with its halo, and where in it the window is; None for nothing."""
    left, top, width, height = giant.boxes[region].tolist()
    begin = [max(k - CELLS_HALO, 0) for k in first]
    end = [k + span + CELLS_HALO for k in first]
    box = Box(
        top + begin[0] * cell, left + begin[1] * cell,
        min(top + end[0] * cell, top + height), min(left + end[1] * cell, left + width),
    )  # fmt: skip
    at = tuple(slice(k - b, k - b + span) for k, b in zip(first, begin, strict=True))
    inner = Box(
        top + first[0] * cell, left + first[1] * cell,
        min(top + (first[0] + span) * cell, top + height),
        min(left + (first[1] + span) * cell, left + width),
    )  # fmt: skip
    if not (giant.labels(inner) == region).any():
        return None, (at[0], at[1])
    mask, labels = giant.solid(box)
    return in_cells(mask & (labels == region), cell), (at[0], at[1])
