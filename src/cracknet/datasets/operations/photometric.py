"""Light, shadow, blur, noise and JPEG artefacts: what other cameras and days do to a photograph.

Every change is drawn at random. `image` is float32 of shape (H, W) or (H, W, 3), 0 to 1; `strength`
is 1 for a strong change, smaller for a milder one. The mask is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.datasets.operations.geometric import Image, check_range

Light = npt.NDArray[np.float32]
"""Shape (H, W) or (H, W, 3), 0 to 1; values beyond are cut when it becomes 8 bits again."""

Change = Callable[[Light, np.random.Generator, float], Light]


@dataclass(frozen=True)
class Photometric:
    """How often a change acts, and how strongly: 1 is strong, the smaller the milder."""

    probability: float = 0.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        check_range("a change of light", "probability", self.probability, 0, 1)
        check_range("a change of light", "strength", self.strength, 0, 2)


def as_light(image: Image) -> Light:
    """Turn 8 bits into 0 to 1."""
    return image.astype(np.float32) / np.float32(255)


def as_bytes(image: Light) -> Image:
    """Turn 0 to 1 into 8 bits, rounded to nearest."""
    return np.asarray(np.clip(image * 255 + 0.5, 0, 255), np.uint8)


def tone(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Change contrast about the mean, then brightness, then gamma."""
    mean = image.mean(dtype=np.float32)
    contrast = np.float32(np.exp(rng.uniform(-0.5, 0.4) * strength))
    image = (image - mean) * contrast + mean + np.float32(rng.uniform(-0.18, 0.18) * strength)
    result = np.clip(image, 0, 1) ** np.float32(np.exp(rng.uniform(-0.35, 0.35) * strength))
    return np.asarray(result, np.float32)


def uneven_light(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Let the light fall off to one side, or in blotches."""
    height, width = image.shape[:2]
    coarse = rng.normal(0, 0.18 * strength, (rng.integers(2, 5), rng.integers(2, 5)))
    field = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(image * _over(np.exp(field), image), np.float32)


def shadow(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Lay a shadow with a straight edge, sharp or soft, over one side."""
    height, width = image.shape[:2]
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4) * width
    y, x = np.mgrid[:height, :width].astype(np.float32)
    side = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle) - offset
    edge = np.clip(side / rng.uniform(1, 30) + 0.5, 0, 1)
    shade = 1 - edge * rng.uniform(0.1, 0.5) * strength
    return np.asarray(image * _over(shade, image), np.float32)


def blur(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Put the lens out of focus: a Gaussian of 0.3 to 1.6 px at strength 1."""
    return gaussian(image, rng.uniform(0.3, 1.6) * strength + 0.01)


def motion_blur(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Move the camera while the shutter is open: a straight streak of 2 to 7 px at strength 1."""
    length, angle = rng.uniform(2, 7) * strength, rng.uniform(0, np.pi)
    reach = int(np.ceil(length / 2))
    if reach == 0:
        return image
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    along = np.abs(x * np.cos(angle) + y * np.sin(angle))
    across = np.abs(x * -np.sin(angle) + y * np.cos(angle))
    # A streak one pixel wide with soft ends and sides, so that every angle and length differs.
    kernel = np.clip(length / 2 + 0.5 - along, 0, 1) * np.clip(1 - across, 0, 1)
    blurred = cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, np.float32)


def sharpen(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Sharpen as cameras and editors do: add what a blur takes away."""
    blurred = gaussian(image, rng.uniform(0.6, 1.5))
    return image + np.float32(rng.uniform(0.3, 1.2) * strength) * (image - blurred)


def noise(image: Light, rng: np.random.Generator, strength: float) -> Light:
    """Add the sensor's noise, in one case of three coarser grain."""
    grain = rng.standard_normal(image.shape, np.float32)
    if rng.random() < 0.3:
        grain = gaussian(grain, 0.8) * 2
    return image + grain * np.float32(rng.uniform(0.005, 0.05) * strength)


def jpeg(image: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Compress as JPEG, at a quality of 35 to 90 at strength 1; 8 bits in and out."""
    quality = int(rng.integers(np.clip(round(90 - 55 * strength), 1, 89), 90))
    done, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:  # it has more pixels along a side than a JPEG may have
        return image
    flag = cv2.IMREAD_GRAYSCALE if image.ndim == 2 else cv2.IMREAD_COLOR
    return np.asarray(cv2.imdecode(code, flag), np.uint8)


def gaussian(image: Light, sigma_px: float) -> Light:
    """Blur by a Gaussian."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.float32)


def _over(field: npt.NDArray[np.floating], image: Light) -> npt.NDArray[np.floating]:
    return field if image.ndim == 2 else field[..., None]
