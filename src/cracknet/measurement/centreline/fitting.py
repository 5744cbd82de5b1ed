"""The graph's lines of pixels turned into smoothed centrelines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cracknet.measurement.centreline import ends, junctions
from cracknet.measurement.centreline.curves import Curves, Values
from cracknet.measurement.centreline.graph import Graph
from cracknet.measurement.centreline.maps import Maps
from cracknet.measurement.centreline.options import TraceOptions
from cracknet.measurement.centreline.recentring import offsets
from cracknet.measurement.centreline.sampling import border_distance
from cracknet.measurement.centreline.smoothing import smoothed, straightest
from cracknet.measurement.results import Points

WRAP = 40
"""Points by which a ring overlaps itself while it is smoothed."""
FIRST_WAVE_PX = 6.0
"""Waves halved before recentring: enough for a direction to be told."""
BENT_PX = 3.0
"""Half width above which a free end is recentred once more after it was carried on straight."""
AGAIN = 0.75
"""Half widths of it that stay straight then: nearer to the end a section leaves the crack."""
STUB_RADII, STUB_PX = 8.0, 32.0
"""How far the direction of a region without a line is looked for, in radii of its circle and px."""
REPLACED = 0.02
"""Trust in the straight pieces put in at ends and junctions."""


def fit(
    graph: Graph,
    radii: Values,
    maps: Maps,
    options: TraceOptions,
) -> Graph:
    """Recentre and smooth the lines of a pruned graph, place its junctions and its free ends.

    Parameters
    ----------
    graph : Graph
    radii : (M,) float64
        Of the largest circle within the mask around each node, px.
    maps : Maps
    options : TraceOptions
    """
    graph, radii = with_stubs(graph, radii, maps)
    if not graph.lines:
        return graph
    degrees = graph.degrees
    ring = (graph.ends[:, 0] == graph.ends[:, 1]) & (degrees[graph.ends[:, 0]] == 2)
    lines = [
        _wrapped(line) if closed else line for line, closed in zip(graph.lines, ring, strict=True)
    ]
    overlap = np.array(
        [_overlap(line) if closed else 0.0 for line, closed in zip(graph.lines, ring, strict=True)]
    )
    curves = Curves.of(lines).resampled()
    ones = np.ones(len(curves.points))
    curves = smoothed(curves, FIRST_WAVE_PX * ones, ones)
    half = maps.half_widths(curves.points)
    # Where to cut: free ends, junctions' circles, a ring's overlap.
    border = border_distance(curves.points, *maps.shape)
    cuts = np.column_stack(ends.trims(curves, half, border))
    length = curves.lengths()
    free = degrees[graph.ends] == 1
    zone = np.minimum(junctions.ZONE * radii[graph.ends] + 1, 0.45 * length[:, None])
    cuts = np.where(free, cuts, zone)
    cuts[ring] = overlap[ring, None]
    whole = curves
    curves = ends.cut(_recentred(curves, half, maps), cuts[:, 0], cuts[:, 1])
    wave = np.maximum(
        options.smooth_px, 2 * options.smooth_factor * maps.half_widths(curves.points)
    )
    curves = straightest(curves, wave)
    nodes, tips = _end_points(graph, radii, curves, whole, maps, free, ring, cuts)
    long, replaced = _with_tips(curves, tips, ring)
    widest = np.where(free, cuts / ends.TRIM, 0)
    for side in (0, 1):  # where a crack leaves the photograph, sections are cut off: stay straight
        at_border = border_distance(tips[side], *maps.shape) < widest[:, side] + 1
        widest[at_border, side] = 0
    bent = np.flatnonzero((widest > BENT_PX).any(axis=1))
    if len(bent):
        # Of these lines only: how one crack is measured does not hang on what else there is.
        again = np.where(widest > BENT_PX, AGAIN * widest, 0)[bent]
        chosen = long.chosen(bent)
        short = _bent_ends(chosen, replaced[bent], widest[bent], again, maps)
        for side in (0, 1):
            at, away = _directions(short, np.maximum(again[:, side], 2), side)
            run = maps.reach(at, away, 3 * widest[bent, side] + 4)
            wide = widest[bent, side] > BENT_PX
            tips[side][bent[wide]] = (at + away * run[:, None])[wide]
            own = free[:, side]
            nodes[graph.ends[own, side]] = tips[side][own]
        redone, put_in = _with_tips(short, [tip[bent] for tip in tips], ring[bent])
        replaced[bent] = put_in
        lines = long.split()
        for k, line in zip(bent.tolist(), redone.split(), strict=True):
            lines[k] = line
        long = Curves.of(lines)
    weights = _weights(long, replaced)
    wave = np.full(len(long.points), options.smooth_px / 2)
    out = smoothed(long, wave, weights).resampled()
    # A section cut off by the photograph's border may pull a point across it.
    low, high = -0.5, np.array(maps.shape[::-1]) - 0.5
    inside = Curves(np.clip(out.points, low, high), out.starts)
    return replace(graph, nodes=np.clip(nodes, low, high), lines=inside.split())


def _with_tips(
    curves: Curves, tips: list[Points], ring: npt.NDArray[np.bool_]
) -> tuple[Curves, npt.NDArray[np.float64]]:
    """Add new end points; give the length of the straight pieces put in by that, (C, 2)."""
    lines = [
        np.vstack([tips[0][k], piece[1:-1] if closed else piece, tips[1][k]])
        for k, (piece, closed) in enumerate(zip(curves.split(), ring, strict=True))
    ]
    added = [
        np.hypot(*(curves.points[place] - tip).T)
        for place, tip in zip((curves.first, curves.last), tips, strict=True)
    ]
    return Curves.of(lines).resampled(), np.column_stack(added)


def _weights(curves: Curves, replaced: npt.NDArray[np.float64]) -> Values:
    """Give straight pieces put in little weight: the curve runs through them freely."""
    walked, number = curves.walked(), curves.number
    ahead = walked[curves.last][number] - walked
    put_in = (walked < replaced[number, 0]) | (ahead < replaced[number, 1])
    return np.where(put_in, REPLACED, 1.0)


def _bent_ends(
    curves: Curves,
    replaced: npt.NDArray[np.float64],
    widest: npt.NDArray[np.float64],
    again: npt.NDArray[np.float64],
    maps: Maps,
) -> Curves:
    """Recentre the straight pieces at free ends, for a bent crack bends on; cut the last bit."""
    curves = ends.cut(curves, again[:, 0], again[:, 1])
    walked, number = curves.walked(), curves.number
    ahead = walked[curves.last][number] - walked
    side = (walked > ahead).astype(np.int64)
    half, straight = widest[number, side], (replaced - again)[number, side]
    chosen = np.flatnonzero((np.minimum(walked, ahead) < straight) & (half > BENT_PX))
    wave, ones = np.maximum(4.0, half), np.ones(len(half))
    for _ in range(2):
        shift, normal = offsets(curves, half, maps, chosen)
        points = curves.points.copy()
        points[chosen] += normal * shift[:, None]
        curves = smoothed(Curves(points, curves.starts), wave, ones, hold=False)
    return curves


def with_stubs(graph: Graph, radii: Values, maps: Maps) -> tuple[Graph, Values]:
    """Give regions without any line one: a short piece in the direction where they are longest."""
    has = np.zeros(int(graph.regions.max(initial=-1)) + 1, np.bool_)
    has[graph.regions[graph.ends[:, 0]]] = True
    lonely = np.flatnonzero((graph.degrees == 0) & ~has[graph.regions])
    lonely = lonely[np.unique(graph.regions[lonely], return_index=True)[1]]
    if not len(lonely):
        return graph, radii
    axis = _longest(graph.nodes[lonely], radii[lonely], maps)
    start, end = graph.nodes[lonely] - axis / 2, graph.nodes[lonely] + axis / 2
    count = len(graph.nodes)
    own = np.arange(len(lonely))
    grown = Graph(
        np.concatenate([graph.nodes, start, end]),
        np.concatenate([graph.regions, graph.regions[lonely], graph.regions[lonely]]),
        np.concatenate([graph.ends, np.column_stack([count + own, count + len(own) + own])]),
        [*graph.lines, *np.stack([start, end], axis=1)],
    )
    return grown, np.concatenate([radii, radii[lonely], radii[lonely]])


def _longest(points: Points, radii: Values, maps: Maps) -> Points:
    """Direction, of sixteen, in which most of the mask lies around each point, (L, 2)."""
    angles = np.arange(16) * np.pi / 16
    limit = STUB_RADII * radii + STUB_PX
    spans = []
    for angle in angles:
        step = np.tile([np.cos(angle), np.sin(angle)], (len(points), 1))
        spans.append(maps.reach(points, step, limit) + maps.reach(points, -step, limit))
    # Of directions alike the first, wherever in the picture they are.
    best = angles[np.argmax(np.round(spans, 6), axis=0)]
    return np.column_stack([np.cos(best), np.sin(best)])


def _wrapped(line: Points) -> Points:
    more = min(len(line) - 2, WRAP)
    return np.vstack([line[-1 - more : -1], line, line[1 : 1 + more]])


def _overlap(line: Points) -> float:
    more = min(len(line) - 2, WRAP)
    return float(np.hypot(*np.diff(line[: more + 1], axis=0).T).sum())


def _recentred(curves: Curves, half: Values, maps: Maps) -> Curves:
    shift, normal = offsets(curves, half, maps, slice(None))
    return Curves(curves.points + normal * shift[:, None], curves.starts)


def _directions(curves: Curves, typical: Values, side: int) -> tuple[Points, Points]:
    """Give the first (side 0) or last points and the unit directions out of them, (C, 2) each."""
    place, sign = (curves.first, 1) if side == 0 else (curves.last, -1)
    base = np.rint(np.clip(1.5 * typical, 5, 40)).astype(np.int64)
    other = place + sign * np.minimum(base, np.diff(curves.starts) - 1)
    step = curves.points[place] - curves.points[other]
    size = np.hypot(*step.T)
    return curves.points[place], step / np.maximum(size, 1e-9)[:, None]


def _end_points(
    graph: Graph,
    radii: Values,
    curves: Curves,
    whole: Curves,
    maps: Maps,
    free: npt.NDArray[np.bool_],
    ring: npt.NDArray[np.bool_],
    cuts: npt.NDArray[np.float64],
) -> tuple[Points, list[Points]]:
    """Place the nodes; give each line's new first and last point, two (C, 2)."""
    nodes = graph.nodes.copy()
    both = [_directions(curves, np.maximum(cuts[:, side] / 1.5, 2), side) for side in (0, 1)]
    at, away = [[one[k] for one in both] for k in (0, 1)]
    joint = ~free & ~ring[:, None]
    owners = np.concatenate([graph.ends[joint[:, k], k] for k in (0, 1)])
    if len(owners):
        placed = junctions.place(
            nodes, radii, owners,
            np.concatenate([at[k][joint[:, k]] for k in (0, 1)]),
            np.concatenate([away[k][joint[:, k]] for k in (0, 1)]),
            maps,
        )  # fmt: skip
        held = np.unique(owners)
        nodes[held] = placed[held]
    tips = []
    for k in (0, 1):
        limit = 2 * cuts[:, k] + 2 * radii[graph.ends[:, k]] + 4
        run = maps.reach(at[k], away[k], limit)
        tip = at[k] + away[k] * run[:, None]
        # A thin tip that bends off the straight continuation: keep the skeleton's end.
        end = whole.points[whole.first if k == 0 else whole.last]
        short = (run < 0.6 * cuts[:, k] - 1) & (border_distance(tip, *maps.shape) > 1)
        tip[short] = end[short]
        nodes[graph.ends[free[:, k], k]] = tip[free[:, k]]
        tips.append(nodes[graph.ends[:, k]])
    middle = (at[0] + at[1]) / 2
    nodes[graph.ends[ring, 0]] = middle[ring]
    for tip in tips:
        tip[ring] = middle[ring]
    return nodes, tips
