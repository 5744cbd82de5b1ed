"""From a mask to cracks with smoothed centrelines."""

from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.measurement.centreline.bridges import bridged
from cracknet.measurement.centreline.fitting import fit
from cracknet.measurement.centreline.graph import Graph, components
from cracknet.measurement.centreline.maps import ArrayMaps, Maps
from cracknet.measurement.centreline.options import TraceOptions
from cracknet.measurement.centreline.sampling import inner_distance
from cracknet.measurement.centreline.spurs import prune
from cracknet.measurement.centreline.thinning import skeleton_graph
from cracknet.measurement.centreline.traced import Traced, TracedBranch, TracedCrack
from cracknet.measurement.outlines import outlines
from cracknet.measurement.results import Polygon

DEFAULT = TraceOptions()


def trace_cracks(
    mask: Mask,
    *,
    probability: Probability | None = None,
    beside: Mask | None = None,
    options: TraceOptions = DEFAULT,
) -> Traced:
    """Trace the cracks of a mask.

    1. Regions are 8-connected. One whose box has a shorter diagonal than `least_length_px` is a
       speck; so is one whose centreline turns out shorter.
    2. Thinning gives a skeleton (`thinning`), the skeleton a graph (`graph`), with parallel lines
       and loops. Spurs go (`spurs`).
    3. Points move from the pixels' steps to the middle of the crack (`recentring`), are smoothed
       (`smoothing`); junctions move to where their branches meet (`junctions`); free ends reach
       the end of the mask, or the photograph's border (`ends`).
    4. On request free ends that face each other across a gap are joined (`bridges`).

    Parameters
    ----------
    mask : (H, W) bool
    probability : (H, W) float32, optional
        Places the centreline between the pixels by its own centroid instead of the mask's.
    beside : (H, W) bool, optional
        Cracks of the same photograph that are not to be traced: what lies next to these counts as
        it does where all are traced together.
    options : TraceOptions

    Returns
    -------
    Traced

    Raises
    ------
    ArgumentError
        When the mask is not two-dimensional bool, has no pixels, or the probability has
        another size or type.

    Examples
    --------
    >>> mask = np.zeros((40, 60), bool)
    >>> mask[18:22, 5:55] = True
    >>> crack, = trace_cracks(mask).cracks
    >>> branch, = crack.branches
    >>> round(branch.length_px, 1), branch.points_px[[0, -1]].round(1).tolist()
    (50.0, [[54.5, 19.5], [4.5, 19.5]])
    """
    _check(mask, probability)
    count, found, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    labels: npt.NDArray[np.int32] = np.asarray(found, np.int32)
    boxes, areas = stats[:, :4].astype(np.int64), stats[:, 4].astype(np.float64)
    least = least_region_px(options)
    kept = np.hypot(boxes[:, 2], boxes[:, 3]) >= least
    kept[0] = False  # the background
    areas[0] = 0
    if not kept.any():
        return Traced((), count - 1, float(areas.sum()))
    regions = mask if kept[1:].all() else kept[labels]
    polygons = outlines(regions)
    solid = fill_holes(regions, labels, options.least_hole_px2)
    everything = solid if beside is None else solid | beside
    distance = inner_distance(everything)
    graph = skeleton_graph(solid, labels, boxes, distance)
    maps = ArrayMaps(everything, everything if probability is None else probability, distance)
    graph = trace_graph(graph, maps, options)
    groups: defaultdict[int, list[Polygon]] = defaultdict(list)
    for polygon in polygons:
        column, row = (polygon[0][0] + 0.5).astype(int)
        groups[int(labels[row, column])].append(polygon)
    return assemble(graph, groups, areas, boxes, maps, options.least_length_px)


def trace_graph(graph: Graph, maps: Maps, options: TraceOptions) -> Graph:
    """Take the spurs off a skeleton's graph, fit its lines to the maps, bridge gaps if asked for.

    Parameters
    ----------
    graph : Graph
        From `skeleton_graph`.
    maps : Maps
    options : TraceOptions
    """
    graph, radii = prune(graph, maps.half_widths(graph.nodes, bounded=True), options)
    return bridged(fit(graph, radii, maps, options), options.bridge_px)


LEAST_BRIDGED_PX = 3.0
"""Smallest region that may be part of a bridged crack, by its box's diagonal."""


def least_region_px(options: TraceOptions) -> float:
    """Diagonal of the box of the smallest region that is traced."""
    least = options.least_length_px
    return min(least, LEAST_BRIDGED_PX) if options.bridge_px > 0 else least


