"""Scoring a net in training on whole photographs, and keeping the best of its weights."""

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


def validate(net: keras.Model, sets: Mapping[str, Sequence[AnnotatedPhoto]]) -> dict[str, float]:
    """Score a net on whole photographs: pooled precision, recall and F1 at 0.5, and ODS.

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
            counts.add(predict(net, gray), mask)
        scores = counts.scores()
        at_half = scores.at(0.5)
        result |= {f"{name}_{key}": at_half[key] for key in ("precision", "recall", "f1")}
        result |= {f"{name}_ods": scores.ods, f"{name}_ods_at": scores.ods_threshold}
    return result


def predict(net: keras.Model, gray: Gray) -> Probability:
    """Apply a net to one photograph, mirrored out to multiples of 32.

    Parameters
    ----------
    net : keras.Model
    gray : (H, W) uint8

    Returns
    -------
    (H, W) float32
    """
    height, width = gray.shape
    padded = np.pad(gray, ((0, -height % 32), (0, -width % 32)), mode="symmetric")
    probability = keras.ops.convert_to_numpy(
        net(padded[None, ..., None].astype(np.float32), training=False)
    )
    return np.asarray(probability[0, :height, :width, 0], np.float32)


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
