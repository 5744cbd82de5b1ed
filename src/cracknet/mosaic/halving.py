"""Half the size, window by window, as if the whole raster were resized at once.

`Segmenter.probability` shrinks a photograph of L px along an axis to l = (L + 1) // 2 by area
averages, and enlarges what the net says of it to L again, linearly. With L even, pixel k of the
half is the mean of pixels 2 k and 2 k + 1. With L odd it is that of the stretch from k L / l to
(k + 1) L / l, of three pixels, so that every window has weights of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

import cv2
import numpy as np
from scipy.sparse import csr_array

from cracknet.arrays import Gray, Mask, Probability
from cracknet.raster import Box

FULL_ROWS = 1024
"""Rows of the full size that are in memory at once, about."""


def halved(length: int) -> int:
    """Return the length of the half."""
    return (length + 1) // 2


def _even(length: int) -> bool:
    return length % 2 == 0 or length == 1


def _step(length: int) -> int:
    """Px of the full size in one of the half, where that is a whole number."""
    return 1 if length == 1 else 2


def full_range(length: int, begin: int, end: int) -> tuple[int, int]:
    """Return the px of the full size under the half's px `begin` to before `end`.

    Examples
    --------
    >>> full_range(10, 1, 3), full_range(11, 1, 3)
    ((2, 6), (1, 6))
    """
    step = length / halved(length)
    return floor(begin * step + 1e-9), min(ceil(end * step - 1e-9), length)


def shrink_weights(length: int, begin: int, end: int) -> csr_array:
    """Return the weights of the full size's px in the half's, as OpenCV's INTER_AREA has them.

    Returns
    -------
    (end - begin, n) sparse float32
        n px of the full size from `full_range`; each row sums to 1.
    """
    first, last = full_range(length, begin, end)
    step = length / halved(length)
    rows, columns, values = [], [], []
    for k in range(begin, end):
        low, high = k * step, min((k + 1) * step, length)
        for px in range(floor(low), min(ceil(high), last)):
            share = min(high, px + 1) - max(low, px)
            if share > 1e-3 and px >= first:  # OpenCV leaves out less
                rows.append(k - begin)
                columns.append(px - first)
                values.append(share / (high - low))
    return csr_array((np.array(values, np.float32), (rows, columns)), (end - begin, last - first))


def read_half(
    read: Callable[[Box], tuple[Gray, Mask]], shape: tuple[int, int], box: Box
) -> tuple[Gray, Mask]:
    """Read a window of the half: the full size is read in strips.

    Parameters
    ----------
    read : callable
        A box of the full size in, gray and valid out.
    shape : (int, int)
        H and W of the full size.
    box : Box
        Of the half.

    Returns
    -------
    gray : (h, w) uint8
    valid : (h, w) bool
        Where any of a pixel's parts is.
    """
    gray = np.empty(box.shape, np.uint8)
    valid = np.empty(box.shape, bool)
    left, right = full_range(shape[1], box.left, box.right)
    for strip in box.strips(FULL_ROWS // 2):
        top, bottom = full_range(shape[0], strip.top, strip.bottom)
        place = strip.within(box)
        full, held = read(Box(top, left, bottom, right))
        gray[place] = _shrink(full, shape, strip)
        if held.all():
            valid[place] = True
        else:
            valid[place] = _shrink(held.view(np.uint8) * np.uint8(255), shape, strip) > 0
    return gray, valid


def _shrink(full: Gray, shape: tuple[int, int], box: Box) -> Gray:
    if _even(shape[0]) and _even(shape[1]):
        size = box.shape[1], box.shape[0]
        return np.asarray(cv2.resize(full, size, interpolation=cv2.INTER_AREA), np.uint8)
    down = shrink_weights(shape[0], box.top, box.bottom)
    across = shrink_weights(shape[1], box.left, box.right)
    # Rows first, then columns, in single precision, as OpenCV does: a tie falls to the same side.
    rows = (across @ full.T.astype(np.float32)).T
    return np.asarray(np.rint(down @ rows), np.uint8)


def half_range(length: int, begin: int, end: int) -> tuple[int, int]:
    """Return the px of the half that enlarging to the px `begin` to before `end` asks for.

    Examples
    --------
    >>> half_range(10, 4, 8), half_range(10, 0, 10)
    ((1, 5), (0, 5))
    """
    half = halved(length)
    step = half / length
    first = max(floor((begin + 0.5) * step - 0.5), 0)
    return first, min(floor((end - 0.5) * step - 0.5) + 2, half)


def enlarge_weights(length: int, begin: int, end: int) -> csr_array:
    """Return the weights of the half's px in the full size's, as OpenCV's INTER_LINEAR has them.

    Returns
    -------
    (end - begin, n) sparse float32
        n px of the half from `half_range`; each row sums to 1.
    """
    half = halved(length)
    first, last = half_range(length, begin, end)
    at = np.clip((np.arange(begin, end) + 0.5) * (half / length) - 0.5, 0, half - 1)
    low = np.minimum(np.floor(at).astype(int), half - 1)
    high = np.minimum(low + 1, last - 1)
    share = (at - low).astype(np.float32)
    rows = np.arange(end - begin)
    return csr_array(
        (
            np.concatenate([1 - share, share]),
            (np.concatenate([rows, rows]), np.concatenate([low, high]) - first),
        ),
        (end - begin, last - first),
    )


def enlarge(half: Probability, shape: tuple[int, int], box: Box) -> Probability:
    """Enlarge a window of the half to the full size.

    Parameters
    ----------
    half : (h, w) float32
        The half's px from `half_range` of both of the box' sides.
    shape : (int, int)
        H and W of the full size.
    box : Box
        Of the full size.

    Returns
    -------
    (H', W') float32
        Of the box' shape.
    """
    if _even(shape[0]) and _even(shape[1]):
        steps = _step(shape[0]), _step(shape[1])
        size = half.shape[1] * steps[1], half.shape[0] * steps[0]
        whole = cv2.resize(half, size, interpolation=cv2.INTER_LINEAR)
        top = box.top - half_range(shape[0], box.top, box.bottom)[0] * steps[0]
        left = box.left - half_range(shape[1], box.left, box.right)[0] * steps[1]
        return np.asarray(whole[top:, left:][: box.shape[0], : box.shape[1]], np.float32)
    down = enlarge_weights(shape[0], box.top, box.bottom)
    across = enlarge_weights(shape[1], box.left, box.right)
    return np.asarray((down @ (across @ half.T).T), np.float32)
