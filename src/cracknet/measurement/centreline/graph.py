"""The graph of a skeleton: nodes at ends and junctions, lines of pixels between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from cracknet.measurement.results import Points

Index = npt.NDArray[np.int64]


@dataclass(eq=False)
class Graph:
    """Nodes and the lines between them. Two nodes may share many lines; a line may be a loop.

    Parameters
    ----------
    nodes : (M, 2) float64
        x, y.
    regions : (M,) int64
        Region of the mask that each node lies in.
    ends : (B, 2) int64
        Nodes at the first and last point of each line.
    lines : list of (N, 2) float64
        x, y; first and last point are those of the nodes.
    """

    nodes: Points
    regions: Index
    ends: Index
    lines: list[Points]

    @property
    def degrees(self) -> Index:
        """Number of line ends at each node, (M,); a loop counts twice."""
        return np.bincount(self.ends.ravel(), minlength=len(self.nodes))

    @property
    def lengths(self) -> npt.NDArray[np.float64]:
        """Length of each line, (B,)."""
        return np.array([np.hypot(*np.diff(line, axis=0).T).sum() for line in self.lines])


def graph_of(rows: Index, columns: Index, regions: Index) -> Graph:
    """Read the graph of a skeleton's pixels.

    Pixels are neighbours along a side, or at a corner where no third pixel joins them by sides.
    A pixel with one neighbour, or none, is an end; with two, part of a line; with more, a
    junction. Junction pixels that touch are one node, in their middle. A ring without junction
    gets a node at its first pixel. Lines with the same ends are all kept.

    Parameters
    ----------
    rows, columns : (P,) int64
        Pixels of the skeleton, by row, then column (as `numpy.nonzero` gives them).
    regions : (P,) int64
        Region of each.
    """
    count = len(rows)
    places = np.column_stack([columns, rows]).astype(np.float64)
    pairs = _neighbours(rows, columns)
    degree = np.bincount(pairs.ravel(), minlength=count)
    owner = _nodes(pairs, degree)
    # Lines: what is left when the nodes are taken out. Rings have no node yet: give them one.
    on_line = owner < 0
    chain = components(pairs[on_line[pairs].all(axis=1)], count)
    touched = np.zeros(count, np.bool_)
    for one, other in ((0, 1), (1, 0)):
        here = on_line[pairs[:, one]] & ~on_line[pairs[:, other]]
        touched[chain[pairs[here, one]]] = True
    first = np.unique(chain[on_line & ~touched[chain]], return_index=True)[1]
    ring_starts = np.flatnonzero(on_line & ~touched[chain])[first]
    owner[ring_starts] = owner.max(initial=-1) + 1 + np.arange(len(ring_starts))
    total = int(owner.max(initial=-1)) + 1
    held = np.flatnonzero(owner >= 0)
    size = np.bincount(owner[held], minlength=total)
    nodes = np.column_stack(
        [np.bincount(owner[held], places[held, axis], total) / size for axis in (0, 1)]
    )
    of_node = np.zeros(total, np.int64)
    of_node[owner[held]] = regions[held]
    ends, lines = _lines(nodes, places, pairs, owner)
    return Graph(nodes, of_node, ends, lines)


def _neighbours(rows: Index, columns: Index) -> Index:
    """Pairs of neighbouring pixels, (E, 2)."""
    span = int(columns.max(initial=0)) + 3
    key = rows * span + columns + 1

    def at(down: int, right: int) -> Index:
        wanted = key + (down * span + right)
        found = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        return np.where(key[found] == wanted, found, -1)

    if not len(key):
        return np.zeros((0, 2), np.int64)
    right, left, below = at(0, 1), at(0, -1), at(1, 0)
    # A corner neighbour only where neither pixel between them joins the two by sides.
    falling = np.where((right < 0) & (below < 0), at(1, 1), -1)
    rising = np.where((left < 0) & (below < 0), at(1, -1), -1)
    own = np.arange(len(key))
    return np.concatenate(
        [np.column_stack([own, to])[to >= 0] for to in (right, rising, below, falling)]
    )


def _nodes(pairs: Index, degree: Index) -> Index:
    """Node of each pixel, -1 for those on lines, (P,)."""
    junction = degree > 2
    cluster = components(pairs[junction[pairs].all(axis=1)], len(degree))
    owner = np.full(len(degree), -1, np.int64)
    held = degree != 2
    owner[held] = np.unique(cluster[held], return_inverse=True)[1]
    return owner


def components(pairs: Index, count: int) -> Index:
    """Give the number of the connected component of each of `count` vertices."""
    matrix = coo_array((np.ones(len(pairs), np.int8), pairs.T), (count, count))
    return np.asarray(connected_components(matrix, directed=False)[1], np.int64)


def _lines(nodes: Points, places: Points, pairs: Index, owner: Index) -> tuple[Index, list[Points]]:
    """Order the pixels of each line from one of its nodes to the other."""
    count = len(owner)
    on_line = owner < 0
    inner = pairs[on_line[pairs].all(axis=1)]
    chain = components(inner, count)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    leaving = both[on_line[both[:, 0]] & ~on_line[both[:, 1]]]
    leaving = leaving[np.argsort(chain[leaving[:, 0]], kind="stable")]
    # Each chain is left twice, at its two ends (at one pixel, if it has only one); begin at one.
    starts = leaving[::2, 0]
    depth = np.zeros(count)
    if len(inner):
        matrix = coo_array((np.ones(len(inner)), inner.T), (count, count)).tocsr()
        depth = dijkstra(matrix, directed=False, indices=starts, unweighted=True, min_only=True)
    pixels = np.flatnonzero(on_line)
    pixels = pixels[np.lexsort((depth[pixels], chain[pixels]))]
    parts = np.split(pixels, np.flatnonzero(np.diff(chain[pixels])) + 1) if len(pixels) else []
    ends = owner[leaving[:, 1]].reshape(-1, 2)
    lines = [
        np.vstack([nodes[a], places[part], nodes[b]])
        for part, (a, b) in zip(parts, ends.tolist(), strict=True)
    ]
    direct = owner[pairs[~on_line[pairs].any(axis=1)]]
    direct = direct[direct[:, 0] != direct[:, 1]]
    lines += list(nodes[direct])
    return np.concatenate([ends, direct]), lines


def joined(graphs: list[Graph]) -> Graph:
    """Put graphs side by side."""
    offsets = np.cumsum([0] + [len(graph.nodes) for graph in graphs])
    return Graph(
        np.concatenate([graph.nodes for graph in graphs]),
        np.concatenate([graph.regions for graph in graphs]),
        np.concatenate([graph.ends + k for graph, k in zip(graphs, offsets, strict=False)]),
        [line for graph in graphs for line in graph.lines],
    )
