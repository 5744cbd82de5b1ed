"""How widths are found, and what comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError

LEAST_BLUR_PX, MOST_BLUR_PX = 0.3, 5.0
"""Blur of the camera that can be: below, the pixel alone blurs more; above, nothing is in focus."""


@dataclass(frozen=True)
class WidthOptions:
    """How widths are found.

    Parameters
    ----------
    blur_sigma_px : float, optional
        Sigma of the camera's blur, the pixel's own size not counted; estimated by default.
    gamma : float
        Gray values are light to the power of one over this: 1 where they are proportional to it,
        about 2.2 for a camera's sRGB picture. A picture of gamma 2.2 taken for one of 1 makes
        cracks 0.1 to 0.3 px too narrow, deep and blurred ones up to 0.7 px.
    aim_px : float
        Profiles are averaged along the branch until noise moves a gray width by less than this.
    contrast_to_noise : float
        The gray profile is used where, averaged, the crack's depth is this many times the noise.
    agreement : float
        The gray width is used where it is within this factor of the width of probability or mask,
        give or take 2 px.
    depth_spread : float
        How much the depth of one branch varies along it, as a share of it.

    Raises
    ------
    ArgumentError
        When a value is outside its range.
    """

    blur_sigma_px: float | None = None
    gamma: float = 1.0
    aim_px: float = 0.12
    contrast_to_noise: float = 4.0
    agreement: float = 1.6
    depth_spread: float = 0.05

    def __post_init__(self) -> None:
        blur = self.blur_sigma_px
        if blur is not None and not (math.isfinite(blur) and 0 <= blur <= MOST_BLUR_PX):
            msg = f"blur_sigma_px must be between 0 and {MOST_BLUR_PX:g} px; got {blur}."
            raise ArgumentError(msg)
        for name, low, high in (
            ("gamma", 0.2, 5.0),
            ("aim_px", 0.01, 5.0), ("contrast_to_noise", 0.5, 100.0), ("agreement", 1.05, 10.0),
            ("depth_spread", 0.001, 1.0),
        ):  # fmt: skip
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                msg = f"{name} must be between {low:g} and {high:g}; got {value}."
                raise ArgumentError(msg)


@dataclass(frozen=True, eq=False)
class WidthProfile:
    """Widths along one branch, or along all branches one after the other.

    Parameters
    ----------
    widths_px : (N,) float64
        Full width at right angles to the branch.
    methods : (N,) uint8
        Index into `cracknet.measurement.results.WIDTH_METHODS`.
    offsets_px : (N,) float64
        How far the middle of the crack lies from the point, along its normal.
    normals : (N, 2) float64
        Unit normals: the direction of the branch turned from the x axis towards the y axis.
    resolved : (N,) bool
        False where the photograph cannot resolve the crack: its width is then an upper bound.
    """

    widths_px: npt.NDArray[np.float64]
    methods: npt.NDArray[np.uint8]
    offsets_px: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64]
    resolved: npt.NDArray[np.bool_]

    def part(self, first: int, last: int) -> WidthProfile:
        """Points first to last - 1."""
        cut = slice(first, last)
        return WidthProfile(
            self.widths_px[cut], self.methods[cut], self.offsets_px[cut], self.normals[cut],
            self.resolved[cut],
        )  # fmt: skip
