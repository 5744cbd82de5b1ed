"""A model and a folder of predictions, opened the same way; and what is known of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.datasets.pairs import find_pairs
from cracknet.errors import DatasetError, ModelError
from cracknet.scoring.about import TimedSegmenter, processor
from cracknet.scoring.sources import open_source
from cracknet.segmentation import Segmenter, find_model


@pytest.fixture
def walls(tmp_path):
    """Three photographs, two of one size; masks of their dark halves."""
    for stem, shape in (("a", (64, 96)), ("b", (64, 96)), ("c", (96, 64))):
        gray = np.full(shape, 200, np.uint8)
        gray[: shape[0] // 2] = 40
        for kind, values in (("images", gray), ("masks", (gray < 100) * np.uint8(255))):
            (tmp_path / kind / "test").mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / kind / "test" / f"{stem}.png"), values)
    return find_pairs(tmp_path, "test")


def test_a_model_and_the_files_it_would_write_score_alike(walls, dark_net, tmp_path):
    folder = tmp_path / "predictions"
    folder.mkdir()
    steps = []
    with open_source(dark_net, walls, 0.5, precision="f32") as model:
        scores = model.score(progress=lambda: steps.append(1))
        for pair in walls:
            probability = model.prediction(pair, pair.read()[0])
            assert probability.max() == pytest.approx(1 - 40 / 255, abs=1e-6)
            levels = np.rint(probability * 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{pair.stem}.probability.png"), levels)
    assert scores.summary()["f1"] == 1
    assert len(steps) == 3
    with open_source(folder, walls, 0.5) as files:
        again = files.score()
        assert again.summary()["f1"] == 1
        assert again.cpu_ms_per_megapixel is None
        gray = walls[0].read()[0]
        assert files.prediction(walls[0], gray).max() == pytest.approx(1 - 40 / 255, abs=1e-6)
        assert files.about(again) == {
            "model": "predictions",
            "model_sha256": None,
            "engine": None,
        }


def test_what_is_known_of_a_model(walls):
    with open_source("cracknet-lite", walls, precision="f32", threads=1) as source:
        scores = source.score()
        about = source.about(scores)
    card = find_model("cracknet-lite")
    assert about["number_format"] == about["precision_hint"] == "f32"
    assert about["parameters"] == card.parameters
    assert about["size_mb"] == card.size_mb
    assert about["training_data"] == card.training["data"]
    assert about["multiply_adds"] > 1e9
    assert about["cpu_ms_per_megapixel"] == scores.cpu_ms_per_megapixel > 0
    assert about["processor"] == processor() != ""


def test_the_format_that_the_engine_chose_is_said(walls, dark_net):
    with open_source(dark_net, walls) as source:
        about = source.about(source.score())
    assert about["precision_hint"] == "auto"
    assert about["number_format"] in ("f32", "bf16", "f16")
    assert about["parameters"] is None
    assert about["multiply_adds"] == 0


def test_the_first_photograph_of_each_size_is_not_timed(dark_net):
    with Segmenter(dark_net, threads=1) as segmenter:
        timed = TimedSegmenter(segmenter)
        timed.probability(np.zeros((64, 96), np.uint8))
        timed.probability(np.zeros((96, 64), np.uint8))
        assert timed.ms_per_megapixel is None
        result = timed.probability(np.full((64, 96), 204, np.uint8))
    assert timed.ms_per_megapixel > 0
    assert result == pytest.approx(0.2, abs=0.01)


def test_a_net_whose_cost_cannot_be_counted_is_scored_all_the_same(walls, dark_net, monkeypatch):
    def refuse(file):
        raise ModelError(file)

    monkeypatch.setattr("cracknet.scoring.about.count_multiply_adds", refuse)
    with open_source(dark_net, walls) as source:
        assert source.about(source.score())["multiply_adds"] is None


def test_no_photographs(dark_net, tmp_path):
    (tmp_path / "empty").mkdir()
    for name in (dark_net, tmp_path / "empty"):
        with open_source(name, []) as source, pytest.raises(DatasetError, match="no photographs"):
            source.score()
