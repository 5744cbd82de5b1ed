"""From a classifier of tiles to a gate's file, which segmenting reads without Keras."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cracknet.baselines.alexnet import alexnet
from cracknet.baselines.learning import ABOUT, WEIGHTS, load_trained
from cracknet.baselines.vgg19 import vgg19
from cracknet.errors import ArgumentError, OutputError, TrainingError
from cracknet.segmentation.gate import TileClassifier
from cracknet.segmentation.models import GATE, ModelCard, sha256_of, write_card
from cracknet.segmentation.openvino import import_openvino
from cracknet.training.export import TOLERANCE

_BUILDS = {"vgg19": vgg19, "alexnet": alexnet, "two-scans": alexnet}


def export_gate(folder: Path, out: Path, *, half: bool = True) -> ModelCard:
    """Write a classifier that `learn` taught as OpenVINO IR, with a gate's card beside it.

    Parameters
    ----------
    folder : Path
        Of the run: ``learning.json`` and ``weights.npz``.
    out : Path
        The file to write, which ends in .xml; its weights (.bin) and card (.json) beside it.
    half : bool
        Keep the weights in float16.

    Returns
    -------
    ModelCard

    Raises
    ------
    ArgumentError
        When the file does not end in .xml, or the folder holds no run of a classifier.
    TrainingError
        When the run is not finished, its weights cannot be read, or the file disagrees with the
        net.
    OutputError
        When it cannot be written.
    """
    if out.suffix != ".xml":
        msg = f"a gate is written to a file that ends in .xml; got {out.name}."
        raise ArgumentError(msg)
    about, net = _trained(folder)
    tile_px = int(about["tile_px"])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(net, tile_px, out, half=half)
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror or error}. Name another file."
        raise OutputError(msg) from error
    card = ModelCard(
        name=out.stem,
        net=str(about["classifier"]),
        file=out,
        sha256={file.name: sha256_of(file) for file in (out, out.with_suffix(".bin"))},
        tile_px=tile_px,
        training=about,
        parameters=int(net.count_params()),
        kind=GATE,
    )
    TileClassifier(card)  # reads it, as segmenting will
    write_card(card, out.with_suffix(".json"))
    return card


def _trained(folder: Path) -> tuple[dict[str, Any], keras.Model]:
    """Read what a run of `learn` is, and its net with the weights."""
    path = folder / ABOUT
    try:
        about = json.loads(path.read_text("utf-8"))
        build = _BUILDS[about["classifier"]]
        sizes = int(about["classes"]), int(about["tile_px"]), float(about["width"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"{path} cannot be read as a classifier's run: {error!r}. Name a folder like "
            "runs/vgg19 of `cracknet compare`, or a file of weights."
        )
        raise ArgumentError(msg) from error
    weights = folder / WEIGHTS
    if not weights.is_file():
        msg = f"{folder} holds no {WEIGHTS}: its training has not ended. Run it to its end."
        raise TrainingError(msg)
    return about, load_trained(lambda: build(*sizes), weights)


def _write(net: keras.Model, tile_px: int, out: Path, *, half: bool) -> None:
    ov = import_openvino()

    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        traced = Path(folder) / "net.onnx"
        tiles = np.random.default_rng(0).uniform(0, 255, (3, tile_px, tile_px, 1))
        ours = keras.ops.convert_to_numpy(net(tiles.astype(np.float32), training=False))
        with warnings.catch_warnings():
            # As in cracknet.training.export.
            warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
            net.export(traced, format="onnx", verbose=False)
        model = ov.convert_model(traced)
        compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        theirs = compiled(tiles.astype(np.float32))[0]
        if theirs.shape != ours.shape or np.abs(theirs - ours).max() > TOLERANCE:
            msg = (
                "the exported classifier differs from the Keras net by "
                f"{np.abs(theirs - ours).max():.2g}; at most {TOLERANCE} is allowed."
            )
            raise TrainingError(msg)
        part = Path(folder) / out.name
        ov.save_model(model, part, compress_to_fp16=half)
        part.with_suffix(".bin").replace(out.with_suffix(".bin"))
        part.replace(out)
