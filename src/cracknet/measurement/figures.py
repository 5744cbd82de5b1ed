"""Figures of cracks and branches: the rows of every table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import WIDTH_METHODS, Branch, MeasuredCrack, Measurement, Polygon
from cracknet.measurement.scale import Scale
from cracknet.measurement.statistics import axial_mean, weighted_mean, weighted_quantile

Judged = Literal["p95", "max", "median", "mean"]

WIDTH_UNCERTAINTY_PX = {"gray": 0.2, "probability": 1.5, "distance": 1.5}
"""Standard uncertainty of a crack's width in px, by how it was found: benchmarks/widths.py, rounded
up. What a net calls probability is no more exact than this; an ideal coverage would be."""

Classifier = Callable[[float | None, float | None], str]
"""Names the class of a crack from its width in mm and that width's standard uncertainty."""

RESOLVED_SHARE = 0.5
"""Below this share of its length the width of a crack is an upper bound for its class."""

ENOUGH_PROFILE = 0.2
"""From this share of a line's length on, widths from profiles stand for the whole line."""


@dataclass(frozen=True)
class CrackFigures:
    """One crack; a row of cracks.csv, the fields its columns in their order.

    Unknown is None, an empty cell in files. Widths are weighted by length, over the points whose
    width came from a profile; where these are less than a fifth of the length, over all points.
    Orientation is counter-clockwise from the picture's x axis, in [0, 180), by axial statistics;
    `orientation_strength` is 1 for a straight crack and 0 where no direction prevails.
    Tortuosity is a branch's length over the distance of its ends, averaged by length over open
    branches. `width_max_x_px`, `width_max_y_px` tell where the widest place is. `resolved_share`
    is the share of length wide enough for the photograph to resolve. `mm_per_px_uncertainty` is
    relative, k = 1; `width_class` is by the standard chosen.
    """

    photo: str
    crack: int
    length_px: float
    width_mean_px: float
    width_median_px: float
    width_max_px: float
    width_p95_px: float
    area_px2: float
    orientation_deg: float
    branches: int
    mm_per_px: float | None
    length_mm: float | None
    width_mean_mm: float | None
    width_median_mm: float | None
    width_max_mm: float | None
    width_p95_mm: float | None
    area_mm2: float | None
    width_class: str
    orientation_strength: float
    tortuosity: float | None
    resolved_share: float
    width_max_x_px: float
    width_max_y_px: float
    width_method: str
    scale_method: str
    mm_per_px_uncertainty: float | None


@dataclass(frozen=True)
class BranchFigures:
    """One branch; a row of branches.csv. The columns mean what they mean in `CrackFigures`."""

    photo: str
    crack: int
    branch: int
    length_px: float
    width_mean_px: float
    width_median_px: float
    width_max_px: float
    width_p95_px: float
    orientation_deg: float
    orientation_strength: float
    tortuosity: float | None
    closed: bool
    resolved: bool
    start_node: int
    end_node: int
    start_x_px: float
    start_y_px: float
    end_x_px: float
    end_y_px: float
    width_max_x_px: float
    width_max_y_px: float
    mm_per_px: float | None
    length_mm: float | None
    width_mean_mm: float | None
    width_median_mm: float | None
    width_max_mm: float | None
    width_p95_mm: float | None


def crack_figures(
    measurement: Measurement,
    photo: str,
    classify: Classifier | None = None,
    judged: Judged = "p95",
) -> list[CrackFigures]:
    """One row for each crack of a photograph.

    Parameters
    ----------
    measurement : Measurement
    photo : str
        The photograph's name in the tables.
    classify : callable, optional
        Gives `width_class` from a width in mm and its standard uncertainty; without, the column
        is empty.
    judged : {"p95", "max", "median", "mean"}
        Which width it is given.
    """
    scale = measurement.scale
    return [_crack_row(crack, scale, photo, classify, judged) for crack in measurement.cracks]


