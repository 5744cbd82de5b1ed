"""Photographs as tiles side by side, each judged by a classifier and painted with its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Probability
from cracknet.errors import ArgumentError

CRACK = 1
"""Which of a tile's classes is crack; 0 is intact."""

Tiles = npt.NDArray[np.float32]
"""(N, T, T, 1) float32, gray values 0 to 255."""
Grid = npt.NDArray[np.float32]
"""(rows, columns, classes) float32: the probability of each class of each tile."""
Classify = Callable[[Tiles], npt.NDArray[np.float32]]
"""From tiles to (N, classes) float32."""

_AT_ONCE = 64


def scan(gray: Gray, tile_px: int, classify: Classify, offset_px: int = 0) -> Grid:
    """Classify the tiles of a photograph, laid side by side.

    The first tile begins `offset_px` above and left of the photograph, which is mirrored beyond
    its borders.

    Parameters
    ----------
    gray : (H, W) uint8
    tile_px : int
    classify : callable
    offset_px : int
        From 0 to below `tile_px`.

    Raises
    ------
    ArgumentError
        When the photograph is not (H, W) uint8, or the offset is out of range.
    """
    check_gray(gray)
    _check_offset(tile_px, offset_px)
    padding = [(offset_px, -(length + offset_px) % tile_px) for length in gray.shape]
    wide = np.pad(gray, padding, mode="symmetric")
    rows, columns = wide.shape[0] // tile_px, wide.shape[1] // tile_px
    tiles = wide.reshape(rows, tile_px, columns, tile_px).swapaxes(1, 2)
    flat = tiles.reshape(-1, tile_px, tile_px, 1)
    found = [
        classify(flat[start : start + _AT_ONCE].astype(np.float32))
        for start in range(0, len(flat), _AT_ONCE)
    ]
    return np.concatenate(found).reshape(rows, columns, -1).astype(np.float32)


def paint(
    values: npt.NDArray[np.float32], shape: Sequence[int], tile_px: int, offset_px: int = 0
) -> Probability:
    """Paint each tile of a photograph of this shape evenly with its value.

    Examples
    --------
    >>> paint(np.float32([[0.25, 0.75]]), (1, 5), 4, offset_px=2).tolist()
    [[0.25, 0.25, 0.75, 0.75, 0.75]]
    """
    _check_offset(tile_px, offset_px)
    whole = values.repeat(tile_px, 0).repeat(tile_px, 1)
    return np.ascontiguousarray(
        whole[offset_px : offset_px + shape[0], offset_px : offset_px + shape[1]], np.float32
    )


def painted_cracks(gray: Gray, tile_px: int, classify: Classify, offset_px: int = 0) -> Probability:
    """Return (H, W) float32: each tile's probability of crack, as `scan` and `paint` have it."""
    grid = scan(gray, tile_px, classify, offset_px)
    return paint(grid[..., CRACK], gray.shape, tile_px, offset_px)


def check_gray(gray: Gray) -> None:
    """Raise ArgumentError where a photograph is not (H, W) uint8 with at least a pixel."""
    if gray.ndim != 2 or gray.dtype != np.uint8 or gray.size == 0:
        msg = f"the photograph must be (H, W) uint8, at least 1x1; got {gray.shape} {gray.dtype}."
        raise ArgumentError(msg)


def _check_offset(tile_px: int, offset_px: int) -> None:
    if tile_px < 1 or not 0 <= offset_px < tile_px:
        msg = (
            "tiles have a side of at least 1 px and an offset below it; got "
            f"{tile_px} and {offset_px}."
        )
        raise ArgumentError(msg)
