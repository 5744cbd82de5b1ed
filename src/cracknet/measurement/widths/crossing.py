"""Widths of a map of coverage or probability: where it passes one half, and what it sums to.

A pixel at an edge holds the share of it that is crack. Straight interpolation between pixel
centres passes one half up to 0.08 px beside the edge, while the sum across the edge is exact; so
each edge is found by the crossing first, then by the sum over the 2 px around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.widths.rows import Floats, Samples

EDGE_PX = 2.0
"""The sum reaches this far beyond the crossing, and to this far inside it."""

THIN_PX, FULL_PX = 3.0, 6.0
"""A crack thinner than the first need not reach the value 1, so its sum is the width as it is;
one wider than the second has a plateau that counts as 1; between them the two are blended."""

LOWEST_PEAK = 0.1
"""A map whose highest value across a crack is below this says nothing of its width."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Both edges in every row: width and centre, (R,) float64, and whether they were found."""

    width_px: Floats
    centre_px: Floats
    found: npt.NDArray[np.bool_]


def find_edges(
    places: Floats, profiles: Samples, counts: Samples, inner_px: Floats, low: Floats, high: Floats
) -> Edges:
    """Find the edges of the crack in the middle of each profile.

    Parameters
    ----------
    places : (M,) float64
        Even steps along the normal, px.
    profiles, counts : (R, M) float32
        Map values averaged along the branch; count 0 is outside the photograph.
    inner_px : (R,) float64
        The peak is sought this far on both sides of the centreline.
    low, high : (R,) float64
        Half way to the next crack on either side: nothing beyond is looked at.
    """
    step = float(places[1] - places[0])
    index = np.arange(len(places))
    usable = (counts > 0.05) & (places >= low[:, None]) & (places <= high[:, None])
    values = np.where(usable, profiles, 0).astype(np.float64)
    near = np.where(np.abs(places) <= inner_px[:, None], values, -1.0)
    peak_at = near.argmax(axis=1)
    peak = np.take_along_axis(values, peak_at[:, None], axis=1)[:, 0]
    # The peak's own height is where the middle of the crack stands, not one high sample.
    level = 0.5 * np.maximum(peak, LOWEST_PEAK)
    below = values < level[:, None]
    right = _first(below & (index > peak_at[:, None]))
    left = len(places) - 1 - _first((below & (index < peak_at[:, None]))[:, ::-1])
    found = (peak >= LOWEST_PEAK) & (right < len(places)) & (left >= 0)
    right, left = np.minimum(right, len(places) - 1), np.maximum(left, 0)
    # What cuts a profile off, the photograph's border or the next crack, is no edge.
    found &= np.take_along_axis(usable, right[:, None], 1)[:, 0]
    found &= np.take_along_axis(usable, left[:, None], 1)[:, 0]
    cross_right = _cross(values, right, right - 1, level, places)
    cross_left = _cross(values, left, left + 1, level, places)
    crossing = np.maximum(cross_right - cross_left, step)
    middle = (cross_right + cross_left) / 2

    core = np.abs(places - middle[:, None]) <= np.maximum(crossing / 4, step)[:, None]
    core &= usable
    plateau = (values * core).sum(axis=1) / np.maximum(core.sum(axis=1), 1)
    share = np.clip((crossing - THIN_PX) / (FULL_PX - THIN_PX), 0, 1)
    plateau = np.maximum((1 - share) + share * plateau, 0.05)
    scaled = np.clip(values / plateau[:, None], 0, 1)
    deep = (places > (cross_left + EDGE_PX)[:, None]) & (places < (cross_right - EDGE_PX)[:, None])
    scaled[deep] = 1
    # Beyond an edge the values may only fall: a rise belongs to another crack.
    scaled = _falling(scaled, index >= right[:, None])
    scaled = _falling(scaled[:, ::-1], (index <= left[:, None])[:, ::-1])[:, ::-1]
    reach = EDGE_PX + step / 2
    window = (places > (cross_left - reach)[:, None]) & (places < (cross_right + reach)[:, None])
    scaled = np.where(window, scaled, 0)
    width = scaled.sum(axis=1) * step
    centre = (scaled @ places) / np.maximum(scaled.sum(axis=1), 1e-6)
    return Edges(width, np.where(found, centre, 0), found & (width > 0))


def neighbour_limits(places: Floats, inside: Samples, half_px: Floats) -> tuple[Floats, Floats]:
    """Half way to the next crack on both sides of each row, infinite where there is none.

    Parameters
    ----------
    places : (M,) float64
        Odd in number, symmetric.
    inside : (R, M) float32
        Mask across each row, 1 = crack, NaN outside the photograph.
    half_px : (R,) float64
        Rough half width: the middle 60 % of it, at least a pixel, is taken for crack.

    Returns
    -------
    low, high : (R,) float64
    """
    crack = np.nan_to_num(inside) >= 0.5
    crack |= np.abs(places) <= np.maximum(0.6 * half_px, 1.0)[:, None]
    middle = len(places) // 2
    high = _gap(places[middle:], crack[:, middle:])
    low = -_gap(-places[middle::-1], crack[:, middle::-1])
    return low, high


def _gap(places: Floats, crack: npt.NDArray[np.bool_]) -> Floats:
    """Middle of the first gap of each row, outwards; infinite where nothing follows it."""
    out = _first(~crack)
    again = _first(crack & (np.arange(len(places)) > out[:, None]))
    last = len(places) - 1
    middle = (places[np.minimum(out, last)] + places[np.minimum(again, last)]) / 2
    return np.where(again <= last, middle, np.inf)


def _first(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """First True of each row; the row's length where there is none."""
    first = np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1])
    return np.asarray(first, np.intp)


def _cross(
    values: Floats, outer: npt.NDArray[np.intp], inner: npt.NDArray[np.intp], level: Floats,
    places: Floats,
) -> Floats:  # fmt: skip
    """Place between two neighbouring samples where a profile passes the level."""
    a = np.take_along_axis(values, inner[:, None] % len(places), 1)[:, 0]
    b = np.take_along_axis(values, outer[:, None], 1)[:, 0]
    share = np.clip((a - level) / np.maximum(a - b, 1e-9), 0, 1)
    return np.asarray(places[inner % len(places)] * (1 - share) + places[outer] * share)


def _falling(values: Floats, part: npt.NDArray[np.bool_]) -> Floats:
    """Take the running minimum along the marked part of each row; keep the rest."""
    lowest = np.minimum.accumulate(np.where(part, values, np.inf), axis=1)
    return np.where(part, lowest, values)
