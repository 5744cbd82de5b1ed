"""Cracks: straight and arced ones with closed forms, natural, branched and map cracks by chance.

Every chance comes from the numpy Generator that is given, so equal generators give equal cracks.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.synthesis.paths import Crack, CrackPath, Points

TIP_PX = 0.3
"""Width at the tip of a tapering end."""


def straight_path(
    start_px: tuple[float, float],
    end_px: tuple[float, float],
    width_px: float | tuple[float, float],
    depth: float = 0.6,
) -> CrackPath:
    """Straight crack of constant width, or tapering linearly between two widths.

    Parameters
    ----------
    start_px, end_px : (x, y)
        Ends of the centreline.
    width_px : float or (float, float)
        Width, or width at the start and at the end.
    depth : float
        Contrast in [0, 1].

    Examples
    --------
    >>> straight_path((10, 10), (10, 110), (4, 0)).area_px2
    200.0
    """
    widths = np.broadcast_to(np.asarray(width_px, dtype=np.float64), (2,))
    return CrackPath(np.array([start_px, end_px], dtype=np.float64), widths, depth)


def arc_path(
    centre_px: tuple[float, float],
    radius_px: float,
    start_deg: float,
    sweep_deg: float,
    width_px: float,
    depth: float = 0.6,
    step_px: float = 0.5,
) -> CrackPath:
    """Crack along a circle; its length is ``radius * sweep`` and its area ``length * width``.

    Parameters
    ----------
    centre_px : (x, y)
        Centre of the circle.
    radius_px : float
        Radius of the centreline; must be larger than half the width.
    start_deg, sweep_deg : float
        First angle from the x axis towards the y axis (clockwise on screen), and angle passed.
    width_px, depth : float
        Constant width, and contrast in [0, 1].
    step_px : float
        Distance of the points; the polyline is shorter than the arc by the factor
        ``1 - (step / radius) ** 2 / 24``.

    Raises
    ------
    ArgumentError
        A radius not larger than half the width, a step not above 0, or no sweep.

    Examples
    --------
    >>> round(arc_path((0, 0), 100, 0, 180, 3).length_px / (100 * math.pi), 5)
    1.0
    """
    if not radius_px > width_px / 2:
        message = f"radius_px must be larger than half the width; got {radius_px}, {width_px}"
        raise ArgumentError(message)
    if not step_px > 0 or sweep_deg == 0:
        message = f"step_px must be above 0 and sweep_deg not 0; got {step_px}, {sweep_deg}"
        raise ArgumentError(message)
    count = max(math.ceil(radius_px * math.radians(abs(sweep_deg)) / step_px), 1)
    angle = np.radians(np.linspace(start_deg, start_deg + sweep_deg, count + 1))
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * radius_px + centre_px
    return CrackPath(points, np.full(count + 1, float(width_px)), depth)


def natural_path(
    start_px: tuple[float, float],
    end_px: tuple[float, float],
    width_px: float,
    rng: np.random.Generator,
    *,
    depth: float = 0.6,
    roughness: float = 0.11,
    width_variation: float = 0.2,
    width_limits_px: tuple[float, float] | None = None,
    taper: tuple[bool, bool] = (False, False),
) -> CrackPath:
    """Crack as concrete breaks: a fractal line by mid-point displacement, its width wandering.

    Parameters
    ----------
    start_px, end_px : (x, y)
        Ends of the centreline.
    width_px : float
        Typical width.
    rng : numpy.random.Generator
        Source of chance.
    depth : float
        Contrast in [0, 1].
    roughness : float
        Standard deviation of the mid-point displacement, as a share of the piece halved.
    width_variation : float
        Standard deviation of the logarithm of the slowly changing width.
    width_limits_px : (float, float), optional
        Widths are kept inside, but for tapering ends.
    taper : (bool, bool)
        Whether the width falls to a tip at the start and at the end.

    Returns
    -------
    CrackPath

    Raises
    ------
    ArgumentError
        A width not above 0, or equal ends.

    Examples
    --------
    >>> path = natural_path((0, 50), (200, 50), 3.0, np.random.default_rng(1))
    >>> bool(path.length_px > 200), path.points_px[0].tolist()
    (True, [0.0, 50.0])
    """
    if not width_px > 0:
        message = f"width_px must be above 0; got {width_px}"
        raise ArgumentError(message)
    points = np.array([start_px, end_px], dtype=np.float64)
    span = float(np.hypot(*(points[1] - points[0])))
    if span == 0:
        message = f"start_px and end_px must differ; got {start_px} twice"
        raise ArgumentError(message)
    # Detail finer than the width would fold the strip over itself.
    spacing = max(3.0, 1.3 * width_px)
    for _ in range(max(math.ceil(math.log2(span / spacing)), 0)):
        points = _halve(points, roughness, rng)
    points = _resample(_cut_corners(points), max(1.0, width_px / 3))
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    slow = _wander(walked, max(span / 4, 8 * width_px), rng) + 0.6 * _wander(
        walked, max(12.0, 4 * width_px), rng
    )
    quick = _wander(walked, max(1.5, width_px / 2.5), rng)
    widths = width_px * np.exp(width_variation * slow + 0.5 * width_variation * quick)
    low, high = width_limits_px or (0.4 * width_px, 2.0 * width_px)
    widths = np.clip(widths, low, high)
    reach = min(walked[-1] / 2, max(12.0 * width_px, walked[-1] * rng.uniform(0.15, 0.4)))
    for tapered, distance in zip(taper, (walked, walked[-1] - walked), strict=True):
        if tapered:
            share = np.clip(distance / reach, 0.0, 1.0) ** 0.7
            widths = np.maximum(widths * share, np.minimum(TIP_PX, widths))
    return CrackPath(points, widths, depth)


def branched_crack(
    main: CrackPath, count: int, rng: np.random.Generator, *, roughness: float = 0.12
) -> Crack:
    """Add tapering side cracks to a path; each starts at a centreline point of the main one.

    Parameters
    ----------
    main : CrackPath
        The main crack.
    count : int
        Number of side cracks.
    rng : numpy.random.Generator
        Source of chance.
    roughness : float
        See `natural_path`.

    Returns
    -------
    Crack
        `main` first.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> crack = branched_crack(natural_path((0, 0), (300, 80), 4, rng), 2, rng)
    >>> len(crack.paths), crack.junctions_px.shape
    (3, (2, 2))
    """
    if count < 0:
        message = f"count must not be negative; got {count}"
        raise ArgumentError(message)
    sides, junctions = [], []
    last = len(main.points_px) - 1
    for _ in range(count):
        at = int(np.clip(rng.uniform(0.1, 0.9) * last, min(1, last), last))
        origin = main.points_px[at]
        ahead = main.points_px[min(at + 10, last)] - main.points_px[max(at - 10, 0)]
        turn = rng.choice([-1.0, 1.0]) * math.radians(rng.uniform(25, 75))
        heading = math.atan2(ahead[1], ahead[0]) + turn + (math.pi if rng.random() < 0.3 else 0)
        reach = main.length_px * rng.uniform(0.12, 0.45)
        end = origin + reach * np.array([math.cos(heading), math.sin(heading)])
        width = max(float(main.widths_px[at]) * rng.uniform(0.3, 0.8), TIP_PX)
        sides.append(
            natural_path(
                _pair(origin),
                _pair(end),
                width,
                rng,
                depth=main.depth * rng.uniform(0.75, 1.0),
                roughness=roughness,
                taper=(False, True),
            )
        )
        junctions.append(origin)
    return Crack((main, *sides), np.array(junctions))


def map_crack(
    height: int,
    width: int,
    cell_px: float,
    width_px: float,
    rng: np.random.Generator,
    *,
    depth: float = 0.5,
    roughness: float = 0.1,
    centre_px: tuple[float, float] | None = None,
    radius_px: float | None = None,
) -> Crack:
    """Map cracking: a network around irregular cells (the edges of a Voronoi diagram).

    Parameters
    ----------
    height, width : int
        Size of the photograph that the network crosses.
    cell_px : float
        Typical distance of the cells; at least 8.
    width_px : float
        Typical width.
    rng : numpy.random.Generator
        Source of chance.
    depth, roughness : float
        See `natural_path`.
    centre_px, radius_px : optional
        Keep only edges that begin within this disc; the whole photograph if left out.

    Returns
    -------
    Crack

    Examples
    --------
    >>> crack = map_crack(200, 200, 60, 1.5, np.random.default_rng(0))
    >>> len(crack.paths) > 10
    True
    """
    if not cell_px >= 8:
        message = f"cell_px must be at least 8; got {cell_px}"
        raise ArgumentError(message)
    columns, rows = math.ceil(width / cell_px) + 4, math.ceil(height / cell_px) + 4
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    seeds = (grid - 1.5 + rng.uniform(-0.42, 0.42, grid.shape)) * cell_px
    paths = []
    corners: list[Points] = []
    for start, end in _voronoi_edges(seeds, cell_px):
        middle = (start + end) / 2
        inside = (middle > -cell_px).all() and (middle < [width + cell_px, height + cell_px]).all()
        if centre_px is not None and radius_px is not None:
            inside &= bool(np.hypot(*(middle - centre_px)) < radius_px)
        if not inside or np.hypot(*(end - start)) < 2:
            continue
        local = width_px * float(np.exp(rng.normal(0.0, 0.25)))
        paths.append(
            natural_path(
                _pair(start), _pair(end), local, rng, depth=depth, roughness=roughness,
                width_limits_px=(0.4 * width_px, 1.8 * width_px),
            )
        )  # fmt: skip
        corners += [start, end]
    if not paths:
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        ends = (middle_x - cell_px / 2, middle_y), (middle_x + cell_px / 2, middle_y)
        return Crack((natural_path(*ends, width_px, rng, depth=depth, roughness=roughness),))
    unique, uses = np.unique(np.round(corners, 3), axis=0, return_counts=True)
    return Crack(tuple(paths), unique[uses > 1])


def _pair(point: Points) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _halve(points: Points, roughness: float, rng: np.random.Generator) -> Points:
    """Insert a mid-point into every piece, displaced at right angles."""
    step = np.diff(points, axis=0)
    shift = roughness * np.clip(rng.standard_normal(len(step)), -2.0, 2.0)
    middle = (points[1:] + points[:-1]) / 2
    middle += np.column_stack([-step[:, 1], step[:, 0]]) * shift[:, None]
    out = np.empty((len(points) + len(middle), 2))
    out[::2], out[1::2] = points, middle
    return out


def _cut_corners(points: Points) -> Points:
    """One round of Chaikin's corner cutting; the ends stay."""
    a, b = points[:-1], points[1:]
    inner = np.stack([0.8 * a + 0.2 * b, 0.2 * a + 0.8 * b], axis=1).reshape(-1, 2)
    return np.vstack([points[:1], inner[1:-1], points[-1:]])


