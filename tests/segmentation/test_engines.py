from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cracknet.errors import ArgumentError, EngineError, ModelError
from cracknet.photo import read_photo
from cracknet.segmentation import Segmenter, find_model
from cracknet.segmentation.engines import (
    KEPT_SHAPES,
    OnnxRuntimeEngine,
    OpenVINOEngine,
    available_cores,
    check_shapes,
)

EXPORT = """
import sys
from pathlib import Path
from cracknet.segmentation.models import find_model
from cracknet.training.export import export_model
coarse = find_model("cracknet-lite").coarse_weight
weights, out = Path(sys.argv[1]), Path(sys.argv[2]) / "net.onnx"
export_model(weights, out, net="cracknet-lite", coarse_weight=coarse)
"""
WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "cracknet-lite.npz"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The Keras weights of the shipped cracknet-lite as ONNX, by the code that exports."""
    folder = tmp_path_factory.mktemp("exported")
    subprocess.run(
        [sys.executable, "-c", EXPORT, WEIGHTS, folder],
        check=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return folder / "net.onnx"


@pytest.fixture(scope="module")
def save_onnx():
    """Return a function that writes a small ONNX model of one node's formula."""
    onnx = pytest.importorskip("onnx")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT

    def save(path, nodes, constants=(), shape=("n", "h", "w", 1), result=None):
        graph = helper.make_graph(
            [helper.make_node(*node) for node in nodes],
            "net",
            [helper.make_tensor_value_info("gray", number, shape)],
            [helper.make_tensor_value_info("out", number, result or shape)],
            [onnx.numpy_helper.from_array(np.array(value), name) for name, value in constants],
        )
        opset = [helper.make_opsetid("", 17)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
        return path

    return save


@pytest.fixture(scope="module")
def dark_onnx(save_onnx, tmp_path_factory):
    """The twin of `dark_net`: 1 - gray / 255."""
    return save_onnx(
        tmp_path_factory.mktemp("dark") / "dark.onnx",
        [("Div", ["gray", "full"], ["light"]), ("Sub", ["one", "light"], ["out"])],
        [("full", np.float32(255)), ("one", np.float32(1))],
    )


def tile(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize("engine", [OpenVINOEngine, OnnxRuntimeEngine])
def test_any_size_comes_back_in_its_place(engine, dark_net, dark_onnx):
    file = dark_net if engine is OpenVINOEngine else dark_onnx
    runs = engine(file, precision="f32")
    sizes = [(32, 32), (64, 96), (96, 64), (320, 32), (32, 320), (160, 160)]
    assert len(sizes) > KEPT_SHAPES  # so that some are compiled, dropped and compiled again
    for size in [*sizes, *sizes]:
        gray = tile(*size)
        result = runs.infer(gray)
        assert result.shape == size
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, 1 - gray / 255, atol=1e-6)


def test_a_result_does_not_change_when_the_next_tile_is_run(dark_net):
    engine = OpenVINOEngine(dark_net, precision="f32", threads=1)
    first = engine.infer(tile(64, 64, 1))
    kept = first.copy()
    engine.infer(tile(64, 64, 2))
    np.testing.assert_array_equal(first, kept)


def test_workers_are_the_cores_asked_for(dark_net):
    assert OpenVINOEngine(dark_net).workers == available_cores()
    assert OpenVINOEngine(dark_net, threads=3).workers == 3
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


def test_engines_agree_on_a_formula(dark_net, dark_onnx):
    gray = tile(500, 700)
    ours = Segmenter(dark_net, precision="f32").probability(gray)
    for other in (Segmenter(dark_onnx, engine="onnxruntime"), Segmenter(dark_onnx)):
        with other:
            np.testing.assert_allclose(other.probability(gray), ours, atol=1e-2)


def assert_engines_agree(exported, gray):
    """OpenVINO and ONNX Runtime on the exported file, and the shipped file, mark one mask."""
    with (
        Segmenter(exported, precision="f32") as openvino,
        Segmenter(exported, engine="onnxruntime") as onnxruntime,
        Segmenter("cracknet-lite", precision="f32") as shipped,
    ):
        probabilities = [each.probability(gray) for each in (openvino, onnxruntime, shipped)]
    masks = [probability >= 0.5 for probability in probabilities]
    assert masks[0].mean() > 1e-3
    for other in masks[1:]:
        assert (masks[0] & other).sum() / (masks[0] | other).sum() >= 0.98
    assert np.abs(probabilities[0] - probabilities[1]).max() < 1e-3


@pytest.mark.slow
def test_engines_agree_on_a_rendered_photograph(exported, rendered):
    assert_engines_agree(exported, rendered(500, 700).gray)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("name", ["deepcrack/images/test/11125-1.jpg", "photos/beam_3456x2304.jpg"])
def test_engines_agree_on_real_photographs(exported, data_folder, name):
    assert_engines_agree(exported, read_photo(data_folder / name).gray)


def test_the_shipped_model_takes_sizes_of_many_shapes():
    engine = OpenVINOEngine(find_model("cracknet-lite").file, precision="f32")
    for size in [(32, 32), (32, 256), (224, 160)]:
        result = engine.infer(tile(*size))
        assert result.shape == size
        assert 0 <= result.min() <= result.max() <= 1


def damaged(shipped, folder, kind):
    """Copy the shipped model without its card, damaged in one way."""
    xml, weights = shipped.read_bytes(), shipped.with_suffix(".bin").read_bytes()
    xml, weights = {
        "cut xml": (xml[: len(xml) // 2], weights),
        "empty xml": (b"", weights),
        "garbled xml": (b"\0\1garbage" * 50, weights),
        "other xml": (b"<html><body>404</body></html>", weights),
        "cut bin": (xml, weights[:-1000]),
        "empty bin": (xml, b""),
        "no bin": (xml, None),
    }[kind]
    file = folder / "copy.xml"
    file.write_bytes(xml)
    if weights is not None:
        file.with_suffix(".bin").write_bytes(weights)
    return file


@pytest.mark.parametrize(
    "kind",
    ["cut xml", "empty xml", "garbled xml", "other xml", "cut bin", "empty bin", "no bin"],
)
def test_damaged_openvino_files(kind, tmp_path):
    file = damaged(find_model("cracknet-lite").file, tmp_path, kind)
    with pytest.raises(ModelError, match=r"copy\.xml is damaged or incomplete"):
        OpenVINOEngine(file)


@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_damaged_onnx_files(content, tmp_path):
    pytest.importorskip("onnxruntime")
    file = tmp_path / "net.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"net\.onnx is damaged"):
        OnnxRuntimeEngine(file)
    with pytest.raises(ModelError, match=r"net\.onnx is damaged"):
        OpenVINOEngine(file)


@pytest.mark.parametrize("engine", [OpenVINOEngine, OnnxRuntimeEngine])
def test_missing_files(engine, tmp_path):
    with pytest.raises(ModelError, match=r"no .* at .*lost.*cracknet"):
        engine(tmp_path / "lost.xml")


def third(ops, gray):
    return ops.divide(gray, np.float32(3))


@pytest.mark.parametrize(
    ("shape", "formula"),
    [
        ((-1, -1, -1, 3), third),
        ((-1, 1, -1, -1), third),
        ((1, 640, 640, 1), third),
        ((-1, -1, 640, 1), third),
        ((-1, -1, -1), third),
        ("...", third),
        ((-1, -1, -1, 1), lambda ops, gray: [third(ops, gray), third(ops, gray)]),
        ((-1, -1, -1, 1), lambda ops, gray: ops.concat([gray, gray], 3)),
        ((-1, -1, -1, 1), lambda ops, gray: ops.reduce_mean(gray, np.array([1, 2]))),
    ],
)
def test_openvino_models_of_a_wrong_shape(shape, formula, save_net, tmp_path):
    file = save_net(tmp_path / "odd.xml", formula, shape)
    with pytest.raises(ModelError, match=r"one gray image .*odd\.xml has .*cracknet export"):
        OpenVINOEngine(file)


@pytest.mark.parametrize(
    "shape", [("n", "h", "w", 3), (1, 640, 640, 1), ("n", "h", "w"), ("n", "h", 64, 1)]
)
def test_onnx_models_of_a_wrong_shape(shape, save_onnx, tmp_path):
    file = save_onnx(tmp_path / "odd.onnx", [("Relu", ["gray"], ["out"])], shape=shape)
    with pytest.raises(ModelError, match=r"one gray image .*odd\.onnx has .*cracknet export"):
        OnnxRuntimeEngine(file)


def test_two_inputs_are_refused(tmp_path):
    free = ["?", "?", "?", 1]
    with pytest.raises(ModelError, match="one gray image"):
        check_shapes(tmp_path, 2, 1, [free] * 3)
    check_shapes(tmp_path, 1, 1, [free] * 2)


def test_a_net_that_halves_the_size_is_refused_when_it_runs(save_net, tmp_path):
    def halve(ops, gray):
        ends, all_axes = np.zeros(4, np.int64), [1, 1, 1, 1]
        return ops.strided_slice(gray, ends, ends, np.array([1, 2, 2, 1]), all_axes, all_axes)

    with (
        Segmenter(save_net(tmp_path / "half.xml", halve), precision="f32") as segmenter,
        pytest.raises(ModelError, match=r"half gave \(\d+, \d+\)"),
    ):
        segmenter.segment(tile(100, 100))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_net_that_gives_no_numbers_is_refused(value, save_net, tmp_path):
    file = save_net(tmp_path / "mad.xml", lambda ops, gray: ops.add(gray, np.float32(value)))
    with (
        Segmenter(file, precision="f32") as segmenter,
        pytest.raises(EngineError, match="mad gave values that are not numbers"),
    ):
        segmenter.segment(tile(40, 40))


def test_a_net_that_fails_inside_the_engine(save_net, save_onnx, tmp_path):
    def fold(ops, gray):
        square = ops.reshape(gray, np.array([64, 64]), special_zero=False)
        return ops.add(gray, ops.reduce_sum(square, np.array([0, 1])))

    engine = OpenVINOEngine(save_net(tmp_path / "fold.xml", fold))
    with pytest.raises(EngineError, match=r"OpenVINO failed on a tile of \(32, 96\)"):
        engine.infer(tile(32, 96))
    file = save_onnx(
        tmp_path / "fold.onnx",
        [
            ("Shape", ["gray"], ["size"]),
            ("Mul", ["size", "two"], ["twice"]),
            ("Reshape", ["gray", "twice"], ["out"]),
        ],
        [("two", np.array([1, 2, 2, 1]))],
    )
    with pytest.raises(EngineError, match=r"ONNX Runtime failed on a tile of \(32, 96\)"):
        OnnxRuntimeEngine(file).infer(tile(32, 96))


@pytest.mark.parametrize("engine", [OpenVINOEngine, OnnxRuntimeEngine])
def test_options_out_of_range(engine, dark_net, dark_onnx):
    file = dark_net if engine is OpenVINOEngine else dark_onnx
    with pytest.raises(ArgumentError, match="precision must be one of auto, f32, bf16; got 'int4'"):
        engine(file, precision="int4")
    for threads in (0, -2):
        with pytest.raises(ArgumentError, match=f"at least 1; got {threads}"):
            engine(file, threads=threads)


def test_onnxruntime_has_no_bf16(dark_onnx):
    with pytest.raises(ArgumentError, match="bf16"):
        OnnxRuntimeEngine(dark_onnx, precision="bf16")


def test_onnxruntime_that_is_not_installed(dark_onnx, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EngineError, match=r"pip install 'cracknet\[onnx\]'"):
        Segmenter(dark_onnx, engine="onnxruntime")


def test_a_shipped_model_for_onnxruntime_says_how_to_get_its_file():
    pytest.importorskip("onnxruntime")
    with pytest.raises(ModelError, match=r"cracknet-lite\.onnx.*cracknet export"):
        Segmenter("cracknet-lite", engine="onnxruntime")
