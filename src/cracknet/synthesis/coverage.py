"""Which part of every pixel lies inside a crack: exact, by signed area accumulation.

Method. The share of a pixel inside a polygon is found analytically, as font rasterisers do
(R. Levien, font-rs; S. Barrett, stb_truetype 2): every outline edge is cut at all pixel borders;
each piece then lies in one pixel and adds its height times the share of the pixel to the right of
it, and its whole height to the pixels further right; a running sum along the row is the
covered area. There is no sampling: a simple outline is exact to float64 rounding.

A strip is walked in chunks of bounded extent. The cross edges that two chunks share cancel, so the
sum over chunks equals the whole. Where a strip folds over itself (a turn tighter than half its
width, a self crossing) the sum is cut off at 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.synthesis.paths import Crack, CrackPath, Points

CHUNK_PX = 96.0
"""Longest rail piece drawn at once."""


def polygon_coverage(polygon_px: npt.ArrayLike, height: int, width: int) -> npt.NDArray[np.float32]:
    """Share of each pixel that lies inside a polygon.

    Parameters
    ----------
    polygon_px : array, shape (N, 2)
        Corners x, y in pixels, either way round; pixel centres are at integer coordinates.
    height, width : int
        Size of the photograph.

    Returns
    -------
    array, shape (height, width), float32
        In [0, 1]; exact for a polygon that does not cross itself.

    Examples
    --------
    >>> polygon_coverage([[0, 0], [2, 0], [2, 1], [0, 1]], 2, 3).tolist()
    [[0.25, 0.5, 0.25], [0.25, 0.5, 0.25]]
    """
    polygon = np.asarray(polygon_px, dtype=np.float64)
    out = np.zeros((height, width), dtype=np.float32)
    _add_polygon(out, polygon, np.roll(polygon, -1, axis=0), sign=_orientation(polygon))
    return np.clip(out, 0.0, 1.0, out=out)


def path_coverage(path: CrackPath, height: int, width: int) -> npt.NDArray[np.float32]:
    """Share of each pixel that lies inside the strip of a path.

    Parameters
    ----------
    path : CrackPath
    height, width : int
        Size of the photograph.

    Returns
    -------
    array, shape (height, width), float32
        In [0, 1].

    Examples
    --------
    >>> band = CrackPath([[1.0, -5.0], [1.0, 5.0]], [1.5, 1.5])
    >>> path_coverage(band, 1, 4).tolist()
    [[0.25, 1.0, 0.25, 0.0]]
    """
    out = np.zeros((height, width), dtype=np.float32)
    add_strip(out, path)
    return np.clip(out, 0.0, 1.0, out=out)


def add_strip(out: npt.NDArray[np.float32], path: CrackPath) -> None:
    """Add the coverage of a path to `out` in place, not cut off at 1."""
    left, right = _refine(*path.rails_px)
    # The running distance decides where a chunk ends, so that its box stays small.
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(left + right, axis=0).T) / 2)])
    chunk = (walked // CHUNK_PX).astype(int)
    ends = np.concatenate([[0], np.flatnonzero(np.diff(chunk)) + 1, [len(left) - 1]])
    for first, last in pairwise(ends):
        if last > first:
            outline = np.vstack([left[first : last + 1], right[first : last + 1][::-1]])
            _add_polygon(out, outline, np.roll(outline, -1, axis=0), sign=1.0)


def crack_layers(
    cracks: Iterable[Crack], height: int, width: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Coverage by all cracks, and the share of light that they leave.

    Paths that meet in a pixel are taken to be independent there:
    ``coverage = 1 - prod(1 - c_i)``, ``left = prod(1 - depth_i * c_i)``.

    Parameters
    ----------
    cracks : iterable of Crack
    height, width : int
        Size of the photograph.

    Returns
    -------
    coverage, left : arrays, shape (height, width), float32
        Both in [0, 1].
    """
    free = np.ones((height, width), dtype=np.float32)
    left = np.ones((height, width), dtype=np.float32)
    for path in (path for crack in cracks for path in crack.paths):
        box = _box(*path.bounds_px, height, width)
        if box is None:
            continue
        rows, columns = box
        shifted = CrackPath(
            path.points_px - [columns.start, rows.start], path.widths_px, path.depth
        )
        part = path_coverage(shifted, rows.stop - rows.start, columns.stop - columns.start)
        free[box] *= 1.0 - part
        part *= path.depth
        left[box] *= np.subtract(1.0, part, out=part)
    return np.subtract(1.0, free, out=free), left


def crack_mask(cracks: Iterable[Crack], coverage: npt.NDArray[np.float32]) -> Mask:
    """Pixels that are crack, by the rule below.

    A pixel is crack where its coverage is at least 0.5. So that a crack thinner than a pixel is
    marked too, and in one piece, the centreline is added as an 8-connected chain: wherever the
    centreline crosses a pixel column (a pixel row, where it is steeper than 45 degrees) at the
    column's middle, the pixel whose centre is nearest. Points of width 0 are left out.

    Parameters
    ----------
    cracks : iterable of Crack
    coverage : array, shape (H, W), float32

    Returns
    -------
    array, shape (H, W), bool
    """
    mask = coverage >= 0.5
    for path in (path for crack in cracks for path in crack.paths):
        rows, columns = centreline_pixels(path, *mask.shape)
        mask[rows, columns] = True
    return mask


