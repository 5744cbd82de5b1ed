"""From light leaving the surface to gray values: uneven light, lens blur, noise, JPEG.

Gray values are proportional to the light (no tone curve), so half the depth of a wide crack's
profile lies exactly on its edge.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError
from cracknet.synthesis.noise import Field, as_field


def uneven_light(
    height: int, width: int, gradient: float, direction_rad: float, vignette: float
) -> Field:
    """Illumination with mean near 1.

    Parameters
    ----------
    height, width : int
        Size in pixels.
    gradient : float
        Difference between the brightest and the darkest side, as a share of the mean.
    direction_rad : float
        Direction in which it gets brighter, from the x axis towards the y axis.
    vignette : float
        Share of the light lost in the corners.

    Returns
    -------
    array, shape (height, width), float32
    """
    x = np.linspace(-1, 1, width, dtype=np.float32) if width > 1 else np.zeros(1, np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32) if height > 1 else np.zeros(1, np.float32)
    along = math.cos(direction_rad), math.sin(direction_rad)
    half = gradient / 2 / (abs(along[0]) + abs(along[1]))
    row = 1.0 + np.float32(half * along[0]) * x - np.float32(vignette / 2) * x * x
    column = np.float32(half * along[1]) * y - np.float32(vignette / 2) * y * y
    return row[None, :] + column[:, None]


def point_spread(light: Field, sigma_px: float) -> Field:
    """Blur by a Gaussian point-spread function; the sum stays, borders are mirrored."""
    if sigma_px <= 0:
        return light
    reach = 2 * math.ceil(4 * sigma_px) + 1
    return as_field(
        cv2.GaussianBlur(light, (reach, reach), sigma_px, borderType=cv2.BORDER_REFLECT)
    )


def expose(
    light: Field,
    *,
    noise_percent: float,
    shot_noise_percent: float,
    noise_grain_px: float,
    jpeg_quality: int | None,
    rng: np.random.Generator,
) -> Gray:
    """Gray values of a sensor.

    Parameters
    ----------
    light : array, shape (H, W), float32
        1 is full scale.
    noise_percent : float
        Standard deviation of the noise that does not depend on the light, % of full scale.
    shot_noise_percent : float
        Standard deviation of the shot noise at full scale, %; it grows with the root of the light.
    noise_grain_px : float
        Sigma of the blur of the noise, as demosaicking and noise filters leave it; 0 for none.
        The standard deviation is kept.
    jpeg_quality : int or None
        Quality of a JPEG round trip, 1 to 100.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    array, shape (H, W), uint8
    """
    level = np.clip(light, 0.0, 1.0)
    if noise_percent > 0 or shot_noise_percent > 0:
        noise = rng.standard_normal(level.shape, dtype=np.float32)
        if noise_grain_px > 0:
            noise = point_spread(noise, noise_grain_px)
            noise *= 2 * math.sqrt(math.pi) * max(noise_grain_px, 0.35)
        deviation = level * np.float32((shot_noise_percent / 100) ** 2)
        deviation += np.float32((noise_percent / 100) ** 2)
        noise *= np.sqrt(deviation, out=deviation)
        level += noise
        np.clip(level, 0.0, 1.0, out=level)
    level *= 255
    gray = np.rint(level, out=level).astype(np.uint8)
    return gray if jpeg_quality is None else jpeg_round_trip(gray, jpeg_quality)


def jpeg_round_trip(gray: Gray, quality: int) -> Gray:
    """Encode as JPEG at a quality of 1 to 100, and decode again."""
    done, code = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        message = f"a JPEG holds at most 65535 pixels a side; got {gray.shape}"
        raise ArgumentError(message)
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
