"""The regions of a raster's mask, found tile by tile and joined across the tiles' borders.

Tiles are labelled one at a time; labels that touch across a border are one region. Kept are a few
numbers for each region, not its pixels: a tile's labels are found again, the same ones, whenever
its pixels are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.measurement.centreline.graph import components
from cracknet.raster import Box

TILE_PX = 1024
TILES_KEPT = 12
"""Tiles whose labels stay in memory, 4 MB each."""

Index = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]


class Regions:
    """8-connected regions of a mask, numbered from 1 on by their first tile.

    Parameters
    ----------
    read : callable
        Gives the mask of a box, (h, w) bool.
    shape : (int, int)
        Height and width of the raster, px.
    tile_px : int
        Side of the tiles.

    Attributes
    ----------
    count : int
        How many regions there are.
    boxes : (count + 1, 4) int64
        Top, left, bottom, right; row 0 stands for what is no region.
    areas : (count + 1,) int64
        Px.
    seeds : (count + 1, 2) int64
        Row and column of a pixel of each.
    """

    def __init__(
        self,
        read: Callable[[Box], Mask],
        shape: tuple[int, int],
        *,
        tile_px: int = TILE_PX,
    ) -> None:
        self._read, self.shape, self.tile_px = read, shape, tile_px
        self._columns = -(-shape[1] // tile_px)
        self._tiles = [
            Box(top, left, min(top + tile_px, shape[0]), min(left + tile_px, shape[1]))
            for top in range(0, shape[0], tile_px)
            for left in range(0, shape[1], tile_px)
        ]
        self._label = lru_cache(TILES_KEPT)(self._label_tile)
        found, pairs = [], []
        self._first = np.zeros(len(self._tiles) + 1, np.int64)  # of each tile's labels
        above = np.zeros(shape[1], np.int64)
        below = np.zeros(shape[1], np.int64)
        left: Index = np.zeros(0, np.int64)
        for k, tile in enumerate(self._tiles):
            labels = self._label(k)
            local = _pieces(labels, tile)
            found.append(local)
            base = self._first[k]
            self._first[k + 1] = base + len(local)
            whole = np.where(labels > 0, labels + base, 0) if len(local) else labels
            across = slice(tile.left, tile.right)
            if tile.left == 0:
                above, below = below, np.zeros(shape[1], np.int64)
                left = np.zeros(len(labels), np.int64)
            pairs.append(_touching(left, whole[:, 0]))
            if tile.top:
                around = np.pad(above, 1)[tile.left : tile.right + 2]
                pairs.append(_touching(around, np.pad(whole[0], 1)))
            below[across] = whole[-1]
            left = np.asarray(whole[:, -1], np.int64)
        pieces = np.concatenate(found)
        self._join(pieces, np.concatenate(pairs))

    def _join(self, pieces: Index, pairs: Index) -> None:
        total = len(pieces)
        root = components(pairs - 1, total)
        # Numbers by the first piece, so that they do not hang on how the graph is walked.
        _, first, place = np.unique(root, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(first), np.int64)
        rank[order] = np.arange(1, len(first) + 1)
        self._root = np.concatenate([[0], rank[place]]).astype(np.int32)
        self.count = len(first)
        far = np.iinfo(np.int64).max
        self.boxes = np.tile(np.array([far, far, 0, 0], np.int64), (self.count + 1, 1))
        self.areas = np.zeros(self.count + 1, np.int64)
        self.seeds = np.zeros((self.count + 1, 2), np.int64)
        own = self._root[1:]
        np.minimum.at(self.boxes[:, :2], own, pieces[:, :2])
        np.maximum.at(self.boxes[:, 2:], own, pieces[:, 2:4])
        np.add.at(self.areas, own, pieces[:, 4])
        self.seeds[own[::-1]] = pieces[::-1, 5:7]
        self.boxes[0] = 0

    def _label_tile(self, number: int) -> Labels:
        picture = self._read(self._tiles[number]).astype(np.uint8)
        return np.asarray(
            cv2.connectedComponents(picture, connectivity=8, ltype=cv2.CV_32S)[1], np.int32
        )

    def tiles_of(self, region: int) -> list[Box]:
        """List the tiles that hold pixels of a region, row by row."""
        pieces = np.flatnonzero(self._root[1:] == region)
        tiles = np.unique(np.searchsorted(self._first, pieces, side="right") - 1)
        return [self._tiles[k] for k in tiles.tolist()]

    def read(self, box: Box) -> Labels:
        """Give the region of each pixel of a box, 0 where there is none, (h, w)."""
        out = np.zeros(box.shape, np.int32)
        for number in self._numbers(box):
            tile = self._tiles[number]
            common = Box(
                max(box.top, tile.top), max(box.left, tile.left),
                min(box.bottom, tile.bottom), min(box.right, tile.right),
            )  # fmt: skip
            if self._first[number] == self._first[number + 1]:
                continue
            roots = self._root[self._first[number] : self._first[number + 1] + 1].copy()
            roots[0] = 0
            out[common.within(box)] = roots[self._label(number)[common.within(tile)]]
        return out

    def at(self, points: Index) -> Index:
        """Give the region at each of (N, 2) rows and columns, (N,)."""
        out = np.zeros(len(points), np.int64)
        number = points[:, 0] // self.tile_px * self._columns + points[:, 1] // self.tile_px
        for k in np.unique(number).tolist():
            here = np.flatnonzero(number == k)
            tile = self._tiles[k]
            local = self._label(k)[points[here, 0] - tile.top, points[here, 1] - tile.left]
            out[here] = np.where(local > 0, self._root[local + self._first[k]], 0)
        return out

    def _numbers(self, box: Box) -> Iterator[int]:
        px = self.tile_px
        for row in range(box.top // px, (box.bottom - 1) // px + 1):
            for column in range(box.left // px, (box.right - 1) // px + 1):
                yield row * self._columns + column


def _pieces(labels: Labels, tile: Box) -> Index:
    """Top, left, bottom, right, area, and a pixel's row and column of each label, (n, 7)."""
    rows, columns = np.nonzero(labels)
    if not len(rows):
        return np.zeros((0, 7), np.int64)
    own = labels[rows, columns] - 1
    count = int(own.max()) + 1
    out = np.zeros((count, 7), np.int64)
    out[:, 4] = np.bincount(own, minlength=count)
    first = np.unique(own, return_index=True)[1]
    out[:, 0], out[:, 5], out[:, 6] = rows[first], rows[first], columns[first]
    out[:, 1] = np.iinfo(np.int64).max
    np.minimum.at(out[:, 1], own, columns)
    np.maximum.at(out[:, 2], own, rows + 1)
    np.maximum.at(out[:, 3], own, columns + 1)
    out[:, [0, 2, 5]] += tile.top
    out[:, [1, 3, 6]] += tile.left
    return out


