"""Rotation, stretch, shear, zoom and flips of photograph and mask together, in one resampling.

Each operation draws a linear map, shape (2, 2), from offsets about the result's centre to offsets
about the photograph's centre: x to the right, y down, in pixels. Maps of several operations
multiply to one, so the photograph is resampled once however many act.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.errors import ArgumentError

Image: TypeAlias = npt.NDArray[np.uint8]
"""Shape (H, W) gray or (H, W, 3) colour, 0 to 255."""

Matrix: TypeAlias = npt.NDArray[np.float64]
"""(2, 2) linear, or (2, 3) affine: from the result's pixels (x, y) to the photograph's."""

Border: TypeAlias = Literal["reflect", "crop"]

SHRINK_FROM = 1.1
"""Pixels of the photograph in one of the result from which it is first shrunk by area."""


class Geometric(Protocol):
    """An operation of this module."""

    @property
    def probability(self) -> float:
        """Chance that it acts."""

    def matrix(self, rng: np.random.Generator) -> Matrix:
        """Draw its linear map, shape (2, 2)."""


@dataclass(frozen=True)
class Rotate:
    """Turn about the centre by an angle drawn evenly from -max_deg to max_deg."""

    probability: float = 0.0
    max_deg: float = 25.0

    def __post_init__(self) -> None:
        check_range("rotate", "probability", self.probability, 0, 1)
        check_range("rotate", "max_deg", self.max_deg, 0, 180)

    def matrix(self, rng: np.random.Generator) -> Matrix:
        """Draw the rotation."""
        return rotation(rng.uniform(-self.max_deg, self.max_deg))


@dataclass(frozen=True)
class Stretch:
    """Lengthen along x or along y, by a ratio drawn from 1 to max_ratio evenly in its logarithm."""

    probability: float = 0.0
    max_ratio: float = 1.3

    def __post_init__(self) -> None:
        check_range("stretch", "probability", self.probability, 0, 1)
        check_range("stretch", "max_ratio", self.max_ratio, 1, 4)

    def matrix(self, rng: np.random.Generator) -> Matrix:
        """Draw the stretch."""
        scale = np.ones(2)
        scale[rng.integers(2)] = 1 / _factor(rng, self.max_ratio)
        return np.diag(scale)


@dataclass(frozen=True)
class Shear:
    """Slant along x or along y, by an angle drawn evenly from -max_deg to max_deg."""

    probability: float = 0.0
    max_deg: float = 10.0

    def __post_init__(self) -> None:
        check_range("shear", "probability", self.probability, 0, 1)
        check_range("shear", "max_deg", self.max_deg, 0, 60)

    def matrix(self, rng: np.random.Generator) -> Matrix:
        """Draw the shear."""
        slant = np.array(
            [[1, np.tan(np.radians(rng.uniform(-self.max_deg, self.max_deg)))], [0, 1]]
        )
        return slant if rng.random() < 0.5 else slant.T


@dataclass(frozen=True)
class ZoomIn:
    """Enlarge about the centre by a factor from 1 to max_factor, even in its logarithm."""

    probability: float = 0.0
    max_factor: float = 1.5

    def __post_init__(self) -> None:
        check_range("zoom_in", "probability", self.probability, 0, 1)
        check_range("zoom_in", "max_factor", self.max_factor, 1, 10)

    def matrix(self, rng: np.random.Generator) -> Matrix:
        """Draw the zoom."""
        return np.eye(2) / _factor(rng, self.max_factor)


@dataclass(frozen=True)
class ZoomOut:
    """Shrink about the centre by a factor from 1 to max_factor, even in its logarithm."""

    probability: float = 0.0
    max_factor: float = 1.5

    def __post_init__(self) -> None:
        check_range("zoom_out", "probability", self.probability, 0, 1)
        check_range("zoom_out", "max_factor", self.max_factor, 1, 10)

    def matrix(self, rng: np.random.Generator) -> Matrix:
        """Draw the zoom."""
        return np.eye(2) * _factor(rng, self.max_factor)


@dataclass(frozen=True)
class FlipHorizontal:
    """Mirror left and right."""

    probability: float = 0.0

    def __post_init__(self) -> None:
        check_range("flip_horizontal", "probability", self.probability, 0, 1)

    def matrix(self, rng: np.random.Generator) -> Matrix:  # noqa: ARG002 - as the others' shape
        """Give the mirror."""
        return np.diag([-1.0, 1.0])


@dataclass(frozen=True)
class FlipVertical:
    """Mirror top and bottom."""

    probability: float = 0.0

    def __post_init__(self) -> None:
        check_range("flip_vertical", "probability", self.probability, 0, 1)

    def matrix(self, rng: np.random.Generator) -> Matrix:  # noqa: ARG002 - as the others' shape
        """Give the mirror."""
        return np.diag([1.0, -1.0])


def check_range(operation: str, name: str, value: float, least: float, most: float) -> None:
    """Refuse a parameter outside its range.

    Raises
    ------
    ArgumentError
        When `value` is not from `least` to `most`; not a number counts as outside.
    """
    if not least <= value <= most:
        msg = f"{operation}: {name} must be from {least:g} to {most:g}; got {value:g}."
        raise ArgumentError(msg)


def rotation(angle_deg: float) -> Matrix:
    """Give the (2, 2) matrix of a turn; the result shows the photograph turned anticlockwise.

    >>> rotation(90).round().astype(int).tolist()
    [[0, -1], [1, 0]]
    """
    angle = np.radians(angle_deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def draw_linear(operations: Iterable[Geometric], rng: np.random.Generator) -> Matrix | None:
    """Draw which operations act, and multiply their maps.

    Returns
    -------
    (2, 2) float64, or None when none of them acts
    """
    linear = None
    for operation in operations:
        if rng.random() < operation.probability:
            matrix = operation.matrix(rng)
            # What acts later on the photograph stands nearer to the result.
            linear = matrix if linear is None else linear @ matrix
    return linear


def inside(linear: Matrix, height: int, width: int) -> Matrix:
    """Enlarge until the result's corners lie within the photograph: no border is needed.

    This is what Augmentor does after a rotation, for any linear map: it crops, then enlarges to
    the old size.

    Parameters
    ----------
    linear : (2, 2) float64
    height, width : int
        Size of the photograph and of the result.

    Returns
    -------
    (2, 2) float64
    """
    half = np.array([width - 1, height - 1]) / 2
    reach = np.abs(linear) @ half  # of the farthest corner, along x and along y
    excess = float(np.max(reach / np.maximum(half, 0.5)))
    return linear / max(excess, 1.0)


def warp_pair(
    image: Image, mask: Mask, matrix: Matrix, height: int, width: int
) -> tuple[Image, Mask]:
    """Resample photograph and mask by one affine map.

    The photograph is interpolated bilinearly, after shrinking by area where the map shrinks it;
    the mask takes its nearest pixel. Beyond the border both are mirrored.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
    mask : (H, W) bool
    matrix : (2, 3) float64
        From the result's pixels (x, y) to the photograph's.
    height, width : int
        Size of the result.

    Returns
    -------
    image : (height, width) or (height, width, 3) uint8
    mask : (height, width) bool
    """
    return warp_image(image, matrix, height, width), warp_mask(mask, matrix, height, width)


def warp_mask(mask: Mask, matrix: Matrix, height: int, width: int) -> Mask:
    """Resample a mask to its nearest pixels; see `warp_pair`."""
    part, matrix = _needed(mask.view(np.uint8), matrix, height, width)
    return _warp(part, matrix, height, width, cv2.INTER_NEAREST).view(np.bool_)


def warp_image(image: Image, matrix: Matrix, height: int, width: int) -> Image:
    """Resample a photograph; see `warp_pair`."""
    part, matrix = _needed(image, matrix, height, width)
    steps = _steps(matrix)
    if steps.max() > SHRINK_FROM:
        old = part.shape[1::-1]
        new = [
            max(round(n / step), 1) if step > SHRINK_FROM else n
            for n, step in zip(old, steps, strict=True)
        ]
        part = np.asarray(cv2.resize(part, new, interpolation=cv2.INTER_AREA), np.uint8)
        ratio = np.array(new) / old
        # The corner of the first pixel stays where it is, at (-0.5, -0.5).
        matrix = matrix * ratio[:, None]
        matrix[:, 2] += (ratio - 1) / 2
    return _warp(part, matrix, height, width, cv2.INTER_LINEAR)


def _needed(image: Image, matrix: Matrix, height: int, width: int) -> tuple[Image, Matrix]:
    """Cut out what the result sees, and what is mirrored into it.

    So the work is that of the result's size whatever the photograph's, and coordinates stay small:
    OpenCV 4 holds them in 16 bits.
    """
    corners = np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]])
    places = matrix @ corners
    margins = np.ceil(_steps(matrix) / 2).astype(int) + 2
    parts, matrix = [], matrix.copy()
    for axis, n in ((1, image.shape[0]), (0, image.shape[1])):
        low = int(np.floor(places[axis].min())) - margins[axis]
        high = int(np.ceil(places[axis].max())) + margins[axis]
        low, high = min(low, 2 * (n - 1) - high), max(high, -low)
        low, high = max(low, 0), min(high, n - 1)
        parts.append(slice(low, high + 1))
        matrix[axis, 2] -= low
    return image[tuple(parts)], matrix


def _steps(matrix: Matrix) -> npt.NDArray[np.float64]:
    """Count the photograph's pixels, along x and along y, in one of the result's."""
    return np.hypot(matrix[:, 0], matrix[:, 1])


def _warp(image: Image, matrix: Matrix, height: int, width: int, interpolation: int) -> Image:
    warped = cv2.warpAffine(
        np.ascontiguousarray(image),
        matrix,
        (width, height),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(warped, np.uint8)


def _factor(rng: np.random.Generator, most: float) -> float:
    return float(np.exp(rng.uniform(0, np.log(most))))
