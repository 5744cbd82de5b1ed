"""What distractors paint on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.synthesis.coverage import add_strip
from cracknet.synthesis.noise import Field, blur, fill, smooth_noise
from cracknet.synthesis.paths import CrackPath, Points


@dataclass(frozen=True)
class Canvas:
    """The scene while it is painted; distractors change the first two arrays in place.

    `reflectance` is the surface and `light` falls on it, both (H, W) float32; `near_crack`, (H, W)
    bool, is where nothing may cover the surface, since a crack is there; `light_rad` is where the
    light goes.
    """

    reflectance: Field
    light: Field
    near_crack: Mask
    light_rad: float

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.reflectance.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.reflectance.shape[1])

    def count(self, rate: float, rng: np.random.Generator, least: int = 1) -> int:
        """Random number of things, `rate` of them expected on 512 x 512 pixels."""
        return max(int(rng.poisson(rate * self.height * self.width / 512**2)), least)

    def spot(self, rng: np.random.Generator, margin_px: float = 0.0) -> tuple[float, float]:
        """Random x, y, up to `margin_px` outside."""
        return (
            rng.uniform(-margin_px, self.width - 1 + margin_px),
            rng.uniform(-margin_px, self.height - 1 + margin_px),
        )

    def free(self, centre_px: tuple[float, float], radius_px: float) -> bool:
        """Whether the square around a centre touches no crack."""
        x, y = centre_px
        rows = slice(max(int(y - radius_px), 0), max(int(y + radius_px) + 2, 0))
        columns = slice(max(int(x - radius_px), 0), max(int(x + radius_px) + 2, 0))
        return not self.near_crack[rows, columns].any()

    def free_spot(self, rng: np.random.Generator, radius_px: float) -> tuple[float, float] | None:
        """Random x, y whose surroundings hold no crack; None if twelve tries meet one."""
        for _ in range(12):
            spot = self.spot(rng, radius_px / 2)
            if self.free(spot, radius_px):
                return spot
        return None

    def layer(self, outlines: list[Points], values: list[int]) -> Field:
        """Fill outlines: a field in [0, 1]."""
        painted = np.zeros(self.reflectance.shape, dtype=np.uint8)
        fill(painted, outlines, values)
        return painted.astype(np.float32) * np.float32(1 / 255)

    def lines(self, strips: list[CrackPath]) -> Field:
        """Exact coverage by strips, each counted with its depth."""
        total = np.zeros(self.reflectance.shape, dtype=np.float32)
        for strip in strips:
            if strip.depth == 1:
                add_strip(total, strip)
                continue
            one = np.zeros_like(total)
            add_strip(one, strip)
            total += np.float32(strip.depth) * one
        return np.clip(total, 0.0, 1.0, out=total)

    def darken(self, alpha: Field) -> None:
        """Take a share of the reflectance away; a negative share brightens."""
        self.reflectance[:] *= np.subtract(1.0, alpha)

    def shade(self, alpha: Field) -> None:
        """Take a share of the light away."""
        self.light[:] *= np.subtract(1.0, alpha)

    def roughen(
        self, alpha: Field, rng: np.random.Generator, scale_px: float, amount: float = 0.35
    ) -> Field:
        """Fray the edges of a layer over about `scale_px`."""
        frayed = blur(alpha, scale_px / 2)
        edge = 4 * frayed * (1 - frayed)
        frayed += amount * edge * smooth_noise(self.height, self.width, scale_px, rng)
        frayed -= 0.5
        frayed *= 3.0
        frayed += 0.5
        return np.clip(frayed, 0.0, 1.0, out=frayed)

    def crossing_line(
        self, rng: np.random.Generator, angle_rad: float
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Draw a straight line through a random spot; its two ends lie outside the photograph."""
        through = np.array(self.spot(rng))
        reach = math.hypot(self.height, self.width) + 8
        along = reach * np.array([math.cos(angle_rad), math.sin(angle_rad)])
        return through - along, through + along

    def distance_along(self, angle_rad: float) -> Field:
        """Coordinate of every pixel along a direction, px."""
        x = np.arange(self.width, dtype=np.float32) * np.float32(math.cos(angle_rad))
        y = np.arange(self.height, dtype=np.float32) * np.float32(math.sin(angle_rad))
        return x[None, :] + y[:, None]
