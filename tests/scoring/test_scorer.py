from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import THRESHOLDS
from cracknet.scoring.options import QUICK_SCORES
from cracknet.scoring.photograph import score_photograph
from cracknet.scoring.scorer import Scorer


def scored(photos, threshold=0.5, **options):
    scorer = Scorer(threshold, **options)
    for k, (probability, truth) in enumerate(photos):
        scorer.add(probability, truth, stem=f"photo {k}")
    return scorer.result()


def counts_of(probability, truth, threshold):
    mask = probability >= np.float32(threshold)
    return np.array([(mask & truth).sum(), (mask & ~truth).sum(), (~mask & truth).sum()])


def f1_of(counts):
    tp, fp, fn = counts
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def by_a_loop(photos):
    """ODS and OIS, threshold by threshold and photograph by photograph."""
    table = np.array([[counts_of(*photo, t) for t in THRESHOLDS] for photo in photos])
    pooled = [f1_of(counts) for counts in table.sum(axis=0)]
    best = [max(range(99), key=lambda k, row=row: f1_of(row[k])) for row in table]
    ois = f1_of(sum(row[k] for row, k in zip(table, best, strict=True)))
    return max(pooled), THRESHOLDS[int(np.argmax(pooled))], ois


def agree_with_scikit_learn(photos, threshold):
    summary = scored(photos, threshold).summary()
    truth = np.concatenate([truth.ravel() for _, truth in photos])
    probability = np.concatenate([probability.ravel() for probability, _ in photos])
    expected = precision_recall_fscore_support(
        truth, probability >= np.float32(threshold), average="binary"
    )[:3]
    assert [summary[name] for name in ("precision", "recall", "f1")] == pytest.approx(
        expected, abs=1e-12
    )
    exact = average_precision_score(truth, probability)
    assert summary["average_precision"] == pytest.approx(exact, abs=1e-6)
    assert summary["average_precision_error"] < 1e-6


@pytest.mark.parametrize("threshold", [0.333, 0.5])
def test_scikit_learn(drawn, threshold):
    rng = np.random.default_rng(0)
    noise = [(rng.random((50, 70), np.float32), rng.random((50, 70)) < 0.2) for _ in range(3)]
    agree_with_scikit_learn([drawn(0), drawn(1, (33, 44)), *noise], threshold)


@pytest.mark.shared
def test_scikit_learn_on_real_masks(real):
    agree_with_scikit_learn(real, 0.333)


def test_ods_and_ois_are_those_of_a_plain_loop(drawn):
    photos = [(p ** (0.5 + k), t) for k, (p, t) in enumerate(map(drawn, range(4)))]
    summary = scored(photos).summary()
    ods, ods_at, ois = by_a_loop(photos)
    assert summary["ods"] == pytest.approx(ods)
    assert summary["ods_at"] == ods_at
    assert summary["ois"] == pytest.approx(ois)
    assert summary["ods"] < summary["ois"]


@pytest.mark.shared
def test_ods_and_ois_on_real_masks(real):
    photos = [(p ** (0.5 + k), t) for k, (p, t) in enumerate(real[:3])]
    summary = scored(photos, options=QUICK_SCORES).summary()
    assert (summary["ods"], summary["ods_at"], summary["ois"]) == pytest.approx(by_a_loop(photos))


@given(order=st.permutations(range(5)))
def test_the_order_of_photographs_does_not_matter(drawn, order):
    photos = [drawn(seed, (20, 30 + seed)) for seed in range(5)]
    first, second = scored(photos), scored([photos[k] for k in order])
    for name, value in first.summary().items():
        if name != "per_image_normalised":
            assert second.summary()[name] == value, name
    assert second.normalised.summary() == pytest.approx(first.normalised.summary())
    assert sorted(row["f1"] for row in first.rows()) == sorted(row["f1"] for row in second.rows())


