"""Which point of one date's centrelines is found at the other date."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from cracknet.measurement.change.lines import Lines
from cracknet.measurement.change.options import ChangeOptions

Partners = npt.NDArray[np.intp]
"""For each of N points the index of its partner at the other date; -1 where it has none."""

NEIGHBOURS = 24
"""Candidates looked at for each point; of a crossing crack, a dozen may be nearer than its own."""

PAST_END_PX, PAST_END_SHARE = 0.75, 0.4
"""How far along itself a line may begin beyond the foot of the perpendicular; the share is of the
distance aside, for directions that are not exact."""


def find_partners(lines: Lines, others: Lines, options: ChangeOptions) -> Partners:
    """Find for each point in the common view the nearest point of the other date that fits.

    It must lie within the tolerance, run in a like direction, and lie abreast: a point beyond the
    other's end is not found, however near the end is.

    Parameters
    ----------
    lines, others : Lines
        N points, and M of the other date.
    options : ChangeOptions
    """
    partners = np.full(len(lines), -1, np.intp)
    use = np.flatnonzero(lines.seen)
    if not len(use) or not len(others):
        return partners
    reach = reach_px(lines, others, options)[use]
    tree = cKDTree(others.points)
    count = min(NEIGHBOURS, len(others))
    distance, index = tree.query(lines.points[use], k=count, distance_upper_bound=reach.max())
    distance, index = distance.reshape(len(use), -1), index.reshape(len(use), -1)
    there = index < len(others)
    index = np.where(there, index, 0)
    offset = lines.points[use][:, None] - others.points[index]
    direction = others.along[index]
    past = np.abs((offset * direction).sum(axis=2))
    aside = np.abs(offset[..., 0] * direction[..., 1] - offset[..., 1] * direction[..., 0])
    like = np.abs((direction * lines.along[use][:, None]).sum(axis=2))
    fits = (
        there
        & (distance <= reach[:, None])
        & (like >= math.cos(math.radians(options.direction_deg)))
        & (past <= PAST_END_PX + PAST_END_SHARE * aside)
    )
    best = np.where(fits, distance, np.inf).argmin(axis=1)
    rows = np.arange(len(use))
    partners[use] = np.where(fits[rows, best], index[rows, best], -1)
    return partners


def reach_px(lines: Lines, others: Lines, options: ChangeOptions) -> npt.NDArray[np.float64]:
    """How far aside the other date's centreline may lie, at each point, (N,) px of AFTER."""
    sigma = max((float(np.median(part.sigma)) for part in (lines, others) if len(part)), default=0)
    return np.asarray(options.tolerance_px + 2 * sigma + 0.25 * lines.widths, np.float64)


def settle(
    lines: Lines, partners: Partners, reach: npt.NDArray[np.float64], options: ChangeOptions
) -> npt.NDArray[np.bool_]:
    """Say which points count as found: short gaps between found stretches do, islands do not.

    A gap up to `bridge_px`, or twice the reach where that is more, is closed: near a junction the
    directions differ, and segmentation parts a crack by chance. A found stretch shorter than the
    reach with nothing found beside it is a crossing.

    Returns
    -------
    (N,) bool
    """
    found = partners >= 0
    for _, part in lines.branches():
        own, seen = found[part], lines.seen[part]
        walked = np.cumsum(lines.lengths[part])
        limit = float(np.median(reach[part]))
        for value, longest in ((False, max(options.bridge_px, 2 * limit)), (True, limit)):
            for start, stop in runs(own == value):
                size = walked[stop - 1] - (walked[start - 1] if start else 0.0)
                inner = start > 0 and stop < len(own)
                within = seen[max(start - 1, 0) : stop + 1].all()
                if inner and within and size <= longest:
                    own[start:stop] = not value
    return np.asarray(found & lines.seen)


def runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end (exclusive) of each stretch of True.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
