"""Expansion of a data set: which operations act on a photograph and its mask, and how often.

The paper (section 3.2.1) expands its photographs with Augmentor: rotation, stretch, zoom in and
zoom out, each with a probability, image and mask together. The preset ``paper`` does this, with
flips; ``modern`` adds shear and changes of light. An expanded photograph is a pure function of its
photograph, the expansion and the seed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from cracknet.arrays import Mask
from cracknet.datasets.operations import geometric, photometric
from cracknet.datasets.operations.geometric import (
    Border,
    FlipHorizontal,
    FlipVertical,
    Image,
    Matrix,
    Rotate,
    Shear,
    Stretch,
    ZoomIn,
    ZoomOut,
)
from cracknet.datasets.operations.photometric import Photometric
from cracknet.errors import ArgumentError

Fit: TypeAlias = Literal["crop", "resize"]

GEOMETRIC = (
    "flip_horizontal",
    "flip_vertical",
    "stretch",
    "shear",
    "rotate",
    "zoom_in",
    "zoom_out",
)
"""Operations on photograph and mask, in the order in which they act."""

PHOTOMETRIC: dict[str, photometric.Change] = {
    "uneven_light": photometric.uneven_light,
    "shadow": photometric.shadow,
    "tone": photometric.tone,
    "blur": photometric.blur,
    "motion_blur": photometric.motion_blur,
    "noise": photometric.noise,
}
"""Changes of the photograph alone, in the order in which light, lens and sensor act; JPEG last."""


@dataclass(frozen=True)
class Expansion:
    """Operations with their probabilities and ranges; each is off until it gets a probability.

    Attributes
    ----------
    rotate, stretch, shear, zoom_in, zoom_out, flip_horizontal, flip_vertical
        See `cracknet.datasets.operations.geometric`.
    tone, uneven_light, shadow, blur, motion_blur, noise, jpeg : Photometric
        See `cracknet.datasets.operations.photometric`; `tone` is contrast, brightness and gamma.
    border : {"reflect", "crop"}
        What stands where a rotation or a zoom reaches beyond the photograph. ``reflect`` mirrors
        photograph and mask: no black corners to learn from, and the scale of the cracks is the
        one that was drawn. ``crop`` enlarges until the photograph fills the frame, as Augmentor
        does after a rotation; zooming out then does nothing.

    Examples
    --------
    >>> Expansion(rotate=Rotate(probability=1, max_deg=10)).rotate.max_deg
    10
    """

    rotate: Rotate = field(default_factory=Rotate)
    stretch: Stretch = field(default_factory=Stretch)
    shear: Shear = field(default_factory=Shear)
    zoom_in: ZoomIn = field(default_factory=ZoomIn)
    zoom_out: ZoomOut = field(default_factory=ZoomOut)
    flip_horizontal: FlipHorizontal = field(default_factory=FlipHorizontal)
    flip_vertical: FlipVertical = field(default_factory=FlipVertical)
    tone: Photometric = field(default_factory=Photometric)
    uneven_light: Photometric = field(default_factory=Photometric)
    shadow: Photometric = field(default_factory=Photometric)
    blur: Photometric = field(default_factory=Photometric)
    motion_blur: Photometric = field(default_factory=Photometric)
    noise: Photometric = field(default_factory=Photometric)
    jpeg: Photometric = field(default_factory=Photometric)
    border: Border = "reflect"

    def __post_init__(self) -> None:
        if self.border not in get_args(Border):
            msg = f"border must be reflect or crop; got {self.border!r}."
            raise ArgumentError(msg)


# The paper names the operations, not their numbers: 25 degrees is Augmentor's own limit.
_PAPER = Expansion(
    rotate=Rotate(probability=0.7, max_deg=25),
    stretch=Stretch(probability=0.5, max_ratio=1.3),
    zoom_in=ZoomIn(probability=0.4, max_factor=1.5),
    zoom_out=ZoomOut(probability=0.4, max_factor=1.5),
    flip_horizontal=FlipHorizontal(probability=0.5),
    flip_vertical=FlipVertical(probability=0.5),
)

PRESETS: dict[str, Expansion] = {
    "none": Expansion(),
    "paper": _PAPER,
    "modern": dataclasses.replace(
        _PAPER,
        rotate=Rotate(probability=0.9, max_deg=180),
        shear=Shear(probability=0.2, max_deg=10),
        zoom_in=ZoomIn(probability=0.4, max_factor=2),
        zoom_out=ZoomOut(probability=0.4, max_factor=2),
        tone=Photometric(probability=0.8, strength=0.8),
        uneven_light=Photometric(probability=0.3, strength=0.8),
        shadow=Photometric(probability=0.15, strength=0.8),
        blur=Photometric(probability=0.2, strength=0.8),
        motion_blur=Photometric(probability=0.1, strength=0.6),
        noise=Photometric(probability=0.4, strength=0.8),
        jpeg=Photometric(probability=0.2, strength=0.8),
    ),
}


@dataclass(frozen=True)
class ExpandOptions:
    """How a photograph becomes a net's square input.

    Attributes
    ----------
    expansion : Expansion
    size_px : int
        Height and width of the result; the paper's is 448.
    fit : {"crop", "resize"}
        ``crop`` cuts a random window out of the expanded photograph at its own resolution, so
        that a hairline crack stays as wide as it was photographed; beyond a smaller photograph it
        mirrors. ``resize`` squeezes the whole photograph, as the paper probably did: by area where
        it gets smaller, the mask to its nearest pixel. Thin cracks break up where photographs are
        much larger than the result.
    empty_share : float
        Chance that a result without cracks is kept rather than drawn again, where the
        photograph has some.
    """

    expansion: Expansion = _PAPER
    size_px: int = 448
    fit: Fit = "crop"
    empty_share: float = 0.25

    def __post_init__(self) -> None:
        if self.size_px < 1:
            msg = f"size_px must be at least 1; got {self.size_px}."
            raise ArgumentError(msg)
        if self.fit not in get_args(Fit):
            msg = f"fit must be crop or resize; got {self.fit!r}."
            raise ArgumentError(msg)
        geometric.check_range("expansion", "empty_share", self.empty_share, 0, 1)


def expand_pair(
    image: Image, mask: Mask, expansion: Expansion, rng: np.random.Generator
) -> tuple[Image, Mask]:
    """Expand a photograph and its mask once, at their size.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
    mask : (H, W) bool
    expansion : Expansion
    rng : numpy Generator

    Returns
    -------
    image : uint8, of the shape of `image`
    mask : (H, W) bool

    Raises
    ------
    ArgumentError
        When the arrays are of other shapes or types, or have no pixels.

    Examples
    --------
    >>> gray = np.arange(4, dtype=np.uint8).reshape(2, 2)
    >>> mirrored = Expansion(flip_horizontal=FlipHorizontal(probability=1))
    >>> expand_pair(gray, gray > 2, mirrored, np.random.default_rng(0))[0].tolist()
    [[1, 0], [3, 2]]
    """
    _check(image, mask)
    height, width = mask.shape
    linear = _draw(expansion, height, width, rng)
    if linear is None:
        image, mask = image.copy(), mask.copy()
    else:
        matrix = _about_centres(linear, (height, width), (height, width))
        image, mask = geometric.warp_pair(image, mask, matrix, height, width)
    return relit(image, expansion, rng), mask


def expanded_crop(
    image: Image, mask: Mask, options: ExpandOptions, rng: np.random.Generator
) -> tuple[Image, Mask]:
    """Expand a photograph and its mask into a square, in one resampling.

    It is called as `cracknet.datasets.crops.random_crop` is.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
    mask : (H, W) bool
    options : ExpandOptions
    rng : numpy Generator

    Returns
    -------
    image : (size_px, size_px) or (size_px, size_px, 3) uint8
    mask : (size_px, size_px) bool

    Raises
    ------
    ArgumentError
        When the arrays are of other shapes or types, or have no pixels.
    """
    _check(image, mask)
    size = options.size_px
    some = bool(mask.any())
    for _ in range(8):
        matrix = _square(mask.shape, options, rng)
        square_mask = geometric.warp_mask(mask, matrix, size, size)
        if not some or square_mask.any() or rng.random() < options.empty_share:
            break
    square = geometric.warp_image(image, matrix, size, size)
    return relit(square, options.expansion, rng), square_mask


def relit(image: Image, expansion: Expansion, rng: np.random.Generator) -> Image:
    """Change light, sharpness and noise as `expansion` says.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
    expansion : Expansion
    rng : numpy Generator

    Returns
    -------
    uint8, of the shape of `image`
    """
    light = None
    for name, change in PHOTOMETRIC.items():
        options: Photometric = getattr(expansion, name)
        if rng.random() < options.probability:
            light = change(
                photometric.as_light(image) if light is None else light, rng, options.strength
            )
    if light is not None:
        image = photometric.as_bytes(light)
    if rng.random() < expansion.jpeg.probability:
        image = photometric.jpeg(image, rng, expansion.jpeg.strength)
    return image


def _draw(expansion: Expansion, height: int, width: int, rng: np.random.Generator) -> Matrix | None:
    """Draw the geometric operations' common map, (2, 2), or None where none acts."""
    linear = geometric.draw_linear((getattr(expansion, name) for name in GEOMETRIC), rng)
    if linear is not None and expansion.border == "crop":
        linear = geometric.inside(linear, height, width)
    return linear