def test_pooled_is_counting_all_pixels_together(drawn):
    """Tolerance and skeletons stop at a photograph's border; all else is as if it were one."""
    photos = [drawn(seed, (40, 50)) for seed in range(3)]
    one = tuple(np.concatenate(parts) for parts in zip(*photos, strict=True))
    whole, pieces = scored([one]).summary(), scored(photos).summary()
    for name in ("precision", "recall", "f1", "iou", "ods", "ods_at", "average_precision"):
        assert whole[name] == pytest.approx(pieces[name], abs=1e-12), name
    assert pieces["photos"] == 3


def test_mean_leaves_out_what_is_undefined(drawn):
    probability, truth = drawn(0)
    photos = [(probability, truth), drawn(1), (probability, np.zeros_like(truth))]
    scores = scored(photos)
    mean, rows = scores.mean(), scores.rows()
    for name in ("precision", "recall", "f1", "f1_2px", "cl_dice", "best_f1"):
        assert mean[name] == pytest.approx((rows[0][name] + rows[1][name]) / 2), name
    for name in ("false_alarm_share", "crack_share"):
        assert mean[name] == pytest.approx(np.mean([row[name] for row in rows])), name
    assert mean["best_f1_at"] is mean["distractor_share"] is None
    assert scores.summary()["photos_without_crack"] == 1


def test_set_without_any_crack(drawn):
    probability, truth = drawn(0)
    scores = scored([(probability, np.zeros_like(truth))] * 2)
    summary = scores.summary()
    for name in ("recall", "f1", "ods", "ods_at", "ois", "average_precision", "cl_dice"):
        assert summary[name] is None, name
    assert summary["precision"] == 0
    assert summary["false_alarm_share"] == pytest.approx((probability >= 0.5).mean())
    assert scores.mean()["f1"] is None


def test_distractors_of_some_photographs(drawn):
    scorer = Scorer(0.1)
    photos, avoid = [drawn(0), drawn(1), drawn(2)], np.zeros((60, 80), bool)
    avoid[:, :9] = True
    for k, (probability, truth) in enumerate(photos):
        scorer.add(probability, truth, distractors=avoid if k else None)
    called = [(probability >= np.float32(0.1))[:, :9] for probability, _ in photos[1:]]
    assert scorer.result().summary()["distractor_share"] == pytest.approx(np.mean(called))


def test_quick_scores_take_only_the_histogram(drawn):
    summary = scored([drawn(0)], options=QUICK_SCORES).summary()
    assert summary["average_precision"] is summary["per_image_normalised"] is None
    assert summary["f1"] == scored([drawn(0)]).summary()["f1"]


def test_a_refused_photograph_is_not_counted(drawn):
    probability, truth = drawn(0)
    scorer = Scorer()
    scorer.add(probability, truth)
    before = scorer.result()
    for wrong in (probability + 1, probability[:9], np.full_like(probability, np.nan)):
        with pytest.raises(ArgumentError):
            scorer.add(wrong, truth)
    with pytest.raises(ArgumentError):
        scorer.add(probability, truth, distractors=truth[:3])
    assert scorer.result().summary() == before.summary()


def test_add_gives_the_photographs_scores(drawn):
    assert Scorer(0.4).add(*drawn(3), stem="a") == score_photograph(*drawn(3), 0.4, stem="a")


def test_a_result_does_not_change_afterwards(drawn):
    scorer = Scorer()
    scorer.add(*drawn(0))
    first = scorer.result()
    before = json.dumps([first.summary(), first.rows()])
    scorer.add(*drawn(1))
    assert json.dumps([first.summary(), first.rows()]) == before


def test_nothing_added():
    summary = Scorer().result().summary()
    assert summary["photos"] == summary["pixels"] == 0
    assert summary["f1"] is summary["ods"] is None


@pytest.mark.parametrize("threshold", [-0.1, 1.01, float("nan")])
def test_impossible_threshold(threshold):
    with pytest.raises(ArgumentError, match="threshold"):
        Scorer(threshold)
