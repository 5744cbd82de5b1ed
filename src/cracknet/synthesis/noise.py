"""Random fields that surfaces and soiling are made of. All are float32 of mean 0, deviation ~1."""

from __future__ import annotations

import math
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.synthesis.paths import Points

Field: TypeAlias = npt.NDArray[np.float32]
"""Shape (H, W)."""

FEW_KNOTS = 24
"""Up to here a matrix product is used, which is smoother than cv2.resize, beyond it slower."""

RESIZE_GAIN = 0.924
"""Deviation of unit white noise after cv2.resize with cubic interpolation along one axis."""


def white_noise(height: int, width: int, rng: np.random.Generator) -> Field:
    """Independent normal values."""
    return rng.standard_normal((height, width), dtype=np.float32)


def smooth_noise(
    height: int, width: int, scale_px: float | tuple[float, float], rng: np.random.Generator
) -> Field:
    """Noise that changes over `scale_px` pixels (rows, columns): random knots, cubic between.

    Examples
    --------
    >>> field = smooth_noise(64, 48, 6.0, np.random.default_rng(0))
    >>> field.shape, field.dtype.name
    ((64, 48), 'float32')
    """
    rows_px, columns_px = scale_px if isinstance(scale_px, tuple) else (scale_px, scale_px)
    knots = white_noise(_knots(width, columns_px), _knots(height, rows_px), rng)
    # One axis at a time: the columns are stretched on the transposed, still small array.
    wide, gain_x = _stretch(knots, width, columns_px, rng)
    field, gain_y = _stretch(np.ascontiguousarray(wide.T), height, rows_px, rng)
    field *= np.float32(1.0 / (gain_y * gain_x))
    return field


def fractal_noise(
    height: int,
    width: int,
    coarsest_px: float,
    finest_px: float,
    rng: np.random.Generator,
    gain: float = 1.0,
) -> Field:
    """Sum of smooth noise at scales halved from `coarsest_px` down to `finest_px`.

    `gain` is the amplitude of each scale against the one before. Gain 1 gives equal variance per
    octave, a power spectrum of f^-2; real concrete photographs measure f^-1.2 to f^-2.
    """
    total = np.zeros((height, width), dtype=np.float32)
    scale, amplitude, power = max(coarsest_px, finest_px), 1.0, 0.0
    while scale >= finest_px * 0.99:
        total += np.float32(amplitude) * smooth_noise(height, width, scale, rng)
        power += amplitude**2
        amplitude *= gain
        scale /= 2
    total *= np.float32(1.0 / math.sqrt(power))
    return total


def relief(heights: Field, light_rad: float) -> Field:
    """Shading of a height field lit at a grazing angle: its slope towards the light."""
    across = np.cos(light_rad) / 2
    down = np.sin(light_rad) / 2
    kernel = np.array([[0, -down, 0], [-across, 0, across], [0, down, 0]], dtype=np.float32)
    return as_field(cv2.filter2D(heights, -1, kernel, borderType=cv2.BORDER_REFLECT))


def blur(field: Field, sigma_px: float | tuple[float, float]) -> Field:
    """Gaussian blur (columns, rows) that keeps the sum; nothing for a sigma of 0.

    Wide blurs are done on a reduced copy, which the eye and the arithmetic hardly notice.
    """
    sigma_x, sigma_y = sigma_px if isinstance(sigma_px, tuple) else (sigma_px, sigma_px)
    if min(sigma_x, sigma_y) >= 6 and min(field.shape) >= 32:
        shrink = int(min(sigma_x, sigma_y) // 3)
        height, width = field.shape
        small = (max(width // shrink, 2), max(height // shrink, 2))
        reduced = cv2.resize(field, small, interpolation=cv2.INTER_AREA)
        reduced = cv2.GaussianBlur(
            reduced,
            (0, 0),
            sigma_x / shrink,
            sigmaY=sigma_y / shrink,
            borderType=cv2.BORDER_REFLECT,
        )
        return as_field(cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR))
    if max(sigma_x, sigma_y) <= 0:
        return field
    return as_field(
        cv2.GaussianBlur(
            field, (0, 0), max(sigma_x, 0.01), sigmaY=max(sigma_y, 0.01),
            borderType=cv2.BORDER_REFLECT,
        )
    )  # fmt: skip


def blob(
    rng: np.random.Generator,
    centre_px: tuple[float, float],
    radius_px: float,
    roughness: float = 0.25,
    stretch: float = 1.0,
) -> Points:
    """Irregular closed outline around a centre, shape (K, 2)."""
    count = int(np.clip(radius_px * 2, 10, 72))
    angle = np.linspace(0, 2 * math.pi, count, endpoint=False)
    radius = np.ones(count)
    for harmonic in range(2, 8):
        phase = rng.uniform(0, 2 * math.pi)
        radius += rng.normal(0, roughness / harmonic) * np.cos(harmonic * angle + phase)
    radius = radius_px * np.clip(radius, 0.3, 2.0)
    turn = rng.uniform(0, math.pi)
    x, y = radius * np.cos(angle) * stretch, radius * np.sin(angle) / stretch
    return np.column_stack(
        [
            centre_px[0] + x * math.cos(turn) - y * math.sin(turn),
            centre_px[1] + x * math.sin(turn) + y * math.cos(turn),
        ]
    )


def fill(layer: npt.NDArray[np.uint8], outlines: list[Points], values: list[int]) -> None:
    """Paint outlines on a layer, each with its value 0 to 255, edges smoothed."""
    for outline, value in zip(outlines, values, strict=True):
        corners = np.round(np.clip(outline, -3e4, 3e4) * 16).astype(np.int32)
        cv2.fillPoly(layer, [corners], (value,), lineType=cv2.LINE_AA, shift=4)


def as_field(array: object) -> Field:
    """Float32 of any array (OpenCV's stubs name no type)."""
    return np.asarray(array, dtype=np.float32)


def _knots(length: int, scale_px: float) -> int:
    return length if scale_px <= 1 else math.ceil(length / scale_px) + 4


def _stretch(
    knots: Field, length: int, scale_px: float, rng: np.random.Generator
) -> tuple[Field, float]:
    """Stretch axis 0 to `length`; also the deviation that white knots have afterwards."""
    phase = rng.random()
    if scale_px <= 1:
        return knots, 1.0
    if len(knots) > FEW_KNOTS:
        tall = max(round(len(knots) * scale_px), length)
        shape = (knots.shape[1], tall)
        stretched = as_field(cv2.resize(knots, shape, interpolation=cv2.INTER_CUBIC))
        first = int(phase * (tall - length))
        return stretched[first : first + length], RESIZE_GAIN
    position = np.arange(length) / scale_px + phase + 1
    cell = np.floor(position).astype(int)
    t = position - cell
    weights = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    ) / np.float64(6)
    matrix = np.zeros((length, len(knots)), dtype=np.float32)
    for tap in range(4):
        matrix[np.arange(length), cell - 1 + tap] = weights[tap]
    return as_field(matrix @ knots), math.sqrt(float((weights**2).sum(axis=0).mean()))
