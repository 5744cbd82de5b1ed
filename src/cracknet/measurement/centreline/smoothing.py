"""Curves smoothed: the pixels' steps go, the crack's own bends stay.

Each coordinate z of evenly spaced points y becomes the minimum of

    sum_i w_i (z_i - y_i)^2 + sum_i lambda_i (z_{i-1} - 2 z_i + z_{i+1})^2,

a smoothing spline on the points (Whittaker 1923; Eilers 2003). A wave of length L passes with
the factor ``1 / (1 + lambda (2 pi / L)^4)``, so ``lambda = (L_c / 2 pi)^4`` halves waves of the
length L_c, passes those twice as long to 94 % and those half as long to 6 %. End points have a
weight that holds them. All curves are solved in one banded system.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded
from scipy.ndimage import maximum_filter1d

from cracknet.measurement.centreline.curves import Curves, Values

HELD = 1e9
STEP_PX = 0.4
"""How far pixels' steps move the middle of a straight crack aside, at most (half a pixel where both
borders step at once, less by the sections' own mean)."""
CALM = 5.0
"""How much longer waves are smoothed where nothing but steps is seen."""


def smoothed(curves: Curves, wave_px: Values, weights: Values, *, hold: bool = True) -> Curves:
    """Smooth curves whose points lie a pixel apart.

    Parameters
    ----------
    curves : Curves
    wave_px : (P,) float64
        Length of wave that is halved, at each point.
    weights : (P,) float64
        Trust in each point; a small one lets the curve run through freely.
    hold : bool
        Whether first and last points stay where they are.
    """
    count = len(curves.points)
    if count == 0:
        return curves
    weights = weights.copy()
    if hold:
        weights[curves.first] = weights[curves.last] = HELD
    # No bend is counted across the border of two curves.
    bend = (wave_px / (2 * np.pi)) ** 4
    bend[curves.first] = bend[curves.last] = 0
    inner = bend[1:-1]
    band = np.zeros((3, count))  # lower form: band[k, i] = A[i + k, i]
    band[0] = weights + 1e-12
    band[0, :-2] += inner
    band[0, 1:-1] += 4 * inner
    band[0, 2:] += inner
    band[1, :-2] -= 2 * inner
    band[1, 1:-1] -= 2 * inner
    band[2, :-2] += inner
    # Solved for the change, so that the large weights lose no digits.
    right = -_bent(curves.points, inner)
    change = solveh_banded(band, right, lower=True, check_finite=False)
    if hold:
        change[curves.first] = change[curves.last] = 0
    return Curves(curves.points + change, curves.starts)


def straightest(curves: Curves, wave_px: Values) -> Curves:
    """Smooth curves as far as the pixels' steps explain what is smoothed away.

    A slanted crack's steps are as long as its slope is gentle, so no one length of wave tells
    them from bends. Where smoothing of waves `CALM` times as long moves no point nearby by more
    than `STEP_PX`, it stands; where it does, the crack itself bends, and `wave_px` holds; between
    1 and 1.3 times `STEP_PX` the two blend. Ends are free.

    Parameters
    ----------
    curves : Curves
    wave_px : (P,) float64
    """
    ones = np.ones(len(curves.points))
    if not len(ones):
        return curves
    calm = smoothed(curves, CALM * wave_px, ones, hold=False)
    off = np.hypot(*(calm.points - curves.points).T)
    worst = np.concatenate(
        [
            maximum_filter1d(part, max(int(np.ceil(CALM * wave.min())), 1), mode="nearest")
            for part, wave in zip(curves.split(off), curves.split(wave_px), strict=True)
        ]
    )
    share = np.clip((worst - STEP_PX) / (0.3 * STEP_PX), 0, 1)
    return smoothed(curves, wave_px * (CALM * (1 - share) + share), ones, hold=False)


def _bent(points: Values, inner: Values) -> Values:
    """Gradient of the second sum at the points, (P, 2)."""
    out = np.zeros_like(points)
    if len(points) > 2:
        second = (points[:-2] - 2 * points[1:-1] + points[2:]) * inner[:, None]
        out[:-2] += second
        out[1:-1] -= 2 * second
        out[2:] += second
    return out
