from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import THRESHOLDS, PooledCounts, PooledScores
from cracknet.scoring.sensitivity import choose_thresholds, f_beta


def scores_of(crack, background):
    return PooledCounts(np.array(crack, np.int64), np.array(background, np.int64)).scores()


def peaked(at):
    """Scores whose precision and recall are both 1 at the thresholds `at`, 0.1 elsewhere."""
    values = np.where(np.isin(np.round(THRESHOLDS, 2), at), 1.0, 0.1)
    return PooledScores(values, values, values)


def test_f_beta_by_hand():
    scores = PooledScores(np.full(99, 0.5), np.full(99, 0.8), np.zeros(99))
    assert f_beta(scores, 2)[0] == pytest.approx(5 * 0.5 * 0.8 / (4 * 0.5 + 0.8))
    assert f_beta(scores, 0.5)[0] == pytest.approx(1.25 * 0.5 * 0.8 / (0.25 * 0.5 + 0.8))
    nothing = PooledScores(np.zeros(99), np.zeros(99), np.zeros(99))
    assert not f_beta(nothing, 2).any()


@given(st.lists(st.integers(0, 50), min_size=200, max_size=200))
def test_f_1_is_that_of_the_counts(counts):
    scores = scores_of(counts[:100], counts[100:])
    np.testing.assert_allclose(f_beta(scores, 1), scores.f1, atol=1e-12)


@given(st.lists(st.integers(0, 50), min_size=200, max_size=200))
def test_low_normal_and_high_are_in_order(counts):
    chosen = choose_thresholds({"wall": scores_of(counts[:100], counts[100:])})
    assert list(chosen) == ["low", "normal", "high"]
    assert chosen["high"] <= 0.5 == chosen["normal"] <= chosen["low"]


def test_each_side_has_its_own_best():
    assert choose_thresholds({"wall": peaked([0.2, 0.7])}) == {
        "low": 0.7, "normal": 0.5, "high": 0.2,
    }  # fmt: skip


def test_equally_good_ones_take_the_nearest_to_one_half():
    flat = PooledScores(np.full(99, 0.5), np.full(99, 0.5), np.full(99, 0.5))
    assert set(choose_thresholds({"wall": flat}).values()) == {0.5}
    two = choose_thresholds({"wall": peaked([0.2, 0.3, 0.6, 0.7])})
    assert (two["low"], two["high"]) == (0.6, 0.3)


def test_sources_count_alike_however_large():
    small, large = [0] * 100, [0] * 100
    small[90], large[20] = 10, 10_000
    clean = [0] * 100
    clean[5] = 10
    chosen = choose_thresholds({"a": scores_of(small, clean), "b": scores_of(large, clean)})
    assert chosen["high"] == 0.2  # all of b is lost above
    assert chosen["low"] == 0.5  # b is lost anyway


def test_no_source():
    with pytest.raises(ArgumentError, match="got none"):
        choose_thresholds({})
