"""Statistics along a centreline: every point counts by the length that it stands for."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError

Values = npt.NDArray[np.float64]


def weighted_mean(values: Values, weights: Values) -> float:
    """Mean of (N,) values, each counted by its weight.

    Raises
    ------
    ArgumentError
        When shapes differ, or no weight is positive.
    """
    _check(values, weights)
    return float(values @ weights / weights.sum())


def weighted_quantile(values: Values, weights: Values, share: float) -> float:
    """Smallest value below or at which at least `share` of the weight lies, interpolated.

    Each value stands in the middle of its own weight, and between two neighbours the quantile is
    linear (Hyndman and Fan 1996, definition 5, with weights): it neither depends on how densely a
    line is sampled nor jumps with one point more.

    Parameters
    ----------
    values, weights : (N,) float64
        Weights at least 0.
    share : float
        In [0, 1]; 0.5 is the median.

    Raises
    ------
    ArgumentError
        When shapes differ, or no weight is positive.

    Examples
    --------
    >>> weighted_quantile(np.array([1.0, 2.0, 3.0]), np.ones(3), 0.5)
    2.0
    """
    _check(values, weights)
    order = np.argsort(values, kind="stable")
    sizes = weights[order]
    middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    return float(np.interp(share, middles, values[order]))


def axial_mean(directions: npt.NDArray[np.float64], weights: Values) -> tuple[float, float]:
    """Mean orientation of undirected pieces, and how well they agree.

    Angles are doubled before they are averaged, so that 179 and 1 degree make 0 and not 90
    (Mardia and Jupp, Directional Statistics, section 1.3 and 9.1).

    Parameters
    ----------
    directions : (N, 2) float64
        Along the pieces, x to the right and y down; of any length but 0.
    weights : (N,) float64
        Length of each piece.

    Returns
    -------
    float
        Degrees in [0, 180), counter-clockwise from the x axis of the picture.
    float
        Resultant length in [0, 1]: 1 when all are parallel, 0 when no orientation prevails.

    Raises
    ------
    ArgumentError
        When shapes differ, or no weight is positive.

    Examples
    --------
    >>> turns = np.radians([179.0, 1.0])
    >>> mean, strength = axial_mean(np.column_stack([np.cos(turns), -np.sin(turns)]), np.ones(2))
    >>> round(min(mean, 180 - mean), 6), strength > 0.99
    (0.0, True)
    """
    if directions.ndim != 2 or directions.shape[1] != 2:
        msg = f"directions must have shape (N, 2); got {directions.shape}."
        raise ArgumentError(msg)
    doubled = 2 * np.arctan2(-directions[:, 1], directions[:, 0])
    _check(doubled, weights)
    total = weights.sum()
    east, north = float(np.cos(doubled) @ weights / total), float(np.sin(doubled) @ weights / total)
    degrees = math.degrees(math.atan2(north, east)) / 2 % 180
    # A tiny negative angle becomes 180 by rounding; that is 0.
    return (0.0 if degrees >= 180 else degrees), min(1.0, math.hypot(east, north))


def _check(values: Values, weights: Values) -> None:
    if values.shape != weights.shape or values.ndim != 1:
        msg = f"values and weights must have one shape (N,); got {values.shape}, {weights.shape}."
        raise ArgumentError(msg)
    if not (weights >= 0).all() or not weights.sum() > 0:
        msg = "weights must be at least 0 and not all 0."
        raise ArgumentError(msg)
