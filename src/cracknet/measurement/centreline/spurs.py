"""Spurs and other flaws of thinning taken off a graph.

A skeleton sends a branch into every bump of the border and into the corners of every blunt end.
Rules, with r the radius of the largest circle that fits into the mask at a node:

- *Spur*: a line with a free end, from a junction, is a spur where its length from the junction to
  the mask's end reaches less than ``spur_factor * 2 r + spur_px`` beyond the junction's circle:
  ``length + r_end - r_junction < spur_factor * 2 r_junction + spur_px``. All spurs go at once;
  but where a junction would keep fewer than two lines, and all of its lines have free ends, its
  longest two stay: a crack's own ends are never pruned away.
- *Link*: a line between two junctions, shorter than the mean of their radii, lies within their
  circles: it is a flaw of thinning, and its junctions become one.
- *Loop*: a line from a node to itself that is shorter than four pixels surrounds nothing.
- A node left with two lines is no junction: they become one line.

The rules are applied in turn until nothing changes: a spur may carry spurs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cracknet.measurement.centreline.graph import Graph, components
from cracknet.measurement.centreline.options import TraceOptions
from cracknet.measurement.results import Points

LEAST_LOOP_PX = 4.0

Values = npt.NDArray[np.float64]


def prune(graph: Graph, radii: Values, options: TraceOptions) -> tuple[Graph, Values]:
    """Apply the rules above.

    Parameters
    ----------
    graph : Graph
    radii : (M,) float64
        Of the largest circle within the mask around each node, px.
    options : TraceOptions

    Returns
    -------
    graph : Graph
        Some nodes may have no lines left.
    radii : (M,) float64
    """
    while True:
        before = len(graph.lines)
        graph = _keep(graph, ~_spurs(graph, radii, options))
        graph = merge(graph)
        graph, radii = _contract(graph, radii)
        graph = merge(graph)
        if len(graph.lines) == before:
            return graph, radii


def _keep(graph: Graph, kept: npt.NDArray[np.bool_]) -> Graph:
    if kept.all():
        return graph
    return replace(
        graph, ends=graph.ends[kept], lines=[graph.lines[k] for k in np.flatnonzero(kept)]
    )


def _spurs(graph: Graph, radii: Values, options: TraceOptions) -> npt.NDArray[np.bool_]:
    degrees = graph.degrees
    free = degrees[graph.ends] == 1
    one_free = free.any(axis=1) & ~free.all(axis=1)
    free_end = np.where(free[:, 0], graph.ends[:, 0], graph.ends[:, 1])
    junction = np.where(free[:, 0], graph.ends[:, 1], graph.ends[:, 0])
    length = graph.lengths
    beyond = length + radii[free_end] - radii[junction]
    limit = 2 * options.spur_factor * radii[junction] + options.spur_px
    spur = one_free & (degrees[junction] > 2) & (beyond < limit)
    # Where every line of a junction is a spur, its longest two stay.
    left = degrees - np.bincount(junction[spur], minlength=len(degrees))
    for node in np.flatnonzero((left == 0) & (degrees > 0)):
        here = np.flatnonzero(spur & (junction == node))
        spur[here[np.argsort(-length[here], kind="stable")[:2]]] = False
    return np.asarray(spur, np.bool_)


def _contract(graph: Graph, radii: Values) -> tuple[Graph, Values]:
    """Join the junctions of links within their circles; drop loops around nothing."""
    a, b = graph.ends.T
    length, degrees = graph.lengths, graph.degrees
    inner = (degrees[graph.ends] > 2).all(axis=1) & (a != b)
    link = inner & (length < radii[graph.ends].mean(axis=1))
    if link.any():
        group = components(graph.ends[link], len(graph.nodes))
        size = np.bincount(group)
        nodes = np.column_stack(
            [np.bincount(group, graph.nodes[:, axis]) / size for axis in (0, 1)]
        )
        largest = np.zeros(len(size))
        np.maximum.at(largest, group, radii)
        kept = np.flatnonzero(~link)
        ends = group[graph.ends[kept]]
        moved = [
            np.vstack([nodes[start], graph.lines[k][1:-1], nodes[end]])
            for k, (start, end) in zip(kept, ends.tolist(), strict=True)
        ]
        regions = np.zeros(len(size), np.int64)
        regions[group] = graph.regions
        graph, radii = Graph(nodes, regions, ends, moved), largest
        length = graph.lengths
    loop = (graph.ends[:, 0] == graph.ends[:, 1]) & (length < LEAST_LOOP_PX)
    return _keep(graph, ~loop), radii


def merge(graph: Graph) -> Graph:
    """Join the two lines that end at a node of degree two."""
    passed = np.flatnonzero(graph.degrees == 2)
    if not len(passed):
        return graph
    ends: list[list[int]] = graph.ends.tolist()
    lines: list[Points | None] = list(graph.lines)
    at: defaultdict[int, list[int]] = defaultdict(list)
    for k in np.flatnonzero(np.isin(graph.ends, passed).any(axis=1)).tolist():
        for node in ends[k]:
            at[node].append(k)
    for node in passed.tolist():
        one, other = at[node]
        first, second = lines[one], lines[other]
        if one == other or first is None or second is None:
            continue  # a ring keeps one node
        start, end = ends[one][0], ends[other][1]
        if ends[one][1] != node:
            first, start = first[::-1], ends[one][1]
        if ends[other][0] != node:
            second, end = second[::-1], ends[other][0]
        lines[one], lines[other] = np.vstack([first[:-1], second]), None
        ends[one] = [start, end]
        at[end] = [one if k == other else k for k in at[end]]
    kept = [(line, pair) for line, pair in zip(lines, ends, strict=True) if line is not None]
    return replace(
        graph,
        ends=np.array([pair for _, pair in kept], np.int64).reshape(-1, 2),
        lines=[line for line, _ in kept],
    )
