"""Encoding pictures for files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.errors import OutputError

Picture = npt.NDArray[np.uint8]

JPEG_LONGEST_PX = 65500
"""The longest side that libjpeg writes."""


def png_of_mask(mask: Mask) -> memoryview:
    """Encode a mask as 8-bit PNG holding 0 and 255."""
    return _encode(".png", mask.view(np.uint8) * np.uint8(255), _PNG)


def png_of_probability(probability: Probability) -> memoryview:
    """Encode a probability as 8-bit PNG, rounded to 1/255."""
    return _encode(".png", cv2.convertScaleAbs(probability, alpha=255), _PNG)


def jpeg_of(picture: Picture, quality: int = 88) -> memoryview:
    """Encode a picture, (H, W) gray or (H, W, 3) BGR, as JPEG, shrunk to JPEG's longest side."""
    height, width = picture.shape[:2]
    if (longest := max(height, width)) > JPEG_LONGEST_PX:
        size = [max(1, side * JPEG_LONGEST_PX // longest) for side in (width, height)]
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))


# Level 1 writes a photograph's mask in a tenth of the default's time, at a like size.
_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)


def _encode(suffix: str, values: npt.NDArray[Any], options: Sequence[int]) -> memoryview:
    try:
        done, code = cv2.imencode(suffix, values, options)
    except cv2.error:
        done = False
    if not done:
        msg = f"a picture of {values.shape[1]}x{values.shape[0]} cannot be encoded as {suffix}."
        raise OutputError(msg)
    return code.data
