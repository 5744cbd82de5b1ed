"""Widths along a branch: outliers out, and no more detail than the noise leaves room for.

B is the number of branches, N of points of all branches, R of rows (see `rows`).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cracknet.measurement.widths.rows import (
    REACH,
    Floats,
    Indices,
    Rows,
    average_rows,
    lay_rows,
)

NEIGHBOURS = 7
"""An outlier is told from this many points on either side."""

OUTLIER_DEVIATIONS = 4.0
"""A width further from its neighbours' median than this many robust deviations is an outlier."""

SCALES_PX = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0)
"""Sigmas of the Gaussian averages between which the bands of a series of widths lie."""

ENERGY_PX = 40.0
"""Sigma over which the energy of a band is averaged: how locally its noise is told from widths."""

SMOOTHING_ROWS = math.ceil(REACH * max(*SCALES_PX, ENERGY_PX))
"""Empty rows between two branches that no average crosses."""


def outliers(
    rows: Rows, values: Floats, usable: npt.NDArray[np.bool_], least: Floats
) -> npt.NDArray[np.bool_]:
    """Find widths unlike their neighbours' (Hampel's rule).

    A value is an outlier where it is more than `OUTLIER_DEVIATIONS` times 1.4826 times the median
    absolute deviation from the median of the usable values within `NEIGHBOURS` points of the same
    branch; the deviation is taken to be at least `least`.

    Parameters
    ----------
    rows : Rows
    values, least : (N,) float64
    usable : (N,) bool

    Returns
    -------
    (N,) bool
    """
    spread = rows.spread(np.where(usable, values, np.inf), np.inf)
    window = 2 * NEIGHBOURS + 1
    padded = np.pad(spread, NEIGHBOURS, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, window)[rows.row]
    middle = _median(around)
    with np.errstate(invalid="ignore"):
        far = np.abs(around - middle[:, None])
        deviation = 1.4826 * _median(np.where(np.isfinite(around), far, np.inf))
        limit = OUTLIER_DEVIATIONS * np.maximum(deviation, least)
        return np.asarray(usable & (np.abs(values - middle) > limit))


def smooth_widths(
    starts: Indices,
    closed: npt.NDArray[np.bool_],
    values: Floats,
    variance: Floats,
    average_px: Floats,
    usable: npt.NDArray[np.bool_],
) -> Floats:
    """Smooth noisy widths along their branches: noise goes, true changes of width stay.

    A local Wiener filter on a ladder of scales. The series is its slowest average plus bands, each
    the difference of two averages an octave apart. Noise of the given variance, correlated as the
    average before the fit left it, would put a known energy into each band; a band keeps the share
    of itself by which its local energy exceeds that. Where widths truly change, the energy of
    their bands is large and they stay; where nothing but noise is seen, it goes.

    Parameters
    ----------
    starts : (B + 1,) int
        First point of each branch, and the number of all points.
    closed : (B,) bool
        Loops; the last point of a loop repeats the first.
    values, variance : (N,) float64
        Widths, and the variance of their noise.
    average_px : (N,) float64
        Sigma of the average along the branch that the widths were found with.
    usable : (N,) bool
        Others are given back as they are and not counted.

    Returns
    -------
    (N,) float64
    """
    along = _Along(starts, closed)
    weights = np.where(usable, 1 / np.maximum(variance, 1e-6), 0.0)
    series = np.where(usable, values, 0.0)
    counted = usable.astype(np.float64)
    finer, out = series, np.zeros(len(values))
    finer_px = 0.0
    for sigma in SCALES_PX:
        coarser = along.average(series, weights, sigma)
        band = finer - coarser
        energy = along.average(band * band, counted, ENERGY_PX)
        noise = variance * _share_of_noise(finer_px, sigma, average_px)
        out += band * np.maximum(1 - noise / np.maximum(energy, 1e-12), 0)
        finer, finer_px = coarser, sigma
    return np.where(usable, out + finer, values)


class _Along:
    """Weighted averages of points along their branches, none across two branches."""

    def __init__(self, starts: Indices, closed: npt.NDArray[np.bool_]) -> None:
        counts = np.diff(starts)
        self._rows = lay_rows(starts, closed, SMOOTHING_ROWS)
        self._branch = np.repeat(np.arange(len(counts)), counts)
        self._count = counts[self._branch]

    def average(self, values: Floats, weights: Floats, sigma_px: float) -> Floats:
        """Average with a Gaussian; over a branch that it would leave, the branch's own mean."""
        rows = self._rows
        series, counted = (
            rows.spread(one).astype(np.float32)[:, None] for one in (values, weights)
        )
        found = average_rows(series, counted, sigma_px)[0]
        means = np.asarray(found[rows.row, 0], np.float64)
        short = self._count < math.ceil(REACH * sigma_px)
        if not short.any():
            return means
        total = np.bincount(self._branch, weights * values)
        whole = total / np.maximum(np.bincount(self._branch, weights), 1e-12)
        return np.asarray(np.where(short, whole[self._branch], means), np.float64)


def _share_of_noise(finer_px: float, coarser_px: float, average_px: Floats) -> Floats:
    """Variance of the band between two averages, of noise of variance 1.

    Noise that was averaged with a sigma u before is correlated as exp(-lag^2 / (4 u^2)).
    """
    reach = math.ceil(REACH * coarser_px)
    band = _kernel(finer_px, reach) - _kernel(coarser_px, reach)
    overlap = np.correlate(band, band, "full")
    lags = np.arange(-2 * reach, 2 * reach + 1)
    before, inverse = np.unique(np.maximum(average_px, 0.5), return_inverse=True)
    share = np.exp(-(lags**2) / (4 * before[:, None] ** 2)) @ overlap
    return np.asarray(share[inverse], np.float64)


def _kernel(sigma_px: float, reach: int) -> Floats:
    """Weights of `average_rows` from -reach to reach; of sigma 0 the point itself."""
    lags = np.arange(-reach, reach + 1)
    if sigma_px == 0:
        return np.asarray(lags == 0, np.float64)
    kernel = np.exp(-0.5 * (lags / sigma_px) ** 2) * (np.abs(lags) <= math.ceil(REACH * sigma_px))
    return np.asarray(kernel / kernel.sum(), np.float64)


def _median(values: Floats) -> Floats:
    """Median of the finite values of each row; infinite where there is none."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    take = np.maximum(count - 1, 0)
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, take // 2] + ordered[rows, (take + 1) // 2]) / 2)
