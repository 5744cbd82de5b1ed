"""Writing files whole or not at all, and encoding pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.errors import OutputError

Picture = npt.NDArray[np.uint8]


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a temporary name beside it, then rename: never half a file.

    Raises
    ------
    OutputError
        When it cannot be written; the message says why, and nothing is left behind.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        msg = (
            f"{path} cannot be written: {error.strerror or error}. Free some space or name another "
            "output folder; run again to finish the rest."
        )
        raise OutputError(msg) from error


def png_of_mask(mask: Mask) -> memoryview:
    """Encode a mask as 8-bit PNG holding 0 and 255."""
    return _encode(".png", mask.view(np.uint8) * np.uint8(255), _PNG)


def png_of_probability(probability: Probability) -> memoryview:
    """Encode a probability as 8-bit PNG, rounded to 1/255."""
    return _encode(".png", cv2.convertScaleAbs(probability, alpha=255), _PNG)


def jpeg_of(picture: Picture, quality: int = 88) -> memoryview:
    """Encode a picture, (H, W) gray or (H, W, 3) BGR, as JPEG.

    Raises
    ------
    OutputError
        When a side exceeds JPEG's 65500 px.
    """
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
