"""A photograph, its probability and its mask as tiles at every size, for a viewer that zooms.

Level 0 is the full size, each next level half of it, the last one the first that fits a tile. A
pixel of level k covers 2^k x 2^k pixels of level 0. Tiles at the right and the lower border are cut
to the picture. The photograph is halved by its mean. Probability and mask are halved by the
greatest of four pixels: a crack of one pixel stays to be seen when the whole photograph is shown,
and a probability cut at a threshold then is the mask of that threshold at every level.
"""

from __future__ import annotations

import math
import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError, OutputError
from cracknet.reporting.writing import Picture

TILE_PX = 512
JPEG_QUALITY = 85

Layer = Literal["photo", "probability", "mask"]
LAYERS: tuple[Layer, ...] = get_args(Layer)

COLOUR_TOLERANCE = 12.0
"""Gray values by which a colour picture's luma may differ from the photograph as read, on average:
more, and it is another picture, or turned another way."""

_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)


def pyramid_levels(width_px: int, height_px: int) -> int:
    """Count the levels of a picture's pyramid.

    Levels = 1 + max(0, ceil(log2(longest side / TILE_PX))).

    Examples
    --------
    >>> [pyramid_levels(side, 10) for side in (1, 512, 513, 1024, 1025, 8000)]
    [1, 1, 2, 2, 3, 5]
    """
    if min(width_px, height_px) < 1:
        msg = f"a picture has at least one pixel; got {width_px}x{height_px}."
        raise ArgumentError(msg)
    return 1 + max(0, math.ceil(math.log2(max(width_px, height_px) / TILE_PX)))


def level_size(width_px: int, height_px: int, level: int) -> tuple[int, int]:
    """Give width and height of a level in px: each side halved and rounded up, `level` times.

    Examples
    --------
    >>> level_size(1001, 700, 1)
    (501, 350)
    """
    return -(-width_px >> level), -(-height_px >> level)


def tile_path(folder: Path, layer: Layer, level: int, column: int, row: int) -> Path:
    """Name the file of a tile; columns and rows count from 0, at the upper left.

    Raises
    ------
    ArgumentError
        When the layer is unknown or a number negative: nothing else becomes part of a path.
    """
    numbers = (level, column, row)
    whole = all(isinstance(number, int) and number >= 0 for number in numbers)
    if layer not in LAYERS or not whole:
        msg = (
            f"a tile is of a layer {', '.join(LAYERS)} and has a level, column and row from 0 on; "
            f"got {layer!r}, {level!r}, {column!r}, {row!r}."
        )
        raise ArgumentError(msg)
    return folder / layer / str(level) / f"{column}_{row}.{_suffix(layer)}"


def write_layer(folder: Path, layer: Layer, picture: npt.NDArray[Any]) -> int:
    """Write all tiles of one layer, in place of those there are.

    They are written to a folder beside and renamed as a whole. One level at a time is made of the
    one before: besides the picture, 8 bits of each of its values and a quarter of that are in
    memory.

    Parameters
    ----------
    folder : Path
        Of the photograph's pyramid, made if need be.
    layer : {"photo", "probability", "mask"}
    picture : array
        A photograph, (H, W) gray or (H, W, 3) BGR uint8; a probability, (H, W) float32 in [0, 1];
        a mask, (H, W) bool.

    Returns
    -------
    int
        How many tiles were written.

    Raises
    ------
    OutputError
        When they cannot be written; those that were there stay.
    """
    level_picture = _as_bytes(layer, picture)
    height, width = level_picture.shape[:2]
    part, target, old = (folder / f"{dot}{layer}{end}" for dot, end in _NAMES)
    count = 0
    try:
        _remove(part)
        for level in range(pyramid_levels(width, height)):
            if level:
                level_picture = _halved(level_picture, layer)
            count += _write_level(part / str(level), level_picture, layer)
        _remove(old)
        if target.exists():
            target.rename(old)
        part.rename(target)
        _remove(old)
    except OSError as error:
        with suppress(OSError):
            if old.is_dir() and not target.exists():
                old.rename(target)
            _remove(part)
        msg = f"tiles cannot be written to {folder}: {error.strerror or error}. Free some space."
        raise OutputError(msg) from error
    return count


