from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from cracknet.datasets.named_sets import find_named_sets
from cracknet.datasets.pairs import find_pairs
from cracknet.errors import ArgumentError, DatasetError, ModelError, OutputError, TrainingError
from cracknet.segmentation import Segmenter
from cracknet.segmentation.engines import ENGINES
from cracknet.segmentation.models import find_model, write_card
from cracknet.segmentation.openvino import import_openvino
from cracknet.training.net_parts import CONVOLUTIONS, net_parts
from cracknet.training.quantising import Quantising, quantise, worst

FEW = Quantising(samples=6)

ov = import_openvino()


@pytest.fixture(scope="module")
def sets(walls):
    return {"train": find_pairs(walls, "train")}, {"val": find_pairs(walls, "val")}


@pytest.fixture(scope="module")
def small(convolutional, tmp_path_factory):
    return convolutional(tmp_path_factory.mktemp("small") / "small.xml")


@pytest.fixture(scope="module")
def fragile(convolutional, tmp_path_factory):
    return convolutional(tmp_path_factory.mktemp("fragile") / "fragile.xml", loud=2000.0)


@pytest.fixture(scope="module")
def made(small, sets, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "small-int8.xml"
    return out, quantise(small, out, *sets, replace(FEW, tolerance=0.02))


def integer_weights(file):
    """Return, for each convolution of a file by name, whether its weights are 8-bit integers."""
    kinds = {}
    for operation in ov.Core().read_model(file).get_ops():
        if operation.get_type_name() in CONVOLUTIONS:
            node = operation.input_value(1).get_node()
            while node.get_type_name() != "Constant":
                node = node.input_value(0).get_node()
            kinds[operation.get_friendly_name()] = node.get_element_type() == ov.Type.i8
    return kinds


def test_weights_are_integers(made):
    assert list(integer_weights(made[0]).values()) == [True] * 4


@pytest.mark.parametrize("height_width", [(32, 32), (64, 224), (352, 96)], ids=str)
def test_any_size_gives_what_the_float_net_gives(small, made, height_width):
    gray = np.random.default_rng(1).integers(0, 256, height_width, np.uint8)
    expected, found = (
        ENGINES["openvino"](file, precision="f32", threads=1).infer(gray)
        for file in (small, made[0])
    )
    assert found.shape == gray.shape
    assert expected.std() > 0.1
    assert np.abs(found - expected).mean() < 0.02


@pytest.mark.parametrize("precision", ["auto", "bf16"])
def test_the_segmenter_takes_it_at_every_precision(made, rendered, precision):
    gray = rendered(160, 224).gray
    with Segmenter(made[0], precision="f32") as exact, Segmenter(made[0], precision=precision) as s:
        assert np.abs(s.probability(gray) - exact.probability(gray)).mean() < 0.01


def test_card(made, small):
    out, done = made
    assert {path.name for path in out.parent.iterdir()} == {
        "small-int8.xml",
        "small-int8.bin",
        "small-int8.json",
    }
    card = find_model(out)  # checksums hold
    assert set(card.sha256) == {"small-int8.xml", "small-int8.bin"}
    assert (card.name, card.precision) == ("small-int8", "int8")
    assert card.scores == done.after
    assert card.quantisation["of"] == "small"
    assert card.quantisation["calibrated_on"] == {"train": 4}
    assert card.quantisation["scores_before"] == done.before
    assert card.quantisation["largest_loss"] == done.loss <= 0.02
    assert card.quantisation["float_parts"] == []
    assert done.before["val"]["f1"] > 0.9
    assert find_model(small).precision == "float"


def test_what_the_model_s_card_says_is_kept(small, sets, tmp_path):
    for suffix in (".xml", ".bin"):
        (tmp_path / f"mine{suffix}").write_bytes(small.with_suffix(suffix).read_bytes())
    mine = tmp_path / "mine.xml"
    card = replace(
        find_model(mine), tile_px=640, coarse_weight=0.5, licence="ours", scores={"old test": {}}
    )
    write_card(card, tmp_path / "mine.json")
    made = quantise(mine, tmp_path / "int8.xml", *sets, replace(FEW, tolerance=1)).card
    assert (made.tile_px, made.coarse_weight, made.licence) == (640, 0.5, "ours")
    assert "old test" not in made.scores  # measured on another model
    assert made.quantisation["half_size_share"] == pytest.approx(1 / 3)


def test_parts_that_lose_too_much_stay_in_float(fragile, sets, tmp_path):
    said = []
    out = tmp_path / "robust.xml"
    done = quantise(fragile, out, *sets, replace(FEW, tolerance=0.02), said.append)
    assert "F1 0.0000" in said[1]  # all in integers
    assert done.float_parts == ("decoder 1/1",)  # the first that was tried
    assert done.loss <= 0.02
    parts = net_parts(ov.Core().read_model(out))
    assert integer_weights(out) == {
        name: part != "decoder 1/1" for part, names in parts.items() for name in names
    }


def test_more_loss_than_tolerated_is_refused(fragile, sets, tmp_path):
    with pytest.raises(TrainingError, match=r"may lose 2 points; on val") as caught:
        quantise(
            fragile, tmp_path / "x.xml", *sets, replace(FEW, tolerance=0.02, most_float_parts=0)
        )
    assert "from 0.93" in str(caught.value)
    assert "to 0.0000" in str(caught.value)
    assert "--tolerance" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_more_loss_may_be_tolerated(fragile, sets, tmp_path):
    options = replace(FEW, tolerance=1, preset="mixed")
    done = quantise(fragile, tmp_path / "x.xml", *sets, options)
    assert done.loss > 0.9
    assert json.loads((tmp_path / "x.json").read_text())["quantisation"]["preset"] == "mixed"


def test_parts_named_stay_in_float(small, sets, tmp_path):
    out = tmp_path / "x.xml"
    quantise(small, out, *sets, replace(FEW, tolerance=1, float_parts=("stem", "logits")))
    assert list(integer_weights(out).values()) == [False, True, True, False]


def test_an_int8_model_is_not_quantised_again(made, sets, tmp_path):
    with pytest.raises(ModelError, match="holds integers already"):
        quantise(made[0], tmp_path / "x.xml", *sets, FEW)


def test_a_net_without_convolutions(dark_net, sets, tmp_path):
    with pytest.raises(ModelError, match="no convolution"):
        quantise(dark_net, tmp_path / "x.xml", *sets, FEW)


def test_a_damaged_model(small, sets, tmp_path):
    (tmp_path / "half.xml").write_bytes(small.read_bytes()[:500])
    with pytest.raises(ModelError, match=r"half\.xml is damaged"):
        quantise(tmp_path / "half.xml", tmp_path / "x.xml", *sets, FEW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tolerance": -0.1}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"most_float_parts": -1}, "float parts"),
        ({"samples": 0}, "at least 1 sample"),
        ({"preset": "fast"}, "performance or mixed; got 'fast'"),
        ({"float_parts": ("head",)}, "stem, encoder 1/2, decoder 1/1, logits; got 'head'"),
    ],
)
def test_options_out_of_range(small, sets, tmp_path, changes, message):
    with pytest.raises(ArgumentError, match=message):
        quantise(small, tmp_path / "x.xml", *sets, replace(FEW, **changes))
    assert list(tmp_path.iterdir()) == []


