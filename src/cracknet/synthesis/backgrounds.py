"""Surfaces taken from photographs without cracks, for rendered cracks to run across."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from cracknet.arrays import Gray
from cracknet.photo import read_photo
from cracknet.synthesis.noise import Field, as_field, blur
from cracknet.synthesis.options import SceneOptions

GRAIN_PX = 12.0
"""What is coarser than this many pixels is not grain that hides a crack."""


def draw_surface(
    photos: Sequence[Path], options: SceneOptions, rng: np.random.Generator
) -> tuple[Field, Path]:
    """Draw one of several photographs, and cut a surface of the scene's size from it.

    Returns
    -------
    surface : (height, width) float32
        As of `cracknet.synthesis.surface.concrete`.
    path : Path
        Which photograph it is of.

    Raises
    ------
    PhotoError
        When the photograph cannot be read.
    """
    path = photos[int(rng.integers(len(photos)))]
    gray = read_photo(path).gray
    return cut_surface(gray, options.height, options.width, options.brightness, rng), path


def cut_surface(
    gray: Gray, height: int, width: int, brightness: float, rng: np.random.Generator
) -> Field:
    """Cut a window at a random place, zoom and turn, as a reflectance of a given median.

    Gray is taken for proportional to light, as `cracknet.synthesis.render` does. The median is
    moved at most twofold: a photograph taken at night does not become a sheet of noise.

    Parameters
    ----------
    gray : (H, W) uint8
    height, width : int
        Size of the surface, px. A smaller photograph is enlarged.
    brightness : float
        Median reflectance aimed at.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    (height, width) float32
        Above 0.

    Examples
    --------
    >>> wall = np.full((40, 60), 100, np.uint8)
    >>> surface = cut_surface(wall, 32, 32, 0.6, np.random.default_rng(0))
    >>> surface.shape, round(float(np.median(surface)), 2)
    ((32, 32), 0.6)
    """
    if rng.random() < 0.5:
        gray = np.ascontiguousarray(gray.T)
    least = max(height / gray.shape[0], width / gray.shape[1])
    zoom = max(least, math.exp(rng.uniform(math.log(0.6), math.log(1.4))))
    tall = min(math.ceil(height / zoom), gray.shape[0])
    wide = min(math.ceil(width / zoom), gray.shape[1])
    top = int(rng.integers(gray.shape[0] - tall + 1))
    left = int(rng.integers(gray.shape[1] - wide + 1))
    window = gray[top : top + tall, left : left + wide]
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    window = np.asarray(cv2.resize(window, (width, height), interpolation=how), np.uint8)
    if rng.random() < 0.5:
        window = window[:, ::-1]
    light = (window.astype(np.float32) + 1) / 256
    light *= np.float32(np.clip(brightness / float(np.median(light)), 0.5, 2.0))
    return as_field(light)


def grain_contrast(surface: Field) -> float:
    """Return the deviation of the logarithm of a surface's grain: what a crack must stand out of.

    Parameters
    ----------
    surface : (H, W) float32

    Returns
    -------
    float
        As `SceneOptions.contrast`, at most 1.

    Examples
    --------
    >>> grain_contrast(np.full((16, 16), 0.5, np.float32))
    0.0
    """
    log = np.log(surface)
    fine = log - blur(log, GRAIN_PX)
    return min(float(fine.std()), 1.0)
