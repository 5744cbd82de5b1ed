"""From the samples of a decoded image to gray, 8 bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from cracknet.errors import PhotoError

if TYPE_CHECKING:
    from cracknet.arrays import Gray

Samples: TypeAlias = npt.NDArray[Any]
"""Decoded numbers, shape (H, W) or (H, W, C), colours in the order red, green, blue."""

BT601 = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in luma (ITU-R BT.601-7, section 2.5.1)."""

# Sums of the weights are whole thousandths; a quarter of one decides ties upwards in float32.
_MATRIX = (*BT601, 0.00025)
_FULL_RANGES = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16, 24, 32))
_BLOCK_ROWS = 128
_TIE = 1e-9
"""Decides ties upwards, whatever order a processor sums and scales the colours in."""


def gray_from_image(image: Image.Image) -> Gray:
    """Turn a decoded Pillow image into gray.

    Parameters
    ----------
    image
        Any mode but LAB.

    Returns
    -------
    ndarray, shape (H, W), uint8
        Gray by BT.601, rounded to nearest; where the image is transparent, over white.

    Raises
    ------
    PhotoError
        The colours are LAB.

    Examples
    --------
    >>> gray_from_image(Image.new("RGB", (2, 1), (255, 0, 0)))
    array([[76, 76]], dtype=uint8)
    """
    mode = image.mode
    if mode.startswith(("I", "F")):
        return gray_from_samples(np.asarray(image))
    if mode == "LAB":
        msg = "its colours are CIE L*a*b*. Save it as RGB or gray"
        raise PhotoError(msg)
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        return _over_white(gray_from_image(image.convert("RGB")), alpha)
    if mode in ("1", "L"):
        return np.array(image.convert("L"))
    return np.array(image.convert("RGB").convert("L", _MATRIX))


def gray_from_samples(
    samples: Samples,
    alpha: Samples | None = None,
    *,
    premultiplied: bool = False,
    white_is_zero: bool = False,
    stated_max: int | None = None,
) -> Gray:
    """Turn samples of more than 8 bits, or floats, into gray.

    Which numbers are black and white is decided once for the whole photograph:

    - whole numbers: 0 is black; white is the highest number of 8, 10, 12, 14, 16, 24 or 32 bits,
      the smallest of them that holds the greatest sample, or `stated_max` where that is greater.
      So 12-bit camera data in a 16-bit file is not read as near black, and data that fills
      16 bits is divided by 257. Numbers below 0 are black.
    - floats from 0 to 1: 0 is black, 1 is white.
    - other floats from 0 to 65535: as whole numbers (up to 16 bits).
    - all other floats: the least is black, the greatest white.

    Parameters
    ----------
    samples
        Shape (H, W), or (H, W, 3) in the order red, green, blue; any real dtype.
    alpha
        Shape (H, W), opacity of the same dtype as `samples`: whole numbers up to the dtype's
        highest, floats up to 1. None: opaque.
    premultiplied
        Whether the samples are already multiplied by `alpha`.
    white_is_zero
        Whether 0 is white (TIFF's WhiteIsZero).
    stated_max
        The greatest sample that the file says it may hold (TIFF's MaxSampleValue).

    Returns
    -------
    ndarray, shape (H, W), uint8
        Gray by BT.601, rounded to nearest. Transparent samples and those that are not finite are
        white: a crack is darker than its surroundings, so white is never taken for one.

    Raises
    ------
    PhotoError
        The samples are not real numbers, or none is finite.

    Examples
    --------
    >>> gray_from_samples(np.array([[0, 257, 65535]], dtype=np.uint16))
    array([[  0,   1, 255]], dtype=uint8)
    >>> gray_from_samples(np.array([[0, 819, 4095]], dtype=np.uint16))
    array([[  0,  51, 255]], dtype=uint8)
    """
    if samples.dtype.kind not in "uif":
        msg = f"its samples are of the kind {samples.dtype}. Save it with 8 or 16 bits"
        raise PhotoError(msg)
    black, white = black_white(samples, stated_max)
    gray = np.empty(samples.shape[:2], np.uint8)
    for top in range(0, len(samples), _BLOCK_ROWS):
        rows = slice(top, top + _BLOCK_ROWS)
        level = samples[rows].astype(np.float64)
        if level.ndim == 3:
            level = level @ np.array(BT601)
        level = np.clip((level - black) * (255 / (white - black)), 0, 255)
        if white_is_zero:
            level = 255 - level
        if alpha is not None:
            opacity = _opacity(alpha[rows])
            level = level * (1 if premultiplied else opacity) + 255 * (1 - opacity)
        level[~np.isfinite(level)] = 255
        gray[rows] = np.floor(np.minimum(level, 255) + (0.5 + _TIE))
    return gray


def black_white(samples: Samples, stated_max: int | None) -> tuple[float, float]:
    """Decide which numbers are black and white, by the rule of `gray_from_samples`."""
    if samples.dtype.kind in "ui":
        greatest = max(int(samples.max()), stated_max or 0)
        return 0, next(full for full in (*_FULL_RANGES, 2**64) if greatest <= full)
    finite = np.isfinite(samples)
    if not finite.any():
        msg = "none of its samples is a finite number"
        raise PhotoError(msg)
    low = float(samples.min(where=finite, initial=np.inf))
    high = float(samples.max(where=finite, initial=-np.inf))
    if low >= 0 and high <= 65535:
        return 0, next(full for full in (1, *_FULL_RANGES) if high <= full)
    return low, high if high > low else low + 1


def _opacity(alpha: Samples) -> npt.NDArray[np.float64]:
    highest = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1
    return np.clip(np.nan_to_num(alpha.astype(np.float64) / highest), 0, 1)


def _over_white(gray: Gray, alpha: Gray) -> Gray:
    if alpha.min() == 255:
        return gray
    opacity = alpha.astype(np.uint16)
    blend: Gray = ((gray * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    return blend