def _check(mask: Mask, probability: Probability | None) -> None:
    if mask.ndim != 2 or mask.dtype != np.bool_ or mask.size == 0:
        msg = (
            f"mask must be (H, W) bool of at least one pixel; got shape {mask.shape}, "
            f"{mask.dtype}. A picture of 0 and 255 becomes one by `picture > 127`."
        )
        raise ArgumentError(msg)
    if probability is not None and (
        probability.shape != mask.shape or probability.dtype != np.float32
    ):
        msg = (
            f"probability must be float32 of the mask's shape {mask.shape}; got "
            f"{probability.shape}, {probability.dtype}."
        )
        raise ArgumentError(msg)


def fill_holes(mask: Mask, labels: npt.NDArray[np.int32], least_px2: float) -> Mask:
    """Fill the holes smaller than `least_px2`, in `labels` too.

    What touches the photograph's border is no hole.

    Parameters
    ----------
    mask : (H, W) bool
    labels : (H, W) int32
        Region of each pixel of the mask; changed in place.
    least_px2 : float
    """
    small = [] if least_px2 <= 0 else _small_holes(mask, least_px2)
    if not small:
        return mask
    out = mask.copy()
    for box in small:
        _fill(out[box], labels[box], least_px2)
    return out


def _small_holes(mask: Mask, least_px2: float) -> list[tuple[slice, slice]]:
    """Boxes, with the crack around it, of each hole that may be so small."""
    contours, levels = cv2.findContours(
        np.ascontiguousarray(mask).view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    if not contours:
        return []
    boxes = []
    for k in np.flatnonzero(levels[0, :, 3] >= 0).tolist():  # those within another are holes
        left, top, width, height = cv2.boundingRect(contours[k])
        if max(width, height) - 2 <= least_px2:
            boxes.append((slice(top, top + height), slice(left, left + width)))
    return boxes


def _fill(mask: Mask, labels: npt.NDArray[np.int32], least_px2: float) -> None:
    """Fill the small holes of a mask and its labels in place."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(
        (~mask).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    left, top, width, height, area = stats.T
    inside = (left > 0) & (top > 0) & (left + width < mask.shape[1])
    inside &= top + height < mask.shape[0]
    small = inside & (area < least_px2)
    small[0] = False  # the mask itself
    filled = small[pieces]
    rows, columns = np.nonzero(filled)
    own = pieces[rows, columns]
    # Above the first pixel of a hole lies the crack around it.
    _, first, place = np.unique(own, return_index=True, return_inverse=True)
    labels[rows, columns] = labels[rows[first] - 1, columns[first]][place]
    mask |= filled


def assemble(
    graph: Graph,
    polygons: dict[int, list[Polygon]],
    areas: npt.NDArray[np.float64],
    boxes: npt.NDArray[np.int64],
    maps: Maps,
    least_length_px: float,
) -> Traced:
    """Group branches into cracks, leave out those too short, and sort the rest.

    Parameters
    ----------
    graph : Graph
        From `trace_graph`.
    polygons : dict of int to list of Polygon
        Outlines of each region.
    areas : (R,) float64
        Pixels of each region; region 0 is the background.
    boxes : (R, 4) int64
        Left, top, width and height of each region.
    maps : Maps
    least_length_px : float
    """
    crack_of = components(
        np.column_stack([graph.regions[graph.ends[:, 0]], graph.regions[graph.ends[:, 1]]]),
        len(areas),
    )
    branches_of: defaultdict[int, list[int]] = defaultdict(list)
    for k, region in enumerate(graph.regions[graph.ends[:, 0]].tolist()):
        branches_of[int(crack_of[region])].append(k)
    regions_of: defaultdict[int, list[int]] = defaultdict(list)
    for region in range(1, len(areas)):
        regions_of[int(crack_of[region])].append(region)
    half = np.split(
        maps.half_widths(np.concatenate([np.zeros((0, 2)), *graph.lines])),
        np.cumsum([len(line) for line in graph.lines])[:-1],
    )
    found: list[tuple[float, int, int, TracedCrack]] = []
    specks, specks_area = 0, 0.0
    for crack, regions in regions_of.items():
        number: dict[int, int] = {}
        branches = []
        for k in branches_of[crack]:
            a, b = (number.setdefault(node, len(number)) for node in graph.ends[k].tolist())
            branches.append(TracedBranch(graph.lines[k], (a, b), half[k]))
        area = float(areas[regions].sum())
        outline = tuple(polygon for region in regions for polygon in polygons.get(region, ()))
        traced = TracedCrack(tuple(branches), area, outline)
        length = traced.length_px
        if length < least_length_px or not branches:
            specks += len(regions)
            specks_area += area
            continue
        top, left = min((int(boxes[region, 1]), int(boxes[region, 0])) for region in regions)
        found.append((-length, top, left, traced))
    found.sort(key=lambda item: item[:3])
    return Traced(tuple(traced for *_, traced in found), specks, specks_area)