def centreline_pixels(
    path: CrackPath, height: int, width: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the pixels nearest to the centreline: an 8-connected chain.

    Examples
    --------
    >>> rows, columns = centreline_pixels(CrackPath([[0, 0], [3, 1]], [1, 1]), 5, 5)
    >>> sorted(zip(rows.tolist(), columns.tolist()))
    [(0, 0), (0, 1), (1, 2), (1, 3)]
    """
    drawn = (path.widths_px[:-1] > 0) | (path.widths_px[1:] > 0)
    start, end = path.points_px[:-1], path.points_px[1:]
    steep = np.abs(end - start).argmax(axis=1)
    chain = [path.points_px[[0]][drawn[:1]], path.points_px[[-1]][drawn[-1:]]]
    # Where the main axis changes, both neighbours are within one pixel of the corner itself.
    turns = np.flatnonzero((steep[1:] != steep[:-1]) & drawn[1:] & drawn[:-1]) + 1
    chain.append(path.points_px[turns])
    for axis, limit in ((0, width), (1, height)):
        use = drawn & (steep == axis)
        a, b = start[use], end[use]
        edge, position = _crossings(a[:, axis], b[:, axis], -1, limit)
        share = (position - a[edge, axis]) / (b[edge, axis] - a[edge, axis])
        chain.append(a[edge] + share[:, None] * (b - a)[edge])
    pixels = np.floor(np.vstack(chain) + 0.5)
    inside = ((pixels >= 0) & (pixels < [width, height])).all(axis=1)
    columns, rows = np.unique(pixels[inside].astype(np.intp), axis=0).reshape(-1, 2).T
    return rows, columns


def _orientation(polygon: Points) -> float:
    x, y = polygon.T
    area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    return -1.0 if area > 0 else 1.0


def _box(
    x_low: float, y_low: float, x_high: float, y_high: float, height: int, width: int
) -> tuple[slice, slice] | None:
    """Rows and columns of the pixels that a rectangle touches; None if there are none."""
    top, left = max(int(np.floor(y_low + 0.5)), 0), max(int(np.floor(x_low + 0.5)), 0)
    bottom = min(int(np.floor(y_high + 0.5)) + 1, height)
    right = min(int(np.floor(x_high + 0.5)) + 1, width)
    if top >= bottom or left >= right:
        return None
    return slice(top, bottom), slice(left, right)


def _refine(left: Points, right: Points) -> tuple[Points, Points]:
    """Cut both rails at the same shares, so that no piece is longer than a chunk."""
    longest = np.maximum(np.hypot(*np.diff(left, axis=0).T), np.hypot(*np.diff(right, axis=0).T))
    parts = np.maximum(np.ceil(longest / CHUNK_PX), 1).astype(int)
    if (parts == 1).all():
        return left, right
    index = np.concatenate([[0], np.cumsum(parts)])
    at = np.arange(index[-1] + 1)
    x_l, y_l, x_r, y_r = (np.interp(at, index, values) for values in np.hstack([left, right]).T)
    return np.column_stack([x_l, y_l]), np.column_stack([x_r, y_r])


def _crossings(
    start: npt.NDArray[np.float64], end: npt.NDArray[np.float64], low: int, high: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """All integers k in [low, high] with min(start, end) <= k <= max(start, end), edge by edge."""
    first = np.maximum(np.ceil(np.minimum(start, end)), low).astype(np.int64)
    last = np.minimum(np.floor(np.maximum(start, end)), high).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(start)), count)
    begin = np.repeat(np.cumsum(count) - count, count)
    return edge, np.repeat(first, count) + (np.arange(len(edge)) - begin).astype(np.float64)


def _add_polygon(out: npt.NDArray[np.float32], start: Points, end: Points, sign: float) -> None:
    """Add the signed coverage of the polygon with edges start -> end to `out`, in its box only."""
    low, high = start.min(axis=0), start.max(axis=0)
    box = _box(low[0], low[1], high[0], high[1], *out.shape)
    if box is None:
        return
    rows, columns = box
    # From here on pixel (r, c) of the box covers [c, c + 1] x [r, r + 1].
    origin = np.array([columns.start - 0.5, rows.start - 0.5])
    height, width = rows.stop - rows.start, columns.stop - columns.start
    pieces = _cut(start - origin, end - origin, height, width)
    x0, y0, x1, y1 = pieces
    rise = (y1 - y0) * sign
    row = np.floor((y0 + y1) / 2).astype(np.int64)
    x_mean = np.clip((x0 + x1) / 2, 0.0, width)
    column = np.minimum(np.floor(x_mean), width - 1).astype(np.int64)
    keep = (row >= 0) & (row < height) & (rise != 0)
    row, column, x_mean, rise = row[keep], column[keep], x_mean[keep], rise[keep]
    right_share = column + 1 - x_mean
    cell = row * (width + 1) + column
    size = height * (width + 1)
    total = np.bincount(cell, rise * right_share, size)
    total += np.bincount(cell + 1, rise * (1.0 - right_share), size)
    area = np.cumsum(total.reshape(height, width + 1), axis=1)[:, :width]
    out[box] += area


def _cut(
    start: Points, end: Points, height: int, width: int
) -> tuple[
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
]:
    """Cut edges at all pixel borders inside the box: x0, y0, x1, y1 of the pieces."""
    edges, shares = [np.arange(len(start))], [np.zeros(len(start))]
    for axis, limit in ((0, width), (1, height)):
        a, b = start[:, axis], end[:, axis]
        edge, position = _crossings(a, b, 0, limit)
        run = b[edge] - a[edge]
        moving = run != 0
        edge, position, run = edge[moving], position[moving], run[moving]
        edges.append(edge)
        shares.append(np.clip((position - a[edge]) / run, 0.0, 1.0))
    edges.append(np.arange(len(start)))
    shares.append(np.ones(len(start)))
    edge, share = np.concatenate(edges), np.concatenate(shares)
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    point = start[edge] + share[:, None] * (end - start)[edge]
    same = edge[1:] == edge[:-1]
    return point[:-1, 0][same], point[:-1, 1][same], point[1:, 0][same], point[1:, 1][same]
