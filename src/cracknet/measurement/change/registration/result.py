"""Two photographs of one place laid over each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.registration.homography import (
    Matrix,
    depths,
    inverse,
    map_points,
    width_factors,
)
from cracknet.measurement.results import Points


@dataclass(frozen=True, eq=False)
class Registration:
    """A homography from BEFORE to AFTER, with what is known of its quality.

    Attributes
    ----------
    matrix : (3, 3) float64
        Maps (x, y, 1) px of BEFORE to AFTER.
    deviations : (8, 3, 3) float64
        The same, one standard deviation away in each of eight independent directions.
    residual_px : float
        Robust standard deviation of the patches from the homography, per axis, px of AFTER.
    matches, patches, tried : int
        Features that agreed in the coarse step; patches found again at full resolution, and tried.
    overlap : float
        The common view as a share of the smaller of both views.
    factor : float
        Pixels of AFTER for one of BEFORE, the median over the common view.
    slant_deg : float
        Angle by whose cosine one direction is shortened against the other in the middle of the
        common view: 0 for views that differ by shift, turn and size only.
    before_shape, after_shape : (int, int)
        Heights and widths of the photographs, px.
    """

    matrix: Matrix
    deviations: npt.NDArray[np.float64]
    residual_px: float
    matches: int
    patches: int
    tried: int
    overlap: float
    factor: float
    slant_deg: float
    before_shape: tuple[int, int]
    after_shape: tuple[int, int]

    def to_after(self, points: Points) -> Points:
        """Map (N, 2) px of BEFORE to px of AFTER."""
        return map_points(self.matrix, points)

    def to_before(self, points: Points) -> Points:
        """Map (N, 2) px of AFTER to px of BEFORE."""
        return map_points(inverse(self.matrix), points)

    def position_sigma_px(self, points: Points) -> npt.NDArray[np.float64]:
        """Return the standard uncertainty of `to_after` per axis, (N,) px of AFTER.

        The fit's own, and the residual: what a homography cannot follow stays at every place.
        """
        there = self.to_after(points)
        square = sum(((map_points(m, points) - there) ** 2).sum(axis=1) for m in self.deviations)
        return np.asarray(np.sqrt(square / 2 + self.residual_px**2), np.float64)

    def width_factors(
        self, points: Points, along: Points
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Factor from widths in BEFORE to widths in AFTER, and its relative standard uncertainty.

        Parameters
        ----------
        points, along : (N, 2) float64
            Positions in BEFORE, px, and unit vectors along the crack.
        """
        factors = width_factors(self.matrix, points, along)
        others = [width_factors(m, points, along) for m in self.deviations]
        square = sum((np.log(other) - np.log(factors)) ** 2 for other in others)
        return factors, np.asarray(np.sqrt(square), np.float64)

    def common(self, points: Points, margin_px: float) -> npt.NDArray[np.bool_]:
        """Whether (N, 2) px of AFTER lie in both photographs, `margin_px` from their borders."""
        back = inverse(self.matrix)
        front = depths(back / back[2, 2], points) > 0
        inside = np.asarray(_inside(points, self.after_shape, margin_px) & front)
        inside[inside] = _inside(map_points(back, points[inside]), self.before_shape, margin_px)
        return inside


def slant_deg(jacobian: npt.NDArray[np.float64]) -> float:
    """Angle whose cosine is the ratio of the two principal factors of a Jacobian, (2, 2)."""
    most, least = np.linalg.svd(jacobian, compute_uv=False)
    return math.degrees(math.acos(min(1.0, float(least / most))))


def _inside(points: Points, shape: tuple[int, int], margin_px: float) -> npt.NDArray[np.bool_]:
    low, high = margin_px - 0.5, np.array([shape[1], shape[0]]) - 0.5 - margin_px
    return np.asarray(((points >= low) & (points <= high)).all(axis=1))
