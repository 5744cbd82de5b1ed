"""What a net sees of photographs, drawn to calibrate its quantisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from cracknet.arrays import Gray
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.errors import ArgumentError, DatasetError
from cracknet.segmentation.tiles import STEP

TILE_PX = 448
"""Longest side of a tile. A larger photograph gives a part of itself: ranges of values do not
need the context that a pixel's class needs."""


def calibration_tiles(
    sets: Mapping[str, Sequence[AnnotatedPhoto]],
    samples: int,
    *,
    half_share: float = 0.0,
    seed: int = 0,
) -> list[Gray]:
    """Draw tiles from photographs as the Segmenter would hand them to the net.

    Sets take turns, so that a large one does not decide alone; within a set every photograph
    comes once before any comes again. Tiles are cut at the photograph's own resolution, some at
    half of it, and mirrored out to multiples of 32.

    Parameters
    ----------
    sets : mapping of str to sequences of AnnotatedPhoto
        By name.
    samples : int
        How many tiles.
    half_share : float
        Share of tiles at half resolution, 0 to 1: as often as the model's coarse pass needs them.
    seed : int
        The same seed draws the same tiles.

    Returns
    -------
    list of (H, W) uint8
        Heights and widths are multiples of 32, at most `TILE_PX`.

    Raises
    ------
    ArgumentError
        When `samples` or `half_share` is out of range.
    DatasetError
        When there is no photograph, or one cannot be read.
    """
    if samples < 1 or not 0 <= half_share <= 1:
        msg = (
            "calibration needs at least 1 sample, and a share within 0 and 1 at half size; got "
            f"{samples} and {half_share}."
        )
        raise ArgumentError(msg)
    if not sets or not all(sets.values()):
        empty = ", ".join(name for name, pairs in sets.items() if not pairs) or "no set is named"
        msg = f"no photographs to calibrate on ({empty}). Name sets with training photographs."
        raise DatasetError(msg)
    rng = np.random.default_rng(seed)
    orders = {name: rng.permutation(len(pairs)) for name, pairs in sets.items()}
    names = list(sets)
    tiles = []
    for k in range(samples):
        name, turn = names[k % len(names)], k // len(names)
        pairs, order = sets[name], orders[names[k % len(names)]]
        gray = pairs[order[turn % len(order)]].read()[0]
        # Evenly spread over each set's turns: of 1/3, every third.
        if int((turn + 1) * half_share) > int(turn * half_share):
            height, width = gray.shape
            size = ((width + 1) // 2, (height + 1) // 2)  # as the Segmenter's coarse pass
            gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
        tiles.append(_tile(gray, rng))
    return tiles


def _tile(gray: Gray, rng: np.random.Generator) -> Gray:
    top, left = (int(rng.integers(max(length - TILE_PX, 0) + 1)) for length in gray.shape)
    part = gray[top : top + TILE_PX, left : left + TILE_PX]
    below, right = (-length % STEP for length in part.shape)
    return np.pad(part, ((0, below), (0, right)), mode="symmetric")
