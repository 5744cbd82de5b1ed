from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from cracknet.datasets.pairs import find_pairs
from cracknet.errors import DatasetError
from cracknet.scoring.evaluate import (
    PROTOCOL,
    evaluate_model,
    score_model,
    score_predictions,
)
from cracknet.segmentation import Segmenter
from cracknet.synthesis import standard_scene, write_rendered_set


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    scene = dataclasses.replace(standard_scene(), cracks=(2, 2), width_px=(4, 9), distractors=())
    for split, height, width in (("test", 96, 160), ("other", 130, 90)):
        options = dataclasses.replace(scene, height=height, width=width)
        write_rendered_set(folder, 2, options, split=split, vary=False)
    return find_pairs(folder, "test") + find_pairs(folder, "other")


def test_scores_of_a_known_model(dark_net, pairs):
    """The model's probability is 1 - gray / 255, so the scores can be counted by hand."""
    done = []
    with Segmenter(dark_net, threshold=0.6123, precision="f32") as segmenter:
        scores = evaluate_model(segmenter, pairs, progress=lambda: done.append(1))
    hits = predicted = cracks = pixels = 0
    for pair in pairs:
        gray = cv2.imread(str(pair.image), cv2.IMREAD_GRAYSCALE)
        truth = cv2.imread(str(pair.mask), cv2.IMREAD_GRAYSCALE) > 0
        mask = gray <= 0.3877 * 255
        hits, predicted = hits + (mask & truth).sum(), predicted + mask.sum()
        cracks, pixels = cracks + truth.sum(), pixels + truth.size
    assert scores["precision"] == pytest.approx(hits / predicted, abs=1e-9)
    assert scores["recall"] == pytest.approx(hits / cracks, abs=1e-9)
    assert scores["f1"] == pytest.approx(2 * hits / (predicted + cracks), abs=1e-9)
    assert scores["threshold"] == 0.6123
    assert scores["crack_share"] == pytest.approx(cracks / pixels)
    assert scores["photos"] == len(done) == 4
    assert scores["protocol"] == PROTOCOL
    # the best hundredth is not always as good as a threshold between two
    assert scores["ods"] == pytest.approx(scores["f1"], abs=0.01)


def test_shipped_model_finds_plain_rendered_cracks(pairs):
    """Wide, dark cracks without distractors: any model worth shipping finds most of them."""
    with Segmenter() as segmenter:
        scores = evaluate_model(segmenter, pairs)
    assert scores["recall"] > 0.5
    assert scores["precision"] > 0.5
    assert 0 < scores["crack_share"] < 0.5


def test_score_model_names_photographs_and_takes_distractors(dark_net, pairs, tmp_path):
    (tmp_path / "joints").mkdir()
    shape = pairs[0].read()[0].shape
    cv2.imwrite(str(tmp_path / f"joints/{pairs[0].stem}.png"), np.full(shape, 255, np.uint8))
    chosen = pairs[:2]
    with Segmenter(dark_net, precision="f32") as segmenter:
        scores = score_model(segmenter, chosen, distractors=tmp_path / "joints")
    assert [row["photo"] for row in scores.rows()] == [pair.stem for pair in chosen]
    gray = cv2.imread(str(pairs[0].image), cv2.IMREAD_GRAYSCALE)
    assert scores.summary()["distractor_share"] == pytest.approx((gray <= 127).mean())
    assert scores.photographs[1].distractor_share is None


def test_no_predictions_to_score(tmp_path):
    with pytest.raises(DatasetError, match="no photographs"):
        score_predictions(tmp_path, [])


def test_no_photographs():
    with Segmenter() as segmenter, pytest.raises(DatasetError, match="no photographs"):
        evaluate_model(segmenter, [])
