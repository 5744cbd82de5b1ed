"""What the world does to a photograph, in steps: the curves that compare systems by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask

Change = Callable[[Gray, Mask, float, np.random.Generator], tuple[Gray, Mask]]


def noise(gray: Gray, mask: Mask, sigma: float, rng: np.random.Generator) -> tuple[Gray, Mask]:
    """Add Gaussian noise of `sigma` gray levels to each pixel by itself."""
    return _bytes(gray + rng.normal(0, sigma, gray.shape)), mask


def blur(gray: Gray, mask: Mask, sigma: float, _: np.random.Generator) -> tuple[Gray, Mask]:
    """Put the lens out of focus: a Gaussian of `sigma` px."""
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), sigma), np.uint8), mask


def darkness(gray: Gray, mask: Mask, lost: float, _: np.random.Generator) -> tuple[Gray, Mask]:
    """Take away the share `lost` of the light; what is left is rounded to whole gray levels."""
    return _bytes(gray * (1 - lost)), mask


def uneven_light(
    gray: Gray, mask: Mask, lost: float, rng: np.random.Generator
) -> tuple[Gray, Mask]:
    """Let the light fall evenly to one side, where the share `lost` is gone."""
    height, width = gray.shape
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    along = x * np.cos(angle) + y * np.sin(angle)
    share = (along - along.min()) / max(float(np.ptp(along)), 1)
    return _bytes(gray * (1 - lost * share)), mask


def distortion(
    gray: Gray, mask: Mask, strength: float, rng: np.random.Generator
) -> tuple[Gray, Mask]:
    """Slant the view: corners move by up to `strength` of the sides, photograph and mask alike.

    What comes from beyond the border is mirrored in both.
    """
    height, width = gray.shape
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    moved = corners + rng.uniform(-1, 1, (4, 2)) * strength
    size = np.array([width - 1, height - 1], np.float32)
    matrix = cv2.getPerspectiveTransform(
        (corners * size).astype(np.float32), (moved * size).astype(np.float32)
    )

    def warp(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return np.asarray(
            cv2.warpPerspective(values, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101),
            np.uint8,
        )

    return warp(gray), np.asarray(warp(mask.astype(np.uint8) * np.uint8(255)) > 127)


@dataclass(frozen=True)
class Sweep:
    """A change in steps.

    Attributes
    ----------
    change : callable
    label : str
        What the steps are, with their unit.
    steps : tuple of float
        Rising from 0, the photograph as it is.
    """

    change: Change
    label: str
    steps: tuple[float, ...]


SWEEPS: dict[str, Sweep] = {
    "noise": Sweep(noise, "noise, sigma in gray levels", (0, 5, 10, 20, 40)),
    "blur": Sweep(blur, "blur, sigma in px", (0, 1, 2, 4)),
    "darkness": Sweep(darkness, "share of light lost", (0, 0.4, 0.7, 0.85, 0.95)),
    "uneven light": Sweep(uneven_light, "share of light lost at one side", (0, 0.3, 0.6, 0.9)),
    "distortion": Sweep(distortion, "corners moved, share of a side", (0, 0.05, 0.1, 0.2)),
}


def distorted(
    name: str, step: float, photos: Sequence[tuple[Gray, Mask]], seed: int
) -> list[tuple[Gray, Mask]]:
    """Apply a step of a sweep to photographs: the same for every system."""
    if step == 0:
        return list(photos)
    return [
        SWEEPS[name].change(gray, mask, step, np.random.default_rng([seed, index]))
        for index, (gray, mask) in enumerate(photos)
    ]


def _bytes(values: npt.NDArray[np.floating]) -> Gray:
    return np.asarray(np.clip(np.round(values), 0, 255), np.uint8)
