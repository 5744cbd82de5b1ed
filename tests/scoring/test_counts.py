from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import THRESHOLDS, PooledCounts


def pooled(*photos):
    counts = PooledCounts()
    for probability, truth in photos:
        counts.add(probability, truth)
    return counts


def brute_force(photos, threshold):
    """Count with masks cut as the Segmenter cuts them: at float32 of the threshold, inclusive."""
    hits = predicted = cracks = 0
    for probability, truth in photos:
        mask = probability >= np.float32(threshold)
        hits += int((mask & truth).sum())
        predicted += int(mask.sum())
        cracks += int(truth.sum())
    precision = hits / predicted if predicted else 0.0
    recall = hits / cracks if cracks else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return precision, recall, f1


def photo(seed, shape=(30, 40), share=0.2):
    rng = np.random.default_rng(seed)
    truth = rng.random(shape) < share
    noise = rng.normal(0, 1.5, shape) + np.where(truth, 1.5, -1.5)
    return (1 / (1 + np.exp(-noise))).astype(np.float32), truth


def test_brute_force_over_photographs_of_several_sizes():
    photos = [photo(0), photo(1, (7, 5)), photo(2, (1, 1)), photo(3, share=0)]
    scores = pooled(*photos).scores()
    for k, threshold in enumerate(THRESHOLDS):
        found = (scores.precision[k], scores.recall[k], scores.f1[k])
        assert found == pytest.approx(brute_force(photos, threshold), abs=1e-12)


@given(
    hundredths=st.lists(st.integers(0, 100), min_size=1, max_size=60),
    cracks=st.integers(0, 2**60 - 1),
)
def test_values_that_lie_on_the_thresholds(hundredths, cracks):
    """A probability of exactly a threshold counts as crack, as in the Segmenter's mask."""
    probability = (np.array([hundredths]) / 100).astype(np.float32)
    truth = np.array([[bool(cracks >> k & 1) for k in range(len(hundredths))]])
    scores = pooled((probability, truth)).scores()
    for k, threshold in enumerate(THRESHOLDS):
        found = (scores.precision[k], scores.recall[k], scores.f1[k])
        assert found == pytest.approx(brute_force([(probability, truth)], threshold), abs=1e-12)


@pytest.mark.parametrize("hundredth", range(1, 100))
def test_threshold_is_inclusive(hundredth):
    exact = np.float32(hundredth / 100)
    below = np.nextafter(exact, np.float32(0))
    for value, expected in ((exact, 1.0), (below, 0.0)):
        scores = pooled((np.full((1, 1), value), np.ones((1, 1), bool))).scores()
        assert scores.at(hundredth / 100)["recall"] == expected


def test_pooling_is_counting_all_pixels_together():
    """Not the mean of the photographs' scores."""
    sure = (np.ones((1, 10), np.float32), np.ones((1, 10), bool))
    wrong = (np.ones((1, 90), np.float32), np.zeros((1, 90), bool))
    assert pooled(sure, wrong).scores().at(0.5)["precision"] == pytest.approx(0.1)
    both = [photo(0), photo(1, (20, 50))]
    one = [
        np.concatenate([part.ravel() for part in parts])[None] for parts in zip(*both, strict=True)
    ]
    assert np.array_equal(pooled(*both).scores().f1, pooled(tuple(one)).scores().f1)


def test_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    probability, truth = photo(5, (80, 90))
    scores = pooled((probability, truth)).scores()
    for threshold in (0.05, 0.3, 0.5, 0.77, 0.99):
        mask = (probability >= np.float32(threshold)).ravel()
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            truth.ravel(), mask, average="binary", zero_division=0
        )
        assert scores.at(threshold) == pytest.approx(
            {"precision": precision, "recall": recall, "f1": f1, "threshold": threshold}
        )


def test_ods_is_the_best_f1_and_says_where():
    photos = [photo(8), photo(9)]
    scores = pooled(*photos).scores()
    every = [brute_force(photos, threshold)[2] for threshold in THRESHOLDS]
    assert scores.ods == pytest.approx(max(every))
    assert scores.ods_threshold == THRESHOLDS[np.argmax(every)]
    assert scores.at(scores.ods_threshold)["f1"] == scores.ods
    assert scores.ods > scores.at(0.01)["f1"]


@pytest.mark.parametrize(
    ("value", "crack", "expected"),
    [
        (0, True, (0, 0, 0)),  # nothing predicted
        (0, False, (0, 0, 0)),  # nothing predicted, and rightly
        (1, False, (0, 0, 0)),  # no crack to find
        (1, True, (1, 1, 1)),
    ],
)
@pytest.mark.parametrize("shape", [(1, 1), (4, 6)])
def test_all_of_one_kind(value, crack, expected, shape):
    photo = np.full(shape, value, np.float32), np.full(shape, crack)
    scores = pooled(photo).scores().at(0.5)
    assert (scores["precision"], scores["recall"], scores["f1"]) == expected


def test_nothing_counted():
    scores = PooledCounts().scores()
    assert scores.ods == 0
    assert not scores.precision.any()


def test_photograph_without_pixels():
    counts = pooled((np.zeros((0, 5), np.float32), np.zeros((0, 5), bool)))
    assert counts.crack.sum() == counts.background.sum() == 0


def test_counts_hold_every_pixel_once():
    photos = [photo(k) for k in range(5)]
    counts = pooled(*photos)
    assert counts.crack.sum() == sum(truth.sum() for _, truth in photos)
    assert counts.background.sum() == sum((~truth).sum() for _, truth in photos)
    assert counts.crack.dtype == np.int64


def test_each_count_begins_empty():
    pooled(photo(0))
    assert PooledCounts().crack.sum() == 0


@pytest.mark.parametrize(
    ("asked", "taken"), [(0.5, 0.5), (0.504, 0.5), (0.0, 0.01), (1.0, 0.99), (0.07, 0.07)]
)
def test_the_nearest_threshold_is_taken_and_said(asked, taken):
    scores = pooled(photo(2)).scores()
    assert scores.at(asked)["threshold"] == taken
    assert scores.at(asked) == scores.at(taken)


def test_shapes_that_differ():
    with pytest.raises(ArgumentError, match=r"\(2, 3\).*\(3, 2\)"):
        PooledCounts().add(np.zeros((2, 3), np.float32), np.zeros((3, 2), bool))


def test_pool_adds_the_counts_of_others():
    whole, first = pooled(photo(0), photo(1)), pooled(photo(0))
    first.pool(pooled(photo(1)))
    assert np.array_equal(first.crack, whole.crack)
    assert np.array_equal(first.background, whole.background)


def test_best_is_the_best_of_all_thresholds():
    counts = pooled(photo(3), photo(4))
    matches, threshold = counts.best()
    scores = counts.scores()
    assert matches.f1 == pytest.approx(scores.ods)
    assert threshold == scores.ods_threshold
    assert matches.precision == scores.at(threshold)["precision"]


def test_best_of_equals_predicts_least():
    probability = np.array([[0.9, 0.5, 0.2]], np.float32)
    none = np.zeros((1, 3), bool)
    matches, threshold = pooled((probability, none)).best()
    assert (matches.predicted, threshold) == (0, 0.91)
    some = np.array([[True, False, False]])
    assert pooled((probability, some)).best()[1] == 0.51
