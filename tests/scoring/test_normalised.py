from __future__ import annotations

import numpy as np
import pytest

from cracknet.scoring.normalised import NormalisedScores


def by_the_published_code(photos):
    """Score as SCSegamba's test.py and eval/evaluate.py do: threshold by threshold, in a loop."""
    curves, mious = [], []
    for probability, truth in photos:
        saved = np.rint(255 * (probability / probability.max())).astype(np.uint8)
        f1s, ious = [], []
        for threshold in np.arange(0.0, 1.0, 0.01):
            mask = saved / 255 > threshold
            tp, tn = (mask & truth).sum(), (~mask & ~truth).sum()
            fp, fn = (mask & ~truth).sum(), (~mask & truth).sum()
            precision = tp / (tp + fp) if tp + fp else 1.0
            recall = tp / (tp + fn)
            f1s.append(2 * precision * recall / (precision + recall) if precision + recall else 0)
            ious.append((tp / (tp + fp + fn) + tn / (tn + fp + fn)) / 2)
        curves.append(f1s)
        mious.append(ious)
    ods = np.mean(curves, axis=0)
    return ods.max(), ods.argmax() / 100, np.max(curves, axis=1).mean(), np.mean(mious, 0).max()


def gather(photos):
    scores = NormalisedScores()
    for probability, truth in photos:
        scores.add(probability, truth)
    return scores.summary()


def test_the_published_loop(drawn):
    photos = [
        (np.float32(0.2 + seed / 10) * p, t) for seed, (p, t) in enumerate(map(drawn, range(5)))
    ]
    found = gather(photos)
    names = ("ods", "ods_at", "ois", "miou")
    assert [found[name] for name in names] == pytest.approx(by_the_published_code(photos))


@pytest.mark.shared
def test_the_published_loop_on_real_masks(real):
    found = gather(real[:4])
    names = ("ods", "ods_at", "ois", "miou")
    assert [found[name] for name in names] == pytest.approx(by_the_published_code(real[:4]))


def test_strength_of_a_photograph_does_not_matter(drawn):
    """Unlike pooled scores: a faint right answer counts as a strong one."""
    probability, truth = drawn(0)
    faint = gather([(probability * np.float32(0.25), truth)])
    assert faint["ods"] == pytest.approx(gather([(probability, truth)])["ods"], abs=0.02)
    assert gather([(truth * np.float32(0.001), truth)])["ods"] == 1


def test_without_crack_and_without_prediction(drawn):
    probability, truth = drawn(0)
    nothing = np.zeros_like(probability)
    assert gather([(probability, np.zeros_like(truth))])["ods"] is None
    assert gather([(nothing, truth)])["ods"] == 0
    both = gather([(probability, truth), (probability, np.zeros_like(truth))])
    assert both == gather([(probability, truth)])
    assert gather([(np.ones((1, 1), np.float32), np.ones((1, 1), bool))])["ois"] == 1


def test_nothing_scored():
    assert gather([])["photos"] == 0
    assert gather([])["miou"] is None
    assert "per-image normalised" in gather([])["protocol"]
