"""The bare concrete: how much light each point of it gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cracknet.synthesis.noise import (
    Field,
    blur,
    fractal_noise,
    relief,
    smooth_noise,
    white_noise,
)


@dataclass(frozen=True)
class SurfaceKind:
    """Weights of what a surface is made of, as shares of its contrast.

    `clouds` are wide blotches, `mottle` medium ones, `grain` the sand, `slope` the shading of an
    uneven surface, `streaks` traces of boards or trowel, `pits` dark and `flecks` bright specks.
    `contrast_max` is the largest contrast that looks real, `grain_px` the size of the sand.
    """

    clouds: float
    mottle: float
    grain: float
    slope: float
    streaks: float
    pits: float
    flecks: float
    contrast_max: float
    grain_px: float = 1.0


SURFACES: dict[str, SurfaceKind] = {
    "smooth": SurfaceKind(1.0, 0.45, 0.8, 0.25, 0.15, 0.5, 0.3, 0.1),
    "formwork": SurfaceKind(1.0, 0.5, 0.7, 0.3, 0.5, 0.8, 0.4, 0.11),
    "weathered": SurfaceKind(1.4, 0.9, 0.7, 0.5, 0.15, 0.8, 1.2, 0.2, 1.5),
    "rough": SurfaceKind(0.8, 0.5, 0.7, 1.3, 0.0, 1.2, 0.8, 0.2, 1.2),
    "trowelled": SurfaceKind(1.2, 0.5, 0.5, 0.6, 0.4, 0.8, 0.9, 0.12),
    "coarse": SurfaceKind(0.8, 0.4, 1.0, 1.5, 0.0, 1.4, 1.2, 0.22, 2.0),
}
"""Kinds of surface by name."""


def concrete(
    height: int,
    width: int,
    kind: str,
    brightness: float,
    contrast: float,
    rng: np.random.Generator,
    light_rad: float = 0.8,
) -> Field:
    """Reflectance of a concrete surface without cracks.

    Parameters
    ----------
    height, width : int
        Size in pixels.
    kind : str
        A key of `SURFACES`.
    brightness : float
        Median reflectance, in (0, 1).
    contrast : float
        Deviation of the logarithm of the reflectance, about; photographs have 0.05 to 0.25.
    rng : numpy.random.Generator
        Source of chance.
    light_rad : float
        Direction of the light, from the x axis towards the y axis.

    Returns
    -------
    array, shape (height, width), float32
        Above 0; values over 1 are possible and saturate in the photograph.
    """
    made_of = SURFACES[kind]
    extent = max(height, width)
    # Wide blotches hardly pass a tenth, however rough the surface is: contrast is in the grain.
    clouds = fractal_noise(height, width, min(extent / 1.5, 900.0), 32.0, rng, gain=0.7)
    clouds *= min(contrast, 0.07)
    mottle = fractal_noise(height, width, 24.0, 3.0, rng, gain=1.05)
    # No real surface is equally rough everywhere.
    patch = 1.0 + 0.3 * np.clip(smooth_noise(height, width, min(extent / 4, 160.0), rng), -2, 2)
    grain = blur(white_noise(height, width, rng), 0.35 * made_of.grain_px)
    grain *= 1.0 / max(float(grain.std()), 1e-6)
    heights = smooth_noise(height, width, 1.6 * made_of.grain_px, rng)
    heights += 1.8 * smooth_noise(height, width, 4.5 * made_of.grain_px, rng)
    slope = relief(heights, light_rad)
    slope *= 1.3
    total = made_of.mottle * mottle
    total += made_of.grain * grain
    total += made_of.slope * slope
    total *= patch
    if made_of.streaks:
        total += made_of.streaks * _streaks(height, width, rng)
    total -= made_of.pits * _specks(height, width, rng, made_of.grain_px * rng.uniform(1.6, 3.2))
    total += made_of.flecks * _specks(height, width, rng, made_of.grain_px * rng.uniform(1.5, 2.5))
    size = math.sqrt(made_of.mottle**2 + made_of.grain**2 + made_of.slope**2 + made_of.streaks**2)
    total *= contrast / size
    total += made_of.clouds * clouds
    np.clip(total, -1.6, 0.7, out=total)
    np.exp(total, out=total)
    total *= brightness
    return total


def _streaks(height: int, width: int, rng: np.random.Generator) -> Field:
    """Traces along one direction: boards upright mostly."""
    upright = rng.random() < 0.7
    long_px, short_px = rng.uniform(60, 300), rng.uniform(1.5, 4.0)
    wide = (long_px, 5 * short_px) if upright else (5 * short_px, long_px)
    fine = (long_px, short_px) if upright else (short_px, long_px)
    field = smooth_noise(height, width, fine, rng)
    field += smooth_noise(height, width, wide, rng)
    field *= 0.7
    return field


def _specks(height: int, width: int, rng: np.random.Generator, scale_px: float) -> Field:
    """Sparse small spots: only the peaks of a noise field."""
    field = smooth_noise(height, width, scale_px, rng)
    field -= rng.uniform(1.5, 2.4)
    np.maximum(field, 0.0, out=field)
    field *= 4.0
    return np.minimum(field, 4.0, out=field)
