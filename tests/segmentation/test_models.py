from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from cracknet.errors import ArgumentError, ModelError
from cracknet.segmentation import ModelCard, Segmenter, find_model, list_models, models
from cracknet.segmentation.models import (
    DEFAULT_MODEL,
    SENSITIVITIES,
    WEIGHTS,
    read_card,
    sha256_of,
    write_card,
)
from cracknet.segmentation.tiles import lay_axis


@pytest.fixture
def copied(tmp_path):
    """The shipped model with its card, in a folder where it may be damaged."""
    card = find_model(DEFAULT_MODEL)
    for file in (card.file, card.file.with_suffix(".bin"), card.file.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    return tmp_path / card.file.name


def test_shipped_models_are_whole():
    cards = list_models()
    assert DEFAULT_MODEL in [card.name for card in cards]
    assert [card.name for card in cards] == sorted(card.name for card in cards)
    for card in cards:
        assert find_model(card.name) == card
        assert card.file.parent == WEIGHTS
        assert {card.file.name, card.file.with_suffix(".bin").name} <= set(card.sha256)
        assert card.parameters > 1e6
        files = [card.file, card.file.with_suffix(".bin")]
        assert card.size_mb == pytest.approx(sum(file.stat().st_size for file in files) / 1e6)
        assert card.licence
        lay_axis(5000, card.tile_px, card.overlap_px, card.margin_px)  # raises if they do not fit


def test_a_file_by_its_path_takes_the_card_beside_it(copied):
    content = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_text(json.dumps({**content, "tile_px": 320}))
    for path in (copied, str(copied)):
        card = find_model(path)
        assert card.file == copied
        assert card.tile_px == 320
    with Segmenter(copied) as segmenter:
        assert segmenter.tile_px == 320


def test_a_file_without_a_card_takes_the_defaults(dark_net):
    assert find_model(dark_net) == ModelCard(name="dark", net="unknown", file=dark_net)


def test_a_card_of_another_file_is_passed_over(dark_net, copied):
    file = copied.with_suffix(".onnx")
    shutil.copy(dark_net, file)
    assert find_model(file).net == "unknown"


@pytest.mark.parametrize("suffix", [".xml", ".bin"])
def test_one_changed_byte_is_found(copied, suffix):
    content = bytearray(copied.with_suffix(suffix).read_bytes())
    content[len(content) // 2] ^= 1
    copied.with_suffix(suffix).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{suffix} is damaged: its SHA-256 is .*Install"):
        find_model(copied)


@pytest.mark.parametrize("suffix", [".xml", ".bin"])
def test_a_shipped_model_that_lacks_a_file(copied, suffix, monkeypatch):
    monkeypatch.setattr(models, "WEIGHTS", copied.parent)
    copied.with_suffix(suffix).unlink()
    with pytest.raises(ModelError, match=rf"lacks its file .*{suffix}"):
        find_model(copied.stem)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        "[]",
        "null",
        "{}",
        '{"name": "a", "net": "b"}',
        '{"name": "a", "file": "a.xml"}',
        '{"name": "a", "net": "b", "file": 3}',
        '{"name": "a", "net": "b", "file": "a.xml", "colour": "red"}',
        '{"name": "a", "net": "b", "file": "a.xml", "tile_px": "640"}',
        '{"name": "a", "net": "b", "file": "a.xml", "sha256": ["a.xml"]}',
    ],
)
def test_damaged_cards(text, tmp_path, dark_net):
    shutil.copy(dark_net, tmp_path / "a.xml")
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ModelError, match=r"the model card .*a\.json"):
        find_model(tmp_path / "a.xml")


def test_a_card_of_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"a\.json cannot be read"):
        read_card(tmp_path / "a.json")
    with pytest.raises(ModelError, match=r"b\.json cannot be read"):
        read_card(tmp_path / "b.json")


@pytest.mark.parametrize("model", ["cracknet-huge", "", "../weights/cracknet-lite", "lost.xml"])
def test_unknown_models_are_answered_with_the_names_that_ship(model):
    with pytest.raises(ModelError, match=rf"no model .*{DEFAULT_MODEL}.*`cracknet models`"):
        find_model(model)


@pytest.mark.parametrize("name", ["net.h5", "net.bin", "net"])
def test_files_of_other_kinds(name, tmp_path):
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(ModelError, match=rf"\.xml.*\.onnx.*got .*{name}"):
        find_model(tmp_path / name)


def test_a_card_comes_back_as_it_was_written(tmp_path):
    card = ModelCard(
        name="mine",
        net="cracknet",
        file=tmp_path / "mine.xml",
        sha256={"mine.xml": "0" * 64},
        tile_px=448,
        overlap_px=96,
        margin_px=16,
        licence="CC BY 4.0: naïve",
        scores={"deepcrack test": {"f1": 0.8}},
        training={"hours": 2.5},
        parameters=7,
    )
    write_card(card, tmp_path / "mine.json")
    assert json.loads((tmp_path / "mine.json").read_text())["file"] == "mine.xml"
    assert read_card(tmp_path / "mine.json") == card
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copy(tmp_path / "mine.json", moved)
    assert read_card(moved / "mine.json") == dataclasses.replace(card, file=moved / "mine.xml")


@pytest.mark.parametrize("content", [b"", b"abc", bytes(300_000)])
def test_sha256(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    assert sha256_of(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_the_shipped_models_name_three_thresholds():
    for card in list_models():
        low, normal, high = (card.threshold_for(name) for name in SENSITIVITIES)
        assert 1 > low >= normal == 0.5 >= high > 0


def test_thresholds_by_name():
    card = ModelCard("dark", "unknown", Path("dark.xml"), thresholds={"low": 0.75, "high": 0.25})
    assert (card.threshold_for("low"), card.threshold_for("high")) == (0.75, 0.25)
    with pytest.raises(ArgumentError, match="no threshold for the sensitivity 'normal'"):
        card.threshold_for("normal")
    with pytest.raises(ArgumentError, match="one of low, normal, high; got 'higher'"):
        card.threshold_for("higher")


@pytest.mark.parametrize("found", [{"low": 1.5}, {"low": "0.5"}, {"lowest": 0.5}, [0.5], 0.5])
def test_thresholds_of_a_wrong_kind(copied, found):
    content = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_text(json.dumps({**content, "thresholds": found}))
    with pytest.raises(ModelError, match="thresholds within 0 and 1 by sensitivity"):
        find_model(copied)