def _resample(points: Points, step_px: float) -> Points:
    """Add points on each straight piece; none of the given points is lost."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    parts = np.maximum(np.round(lengths / step_px), 1).astype(int)
    index = np.concatenate([[0], np.cumsum(parts)])
    at = np.arange(index[-1] + 1)
    return np.column_stack([np.interp(at, index, points[:, axis]) for axis in (0, 1)])


def _wander(
    walked: npt.NDArray[np.float64], scale_px: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Smooth noise of unit deviation along a path, changing over `scale_px`."""
    knots = rng.standard_normal(int(walked[-1] / scale_px) + 4)
    position = walked / scale_px + rng.random()
    cell = np.floor(position).astype(int)
    share = position - cell
    share = share * share * (3 - 2 * share)
    values = 1.2 * (knots[cell] * (1 - share) + knots[cell + 1] * share)
    return np.asarray(values, dtype=np.float64)


def _voronoi_edges(seeds: Points, cell_px: float) -> list[tuple[Points, Points]]:
    """Edges of the Voronoi diagram, each once."""
    low, high = seeds.min(axis=0) - cell_px, seeds.max(axis=0) + cell_px
    size = high - low
    division = cv2.Subdiv2D((0, 0, int(size[0]) + 2, int(size[1]) + 2))
    for x, y in seeds - low:
        division.insert((float(x), float(y)))
    facets, _ = division.getVoronoiFacetList([])
    edges: dict[tuple[tuple[int, int], tuple[int, int]], tuple[Points, Points]] = {}
    for facet in facets:
        ring = np.asarray(facet, dtype=np.float64) + low
        for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            key_a = (round(a[0] * 50), round(a[1] * 50))
            key_b = (round(b[0] * 50), round(b[1] * 50))
            near = (np.abs([*a, *b]) < 1e7).all()
            if near and key_a != key_b:
                edges.setdefault((min(key_a, key_b), max(key_a, key_b)), (a, b))
    return list(edges.values())