def _touching(one: npt.NDArray[np.integer], other: npt.NDArray[np.integer]) -> Index:
    """Pairs of labels of two lines of pixels side by side that touch, at a corner too, (E, 2)."""
    pairs = [
        np.column_stack([one[a], other[b]])
        for a, b in (
            (slice(None), slice(None)),
            (slice(None, -1), slice(1, None)),
            (slice(1, None), slice(None, -1)),
        )
    ]
    both = np.concatenate(pairs).astype(np.int64)
    return np.unique(both[(both > 0).all(axis=1)], axis=0)


def grown(read: Callable[[Box], Mask], shape: tuple[int, int], by_px: int) -> Callable[[Box], Mask]:
    """Read a mask grown by so many px to all sides, so that what is near becomes one region."""

    def read_grown(box: Box) -> Mask:
        around = with_halo(box, by_px, shape)
        kernel = np.ones((2 * by_px + 1, 2 * by_px + 1), np.uint8)
        picture = cv2.dilate(read(around).astype(np.uint8), kernel, borderValue=0)
        return np.asarray(picture[box.within(around)] > 0)

    return read_grown


def with_halo(box: Box, halo_px: int, shape: tuple[int, int]) -> Box:
    """Grow a box to all sides, as far as the raster goes."""
    return Box(
        max(box.top - halo_px, 0), max(box.left - halo_px, 0),
        min(box.bottom + halo_px, shape[0]), min(box.right + halo_px, shape[1]),
    )  # fmt: skip
