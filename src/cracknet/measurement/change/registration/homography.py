"""Homographies: mapping, local stretch, and a least-squares fit that knows its uncertainty.

Convention: a matrix maps (x, y, 1) px of BEFORE to AFTER; N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import Points

Matrix = npt.NDArray[np.float64]
"""Shape (3, 3)."""

STEPS = 12
"""Gauss-Newton steps with new weights; it settles in five or so."""

TUKEY = 4.685
"""Residuals beyond this many robust deviations do not count (Tukey's biweight, 95 % efficient)."""

CELLS = 6
"""Residuals within one of CELLS x CELLS parts of the picture are taken to go together."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted homography.

    Attributes
    ----------
    matrix : (3, 3) float64
    deviations : (8, 3, 3) float64
        Homographies one standard deviation away along each principal direction of the fit's
        covariance: whatever is computed from `matrix` has the variance
        ``sum((f(deviations[k]) - f(matrix)) ** 2)`` to first order.
    residuals_px : (N,) float64
        Distance of each pair from the fit.
    deviation_px : float
        Robust standard deviation of the residuals, per axis.
    """

    matrix: Matrix
    deviations: npt.NDArray[np.float64]
    residuals_px: npt.NDArray[np.float64]
    deviation_px: float


def map_points(matrix: Matrix, points: Points) -> Points:
    """Map (N, 2) positions; those at or behind the horizon become infinite or turned over."""
    raw = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(raw[:, :2] / raw[:, 2:], np.float64)


def inverse(matrix: Matrix) -> Matrix:
    """Return the homography from AFTER to BEFORE."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def depths(matrix: Matrix, points: Points) -> npt.NDArray[np.float64]:
    """Third homogeneous coordinate of the mapped points, (N,): above 0 before the horizon."""
    return np.asarray(np.column_stack([points, np.ones(len(points))]) @ matrix[2], np.float64)


def jacobians(matrix: Matrix, points: Points) -> npt.NDArray[np.float64]:
    """Return the derivative of the mapped position by the position, (N, 2, 2)."""
    mapped, depth = map_points(matrix, points), depths(matrix, points)
    top = matrix[None, :2, :2] - mapped[:, :, None] * matrix[None, 2:, :2]
    return np.asarray(top / depth[:, None, None], np.float64)


def width_factors(matrix: Matrix, points: Points, along: Points) -> npt.NDArray[np.float64]:
    """Factor by which the width of a strip grows when it is mapped, (N,).

    A strip along the unit vector t becomes wider by ``|det J| / |J t|``: its area grows by the
    determinant of the Jacobian J, its length by the stretch of t.

    Parameters
    ----------
    points, along : (N, 2) float64
        Positions, and unit vectors along the strip.
    """
    local = jacobians(matrix, points)
    stretched = np.einsum("nij,nj->ni", local, along)
    return np.asarray(
        np.abs(np.linalg.det(local)) / np.hypot(stretched[:, 0], stretched[:, 1]), np.float64
    )


def fit_homography(before: Points, after: Points) -> Fit:
    """Fit a homography to pairs by iteratively reweighted least squares of the distance in AFTER.

    The start is the direct linear transform in normalised coordinates (Hartley and Zisserman 2004,
    algorithm 4.2); Gauss-Newton steps with Tukey's weights follow. The covariance is the
    sandwich estimator with residuals summed by parts of the picture (Liang and Zeger 1986), since
    what a homography cannot follow, such as a lens' distortion, bends those of a part alike.

    Parameters
    ----------
    before, after : (N, 2) float64, N >= 8
        Positions that belong together, px.

    Raises
    ------
    numpy.linalg.LinAlgError
        When the pairs do not determine a homography.
    """
    to_before, to_after = _normaliser(before), _normaliser(after)
    source, target = map_points(to_before, before), map_points(to_after, after)
    values = _linear(source, target)
    weights = np.ones(len(source))
    for _ in range(STEPS):
        errors, slopes = _residuals(values, source, target)
        weights = _tukey(np.hypot(errors[:, 0], errors[:, 1]))
        normal = np.einsum("n,nik,nil->kl", weights, slopes, slopes)
        change = np.linalg.solve(normal, np.einsum("n,nik,ni->k", weights, slopes, errors))
        values = values - change
    errors, slopes = _residuals(values, source, target)
    covariance = _sandwich(errors, slopes, weights, target)
    size, axes = np.linalg.eigh(covariance)
    moved = values + (axes * np.sqrt(np.maximum(size, 0))).T
    back = inverse(to_after)
    matrix, *others = (back @ _square(v) @ to_before for v in (values, *moved))
    residuals = np.hypot(*(map_points(matrix, before) - after).T)
    return Fit(
        matrix / matrix[2, 2],
        np.array([other / other[2, 2] for other in others]),
        np.asarray(residuals, np.float64),
        robust_deviation(residuals),
    )


def robust_deviation(distances: npt.NDArray[np.float64]) -> float:
    """Return the standard deviation per axis from distances in the plane: their median over 1.1774.

    1.1774 is the median of a Rayleigh distribution of unit sigma, the root of 2 ln 2.
    """
    return float(np.median(distances)) / 1.1774


def _square(values: npt.NDArray[np.float64]) -> Matrix:
    return np.append(values, 1.0).reshape(3, 3)


def _normaliser(points: Points) -> Matrix:
    """Shift and scale that bring points to mean 0 and a mean distance of sqrt(2)."""
    middle = points.mean(axis=0)
    size = float(np.hypot(*(points - middle).T).mean()) or 1.0
    factor = np.sqrt(2) / size
    return np.array(
        [[factor, 0, -factor * middle[0]], [0, factor, -factor * middle[1]], [0, 0, 1.0]]
    )


def _linear(source: Points, target: Points) -> npt.NDArray[np.float64]:
    x, y = source.T
    u, v = target.T
    one, zero = np.ones(len(x)), np.zeros(len(x))
    rows = np.vstack(
        [
            np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u]),
            np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v]),
        ]
    )
    last = np.linalg.svd(rows, full_matrices=False)[2][-1]
    if abs(last[8]) < 1e-9 * np.abs(last).max():
        msg = "the pairs put the picture's middle on the horizon"
        raise np.linalg.LinAlgError(msg)
    return np.asarray(last[:8] / last[8], np.float64)


def _residuals(
    values: npt.NDArray[np.float64], source: Points, target: Points
) -> tuple[Points, npt.NDArray[np.float64]]:
    """Return mapped minus target, (N, 2), and its derivative by the eight values, (N, 2, 8)."""
    matrix = _square(values)
    mapped, depth = map_points(matrix, source), depths(matrix, source)
    slopes = np.zeros((len(source), 2, 8))
    homogeneous = np.column_stack([source, np.ones(len(source))]) / depth[:, None]
    slopes[:, 0, :3] = homogeneous
    slopes[:, 1, 3:6] = homogeneous
    slopes[:, :, 6:] = -mapped[:, :, None] * homogeneous[:, None, :2]
    return mapped - target, slopes


def _tukey(distances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    limit = TUKEY * max(robust_deviation(distances), 1e-9)
    inside = np.maximum(1 - (distances / limit) ** 2, 0)
    return np.asarray(inside**2, np.float64)


def _sandwich(
    errors: Points,
    slopes: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    target: Points,
) -> npt.NDArray[np.float64]:
    """Covariance of the eight values, (8, 8)."""
    bread = np.linalg.inv(np.einsum("n,nik,nil->kl", weights, slopes, slopes))
    low, high = target.min(axis=0), target.max(axis=0)
    cell = np.minimum((target - low) / np.maximum(high - low, 1e-9) * CELLS, CELLS - 1).astype(int)
    number = cell[:, 0] * CELLS + cell[:, 1]
    pulls = np.zeros((CELLS * CELLS, 8))
    np.add.at(pulls, number, np.einsum("n,nik,ni->nk", weights, slopes, errors))
    used = len(np.unique(number))
    clustered = bread @ (pulls.T @ pulls) @ bread * used / max(used - 1, 1)
    # Few parts make the sandwich too small by chance; the independent estimate is its floor.
    spread = float((weights * (errors**2).sum(axis=1)).sum() / max(2 * weights.sum() - 8, 1))
    independent = bread * spread
    if np.trace(clustered) >= np.trace(independent):
        return np.asarray(clustered, np.float64)
    return np.asarray(independent, np.float64)
