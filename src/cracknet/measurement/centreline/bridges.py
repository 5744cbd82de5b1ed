"""Gaps bridged on request: free ends that face each other become one line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from cracknet.measurement.centreline.graph import Graph
from cracknet.measurement.centreline.spurs import merge
from cracknet.measurement.results import Points

FACING = np.cos(np.radians(40))
"""Least cosine between the gap and the direction of either end."""
BASE_PX = 15
"""Points over which the direction of an end is told."""


def bridged(graph: Graph, gap_px: float) -> Graph:
    """Join pairs of free ends that lie within a gap and whose directions agree with it.

    Both ends must point along the gap within 40 degrees. The shortest gap is joined first, and
    an end is joined once.

    Parameters
    ----------
    graph : Graph
        Smoothed lines, points a pixel apart.
    gap_px : float
        Longest gap; 0 leaves the graph as it is.
    """
    degrees = graph.degrees
    if gap_px <= 0 or not len(graph.lines):
        return graph
    free = degrees[graph.ends] == 1
    line, side = np.nonzero(free)
    if len(line) < 2:
        return graph
    node = graph.ends[line, side]
    at = graph.nodes[node]
    away = np.array(
        [_direction(graph.lines[k], s) for k, s in zip(line.tolist(), side.tolist(), strict=True)]
    )
    pairs = cKDTree(at).query_pairs(gap_px, output_type="ndarray")
    a, b = pairs.T
    step = at[b] - at[a]
    size = np.hypot(*step.T)
    unit = step / np.maximum(size, 1e-9)[:, None]
    agrees = (away[a] * unit).sum(axis=1) >= FACING
    agrees &= -(away[b] * unit).sum(axis=1) >= FACING
    agrees &= line[a] != line[b]
    used = np.zeros(len(line), np.bool_)
    ends, lines = [], []
    for k in np.flatnonzero(agrees)[np.argsort(size[agrees], kind="stable")]:
        i, j = a[k], b[k]
        if used[i] or used[j]:
            continue
        used[i] = used[j] = True
        ends.append((node[i], node[j]))
        lines.append(np.linspace(at[i], at[j], max(round(size[k]), 1) + 1))
    if not ends:
        return graph
    return merge(
        replace(
            graph,
            ends=np.concatenate([graph.ends, np.array(ends, np.int64)]),
            lines=[*graph.lines, *lines],
        )
    )


def _direction(line: Points, side: int) -> Points:
    way = line if side else line[::-1]
    step = way[-1] - way[-1 - min(BASE_PX, len(way) - 1)]
    return np.asarray(step / max(float(np.hypot(*step)), 1e-9))
