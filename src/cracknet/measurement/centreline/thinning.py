"""The skeleton graph of a mask, also where the mask holds vast regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize

from cracknet.arrays import Mask
from cracknet.measurement.centreline.graph import Graph, graph_of, joined

DEEPEST_PX = 48
"""A region whose largest inner circle has a larger radius is thinned on a coarser grid: thinning
takes away a pixel a round, so its time grows with the width."""
COARSE_PX = 24
"""Radius of the largest circle on the coarser grid, in its cells."""


def skeleton_graph(
    mask: Mask,
    labels: npt.NDArray[np.int32],
    boxes: npt.NDArray[np.int64],
    distance: npt.NDArray[np.float32],
) -> Graph:
    """Thin a mask to a graph.

    Thinning is that of `skimage.morphology.skeletonize` (Zhang and Suen 1984). A region wider
    than twice `DEEPEST_PX` is thinned on a grid of larger cells, a cell being crack where any of
    its pixels is: it keeps its loops and branches so far as they are wider than a cell.

    Parameters
    ----------
    mask : (H, W) bool
    labels : (H, W) int32
        Region of each pixel.
    boxes : (R, 4) int64
        Left, top, width and height of each region.
    distance : (H, W) float32
        From each pixel of the mask to the nearest outside it.
    """
    deep = distance > DEEPEST_PX
    # The photograph's border bounds a circle, too.
    deep[:DEEPEST_PX] = deep[-DEEPEST_PX:] = False
    deep[:, :DEEPEST_PX] = deep[:, -DEEPEST_PX:] = False
    vast: list[int] = np.unique(labels[deep]).tolist() if deep.any() else []
    graphs = []
    if len(vast):
        mask = mask.copy()
    for region in vast:
        left, top, width, height = boxes[region]
        box = slice(top, top + height), slice(left, left + width)
        own = labels[box] == region
        radius = min(float(distance[box][own & deep[box]].max()), min(width, height) / 2)
        graphs.append(_coarse_graph(own & mask[box], region, radius, (left, top)))
        mask[box] &= ~own
    thin = skeletonize(mask)  # type: ignore[no-untyped-call]
    rows, columns = np.nonzero(thin)
    return joined([graph_of(rows, columns, labels[rows, columns].astype(np.int64)), *graphs])


def _coarse_graph(own: Mask, region: int, radius: float, corner: tuple[int, int]) -> Graph:
    cell = coarse_cell(radius)
    rows, columns = np.nonzero(skeletonize(in_cells(own, cell)))  # type: ignore[no-untyped-call]
    graph = graph_of(rows, columns, np.full(len(rows), region, np.int64))
    return from_cells(graph, cell, corner, own.shape[::-1])


def coarse_cell(radius: float) -> int:
    """Side of the cells on which a region is thinned whose largest inner circle has a radius."""
    return int(np.ceil(radius / COARSE_PX))


def in_cells(own: Mask, cell: int) -> Mask:
    """Shrink a mask to cells of so many px, each crack where any of its pixels is."""
    rest = -np.array(own.shape) % cell
    padded = np.pad(own, ((0, rest[0]), (0, rest[1])))
    blocks = padded.reshape(padded.shape[0] // cell, cell, padded.shape[1] // cell, cell)
    return np.asarray(blocks.any(axis=(1, 3)))


def from_cells(graph: Graph, cell: int, corner: tuple[int, int], size: tuple[int, ...]) -> Graph:
    """Place a graph of cells in the picture.

    Parameters
    ----------
    graph : Graph
        In cells from the corner of its region's box.
    cell : int
        Side of a cell, px.
    corner, size : (int, int)
        Left and top, width and height of the region's box, px.
    """
    low, high = np.array(corner), np.array(corner) + size - 1

    def placed(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.minimum(points * cell + (cell - 1) / 2 + low, high), np.float64)

    return Graph(
        placed(graph.nodes), graph.regions, graph.ends, [placed(line) for line in graph.lines]
    )
