from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, jaccard_score, precision_recall_curve

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import THRESHOLDS
from cracknet.scoring.matches import Matches
from cracknet.scoring.options import QUICK_SCORES, ScoreOptions
from cracknet.scoring.photograph import score_photograph

NO_SKELETONS = ScoreOptions(cl_dice=False)


@pytest.mark.parametrize("threshold", [0.0, 0.005, 0.333, 0.5, 0.5000001, 0.77777, 1.0])
def test_scikit_learn_at_any_threshold(drawn, threshold):
    probability, truth = drawn(0)
    scores = score_photograph(probability, truth, threshold, options=QUICK_SCORES)
    mask = probability >= np.float32(threshold)
    summary = scores.summary()
    assert summary["threshold"] == threshold
    assert summary["f1"] == pytest.approx(f1_score(truth.ravel(), mask.ravel()), abs=1e-12)
    assert summary["iou"] == pytest.approx(jaccard_score(truth.ravel(), mask.ravel()), abs=1e-12)


def agree_with_the_curve(probability, truth, count):
    """Compare precision and recall at values of the probability itself."""
    precision, recall, thresholds = precision_recall_curve(truth.ravel(), probability.ravel())
    for k in np.linspace(0, len(thresholds) - 1, count).astype(int):
        matches = score_photograph(probability, truth, thresholds[k], options=QUICK_SCORES).matches
        assert matches.precision == pytest.approx(precision[k], abs=1e-12)
        assert matches.recall == pytest.approx(recall[k], abs=1e-12)


def test_scikit_learn_along_the_curve(drawn):
    agree_with_the_curve(*drawn(1), count=60)


@pytest.mark.shared
def test_scikit_learn_on_real_masks(real):
    for probability, truth in real[:3]:
        agree_with_the_curve(probability, truth, count=20)


def test_the_threshold_is_not_rounded():
    """Today's 0.333 is not 0.33: pixels between are background."""
    probability = np.array([[0.331, 0.332, 0.333, 0.334]], np.float32)
    scores = score_photograph(probability, np.ones((1, 4), bool), 0.333)
    assert scores.matches == Matches(2, 2, 2, 4)
    assert scores.threshold == 0.333


def test_best_f1_is_that_of_a_loop(drawn):
    for seed in range(4):
        probability, truth = drawn(seed)
        every = [
            f1_score(truth.ravel(), (probability >= np.float32(t)).ravel()) for t in THRESHOLDS
        ]
        scores = score_photograph(probability, truth, options=QUICK_SCORES)
        assert scores.best.f1 == pytest.approx(max(every))
        assert scores.best_at == THRESHOLDS[np.argmax(every)]


def test_scores_that_are_not_asked_for_are_none(drawn):
    summary = score_photograph(*drawn(0), options=QUICK_SCORES).summary()
    assert summary["cl_dice"] is None
    assert "f1_2px" not in summary
    summary = score_photograph(*drawn(0), options=ScoreOptions((1, 3))).summary()
    assert summary["f1"] < summary["f1_1px"] < summary["f1_3px"] <= 1
    assert summary["cl_dice"] > 0


def test_distractors(drawn):
    probability, truth = drawn(0)
    avoid = np.zeros_like(truth)
    avoid[:5] = True
    scores = score_photograph(probability, truth, 0.1, distractors=avoid)
    assert scores.distractor_share == pytest.approx((probability[:5] >= np.float32(0.1)).mean())
    assert score_photograph(probability, truth).distractor_share is None
    nowhere = np.zeros_like(truth)
    assert score_photograph(probability, truth, distractors=nowhere).distractor_share is None


@pytest.mark.parametrize("shape", [(1, 1), (5, 6)])
def test_truth_without_crack(shape):
    """Recall and all that needs it are undefined; precision is 0; false alarms are counted."""
    none = np.zeros(shape, bool)
    for value in (0, 1):
        scores = score_photograph(np.full(shape, value, np.float32), none)
        summary = scores.summary()
        undefined = ("recall", "f1", "iou", "best_f1", "best_f1_at", "f1_2px", "cl_dice")
        assert [summary[name] for name in undefined] == [None] * len(undefined)
        assert summary["precision"] == summary["crack_share"] == 0
        assert summary["false_alarm_share"] == value


def test_a_photograph_without_crack_takes_the_threshold_of_fewest_false_alarms(drawn):
    probability, truth = drawn(0)
    scores = score_photograph(probability, np.zeros_like(truth))
    assert scores.best == Matches(0, int((probability >= np.float32(0.99)).sum()), 0, 0)


@pytest.mark.parametrize("shape", [(1, 1), (5, 6)])
def test_truth_all_crack(shape):
    every = np.ones(shape, bool)
    summary = score_photograph(np.ones(shape, np.float32), every).summary()
    ones = ("precision", "recall", "f1", "iou", "best_f1", "f1_2px", "f1_5px", "cl_dice")
    assert [summary[name] for name in (*ones, "crack_share")] == [1] * (len(ones) + 1)
    assert summary["false_alarm_share"] is None
    summary = score_photograph(np.zeros(shape, np.float32), every).summary()
    assert [summary[name] for name in ones] == [0] * len(ones)


@given(truth=arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_a_perfect_prediction_scores_1(truth):
    summary = score_photograph(truth.astype(np.float32), truth).summary()
    names = ("recall", "f1", "iou", "best_f1", "f1_2px", "f1_5px", "cl_dice")
    assert {summary[name] for name in names} == {1 if truth.any() else None}


@given(seed=st.integers(0, 2**32), quarters=st.integers(1, 3), threshold=st.floats(0, 1))
def test_turning_both_changes_nothing(drawn, seed, quarters, threshold):
    probability, truth = drawn(seed, (17, 23))
    turned = np.rot90(probability, quarters), np.rot90(truth, quarters)
    assert score_photograph(*turned, threshold, options=NO_SKELETONS) == score_photograph(
        probability, truth, threshold, options=NO_SKELETONS
    )


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_impossible_threshold(drawn, threshold):
    with pytest.raises(ArgumentError, match="threshold must lie within 0 and 1"):
        score_photograph(*drawn(0), threshold)


def test_what_cannot_be_scored(drawn):
    probability, truth = drawn(0)
    with pytest.raises(ArgumentError, match="one shape"):
        score_photograph(probability, truth.T)
    with pytest.raises(ArgumentError, match="distractors must be bool"):
        score_photograph(probability, truth, distractors=truth.astype(np.uint8))
    with pytest.raises(ArgumentError, match=r"distractors must have one shape"):
        score_photograph(probability, truth, distractors=truth[:5])
