"""Scoring a net in training on photographs, and keeping the best of its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.files import write_whole
from cracknet.scoring.counts import PooledCounts
from cracknet.training.checkpoints import writing

_AT_ONCE = 16
"""Tiles of one call of the net."""


def validate(
    net: keras.Model, sets: Mapping[str, Sequence[AnnotatedPhoto]], tile_px: int | None = None
) -> dict[str, float]:
    """Score a net on photographs: pooled precision, recall and F1 at 0.5, and ODS.

    Parameters
    ----------
    net : keras.Model
    sets : mapping of str to photographs
    tile_px : int, optional
        As of `predict`.

    Returns
    -------
    dict of str to float
        For each set ``<set>_precision``, ``_recall``, ``_f1``, ``_ods`` and ``_ods_at``.
    """
    result: dict[str, float] = {}
    for name, pairs in sets.items():
        counts = PooledCounts()
        for pair in pairs:
            gray, mask = pair.read()
            counts.add(predict(net, gray, tile_px), mask)
        scores = counts.scores()
        at_half = scores.at(0.5)
        result |= {f"{name}_{key}": at_half[key] for key in ("precision", "recall", "f1")}
        result |= {f"{name}_ods": scores.ods, f"{name}_ods_at": scores.ods_threshold}
    return result


def predict(net: keras.Model, gray: Gray, tile_px: int | None = None) -> Probability:
    """Apply a net to one photograph, mirrored out to multiples of its tiles.

    Parameters
    ----------
    net : keras.Model
    gray : (H, W) uint8
    tile_px : int, optional
        Cut the photograph into tiles of at most this size, a multiple of 32, side by side: as many
        as are needed along each side, of one size. Whole by default.

    Returns
    -------
    (H, W) float32
    """
    height, width = gray.shape
    rows, columns = (1 if tile_px is None else -(-side // tile_px) for side in (height, width))
    tall, wide = -(-height // (32 * rows)) * 32, -(-width // (32 * columns)) * 32
    padding = ((0, rows * tall - height), (0, columns * wide - width))
    padded = np.pad(gray, padding, mode="symmetric")
    tiles = padded.reshape(rows, tall, columns, wide).swapaxes(1, 2).reshape(-1, tall, wide, 1)
    found = np.concatenate(
        [
            keras.ops.convert_to_numpy(
                net(tiles[first : first + _AT_ONCE].astype(np.float32), training=False)
            )
            for first in range(0, len(tiles), _AT_ONCE)
        ]
    )
    whole = found.reshape(rows, columns, tall, wide).swapaxes(1, 2).reshape(padded.shape)
    return np.asarray(whole[:height, :width], np.float32)


def keep_best(out: Path, net: keras.Model, result: dict[str, Any], first: str) -> bool:
    """Save the weights if their F1 on the set `first` is the run's best so far."""
    best = out / "best.json"
    if best.is_file() and json.loads(best.read_text())[f"{first}_f1"] >= result[f"{first}_f1"]:
        return False
    save_weights(net, out / "best.weights.h5")
    write_whole(best, json.dumps(result, indent=1).encode())
    return True


def save_weights(net: keras.Model, path: Path) -> None:
    """Write weights whole or not at all.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    part = path.with_name("part.weights.h5")
    with writing(path.parent):
        net.save_weights(part)
        part.replace(path)
