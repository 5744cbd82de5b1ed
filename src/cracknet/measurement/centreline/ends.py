"""Free ends carried to the end of the mask.

A skeleton ends about half a width short of the mask, or bends into one of its corners. So the last
piece of a free end, where the circle within the mask reaches the mask's end or the photograph's
border, is replaced by a straight one in the direction of the crack before it, up to the mask's
border; at the photograph's border the crack ends on the pixels' edge.
"""

from __future__ import annotations

import numpy as np

from cracknet.arrays import Mask
from cracknet.measurement.centreline.curves import Curves, Index, Values
from cracknet.measurement.results import Points

TRIM = 1.5
"""How many half widths of a free end are replaced."""
MOST_SHARE = 0.4
"""Of a line's length that is replaced at most at either end."""
SAMPLES = 96
HALVINGS = 8


def trims(curves: Curves, half_widths: Values, border: Values) -> tuple[Values, Values]:
    """How much of each curve's start and end is to be replaced, px, twice (C,)."""
    walked = curves.walked()
    length = walked[curves.last]
    sizes = np.diff(curves.starts)
    typical = np.add.reduceat(half_widths, curves.first) / sizes
    out = []
    for distance in (walked, np.repeat(length, sizes) - walked):
        near = distance <= np.repeat(2 * typical + 2, sizes)
        most = np.maximum.reduceat(np.where(near, half_widths, 0.0), curves.first)
        cut = TRIM * most
        # Beyond that, while the circle within the mask still reaches the photograph's border.
        at_border = near | (distance <= np.repeat(6 * typical, sizes))
        at_border &= border < half_widths
        cut = np.maximum(cut, np.maximum.reduceat(np.where(at_border, distance, 0.0), curves.first))
        out.append(np.minimum(cut, MOST_SHARE * length))
    return out[0], out[1]


def reach(points: Points, directions: Points, limits: Values, mask: Mask) -> Values:
    """How far each ray runs within the mask before it first leaves it, (E,), px.

    Parameters
    ----------
    points, directions : (E, 2) float64
    limits : (E,) float64
        Longest way to go.
    mask : (H, W) bool
    """
    share = np.arange(1, SAMPLES + 1) / SAMPLES
    low = np.zeros(len(points))
    high = limits.copy()
    left = np.ones(len(points), np.bool_)
    for part in share:
        # One step of all rays at a time: few rays are long, and memory stays small.
        at = limits * part
        inside = within(points + directions * at[:, None], mask)
        high = np.where(left & ~inside, at, high)
        low = np.where(left & inside, at, low)
        left &= inside
        if not left.any():
            break
    high = np.where(left, limits, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        inside = within(points + directions * middle[:, None], mask)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low


def within(points: Points, mask: Mask) -> Mask:
    """Whether each (x, y) lies on a pixel of the mask, (E,)."""
    column, row = np.floor(points + 0.5).astype(np.int64).T
    inside = (row >= 0) & (column >= 0) & (row < mask.shape[0]) & (column < mask.shape[1])
    out = np.zeros(len(points), np.bool_)
    out[inside] = mask[row[inside], column[inside]]
    return out


def cut(curves: Curves, start_px: Values, end_px: Values) -> Curves:
    """Cut lengths off both ends of each curve; new ends lie on the old curve."""
    walked, number = curves.walked(), curves.number
    length = walked[curves.last]
    from_, to = start_px, length - end_px
    kept = (walked > from_[number] + 1e-9) & (walked < to[number] - 1e-9)
    offset = np.concatenate([[0.0], np.cumsum(length + 1.0)])[:-1]
    table = walked + offset[number]
    fresh = [
        np.column_stack([np.interp(at + offset, table, curves.points[:, axis]) for axis in (0, 1)])
        for at in (from_, to)
    ]
    key = np.concatenate(
        [number * 3 + 1, np.arange(len(curves)) * 3, np.arange(len(curves)) * 3 + 2]
    )
    points = np.concatenate([curves.points, *fresh])
    use = np.concatenate([kept, np.ones(2 * len(curves), np.bool_)])
    order = np.argsort(key[use], kind="stable")
    counts = np.bincount(number[kept], minlength=len(curves)) + 2
    starts: Index = np.concatenate([[0], np.cumsum(counts)])
    return Curves(points[use][order], starts)
