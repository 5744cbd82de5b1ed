from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from cracknet.errors import ArgumentError, ModelError, TrainingError
from cracknet.nets import NETS
from cracknet.segmentation.engines import ENGINES
from cracknet.segmentation.models import ModelCard, find_model, sha256_of
from cracknet.segmentation.tiles import lay_axis
from cracknet.training import export
from cracknet.training.export import TRACED_PX, export_model, load_net

SIZES = [(32, 32), (64, 224), (TRACED_PX, TRACED_PX), (352, 64)]
"""Sizes of which one was traced, and none is tried by the export itself."""


@pytest.fixture(scope="module")
def net():
    """Return a net whose output is neither flat nor saturated."""
    keras.utils.set_random_seed(11)
    net = NETS["cracknet-lite"]()
    logits = net.get_layer("logits")
    logits.set_weights([weights * 3 for weights in logits.get_weights()])
    return net


@pytest.fixture(scope="module")
def weights(net, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "best.weights.h5"
    net.save_weights(path)
    return path


@pytest.fixture(scope="module")
def exported(weights, tmp_path_factory):
    """Return a function: a suffix in, the path and card of the export out; each made once."""
    folder, made = tmp_path_factory.mktemp("exported"), {}

    def make(suffix):
        if suffix not in made:
            path = folder / suffix[1:] / f"mine{suffix}"
            made[suffix] = path, export_model(weights, path, net="cracknet-lite", half=False)
        return made[suffix]

    return make


def test_tiles_of_a_size_overlap_as_those_of_the_default_do():
    card = ModelCard("mine", "fcn-8s", Path("mine.xml"))
    default = (card.tile_px, card.overlap_px, card.margin_px)
    for tile_px, expected in ((1280, default), (448, (448, 224, 70)), (64, (64, 32, 10))):
        assert export._cut(tile_px) == expected
        lay_axis(3000, *expected)  # raises where they do not fit each other


def photo(height, width):
    return np.random.default_rng(height * width).integers(0, 256, (height, width), np.uint8)


def by_keras(net, gray):
    values = net(gray[None, ..., None].astype(np.float32), training=False)
    return keras.ops.convert_to_numpy(values)[0, ..., 0]


@pytest.mark.slow
@pytest.mark.parametrize("height_width", SIZES, ids=str)
@pytest.mark.parametrize(("suffix", "engine"), [(".xml", "openvino"), (".onnx", "onnxruntime")])
def test_engines_agree_with_keras_at_any_size(net, exported, suffix, engine, height_width):
    gray = photo(*height_width)
    expected = by_keras(net, gray)
    assert expected.std() > 0.02
    found = ENGINES[engine](exported(suffix)[0], precision="f32", threads=1).infer(gray)
    assert found.shape == gray.shape
    assert np.abs(found - expected).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".xml", ".onnx", ".keras"])
