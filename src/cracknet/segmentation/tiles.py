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
    """Lay tiles evenly along one axis, each start a multiple of 32 px from the photograph's.

    A net halves its features five times, so its result depends a little on where a pixel lies
    within a block of 32. With all starts on that grid every tile sees a pixel at the same
    place, and tiles differ by their context alone.

    With L' = L rounded up to 32 and n tiles, n = ceil((L' - O) / (T - O)) or 1 where T >= L', tile
    k starts at k (L' - T) / (n - 1), rounded to 32. Weights are trapezoids: 0 over the margin M at
    an inner border, rising evenly across the overlap, then divided by their sum.

    Parameters
    ----------
    length, tile, overlap, margin : int
        L, T, O and M in px; 2 M < O; T and O multiples of 32. O < T where more than one tile is
        needed.
    offset : int
        Lay the inner tiles this many px earlier, a multiple of 32: to test that where the tiles
        lie does not matter.

    Raises
    ------
    ArgumentError
        When the lengths do not fit each other.

    Examples
    --------
    >>> lay_axis(100, 64, 32, 4).starts
    (0, 32, 64)
    """
    whole = -(-length // STEP) * STEP
    in_order = length >= 1 and offset >= 0 and 0 <= 2 * margin < overlap
    in_order &= overlap < tile or 1 <= whole <= tile
    if not in_order or tile % STEP or overlap % STEP or offset % STEP:
        msg = (
            "tiles need length >= 1, offset >= 0, 0 <= 2 margin < overlap < tile, and offset, "
            f"overlap and tile multiples of {STEP}; got length {length}, offset {offset}, margin "
            f"{margin}, overlap {overlap}, tile {tile}."
        )
        raise ArgumentError(msg)
    if whole <= tile:
        return Axis(length, tile, (0,), (np.ones(tile, np.float32),))
    count = -(-(whole + offset - overlap) // (tile - overlap))
    stride = (whole + offset - tile) / (count - 1)
    places = sorted({max(round(k * stride / STEP) * STEP - offset, 0) for k in range(count)})
    count = len(places)
    total = np.zeros(whole)
    ramps = []
    for k, place in enumerate(places):
        ramp = np.ones(tile)
        if k > 0:
            ramp = np.minimum(ramp, _rise(tile, places[k - 1] + tile - place, margin))
        if k < count - 1:
            ramp = np.minimum(ramp, _rise(tile, place + tile - places[k + 1], margin)[::-1])
        total[place : place + tile] += ramp
        ramps.append(ramp)
    weights = tuple(
        (ramp / total[place : place + tile]).astype(np.float32)
        for place, ramp in zip(places, ramps, strict=True)
    )
    return Axis(length, tile, tuple(places), weights)


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
    """Cut a tile out of a photograph, mirrored beyond its lower and right borders.

    Returns
    -------
    (T, T) uint8
    """
    height, width = tile.row_weights.size, tile.column_weights.size
    inside = gray[tile.top : tile.top + height, tile.left : tile.left + width]
    below, right = height - inside.shape[0], width - inside.shape[1]
    if below or right:
        mirrored = cv2.copyMakeBorder(inside, 0, below, 0, right, cv2.BORDER_REFLECT_101)
        return np.asarray(mirrored, np.uint8)
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
    there = total[tile.top :, tile.left :][: tile.row_weights.size, : tile.column_weights.size]
    height, width = there.shape
    part = probability[:height, :width] * tile.row_weights[:height, None]
    part *= tile.column_weights[None, :width]
    there += part