def width_uncertainty_mm(width_mm: float, method: str, scale: Scale) -> float:
    """Return the standard uncertainty (k = 1) of a width: of its edges, and of the scale."""
    edges = WIDTH_UNCERTAINTY_PX[method] * scale.mm_per_px
    return math.hypot(edges, width_mm * (scale.uncertainty or 0.0))


def branch_figures(measurement: Measurement, photo: str) -> list[BranchFigures]:
    """One row for each branch of each crack of a photograph."""
    scale = measurement.scale
    return [
        _branch_row(branch, number, crack.number, scale, photo)
        for crack in measurement.cracks
        for number, branch in enumerate(crack.branches, 1)
    ]


def branch_normals(branch: Branch) -> npt.NDArray[np.float64]:
    """Return unit vectors at right angles to a branch at its points, (N, 2)."""
    along = np.gradient(branch.points_px, axis=0)
    if branch.closed:
        along[[0, -1]] = branch.points_px[1] - branch.points_px[-2]
    size = np.hypot(along[:, 0], along[:, 1])
    size[size == 0] = 1
    return np.column_stack([-along[:, 1], along[:, 0]]) / size[:, None]


def widths_mm(branch: Branch, scale: Scale) -> npt.NDArray[np.float64]:
    """Width at each point of a branch in mm, (N,), at right angles to it on the concrete."""
    if scale.homography is None:
        return branch.widths_px * scale.mm_per_px
    normals = branch_normals(branch)
    along = np.column_stack([normals[:, 1], -normals[:, 0]])
    return branch.widths_px * scale.mm_across(branch.points_px, along)


def length_mm(branch: Branch, scale: Scale) -> float:
    """Length of a branch in mm."""
    return float(np.hypot(*np.diff(scale.to_mm(branch.points_px), axis=0).T).sum())


def area_mm2(crack: MeasuredCrack, scale: Scale) -> float:
    """Area of a crack in mm2; of a slanted view, that of its outline on the concrete."""
    if scale.homography is None or not crack.polygons_px:
        return crack.area_px2 * scale.mm_per_px**2
    return sum(_polygon_area(polygon, scale) for polygon in crack.polygons_px)


