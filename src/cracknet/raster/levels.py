"""Which samples are black and white: decided once for a whole raster, so that windows agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.errors import PhotoError
from cracknet.photo.gray import black_white
from cracknet.raster.box import Box

SAMPLE_PX = 512
"""Side of a sampled window."""

SAMPLE_WINDOWS = 64
"""Windows with valid pixels that are looked at; a raster of up to so many is looked at whole."""

Samples = npt.NDArray[Any]
Read = Callable[[Box], tuple[Samples, Mask]]


@dataclass(frozen=True)
class Levels:
    """Samples from `black` or less are 0, from `white` or more 255; even between them."""

    black: float
    white: float


def sample_boxes(height: int, width: int) -> Iterator[Box]:
    """Yield the windows of 512x512 px of a raster, in an order of chance that is always the same.

    The first of them with valid pixels, `SAMPLE_WINDOWS`, stand for the raster.
    """
    down, across = -(-height // SAMPLE_PX), -(-width // SAMPLE_PX)
    for number in np.random.default_rng(0).permutation(down * across):
        row, column = divmod(int(number), across)
        top, left = row * SAMPLE_PX, column * SAMPLE_PX
        yield Box(top, left, min(top + SAMPLE_PX, height), min(left + SAMPLE_PX, width))


def find_levels(
    height: int, width: int, dtype: np.dtype[Any], bits: int | None, read: Read
) -> Levels:
    """Find the levels of a raster by the rule of `cracknet.photo.gray.gray_from_samples`.

    That rule asks for the least and greatest sample. Where the file states its bits, the greatest
    is that of the bits. Else 64 windows of 512x512 px that hold valid pixels are looked at, the
    same ones each time, spread over the raster by chance; a raster of up to 64 such windows is
    looked at whole. Samples beyond what was seen are black or white.

    Parameters
    ----------
    height, width : int
    dtype : dtype
        Of the samples.
    bits : int, optional
        Of a sample, as the file states them.
    read : callable
        A box in, the colours' samples (C, h, w) and which pixels are valid (h, w) out.

    Raises
    ------
    PhotoError
        When the samples are not real numbers, or none is finite.
    """
    if dtype.kind not in "uif":
        msg = f"its samples are of the kind {dtype}. Save it with 8 or 16 bits"
        raise PhotoError(msg)
    if bits is not None and dtype.kind == "u":
        return (
            Levels(0, 2**bits - 1)
            if bits < 8
            else Levels(*black_white(np.zeros(1, dtype), 2**bits - 1))
        )
    extremes: list[Any] = []
    for box in sample_boxes(height, width):
        samples, valid = read(box)
        seen = samples[:, valid]
        if dtype.kind == "f":
            seen = seen[np.isfinite(seen)]
        if seen.size:
            extremes += [seen.min(), seen.max()]
        if len(extremes) == 2 * SAMPLE_WINDOWS:
            break
    # Nothing valid: nothing will be looked at either.
    return Levels(*black_white(np.array(extremes or [0], dtype), None))
