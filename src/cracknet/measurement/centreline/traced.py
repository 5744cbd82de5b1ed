"""What tracing gives: cracks as branches, without widths measured across them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import Points, Polygon


@dataclass(frozen=True, eq=False)
class TracedBranch:
    """A piece of centreline between two ends or junctions.

    Parameters
    ----------
    points_px : (N, 2) float64, N >= 2
        Smoothed centreline, evenly spaced, about a pixel apart; of a closed branch the first
        comes again last.
    nodes : (int, int)
        Numbers, within the crack, of the nodes at the first and last point. Branches that share
        a number meet there, in exactly the same point; a loop has the same node twice.
    half_widths_px : (N,) float64
        Distance from each point to the mask's border, from pixel to pixel: up to half a pixel
        below half the width where the centreline runs between two rows.
    """

    points_px: Points
    nodes: tuple[int, int]
    half_widths_px: npt.NDArray[np.float64]

    @property
    def length_px(self) -> float:
        """Length of the smoothed centreline."""
        return float(np.hypot(*np.diff(self.points_px, axis=0).T).sum())


@dataclass(frozen=True, eq=False)
class TracedCrack:
    """One connected crack, or several regions that were bridged.

    Parameters
    ----------
    branches : tuple of TracedBranch
    area_px2 : float
        Pixels of its mask.
    polygons_px : tuple of Polygon
        Outlines along the pixels' borders, see `outlines`.
    """

    branches: tuple[TracedBranch, ...]
    area_px2: float
    polygons_px: tuple[Polygon, ...]

    @property
    def length_px(self) -> float:
        """Sum of the lengths of its branches."""
        return float(sum(branch.length_px for branch in self.branches))


@dataclass(frozen=True, eq=False)
class Traced:
    """All cracks of a mask, the longest first.

    Parameters
    ----------
    cracks : tuple of TracedCrack
        Of equal length, the one that begins further up, then further left, comes first.
    specks : int
        Regions too small to be cracks.
    specks_area_px2 : float
        Their pixels.
    """

    cracks: tuple[TracedCrack, ...]
    specks: int
    specks_area_px2: float