def write_pyramid(
    folder: Path,
    photo: Picture,
    probability: Probability | None = None,
    mask: Mask | None = None,
) -> int:
    """Write the tiles of a photograph and, where given, of its probability and mask.

    Returns
    -------
    int
        How many tiles were written.

    Raises
    ------
    ArgumentError
        When the sizes differ.
    OutputError
        When they cannot be written.
    """
    for other in (probability, mask):
        if other is not None and other.shape != photo.shape[:2]:
            msg = (
                f"photograph and results must have one size; got {photo.shape[:2]} and "
                f"{other.shape}."
            )
            raise ArgumentError(msg)
    count = write_layer(folder, "photo", photo)
    if probability is not None:
        count += write_layer(folder, "probability", probability)
    return count if mask is None else count + write_layer(folder, "mask", mask)


def colour_of(file: Path, gray: Gray) -> Picture:
    """Read a photograph in colour, to be looked at; as gray where that does not go.

    Pictures of 8 bits in red, green and blue are read in colour: JPEG, PNG, WebP, HEIC of cameras
    and phones. All else, and what does not match the photograph as read, is shown in gray.

    Parameters
    ----------
    file : Path
        A photograph that `read_photo` has read: damage and too many pixels were seen there.
    gray : (H, W) uint8
        What it has read.

    Returns
    -------
    (H, W, 3) uint8, BGR, or `gray` itself
    """
    from PIL import Image, ImageOps

    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                if image.mode not in ("RGB", "YCbCr"):
                    return gray
                ImageOps.exif_transpose(image, in_place=True)
                picture = np.array(image.convert("RGB"))
    except Exception:  # noqa: BLE001
        # A decoder may raise anything on a file; the photograph itself has been read.
        return gray
    if picture.shape[:2] != gray.shape:
        return gray
    bgr = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR, dst=picture), np.uint8)
    step = max(1, max(gray.shape) // 1000)
    luma = cv2.cvtColor(np.ascontiguousarray(bgr[::step, ::step]), cv2.COLOR_BGR2GRAY)
    apart = np.abs(luma.astype(np.int16) - gray[::step, ::step]).mean()
    return bgr if apart <= COLOUR_TOLERANCE else gray


_NAMES = ((".", ".part"), ("", ""), (".", ".old"))


def _suffix(layer: Layer) -> str:
    return "jpg" if layer == "photo" else "png"


def _as_bytes(layer: Layer, picture: npt.NDArray[Any]) -> Picture:
    if layer == "mask":
        return np.asarray(picture.view(np.uint8) * np.uint8(255))
    if layer == "probability":
        return np.asarray(cv2.convertScaleAbs(picture, alpha=255), np.uint8)
    return picture


def _halved(picture: Picture, layer: Layer) -> Picture:
    """Halve both sides; an odd last row or column counts twice."""
    height, width = picture.shape[:2]
    even = cv2.copyMakeBorder(
        picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE
    ) if height % 2 or width % 2 else picture  # fmt: skip
    if layer == "photo":
        size = ((width + 1) // 2, (height + 1) // 2)
        return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)
    rows = np.maximum(even[::2], even[1::2])
    return np.ascontiguousarray(np.maximum(rows[:, ::2], rows[:, 1::2]))


def _write_level(folder: Path, picture: Picture, layer: Layer) -> int:
    folder.mkdir(parents=True)
    height, width = picture.shape[:2]
    options = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY) if layer == "photo" else _PNG
    count = 0
    for row in range(-(-height // TILE_PX)):
        for column in range(-(-width // TILE_PX)):
            top, left = row * TILE_PX, column * TILE_PX
            tile = picture[top : top + TILE_PX, left : left + TILE_PX]
            done, code = cv2.imencode(f".{_suffix(layer)}", tile, options)
            if not done:
                msg = "cannot be encoded"
                raise OSError(msg)
            (folder / f"{column}_{row}.{_suffix(layer)}").write_bytes(code.data)
            count += 1
    return count


def _remove(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
