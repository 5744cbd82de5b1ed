"""What is inside a trained net: its stages, and their features of one photograph."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.files import write_whole
from cracknet.studies.architecture import Architecture, read_architecture
from cracknet.studies.scored import Sample, TrainedNet, read_json

FEATURE_CHANNELS = 6
FEATURE_PX = 1024
"""Feature maps are taken of the middle of larger photographs."""


def keep_architecture(trained: TrainedNet) -> Architecture:
    """Read a net's stages, and keep them in ``architecture.json`` of its run."""
    path = trained.folder / "architecture.json"
    if kept := read_json(path):
        return Architecture.from_dict(kept)
    found = read_architecture(trained.net, trained.name)
    write_whole(path, (json.dumps(asdict(found), indent=1) + "\n").encode())
    return found


def keep_features(
    trained: TrainedNet, architecture: Architecture, sample: Sample
) -> dict[str, npt.NDArray[Any]]:
    """Keep the strongest channels of each stage's features of one photograph.

    The strongest are those that vary most over the photograph (standard deviation).

    Returns
    -------
    dict of str to array
        Stage index (as text) to (C, h, w) float16; ``gray`` is what the net was shown. Empty
        where they were not kept while the net had its weights.
    """
    path = trained.folder / "features.npz"
    key = f"{trained.sha256} {sample.pair.stem}"
    if path.is_file():
        with np.load(path) as kept:
            if "key" in kept.files and str(kept["key"]) == key:
                return {name: kept[name] for name in kept.files if name != "key"}
    if not trained.has_weights:
        return {}
    gray = _middle(sample.pair.read()[0])
    named = [trained.net.get_layer(stage.layer).output for stage in architecture.stages]
    values = keras.Model(trained.net.input, named)(
        gray[None, ..., None].astype(np.float32), training=False
    )
    found: dict[str, npt.NDArray[Any]] = {"gray": gray}
    for index, value in enumerate(values):
        maps = np.moveaxis(np.asarray(keras.ops.convert_to_numpy(value), np.float32)[0], -1, 0)
        order = np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:FEATURE_CHANNELS]
        found[str(index)] = np.clip(maps[order], -65504, 65504).astype(np.float16)
    file = io.BytesIO()
    np.savez_compressed(file, key=np.array(key), **found)  # type: ignore[arg-type]
    write_whole(path, file.getvalue())
    return found


def _middle(gray: Gray) -> Gray:
    """Cut what is beyond `FEATURE_PX`, and down to multiples of 32; mirror smaller ones out."""
    height, width = gray.shape
    gray = np.pad(gray, ((0, max(0, 32 - height)), (0, max(0, 32 - width))), mode="symmetric")
    cut = []
    for extent in gray.shape:
        size = min(FEATURE_PX, extent // 32 * 32)
        first = (extent - size) // 2
        cut.append(slice(first, first + size))
    return gray[tuple(cut)]
