"""Random crops of photograph and mask, warped and relit, for training.

A crop is a pure function of its seed: a run that was killed goes on with the very crops that
it would have seen, without any state of a random generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.datasets.operations import photometric


@dataclass(frozen=True)
class CropOptions:
    """How crops are made.

    Attributes
    ----------
    size_px : int
        Height and width of a crop.
    scale : (float, float)
        Range of the zoom, drawn evenly in its logarithm.
    stretch : float
        Largest ratio between the zooms along two axes at right angles.
    empty_share : float
        Chance that a crop in which no crack shows is kept rather than drawn again.
    light : float
        Strength of the changes of light, contrast, blur and noise; 0 leaves the gray values.
    """

    size_px: int = 320
    scale: tuple[float, float] = (0.5, 2.0)
    stretch: float = 1.2
    empty_share: float = 0.25
    light: float = 1.0


def random_crop(
    gray: Gray, mask: Mask, options: CropOptions, rng: np.random.Generator
) -> tuple[Gray, Mask]:
    """Cut one crop by a random similarity and stretch, then change its light.

    Parameters
    ----------
    gray : (H, W) uint8
    mask : (H, W) bool
    options : CropOptions
    rng : numpy Generator

    Returns
    -------
    gray : (size_px, size_px) uint8
    mask : (size_px, size_px) bool
    """
    size = options.size_px
    values = mask.view(np.uint8)
    for _ in range(8):
        matrix = _random_warp(gray.shape, options, rng)
        crop_mask = _warp(values, matrix, size, smooth=True)
        if crop_mask.any() or rng.random() < options.empty_share:
            break
    crop = _warp(gray, matrix, size, smooth=False)
    if rng.random() < 0.5:
        crop, crop_mask = crop[:, ::-1], crop_mask[:, ::-1]
    if options.light > 0:
        crop = relight(crop, rng, options.light)
    return np.ascontiguousarray(crop), np.ascontiguousarray(crop_mask).astype(bool)


def _random_warp(
    shape: Sequence[int], options: CropOptions, rng: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Draw the affine map from a crop's pixels to the photograph's, (2, 3) float64."""
    height, width = shape
    zoom = np.exp(rng.uniform(*np.log(options.scale)))
    stretch = np.exp(rng.uniform(-1, 1) * np.log(options.stretch) / 2)
    turn, shear = rng.uniform(0, 2 * np.pi), rng.uniform(0, np.pi)

    def rotation(angle: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    linear = (
        rotation(turn)
        @ rotation(shear).T
        @ np.diag([stretch, 1 / stretch])
        @ rotation(shear)
        / zoom
    )
    half = (options.size_px - 1) / 2
    # The crop's centre lies where the crop stays inside the photograph, if it can.
    reach = half / zoom * 0.8
    centre = [
        rng.uniform(reach, extent - 1 - reach) if extent - 1 > 2 * reach else (extent - 1) / 2
        for extent in (width, height)
    ]
    return np.column_stack([linear, centre - linear @ [half, half]])


def _warp(
    values: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    size: int,
    smooth: bool,
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Resample; a mask (`smooth`) is resampled as an area and cut at one half."""
    if smooth:
        warped = cv2.warpAffine(
            values * np.uint8(255),
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(warped > 127, np.uint8)
    warped = cv2.warpAffine(
        values,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(warped, np.uint8)


def relight(gray: Gray, rng: np.random.Generator, strength: float = 1.0) -> Gray:
    """Change light, contrast, sharpness and noise at random, as other cameras and days would.

    Parameters
    ----------
    gray : (H, W) uint8
    rng : numpy Generator
    strength : float
        1 is strong; smaller is milder.

    Returns
    -------
    (H, W) uint8
    """
    image = photometric.as_light(gray)
    if rng.random() < 0.3:
        image = photometric.uneven_light(image, rng, strength)
    if rng.random() < 0.15:
        image = photometric.shadow(image, rng, strength)
    if rng.random() < 0.8:
        image = photometric.tone(image, rng, strength)
    choice = rng.random()
    if choice < 0.25:
        image = photometric.blur(image, rng, strength)
    elif choice < 0.35:
        image = photometric.sharpen(image, rng, strength)
    if rng.random() < 0.4:
        image = photometric.noise(image, rng, strength)
    result = photometric.as_bytes(image)
    return photometric.jpeg(result, rng) if rng.random() < 0.2 else result