def test_out_that_is_no_xml_or_the_model(small, sets, tmp_path):
    with pytest.raises(ArgumentError, match=r"ends in \.xml"):
        quantise(small, tmp_path / "x.onnx", *sets, FEW)
    with pytest.raises(ArgumentError, match="it would be lost"):
        quantise(small, small, *sets, FEW)


def test_out_that_cannot_be_written(small, sets, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        quantise(small, tmp_path / "file" / "x.xml", *sets, FEW)


def test_no_photograph_on_both_sides(small, walls, tmp_path):
    train = {"train": find_pairs(walls, "train")}
    with pytest.raises(DatasetError, match=r"'rendered_00000' of again .*\(4 in all\)"):
        quantise(small, tmp_path / "x.xml", train, {"again": train["train"]}, FEW)


def test_photographs_are_needed(small, sets, tmp_path):
    train, val = sets
    for nothing in ({}, {"empty": []}):
        with pytest.raises(DatasetError, match="to calibrate on"):
            quantise(small, tmp_path / "x.xml", nothing, val, FEW)
        with pytest.raises(DatasetError, match="to validate on"):
            quantise(small, tmp_path / "x.xml", train, nothing, FEW)


def test_validation_needs_a_crack(small, sets, walls, tmp_path):
    class Clean:
        stem = "clean"

        def read(self):
            return np.full((64, 64), 200, np.uint8), np.zeros((64, 64), bool)

    with pytest.raises(DatasetError, match="shows no crack"):
        quantise(small, tmp_path / "x.xml", sets[0], {"clean": [Clean()]}, FEW)


def test_nncf_missing(small, sets, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(TrainingError, match=r"pip install 'cracknet\[train\]'"):
        quantise(small, tmp_path / "x.xml", *sets, FEW)


def test_worst_takes_the_largest_fall():
    before = {"a": {"f1": 0.5, "ods": 0.5}, "b": {"f1": 0.75, "ods": 0.75}}
    after = {"a": {"f1": 0.625, "ods": 0.625}, "b": {"f1": 0.75, "ods": 1.0}}
    assert worst(before, after) == (0.0, "b", "f1")
    assert worst(before, {**after, "a": {"f1": 0.25, "ods": 0.375}}) == (0.25, "a", "f1")


@pytest.mark.slow
def test_the_shipped_model(walls, tmp_path):
    calibration, validation = (find_named_sets([str(walls)], s) for s in ("train", "val"))
    out = tmp_path / "lite.xml"
    done = quantise(
        "cracknet-lite", out, calibration, validation, replace(FEW, samples=12, tolerance=0.05)
    )
    assert done.float_parts == ()
    assert done.bytes_after < 0.65 * done.bytes_before  # the graph's text does not shrink
    assert out.with_suffix(".bin").stat().st_size < 0.55 * 7_569_698
    assert all(integer_weights(out).values())