def test_card_and_files(exported, suffix):
    path, card = exported(suffix)
    expected = {"mine.xml", "mine.bin"} if suffix == ".xml" else {path.name}
    assert {file.name for file in path.parent.iterdir()} == expected | {"mine.json"}
    content = json.loads((path.parent / "mine.json").read_text())
    assert content["name"] == "mine"
    assert content["net"] == "cracknet-lite"
    assert content["file"] == path.name
    assert content["parameters"] == card.parameters == 3_845_569
    assert content["sha256"] == {name: sha256_of(path.parent / name) for name in expected}
    assert card.sha256 == content["sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".xml", ".onnx"])
def test_a_changed_byte_is_found_by_the_checksum(exported, suffix, tmp_path):
    path, _ = exported(suffix)
    for file in path.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    copy = tmp_path / path.name
    assert find_model(copy).parameters == 3_845_569
    damaged = copy.with_suffix(".bin") if suffix == ".xml" else copy
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(ModelError, match="damaged") as caught:
        find_model(copy)
    assert str(damaged) in str(caught.value)


@pytest.mark.slow
def test_half_precision_halves_the_file_and_hardly_moves_the_output(
    net, weights, exported, tmp_path
):
    path = tmp_path / "half.xml"
    export_model(weights, path, net="cracknet-lite", half=True)
    full = exported(".xml")[0]
    ratio = path.with_suffix(".bin").stat().st_size / full.with_suffix(".bin").stat().st_size
    assert ratio == pytest.approx(0.5, abs=0.02)
    gray = photo(96, 64)
    found = ENGINES["openvino"](path, precision="f32", threads=1).infer(gray)
    assert np.abs(found - by_keras(net, gray)).max() < 1e-2


@pytest.mark.slow
def test_keras_file_is_the_net_and_can_be_exported_again(net, exported, tmp_path):
    path, _ = exported(".keras")
    again = load_net(path, "cracknet-lite")
    gray = photo(64, 96)
    assert np.abs(by_keras(again, gray) - by_keras(net, gray)).max() < 1e-6
    export_model(path, tmp_path / "again.keras", net="cracknet-lite")
    once_more = load_net(tmp_path / "again.keras", "cracknet-lite")
    for one, other in zip(again.get_weights(), once_more.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_whole_model_keeps_its_own_arguments(tmp_path):
    """A net that standardises otherwise is not given back as the default one."""
    made = NETS["cracknet-lite"](decoder_filters=(16, 12, 8, 8, 4), mean=90.0, std=30.0)
    made.save(tmp_path / "mine.keras")
    again = load_net(tmp_path / "mine.keras", "cracknet-lite")
    assert again.get_config() == made.get_config()
    gray = photo(64, 64)
    assert np.abs(by_keras(again, gray) - by_keras(made, gray)).max() < 1e-6


@pytest.mark.parametrize(
    ("name", "file_format"),
    [
        ("model.pt", None),
        ("model", None),
        ("model.xml", "onnx"),
        ("model.onnx", "openvino"),
        ("model.keras", "onnx"),
        ("model.onnx", "torch"),
        ("model.pt", "torch"),
        ("model.ONNX", None),
    ],
)
def test_suffix_and_format_that_disagree(weights, tmp_path, name, file_format):
    with pytest.raises(ArgumentError, match=r"\.xml \(openvino\), \.onnx or \.keras") as caught:
        export_model(weights, tmp_path / name, net="cracknet-lite", file_format=file_format)
    assert name in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_coarse_weight_out_of_range(weights, tmp_path, value):
    with pytest.raises(ArgumentError, match=r"lies in \[0, 1\]"):
        export_model(weights, tmp_path / "m.onnx", net="cracknet-lite", coarse_weight=value)


def test_unknown_net(weights, tmp_path):
    with pytest.raises(ArgumentError, match=r"cracknet, cracknet-lite, .*; got 'unet'"):
        export_model(weights, tmp_path / "model.onnx", net="unet")


def test_weights_of_another_net(weights, tmp_path):
    with pytest.raises(TrainingError, match="weights of cracknet:") as caught:
        export_model(weights, tmp_path / "model.onnx", net="cracknet")
    assert str(weights) in str(caught.value)
    assert "--net" in str(caught.value)


def test_whole_model_of_another_kind(tmp_path):
    image = keras.Input((None, None, 1))
    keras.Model(image, keras.layers.Conv2D(1, 1)(image)).save(tmp_path / "other.keras")
    with pytest.raises(TrainingError, match="holds a Functional, not a cracknet-lite"):
        load_net(tmp_path / "other.keras", "cracknet-lite")


@pytest.mark.parametrize("name", ["best.weights.h5", "model.keras"])
@pytest.mark.parametrize("content", [None, b"", b"no weights"], ids=["missing", "empty", "garbage"])
def test_weights_that_cannot_be_read(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    said = "no weights at" if content is None else "cannot be read as weights"
    with pytest.raises(TrainingError, match=said) as caught:
        export_model(path, tmp_path / "model.onnx", net="cracknet-lite")
    assert str(path) in str(caught.value)
    assert not (tmp_path / "model.onnx").exists()


def test_truncated_weights(weights, tmp_path):
    path = tmp_path / "best.weights.h5"
    path.write_bytes(weights.read_bytes()[:-5000])
    with pytest.raises(TrainingError, match="cannot be read as weights"):
        load_net(path, "cracknet-lite")


@pytest.mark.parametrize("suffix", [".xml", ".onnx"])
def test_other_backends_are_refused(weights, tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(TrainingError, match="the backend is 'torch'") as caught:
        export_model(weights, tmp_path / f"model{suffix}", net="cracknet-lite")
    assert "KERAS_BACKEND=tensorflow" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_file_that_disagrees_is_not_written(net, tmp_path, monkeypatch):
    """The check is of the file beside the net; a tolerance that none can meet shows it."""
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs from the Keras net at 160x96"):
        export.export_onnx(net, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