def _about_centres(linear: Matrix, photo: tuple[int, int], result: tuple[int, int]) -> Matrix:
    """Complete a linear map to (2, 3), from the centre of the result to the photograph's."""
    centre, origin = ((np.array(shape[::-1]) - 1) / 2 for shape in (photo, result))
    return np.column_stack([linear, centre - linear @ origin])


def _square(shape: tuple[int, ...], options: ExpandOptions, rng: np.random.Generator) -> Matrix:
    """Draw the map from the square's pixels to the photograph's, (2, 3)."""
    height, width = shape
    size = options.size_px
    linear = _draw(options.expansion, height, width, rng)
    linear = np.eye(2) if linear is None else linear
    if options.fit == "resize":
        squeeze = np.diag([width, height]) / size
        return _about_centres(linear @ squeeze, (height, width), (size, size))
    matrix = _about_centres(linear, (height, width), (height, width))
    corner = np.array(
        [
            rng.integers(extent - size, endpoint=True) if extent >= size else (extent - size) // 2
            for extent in (width, height)
        ]
    )
    matrix[:, 2] += linear @ corner
    return matrix


def _check(image: Image, mask: Mask) -> None:
    colour = image.ndim == 3 and image.shape[2] == 3
    if image.dtype != np.uint8 or not (image.ndim == 2 or colour) or image.size == 0:
        msg = (
            "a photograph must be uint8 of shape (H, W) or (H, W, 3), with at least one pixel; got "
            f"{image.dtype} of shape {image.shape}."
        )
        raise ArgumentError(msg)
    if mask.dtype != np.bool_ or mask.shape != image.shape[:2]:
        msg = (
            f"a mask must be bool of its photograph's shape {image.shape[:2]}; got {mask.dtype} of "
            f"shape {mask.shape}."
        )
        raise ArgumentError(msg)