def profile_points(
    methods: npt.NDArray[np.uint8], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Tell which of (N,) points count for the widths of a line, by the rule of `CrackFigures`."""
    counted = np.asarray(methods != WIDTH_METHODS.index("distance"))
    if weights[counted].sum() < ENOUGH_PROFILE * weights.sum():
        counted[:] = True
    return counted


def _polygon_area(polygon: Polygon, scale: Scale) -> float:
    outer, *holes = (abs(_ring_area(scale.to_mm(ring))) for ring in polygon)
    return outer - sum(holes)


def _ring_area(ring: npt.NDArray[np.float64]) -> float:
    x, y = (ring - ring[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@dataclass(frozen=True)
class _Widths:
    mean: float
    median: float
    most: float
    p95: float
    place: tuple[float, float]
    method: str


def _width_statistics(branches: Sequence[Branch], factor: Scale | None) -> _Widths:
    """Statistics of widths, in mm where a scale is given, else in px."""
    values = np.concatenate(
        [b.widths_px if factor is None else widths_mm(b, factor) for b in branches]
    )
    weights = np.concatenate([branch.weights_px for branch in branches])
    methods = np.concatenate([branch.methods for branch in branches])
    points = np.concatenate([branch.points_px for branch in branches])
    profile = profile_points(methods, weights)
    values, weights, methods = values[profile], weights[profile], methods[profile]
    place = points[profile][int(values.argmax())]
    shares = np.bincount(methods, weights, minlength=len(WIDTH_METHODS))
    return _Widths(
        weighted_mean(values, weights),
        weighted_quantile(values, weights, 0.5),
        float(values.max()),
        weighted_quantile(values, weights, 0.95),
        (float(place[0]), float(place[1])),
        WIDTH_METHODS[int(shares.argmax())],
    )


def _orientation(branches: Sequence[Branch]) -> tuple[float, float]:
    steps = np.concatenate([np.diff(branch.points_px, axis=0) for branch in branches])
    return axial_mean(steps, np.concatenate([branch.steps_px for branch in branches]))


def _tortuosity(branch: Branch) -> float | None:
    chord = float(np.hypot(*(branch.points_px[-1] - branch.points_px[0])))
    return None if branch.closed or chord == 0 else max(1.0, branch.length_px / chord)


def _crack_row(
    crack: MeasuredCrack,
    scale: Scale | None,
    photo: str,
    classify: Classifier | None,
    judged: Judged,
) -> CrackFigures:
    branches = crack.branches
    px = _width_statistics(branches, None)
    mm = None if scale is None else _width_statistics(branches, scale)
    length = crack.length_px
    orientation, strength = _orientation(branches)
    bent = [(b.length_px, t) for b in branches if (t := _tortuosity(b)) is not None]
    uncertainty = None if scale is None else scale.uncertainty
    resolved = sum(b.length_px for b in branches if b.resolved) / length
    width = spread = None
    if mm is not None and scale is not None:
        width = {"p95": mm.p95, "max": mm.most, "median": mm.median, "mean": mm.mean}[judged]
        spread = width_uncertainty_mm(width, mm.method, scale)
        if resolved < RESOLVED_SHARE:
            spread = max(spread, width)  # a bound, not a width: it may be anything below
    return CrackFigures(
        photo=photo,
        crack=crack.number,
        length_px=length,
        width_mean_px=px.mean,
        width_median_px=px.median,
        width_max_px=px.most,
        width_p95_px=px.p95,
        area_px2=crack.area_px2,
        orientation_deg=orientation,
        branches=len(branches),
        mm_per_px=None if scale is None else scale.mm_per_px,
        length_mm=None if scale is None else sum(length_mm(b, scale) for b in branches),
        width_mean_mm=None if mm is None else mm.mean,
        width_median_mm=None if mm is None else mm.median,
        width_max_mm=None if mm is None else mm.most,
        width_p95_mm=None if mm is None else mm.p95,
        area_mm2=None if scale is None else area_mm2(crack, scale),
        width_class=classify(width, spread) if classify else "",
        orientation_strength=strength,
        tortuosity=sum(size * t for size, t in bent) / sum(s for s, _ in bent) if bent else None,
        resolved_share=resolved,
        width_max_x_px=px.place[0],
        width_max_y_px=px.place[1],
        width_method=px.method,
        scale_method="" if scale is None else scale.method,
        mm_per_px_uncertainty=uncertainty,
    )


def _branch_row(
    branch: Branch, number: int, crack: int, scale: Scale | None, photo: str
) -> BranchFigures:
    px = _width_statistics([branch], None)
    mm = None if scale is None else _width_statistics([branch], scale)
    orientation, strength = _orientation([branch])
    (start_x, start_y), (end_x, end_y) = branch.points_px[[0, -1]].tolist()
    return BranchFigures(
        photo=photo,
        crack=crack,
        branch=number,
        length_px=branch.length_px,
        width_mean_px=px.mean,
        width_median_px=px.median,
        width_max_px=px.most,
        width_p95_px=px.p95,
        orientation_deg=orientation,
        orientation_strength=strength,
        tortuosity=_tortuosity(branch),
        closed=branch.closed,
        resolved=branch.resolved,
        start_node=branch.nodes[0],
        end_node=branch.nodes[1],
        start_x_px=start_x,
        start_y_px=start_y,
        end_x_px=end_x,
        end_y_px=end_y,
        width_max_x_px=px.place[0],
        width_max_y_px=px.place[1],
        mm_per_px=None if scale is None else scale.mm_per_px,
        length_mm=None if scale is None else length_mm(branch, scale),
        width_mean_mm=None if mm is None else mm.mean,
        width_median_mm=None if mm is None else mm.median,
        width_max_mm=None if mm is None else mm.most,
        width_p95_mm=None if mm is None else mm.p95,
    )
