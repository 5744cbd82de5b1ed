"""A photograph of concrete with its truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.errors import ArgumentError
from cracknet.synthesis.camera import expose, point_spread, uneven_light
from cracknet.synthesis.coverage import crack_layers, crack_mask
from cracknet.synthesis.distractors import paint
from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.generators import (
    arc_path,
    branched_crack,
    map_crack,
    natural_path,
    straight_path,
)
from cracknet.synthesis.noise import Field, as_field, blur, relief, smooth_noise
from cracknet.synthesis.options import SceneOptions, least_depth
from cracknet.synthesis.paths import Crack, CrackPath
from cracknet.synthesis.surface import concrete


@dataclass(frozen=True, eq=False)
class Rendered:
    """A rendered photograph and what is true of it.

    `gray` is (H, W) uint8; `mask` (H, W) bool by the rule of `crack_mask`; `coverage` (H, W)
    float32 the exact share of each pixel inside a crack, before any blur; `cracks` the geometry in
    pixels, parts outside the photograph included.
    """

    gray: Gray
    mask: Mask
    coverage: npt.NDArray[np.float32]
    cracks: tuple[Crack, ...]
    mm_per_px: float | None
    options: SceneOptions


def render(
    options: SceneOptions,
    seed: int | np.random.Generator = 0,
    *,
    cracks: Sequence[Crack | CrackPath] | None = None,
    surface: Field | None = None,
) -> Rendered:
    """Render a photograph of concrete whose cracks are known exactly.

    The light that reaches the camera is ``reflectance * (1 - depth * coverage) * illumination``,
    path by path; it is blurred by the point-spread function, then noise and JPEG are added. Gray
    is proportional to light. Distractors change reflectance or illumination, never the truth.

    Parameters
    ----------
    options : SceneOptions
        What to render.
    seed : int or numpy.random.Generator
        Source of chance; equal seeds give equal photographs. Surface, cracks, distractors and
        noise draw from separate streams.
    cracks : sequence of Crack or CrackPath, optional
        Render exactly these, instead of random ones.
    surface : (height, width) float32, optional
        Reflectance of a surface without cracks, as `cracknet.synthesis.cut_surface` cuts from a
        photograph, instead of rendered concrete; `contrast` should be that of its grain.

    Returns
    -------
    Rendered

    Raises
    ------
    ArgumentError
        When the surface is not of the scene's size.

    Examples
    --------
    >>> path = straight_path((-5, 20), (70, 24), 3.0)
    >>> photo = render(SceneOptions(height=48, width=64), seed=1, cracks=[path])
    >>> photo.gray.shape, photo.gray.dtype.name, bool(photo.mask[21, 30]), len(photo.cracks)
    ((48, 64), 'uint8', True, 1)
    """
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    of_cracks, of_surface, of_distractors, of_camera = rng.spawn(4)
    height, width = int(options.height), int(options.width)
    if cracks is None:
        known = random_cracks(options, of_cracks)
    else:
        known = tuple(Crack((item,)) if isinstance(item, CrackPath) else item for item in cracks)
    coverage, left = crack_layers(known, height, width)
    light_rad = float(of_surface.uniform(0, 2 * math.pi))
    if surface is None:
        surface = concrete(
            height, width, options.surface, options.brightness, options.contrast, of_surface,
            light_rad,
        )  # fmt: skip
    elif surface.shape != (height, width):
        message = f"the surface must be {height}x{width} as the scene is; got {surface.shape}"
        raise ArgumentError(message)
    else:
        surface = surface.copy()  # it is painted on
    light = uneven_light(height, width, options.light_gradient, light_rad, options.vignette)
    canvas = Canvas(surface, light, _surroundings(coverage), light_rad)
    paint(canvas, options.amounts, of_distractors)
    light *= surface
    if known:
        light *= _crack_light(left, coverage, options, light_rad, of_surface)
    gray = expose(
        point_spread(light, options.psf_sigma_px),
        noise_percent=options.noise_percent,
        shot_noise_percent=options.shot_noise_percent,
        noise_grain_px=options.noise_grain_px,
        jpeg_quality=options.jpeg_quality,
        rng=of_camera,
    )
    return Rendered(gray, crack_mask(known, coverage), coverage, known, options.mm_per_px, options)


def random_cracks(options: SceneOptions, rng: np.random.Generator) -> tuple[Crack, ...]:
    """Cracks of random kind, place and width within the options.

    Parameters
    ----------
    options : SceneOptions
        Only size, `cracks`, `kinds`, `width_px`, `depth` and `contrast` count.
    rng : numpy.random.Generator
        Source of chance.
    """
    count = int(rng.integers(options.cracks[0], options.cracks[1] + 1))
    return tuple(_random_crack(options, stream) for stream in rng.spawn(count))


def _random_crack(options: SceneOptions, rng: np.random.Generator) -> Crack:
    kind = str(rng.choice(list(options.kinds)))
    low, high = options.width_px
    width = float(np.exp(rng.uniform(math.log(low), math.log(high))))
    faintest, deepest = options.depth
    faintest = min(deepest, max(faintest, least_depth(options.contrast, width)))
    # Light does not reach the ground of a wide crack.
    depth = float(deepest - (deepest - faintest) * rng.random() ** (1 + min(width / 3, 4)))
    extent = float(max(options.height, options.width))
    start, end = _ends(options.height, options.width, rng)
    if kind == "straight":
        return Crack((straight_path(start, end, width, depth),))
    if kind == "arc":
        radius = max(extent * rng.uniform(0.2, 0.7), 2 * width)
        centre = (rng.uniform(0, options.width - 1), rng.uniform(0, options.height - 1))
        turns = rng.uniform(0, 360), rng.uniform(60, 200)
        return Crack((arc_path(centre, radius, *turns, width, depth),))
    if kind == "map":
        cell = max(min(rng.uniform(25, 140), extent / 3), 8.0)
        spot = rng.uniform(0.2, 0.8, 2) * [options.width, options.height]
        return map_crack(
            options.height, options.width, cell, min(width, max(2.5, low)), rng, depth=depth,
            centre_px=(float(spot[0]), float(spot[1])),
            radius_px=max(1.2 * cell, min(extent, 1200.0) * rng.uniform(0.25, 0.8)),
        )  # fmt: skip
    roughness = float(rng.uniform(0.06, 0.15))
    inside = [0 <= x < options.width and 0 <= y < options.height for x, y in (start, end)]
    main = natural_path(
        start, end, width, rng, depth=depth, roughness=roughness,
        width_variation=float(rng.uniform(0.1, 0.4)),
        width_limits_px=options.width_px, taper=(inside[0], inside[1]),
    )  # fmt: skip
    sides = int(rng.integers(1, 4)) if kind == "branched" else 0
    return branched_crack(main, sides, rng, roughness=roughness)


def _ends(
    height: int, width: int, rng: np.random.Generator
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Choose the ends of a crack: across the photograph mostly, else one end or both inside."""
    centre = np.array([rng.uniform(0.15, 0.85) * width, rng.uniform(0.15, 0.85) * height])
    angle = rng.uniform(0, math.pi)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = float(math.hypot(height, width))
    reach = across * np.where(rng.random(2) < 0.65, 1.05, rng.uniform(0.1, 0.35, 2))
    if max(height, width) < 4:
        reach[:] = across + 4
    start, end = centre - reach[0] * along, centre + reach[1] * along
    return (float(start[0]), float(start[1])), (float(end[0]), float(end[1]))


def _surroundings(coverage: npt.NDArray[np.float32]) -> Mask:
    """Mark the cracks and a few pixels around them."""
    kernel = np.ones((9, 9), dtype=np.uint8)
    return np.asarray(cv2.dilate((coverage > 0).astype(np.uint8), kernel), dtype=bool)


def _crack_light(
    left: Field,
    coverage: npt.NDArray[np.float32],
    options: SceneOptions,
    light_rad: float,
    rng: np.random.Generator,
) -> Field:
    """Light left by the cracks; unevenly filled and with lit edges if the options ask for it."""
    height, width = left.shape
    if options.fill_variation > 0:
        fill = smooth_noise(height, width, 14.0, rng) + smooth_noise(height, width, 3.0, rng)
        share = np.clip(1 - options.fill_variation * (0.35 + 0.35 * fill), 0.1, 1.15)
        left = as_field(np.clip(1 - (1 - left) * share, 0.02, 1))
    if options.lit_edge > 0:
        rim = relief(blur(coverage, 1.3), light_rad) * (1 - coverage)
        rim *= np.clip(1 + 0.7 * smooth_noise(height, width, 10.0, rng), 0, 2.5)
        left = as_field(left * (1 + options.lit_edge * rim))
    return left
