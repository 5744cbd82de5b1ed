"""COCO's run-length codes.

A mask is read down its columns, from left to right. The code holds the lengths of its runs: first
of background (0 where the first pixel is crack), then of crack, and so on. Compressed, the lengths
are text: from the fourth on, each as its difference to the length two before; five bits a
character, the lowest first; bit 5 says that more follow, bit 4 of the last is the sign; 48 is
added (https://github.com/cocodataset/cocoapi, ``common/maskApi.c``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.errors import DatasetError


def runs_of(mask: Mask) -> list[int]:
    """Code a mask.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    list of int
        Lengths of background and crack by turns; their sum is H * W.

    Examples
    --------
    >>> runs_of(np.array([[False, True], [True, True]]))
    [1, 3]
    """
    columns, rows = np.nonzero(mask.T)
    return runs_of_pixels(rows, columns, mask.shape)


def runs_of_pixels(
    rows: npt.NDArray[np.int_], columns: npt.NDArray[np.int_], shape: tuple[int, ...]
) -> list[int]:
    """Code the mask that is crack at these pixels alone; they come sorted by column, then row.

    Parameters
    ----------
    rows, columns : (N,) int
    shape : tuple
        Height and width of the mask, px.
    """
    height, width = shape
    places = columns.astype(np.int64) * height + rows
    if not places.size:
        return [height * width]
    gaps = np.flatnonzero(np.diff(places) > 1)
    starts = places[np.r_[0, gaps + 1]]
    ends = places[np.r_[gaps, places.size - 1]] + 1
    edges = np.stack([starts, ends], axis=1).ravel()
    runs = np.diff(np.r_[0, edges, height * width])
    return [int(run) for run in (runs if runs[-1] else runs[:-1])]


def mask_of(runs: Sequence[int], height: int, width: int) -> Mask:
    """Decode runs.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    DatasetError
        When a length is negative, or they do not add up to the mask's pixels.
    """
    lengths = np.array(runs, np.int64)
    total = int(lengths.sum()) if lengths.size else 0
    if (lengths < 0).any() or total != height * width:
        msg = f"the runs of a mask {width}x{height} add up to {height * width}; got {total}"
        raise DatasetError(msg)
    values = np.zeros(lengths.size, np.bool_)
    values[1::2] = True
    return np.repeat(values, lengths).reshape(width, height).T


def text_of(runs: Sequence[int]) -> str:
    """Compress runs to text.

    >>> text_of([6]), text_of([0, 6])
    ('6', '06')
    """
    text = []
    for index, run in enumerate(runs):
        rest = run - runs[index - 2] if index > 2 else run
        while True:
            bits, rest = rest & 31, rest >> 5
            done = rest == (-1 if bits & 16 else 0)
            text.append(chr(48 + (bits if done else bits | 32)))
            if done:
                break
    return "".join(text)


def runs_of_text(text: str) -> list[int]:
    """Read compressed runs.

    Raises
    ------
    DatasetError
        When a character is none of the code's, or the text ends within a number.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            msg = f"a compressed run-length code holds characters '0' to 'o'; got {text[:20]!r}"
            raise DatasetError(msg)
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    if shift:
        msg = f"a compressed run-length code ends within a number: {text[-20:]!r}"
        raise DatasetError(msg)
    return runs
