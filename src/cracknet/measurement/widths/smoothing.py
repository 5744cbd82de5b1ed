"""Widths along a branch: outliers out, and no more detail than the noise leaves room for.

N is the number of points of all branches, R of rows (see `rows`).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cracknet.measurement.widths.rows import AVERAGES_PX, REACH, Floats, Rows, average_rows

NEIGHBOURS = 7
"""An outlier is told from this many points on either side."""

OUTLIER_DEVIATIONS = 4.0
"""A width further from its neighbours' median than this many robust deviations is an outlier."""

RISK_PX = 20.0
"""Sigma over which the risk of a smoothing is averaged: how locally it is chosen."""


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
    rows: Rows, values: Floats, variance: Floats, average_px: Floats, usable: npt.NDArray[np.bool_]
) -> Floats:
    """Smooth noisy widths along their branches, as strongly as lowers the error.

    Of the Gaussian windows in `AVERAGES_PX` and none at all, each point takes the one of least
    estimated risk (Stein 1981; Mallows' Cp): the mean square of what the window takes away, plus
    twice the covariance of the noise with its smoothed self, the noise being of the given variance
    and correlated as the average before the fit left it. True changes of width so stay, and noise
    goes.

    Parameters
    ----------
    rows : Rows
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
    weight = rows.spread(np.where(usable, 1 / np.maximum(variance, 1e-6), 0)).astype(np.float32)
    series = rows.spread(np.where(usable, values, 0)).astype(np.float32)[:, None]
    weights = weight[:, None]
    counted = (weights > 0).astype(np.float32)
    least = np.zeros(len(values))  # of no smoothing: the risk relative to it
    best = values.copy()
    for sigma in AVERAGES_PX[2:]:
        smooth, _ = average_rows(series, weights, sigma)
        taken = (smooth - series) ** 2
        loss, _ = average_rows(taken, counted, RISK_PX)
        loss = loss[rows.row, 0].astype(np.float64)
        reach = math.ceil(REACH * sigma)
        lags = np.arange(-reach, reach + 1)
        kernel = np.exp(-0.5 * (lags / sigma) ** 2)
        kernel /= kernel.sum()
        kept = np.exp(-(lags**2) / (4 * np.maximum(average_px, 0.5)[:, None] ** 2)) @ kernel
        risk = loss - 2 * variance * (1 - kept)
        better = usable & (risk < least)
        least[better] = risk[better]
        best[better] = smooth[rows.row[better], 0]
    return best


def _median(values: Floats) -> Floats:
    """Median of the finite values of each row; infinite where there is none."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    take = np.maximum(count - 1, 0)
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, take // 2] + ordered[rows, (take + 1) // 2]) / 2)
