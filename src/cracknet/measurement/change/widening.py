"""How much wider a crack has become, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.lines import Lines
from cracknet.measurement.change.matching import Partners
from cracknet.measurement.change.options import ChangeOptions
from cracknet.measurement.results import WIDTH_METHODS
from cracknet.measurement.statistics import weighted_quantile

Values = npt.NDArray[np.float64]

LEAST_COMPARED_PX = 10.0
"""Over a shorter length no width is compared."""

LEAST_PROFILE_SHARE = 0.2
"""From this share on, only widths from profiles are compared, as in the tables."""

LONGEST_LAG = 60
"""To which the correlation of neighbouring differences is followed, points."""

PART_SIGMAS, PART_LEAST_PX, PART_COMPARED_PX = 3.0, 0.5, 40.0
"""A branch alone counts as wider from here on: there are many, and one may be so by chance."""

MEDIAN_EFFICIENCY = 1.2533
"""Deviation of a median over that of a mean for normal values, the root of pi / 2."""


@dataclass(frozen=True, eq=False)
class Widening:
    """Width differences of a crack over the points found at both dates.

    Attributes
    ----------
    index : (M,) int
        The points of AFTER that were compared.
    differences_px : (M,) float64
        Width in AFTER minus width in BEFORE, both in px of AFTER.
    before_px, after_px : float
        Medians of both.
    change_px, sigma_px : float
        Median of the differences, and its standard uncertainty.
    length_px : float
        Compared.
    resolved : (bool, bool)
        Whether BEFORE and AFTER resolve it: a width that is not resolved is an upper bound.
    like : bool
        Whether both widths were found by one method.
    """

    index: npt.NDArray[np.intp]
    differences_px: Values
    before_px: float
    after_px: float
    change_px: float
    sigma_px: float
    length_px: float
    resolved: tuple[bool, bool]
    like: bool

    def judged(self, options: ChangeOptions) -> bool:
        """Whether the difference is beyond its uncertainty and the least that counts."""
        least = max(options.least_width_px, options.sigmas * self.sigma_px)
        return self.told and abs(self.change_px) > least

    @property
    def told(self) -> bool:
        """Whether the difference says something: the wider of both widths is no mere bound.

        Where only the narrower is a bound, the true difference is at least what is stated.
        """
        return self.resolved[1 if self.change_px > 0 else 0]

    def stands_out(self) -> bool:
        """Whether it is a part that has widened by itself."""
        least = max(PART_LEAST_PX, PART_SIGMAS * self.sigma_px)
        return self.told and self.change_px > least and self.length_px >= PART_COMPARED_PX


def compare_widths(
    before: Lines,
    after: Lines,
    partners: Partners,
    chosen: npt.NDArray[np.bool_],
    options: ChangeOptions,
) -> Widening | None:
    """Compare the widths of chosen points of AFTER with those of their partners.

    The standard uncertainty of the median difference is the root sum square of: the robust
    scatter of the differences over the root of their effective number, which is the length over
    the length on which they are correlated; the registration's, by which BEFORE's widths were
    scaled; and `width_bias_px`, which all points share.

    Parameters
    ----------
    before, after : Lines
    partners : (N,) int
        Of AFTER's points in BEFORE.
    chosen : (N,) bool
        AFTER's points of one crack.
    options : ChangeOptions

    Returns
    -------
    Widening or None
        None where too little can be compared.
    """
    index = np.flatnonzero(chosen & (partners >= 0))
    kept, profiles = _comparable(index, partners, before, after)
    length = float(after.lengths[kept].sum())
    if length < LEAST_COMPARED_PX:
        return None
    there = partners[kept]
    weights = after.lengths[kept]
    old, new = before.widths[there], after.widths[kept]
    differences = new - old
    change = weighted_quantile(differences, weights, 0.5)
    correlated = _correlation_px(kept, differences - change)
    scatter = 1.4826 * weighted_quantile(np.abs(differences - change), weights, 0.5)
    by_scale = float(np.median(before.width_sigma[there] * old))
    like = bool((before.methods[there] == after.methods[kept]).mean() > 0.5) and profiles
    bias = options.width_bias_px * (1 if like else 3)

    by_chance = MEDIAN_EFFICIENCY * scatter * math.sqrt(min(1, correlated / length))
    sigma = math.hypot(by_chance, by_scale, bias)
    resolved = (
        bool(before.resolved[there].mean() > 0.5),
        bool(after.resolved[kept].mean() > 0.5),
    )
    return Widening(
        kept,
        differences,
        weighted_quantile(old, weights, 0.5),
        weighted_quantile(new, weights, 0.5),
        change,
        sigma,
        length,
        resolved,
        like,
    )


def width_remarks(
    wider: Widening | None, parts: list[Widening], options: ChangeOptions, *, as_whole: bool
) -> list[str]:
    """Say what a reader of a width difference must know.

    Parameters
    ----------
    wider : Widening, optional
        Of the whole crack.
    parts : list of Widening
        Branches that have widened by themselves.
    options : ChangeOptions
    as_whole : bool
        Whether the crack has widened as a whole.
    """
    if wider is None:
        return ["too short to compare widths"]
    remarks = []
    if not wider.told:
        remarks.append("thinner than a photograph resolves: widths are not judged")
    elif wider.judged(options):
        if wider.change_px < 0:
            remarks.append("narrower than before")
        if not all(wider.resolved):
            remarks.append("one photograph does not resolve it: it changed at least so much")
    if not wider.like:
        remarks.append("widths were found by different methods")
    if parts and not as_whole:
        length = sum(part.length_px for part in parts)
        remarks.append(f"wider over {length:.0f} px of its length, not as a whole")
    return remarks


def _comparable(
    index: npt.NDArray[np.intp], partners: Partners, before: Lines, after: Lines
) -> tuple[npt.NDArray[np.intp], bool]:
    """Points whose width came from a profile at both dates, where these are enough; else all."""
    fallback = WIDTH_METHODS.index("distance")
    good = (after.methods[index] != fallback) & (before.methods[partners[index]] != fallback)
    whole, part = after.lengths[index].sum(), after.lengths[index[good]].sum()
    if part >= max(LEAST_PROFILE_SHARE * whole, LEAST_COMPARED_PX):
        return index[good], True
    return index, False


def _correlation_px(index: npt.NDArray[np.intp], values: Values) -> float:
    """Return over how many points, a pixel apart, values go together, at least 1.

    It is the integral of their autocorrelation, to both sides, up to where it has died away.

    Values further than three robust deviations off are drawn in, lest one of them decides.
    """
    spread = 1.4826 * float(np.median(np.abs(values)))
    if spread == 0:
        return 1.0
    inner = np.clip(values, -3 * spread, 3 * spread)
    last = int(index[-1] - index[0])
    line, there = np.zeros(last + 1), np.zeros(last + 1)
    line[index - index[0]] = inner
    there[index - index[0]] = 1
    variance = float((inner**2).mean())
    total = 1.0
    for lag in range(1, min(LONGEST_LAG, last) + 1):
        pairs = float(there[lag:] @ there[:-lag])
        if pairs < 10:
            break
        rho = float(line[lag:] @ line[:-lag]) / pairs / variance
        if rho < 0.05:
            break
        total += 2 * rho
    return total
