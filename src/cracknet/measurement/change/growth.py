"""Length that is there at one date only, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.lines import Lines
from cracknet.measurement.change.matching import runs
from cracknet.measurement.change.options import ChangeOptions

TIP_REACH_PX = 40.0
"""How far from a tip its taper is looked at."""

ABRUPT_PX = 2.5
"""A crack that is still so wide where it ends does not fade: it stops."""

PAST_MOST_PX = 3.0
"""A tip further back than this is not where the stretch begins."""

FADE_MOST_PX = 5.0
"""Greatest uncertainty that a fading tip is given."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a branch that is not found at the other date.

    Attributes
    ----------
    start, stop : int
        Of the points of `Lines`.
    length_px, sigma_px : float
        In px of AFTER, with standard uncertainty.
    sure : bool
        Whether it is longer than its uncertainty and the least length allow by chance.
    """

    start: int
    stop: int
    length_px: float
    sigma_px: float
    sure: bool


def tip_sigmas(
    lines: Lines, other_factor: float, options: ChangeOptions
) -> npt.NDArray[np.float64]:
    """Say how sure each branch's two ends are, (B, 2) px, k = 1; 0 where an end is not free.

    A tip that stops abruptly is found to `tip_px`. Where a crack thins out, the place at which it
    ceases to be found moves by ``tip_width_px / taper``, the taper being the growth of its width
    with the distance from the tip. Where one photograph is coarser than the other, the width at
    which it ceases to show differs by that, too.

    Parameters
    ----------
    lines : Lines
    other_factor : float
        Size of the other photograph's pixel, in pixels of this one.
    options : ChangeOptions
    """
    sigmas = np.zeros((len(lines.free), 2))
    limit = math.hypot(options.tip_width_px, other_factor - 1)
    for number, part in lines.branches():
        widths = lines.widths[part]
        walked = np.cumsum(lines.lengths[part])
        for end in np.flatnonzero(lines.free[number]):
            away = walked - walked[0] if end == 0 else walked[-1] - walked
            near = away <= min(TIP_REACH_PX, max(walked[-1] / 2, 4.0))
            tip = float(np.median(widths[away <= 4.0]))
            thin = min(max((ABRUPT_PX - tip) / (ABRUPT_PX / 2), 0.0), 1.0)
            taper = float(np.polyfit(away[near], widths[near], 1)[0]) if near.sum() > 3 else 0.0
            fade = min(limit / max(taper, 1e-6), FADE_MOST_PX) * thin
            sigmas[number, end] = math.hypot(options.tip_px, 0.1 * tip, fade)
    return sigmas


def missing_stretches(
    lines: Lines,
    found: npt.NDArray[np.bool_],
    others: Lines,
    reach: npt.NDArray[np.float64],
    own_tips: npt.NDArray[np.float64],
    other_tips: npt.NDArray[np.float64],
    options: ChangeOptions,
) -> list[Stretch]:
    """List the stretches in the common view that are not found at the other date.

    The uncertainty of each is that of its two ends: a free end's own; where a tip of the other
    date lies, that tip's; else, as where a new crack leaves an old one, half the reach.

    Parameters
    ----------
    lines, others : Lines
    found : (N,) bool
        Of `matching.settle`.
    reach : (N,) float64
    own_tips, other_tips : (B, 2) float64
        Of `tip_sigmas` for both dates.
    options : ChangeOptions
    """
    places, sigmas = _tips(others, other_tips)
    stretches = []
    for number, part in lines.branches():
        for first, last in runs(lines.seen[part] & ~found[part]):
            start, stop = part.start + first, part.start + last
            square, beyond = 0.0, 0.0
            for end, at, outer in ((0, start, part.start), (1, stop - 1, part.stop - 1)):
                if at == outer and lines.free[number, end]:
                    square += own_tips[number, end] ** 2
                elif (tip := _nearest(lines.points[at], 2 * reach[at], places)) is None:
                    square += (reach[at] / 2) ** 2
                else:
                    square += sigmas[tip] ** 2
                    # It begins at the other's tip, not at the first point clearly past it.
                    past = abs(float((lines.points[at] - places[tip]) @ lines.along[at]))
                    beyond += min(past, PAST_MOST_PX) - float(lines.lengths[at]) / 2
            length = float(lines.lengths[start:stop].sum()) + beyond
            sigma = math.sqrt(square + (length * float(np.median(lines.width_sigma))) ** 2)
            least = max(
                options.least_length_px,
                options.sigmas * sigma,
                float(np.median(lines.widths[start:stop])),
            )
            stretches.append(Stretch(start, stop, length, sigma, length > least))
    return stretches


def _tips(
    lines: Lines, sigmas: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    ends = np.column_stack([lines.starts[:-1], lines.starts[1:] - 1])
    return lines.points[ends[lines.free]], sigmas[lines.free]


def _nearest(
    point: npt.NDArray[np.float64], reach: float, places: npt.NDArray[np.float64]
) -> int | None:
    """Return which place is nearest to a point; None where none is within reach."""
    if not len(places):
        return None
    distance = np.hypot(*(places - point).T)
    nearest = int(distance.argmin())
    return nearest if distance[nearest] <= reach else None
