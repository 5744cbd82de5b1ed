"""A round brush drawn into arrays: the pixels whose centres lie within it, exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Whole = npt.NDArray[np.int64]

_ROWS_AT_ONCE = 1_000_000
_CELLS_AT_ONCE = 8_000_000
_FLAT = 1e-12
_TIE_PX = 1e-9
"""A pixel's centre on the brush's very rim counts, whatever the last bit says."""


def brushed(
    points: _Floats, radius_px: float, shape: tuple[int, ...]
) -> Iterator[tuple[tuple[slice, slice], npt.NDArray[np.bool_]]]:
    """Find the pixels whose centres lie within `radius_px` of a path.

    OpenCV's thick lines are whole pixels thick. The surroundings of a segment are convex, so that
    each row of pixels meets them in one interval, which is worked out here; the intervals of all
    segments are laid over each other by sums along rows.

    Parameters
    ----------
    points : (N, 2) float64, N >= 1
        The path: x, y in px, pixel centres at whole numbers. It may leave the picture.
    radius_px : float
    shape : (H, W)

    Yields
    ------
    part : (slice, slice)
        A part of the picture, rows and columns. No two overlap.
    inside : (h, w) bool
        Which of its pixels lie within the brush.
    """
    starts, ends = (points, points) if len(points) == 1 else (points[:-1], points[1:])
    rows, lefts, rights = _intervals(starts, ends, radius_px, shape)
    if not len(rows):
        return
    left, width = int(lefts.min()), int(rights.max() - lefts.min()) + 1
    tall = max(1, _CELLS_AT_ONCE // (width + 1))
    order = np.argsort(rows, kind="stable")
    rows, lefts, rights = rows[order], lefts[order] - left, rights[order] - left
    for top in range(int(rows[0]), int(rows[-1]) + 1, tall):
        a, b = np.searchsorted(rows, (top, top + tall))
        if a == b:
            continue
        steps = np.zeros((int(rows[b - 1]) - top + 1, width + 1), np.int32)
        np.add.at(steps, (rows[a:b] - top, lefts[a:b]), 1)
        np.add.at(steps, (rows[a:b] - top, rights[a:b] + 1), -1)
        inside = np.cumsum(steps[:, :-1], axis=1, dtype=np.int32) > 0
        yield np.s_[top : top + len(inside), left : left + width], inside


def _intervals(
    starts: _Floats, ends: _Floats, radius: float, shape: tuple[int, ...]
) -> tuple[_Whole, _Whole, _Whole]:
    """Rows, and first and last columns in them, of all segments' pixels within the picture."""
    height, width = shape
    tops = np.ceil(np.minimum(starts[:, 1], ends[:, 1]) - radius).clip(0, height)
    counts = np.floor(np.maximum(starts[:, 1], ends[:, 1]) + radius).clip(-1, height - 1) - tops + 1
    counts = counts.clip(0).astype(np.int64)
    found: list[tuple[_Whole, _Whole, _Whole]] = []
    first = 0
    while first < len(counts):
        # at least one segment at once, and not many more rows than are wanted
        last = first + 1 + int(np.searchsorted(np.cumsum(counts[first + 1 :]), _ROWS_AT_ONCE))
        index = np.repeat(np.arange(first, last), counts[first:last])
        begun = np.cumsum(counts[first:last]) - counts[first:last]
        rows = tops[index] + np.arange(len(index)) - begun[index - first]
        lo, hi = _reach(starts[index], ends[index], rows, radius)
        lo = np.ceil(lo - _TIE_PX).clip(0, width)
        hi = np.floor(hi + _TIE_PX).clip(-1, width - 1)
        kept = lo <= hi
        found.append(
            (
                rows[kept].astype(np.int64),
                lo[kept].astype(np.int64),
                hi[kept].astype(np.int64),
            )
        )
        first = last
    columns = [np.concatenate(part) for part in zip(*found, strict=True)]
    return columns[0], columns[1], columns[2]


def _reach(starts: _Floats, ends: _Floats, rows: _Floats, radius: float) -> tuple[_Floats, _Floats]:
    """From where to where a row lies within `radius` of a segment; empty where lo > hi.

    The segment's surroundings are two discs and the rectangle between them: each gives an
    interval, and as the whole is convex, the least and greatest ends of these bound it.
    """
    lows, highs = [], []
    for centre in (starts, ends):
        half = np.sqrt(np.maximum(radius**2 - (rows - centre[:, 1]) ** 2, 0))
        met = np.abs(rows - centre[:, 1]) <= radius
        lows.append(np.where(met, centre[:, 0] - half, np.inf))
        highs.append(np.where(met, centre[:, 0] + half, -np.inf))
    length = np.hypot(*(ends - starts).T)
    safe = np.where(length > 0, length, 1)
    ux, uy = ((ends - starts) / safe[:, None]).T
    down = rows - starts[:, 1]
    low, high = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for slope, offset, least, most in (
        (ux, down * uy, 0.0 * length, length),
        (-uy, down * ux, np.full(len(rows), -radius), np.full(len(rows), radius)),
    ):
        flat = np.abs(slope) < _FLAT
        steep = np.where(flat, 1, slope)
        bounds = np.sort([(least - offset) / steep, (most - offset) / steep], axis=0)
        outside = flat & ((offset < least) | (offset > most))
        low = np.maximum(low, np.where(outside, np.inf, np.where(flat, -np.inf, bounds[0])))
        high = np.minimum(high, np.where(outside, -np.inf, np.where(flat, np.inf, bounds[1])))
    solid = (low <= high) & (length > 0)
    lows.append(np.where(solid, starts[:, 0] + low, np.inf))
    highs.append(np.where(solid, starts[:, 0] + high, -np.inf))
    return np.min(lows, axis=0), np.max(highs, axis=0)
