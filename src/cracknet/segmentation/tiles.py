"""Overlapping tiles over a photograph, and the weights that blend them without a seam.

Symbols: L, a photograph's length along one axis; T, a tile's; O, the least overlap of two
neighbours; M, the margin at a tile's inner border whose result is not used at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError

STEP = 32
"""Nets take heights and widths that are multiples of this."""


@dataclass(frozen=True)
class Axis:
    """The tiles along one axis.

    Attributes
    ----------
    length, tile : int
        L and T in px; T may exceed L.
    starts : tuple of int
        First pixel of each tile, ascending.
    weights : tuple of (T,) float32 arrays
        The weight of each tile's pixels; at every pixel of the photograph they sum to 1.
    """

    length: int
    tile: int
    starts: tuple[int, ...]
    weights: tuple[npt.NDArray[np.float32], ...]


def lay_axis(length: int, tile: int, overlap: int, margin: int, offset: int = 0) -> Axis:
    """Lay tiles evenly along one axis.

    With n tiles, n = ceil((L - O) / (T - O)) or 1 where T >= L, tile k starts at
    round(k (L - T) / (n - 1)). Weights are trapezoids: 0 over the margin M at an inner
    border, rising evenly across the overlap, then divided by their sum.

    Parameters
    ----------
    length, tile, overlap, margin : int
        L, T, O and M in px; 2 M < O < T.
    offset : int
        Start this many px before the photograph, on mirrored pixels, to test that where the
        tiles lie does not matter.

    Raises
    ------
    ArgumentError
        When the lengths do not fit each other.

    Examples
    --------
    >>> lay_axis(100, 64, 16, 4).starts
    (0, 36)
    """
    if length < 1 or tile < 1 or offset < 0 or not 0 <= 2 * margin < overlap < tile:
        msg = (
            "tiles need length >= 1, offset >= 0 and 0 <= 2 margin < overlap < tile; got "
            f"length {length}, offset {offset}, margin {margin}, overlap {overlap}, tile {tile}."
        )
        raise ArgumentError(msg)
    whole = length + offset
    if whole <= tile:
        return Axis(length, tile, (-offset,), (np.ones(tile, np.float32),))
    count = -(-(whole - overlap) // (tile - overlap))
    starts = [round(k * (whole - tile) / (count - 1)) - offset for k in range(count)]
    total = np.zeros(whole)
    ramps = []
    for k, start in enumerate(starts):
        ramp = np.ones(tile)
        if k > 0:
            ramp = np.minimum(ramp, _rise(tile, starts[k - 1] + tile - start, margin))
        if k < count - 1:
            ramp = np.minimum(ramp, _rise(tile, start + tile - starts[k + 1], margin)[::-1])
        total[start + offset : start + offset + tile] += ramp
        ramps.append(ramp)
    weights = tuple(
        (ramp / total[start + offset : start + offset + tile]).astype(np.float32)
        for start, ramp in zip(starts, ramps, strict=True)
    )
    return Axis(length, tile, tuple(starts), weights)


def _rise(tile: int, overlap: int, margin: int) -> npt.NDArray[np.float64]:
    """Return 0 over the margin, then an even rise to 1 at as far from the overlap's end."""
    position = np.arange(tile) + 0.5
    return np.clip((position - margin) / (overlap - 2 * margin), 0, 1)


@dataclass(frozen=True)
class Tile:
    """Where one tile lies, and its blending weights along both axes."""

    top: int
    left: int
    row_weights: npt.NDArray[np.float32]
    column_weights: npt.NDArray[np.float32]


def lay_tiles(rows: Axis, columns: Axis) -> Iterator[Tile]:
    """Yield the tiles of two axes, row by row."""
    for top, row_weights in zip(rows.starts, rows.weights, strict=True):
        for left, column_weights in zip(columns.starts, columns.weights, strict=True):
            yield Tile(top, left, row_weights, column_weights)


def cut_tile(gray: Gray, tile: Tile) -> Gray:
    """Cut a tile out of a photograph; beyond its borders the photograph is mirrored.

    Returns
    -------
    (T, T) uint8
    """
    height, width = gray.shape
    bottom, right = tile.top + tile.row_weights.size, tile.left + tile.column_weights.size
    inside = gray[max(tile.top, 0) : min(bottom, height), max(tile.left, 0) : min(right, width)]
    before, after = max(-tile.top, 0), max(bottom - height, 0)
    left, right = max(-tile.left, 0), max(right - width, 0)
    if before or after or left or right:
        return np.asarray(
            cv2.copyMakeBorder(inside, before, after, left, right, cv2.BORDER_REFLECT_101), np.uint8
        )
    return np.ascontiguousarray(inside)


def blend_tile(
    total: npt.NDArray[np.float32], probability: npt.NDArray[np.float32], tile: Tile
) -> None:
    """Add a tile's weighted probability to the photograph's, in place.

    Parameters
    ----------
    total : (H, W) float32
        Starts as zeros; holds the blended probability once every tile is added.
    probability : (T, T) float32
    tile : Tile
    """
    height, width = total.shape
    rows = slice(max(tile.top, 0), min(tile.top + tile.row_weights.size, height))
    columns = slice(max(tile.left, 0), min(tile.left + tile.column_weights.size, width))
    in_rows = slice(rows.start - tile.top, rows.stop - tile.top)
    in_columns = slice(columns.start - tile.left, columns.stop - tile.left)
    part = probability[in_rows, in_columns] * tile.row_weights[in_rows, None]
    part *= tile.column_weights[None, in_columns]
    total[rows, columns] += part
