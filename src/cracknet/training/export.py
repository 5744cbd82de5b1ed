"""From a Keras net to the files that inference engines read: ONNX, and from it OpenVINO IR."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cracknet.errors import ArgumentError, OutputError, TrainingError
from cracknet.nets import NETS
from cracknet.segmentation.models import ModelCard, sha256_of, write_card
from cracknet.segmentation.openvino import import_openvino
from cracknet.segmentation.tiles import STEP
from cracknet.training.devices import dtype_policy
from cracknet.training.weights import load_weights

TRACED_PX = 256
TOLERANCE = 1e-3


FORMATS = {".xml": "openvino", ".onnx": "onnx", ".keras": "keras"}


def export_model(
    weights: Path,
    out: Path,
    *,
    net: str,
    file_format: str | None = None,
    half: bool = True,
    coarse_weight: float = 0.0,
    tile_px: int | None = None,
) -> ModelCard:
    """Export weights of a training run, and write a card with checksums beside them.

    Parameters
    ----------
    weights : Path
        ``.weights.h5`` of a run, or a whole ``.keras`` model.
    out : Path
        The file to write; its suffix is the format's.
    net : str
        The net that ``.weights.h5`` belong to.
    file_format : str, optional
        ``openvino``, ``onnx`` or ``keras``; by the suffix of `out` otherwise.
    half : bool
        Keep OpenVINO weights in float16.
    coarse_weight : float
        Weight of a second pass at half size when photographs are segmented, for wide cracks; 0
        makes none. See `cracknet.segmentation.models.ModelCard`.
    tile_px : int, optional
        Size of the tiles that photographs are cut into, a multiple of 32 from 64 on; that of
        `ModelCard` by default. A net that depends on the size of its input, as the FCNs do, marks
        best at the size that it was trained at. Tiles overlap by up to a half, at most 256 px.

    Returns
    -------
    ModelCard
        As written to ``<stem>.json``; scores and licence are the caller's to add.

    Raises
    ------
    TrainingError
        When the weights cannot be read or do not fit the net, or the export fails.
    ArgumentError
        When format and suffix disagree, the net is unknown, or a value is out of range.
    OutputError
        When the file cannot be written.
    """
    if FORMATS.get(out.suffix) != (file_format or FORMATS.get(out.suffix, "")):
        msg = (
            f"the file to write must end in .xml (openvino), .onnx or .keras, as the format; got "
            f"{out.name} and {file_format or 'no format'}."
        )
        raise ArgumentError(msg)
    if not 0 <= coarse_weight <= 1:
        msg = f"the weight of the coarse pass lies in [0, 1]; got {coarse_weight}."
        raise ArgumentError(msg)
    if tile_px is not None and (tile_px < 64 or tile_px % STEP):
        msg = f"the size of tiles is a multiple of {STEP} px from 64 on; got {tile_px}."
        raise ArgumentError(msg)
    model = load_net(weights, net)
    kind = FORMATS[out.suffix]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if kind == "openvino":
            export_openvino(model, out, half=half)
        elif kind == "onnx":
            export_onnx(model, out)
        else:
            with tempfile.TemporaryDirectory(dir=out.parent) as folder:
                part = Path(folder) / out.name
                model.save(part)
                part.replace(out)
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror or error}. Name another file."
        raise OutputError(msg) from error
    tile, overlap, margin = _cut(ModelCard.tile_px if tile_px is None else tile_px)
    files = [out] + ([out.with_suffix(".bin")] if kind == "openvino" else [])
    card = ModelCard(
        name=out.stem,
        net=net,
        file=out,
        sha256={file.name: sha256_of(file) for file in files},
        parameters=model.count_params(),
        coarse_weight=coarse_weight,
        tile_px=tile,
        overlap_px=overlap,
        margin_px=margin,
    )
    write_card(card, out.with_suffix(".json"))
    return card


def _cut(tile_px: int) -> tuple[int, int, int]:
    """Return the size of tiles, how far they overlap, and the margin left out there."""
    overlap = min(ModelCard.overlap_px, max(STEP, tile_px // 2 // STEP * STEP))
    return tile_px, overlap, overlap * 5 // 16


def load_net(weights: Path, net: str) -> keras.Model:
    """Load a net with its weights, in float32.

    Raises
    ------
    TrainingError
        When the file is missing, damaged, or of another net.
    ArgumentError
        When the net is unknown.
    """
    if net not in NETS:
        msg = f"the net must be one of {', '.join(NETS)}; got {net!r}."
        raise ArgumentError(msg)
    if not weights.is_file():
        msg = f"no weights at {weights}. A run keeps its best in best.weights.h5."
        raise TrainingError(msg)
    with dtype_policy("float32"):
        model = NETS[net](name=net)
    if weights.suffix != ".keras":
        load_weights(model, weights)
        return model
    try:
        saved = keras.saving.load_model(weights, compile=False)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        msg = f"{weights} cannot be read as weights of {net}: {error} Name its net with --net."
        raise TrainingError(msg) from error
    if type(saved) is not type(model):
        msg = f"{weights} holds a {type(saved).__name__}, not a {net}. Name its net with --net."
        raise TrainingError(msg)
    return saved


def export_onnx(net: keras.Model, path: Path) -> None:
    """Write a net as ONNX that takes any height and width that are multiples of 32.

    Keras traces the net at one size; the doubling of the decoder is written as scales, so
    the size can be freed afterwards. The file is then run at two sizes beside the net.

    Parameters
    ----------
    net : keras.Model
        Input (N, H, W, 1) gray 0 to 255, output (N, H, W, 1) probability, in float32.
    path : Path
        Written under a temporary name, then renamed.

    Raises
    ------
    TrainingError
        When the backend is not TensorFlow, a size stayed fixed, or the file disagrees with the
        net by more than 1e-3.
    """
    import onnx

    if keras.config.backend() != "tensorflow":
        msg = (
            "export runs on Keras' TensorFlow backend; the backend is "
            f"{keras.config.backend()!r}. Set KERAS_BACKEND=tensorflow."
        )
        raise TrainingError(msg)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        traced = Path(folder) / "traced.onnx"
        image = keras.Input((TRACED_PX, TRACED_PX, 1), batch_size=1)
        fixed = keras.Model(image, net(image))
        fixed(np.zeros((1, TRACED_PX, TRACED_PX, 1), np.float32))  # export needs one call
        with warnings.catch_warnings():
            # Keras looks for a name that NumPy has dropped:
            # https://github.com/keras-team/keras/blob/master/keras/src/export/tf2onnx_lib.py
            warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
            fixed.export(traced, format="onnx", verbose=False)
        model = onnx.load(traced)
        _free_size(model)
        onnx.checker.check_model(model)
        onnx.save(model, traced)
        _compare(net, traced)
        traced.replace(path)


def export_openvino(net: keras.Model, path: Path, *, half: bool = True) -> None:
    """Write a net as OpenVINO IR: `path` (.xml) and its weights beside it (.bin).

    Parameters
    ----------
    net : keras.Model
        As for `export_onnx`.
    path : Path
        Must end in .xml.
    half : bool
        Keep the weights in float16.

    Raises
    ------
    TrainingError
        As for `export_onnx`.
    """
    ov = import_openvino()

    if path.suffix != ".xml":
        msg = f"OpenVINO IR is written to a path that ends in .xml; got {path}."
        raise TrainingError(msg)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        onnx_path = Path(folder) / "net.onnx"
        export_onnx(net, onnx_path)
        model = ov.convert_model(onnx_path)
        part = Path(folder) / path.name
        ov.save_model(model, part, compress_to_fp16=half)
        part.with_suffix(".bin").replace(path.with_suffix(".bin"))
        part.replace(path)


def _free_size(model: Any) -> None:
    """Make height and width of input and output symbolic, and name both."""
    graph = model.graph
    fixed = [node.name for node in graph.node if node.op_type == "Resize" and len(node.input) > 3]
    if fixed:
        msg = f"the export wrote a fixed size into {fixed[0]}; it cannot take other sizes."
        raise TrainingError(msg)
    _reshape_to_transpose(graph)
    del graph.value_info[:]
    for value, name in ((graph.input[0], "gray"), (graph.output[0], "probability")):
        for node in graph.node:
            node.input[:] = [name if entry == value.name else entry for entry in node.input]
            node.output[:] = [name if entry == value.name else entry for entry in node.output]
        value.name = name
        for dimension, symbol in zip(
            value.type.tensor_type.shape.dim, ("batch", "height", "width"), strict=False
        ):
            dimension.dim_param = symbol


def _reshape_to_transpose(graph: Any) -> None:
    """Undo a shortcut: with one channel, the converter moves the channel axis by a reshape."""
    import onnx

    shapes = {
        array.name: onnx.numpy_helper.to_array(array).tolist()
        for array in graph.initializer
        if array.data_type == onnx.TensorProto.INT64
    }
    moves = {(1, TRACED_PX, TRACED_PX): (0, 3, 1, 2), (TRACED_PX, TRACED_PX, 1): (0, 2, 3, 1)}
    for index, node in enumerate(graph.node):
        if node.op_type == "Reshape" and (
            order := moves.get(tuple(shapes.get(node.input[1], ())[1:]))
        ):
            transpose = onnx.helper.make_node(
                "Transpose", [node.input[0]], list(node.output), name=node.name, perm=order
            )
            graph.node.remove(node)
            graph.node.insert(index, transpose)


def _compare(net: keras.Model, path: Path) -> None:
    """Run the file at two sizes beside the net."""
    ov = import_openvino()

    core = ov.Core()
    for height, width in ((96, 160), (320, 288)):
        gray = np.random.default_rng(0).uniform(0, 255, (1, height, width, 1)).astype(np.float32)
        ours = keras.ops.convert_to_numpy(net(gray, training=False))
        request = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        theirs = request(gray)[0]
        if theirs.shape != ours.shape or np.abs(theirs - ours).max() > TOLERANCE:
            msg = (
                f"the exported net differs from the Keras net at {width}x{height} by "
                f"{np.abs(theirs - ours).max():.2g}; at most {TOLERANCE} is allowed."
            )
            raise TrainingError(msg)
