from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from cracknet.scoring.ranking import Ranking


def rank(photos, **options):
    ranking = Ranking(**options)
    for probability, truth in photos:
        ranking.add(probability, truth)
    return ranking


def sklearn_of(photos):
    return average_precision_score(
        np.concatenate([truth.ravel() for _, truth in photos]),
        np.concatenate([probability.ravel() for probability, _ in photos]),
    )


@pytest.mark.parametrize("seed", range(5))
def test_scikit_learn_on_noise(seed):
    rng = np.random.default_rng(seed)
    photos = [(rng.random((50, 40), np.float32), rng.random((50, 40)) < 0.1) for _ in range(3)]
    found = rank(photos).average_precision()
    assert found.value == pytest.approx(sklearn_of(photos), abs=1e-12)
    assert found.error == 0


def test_scikit_learn_on_lines(drawn):
    photos = [drawn(seed) for seed in range(6)]
    assert rank(photos).average_precision().value == pytest.approx(sklearn_of(photos), abs=1e-12)


@pytest.mark.shared
def test_scikit_learn_on_real_masks(real):
    exact = sklearn_of(real)
    found = rank(real).average_precision()
    assert 0.5 < exact < 0.999
    assert found.value == pytest.approx(exact, abs=1e-12)
    rounded = rank(real, limit=2_000_000)
    found = rounded.average_precision()
    assert rounded.grid_bits == 24
    assert found.value != exact
    assert found.value == pytest.approx(exact, abs=1e-6)
    assert abs(found.value - exact) <= found.error < 1e-5


@given(
    levels=st.lists(st.integers(0, 20), min_size=1, max_size=80),
    cracks=st.integers(1, 2**80 - 1),
)
def test_ties_count_together(levels, cracks):
    probability = (np.array([levels]) / 20).astype(np.float32)
    truth = np.array([[bool(cracks >> k & 1) for k in range(len(levels))]])
    found = rank([(probability, truth)]).average_precision()
    if truth.any():
        assert found.value == pytest.approx(sklearn_of([(probability, truth)]), abs=1e-12)
    else:
        assert found is None


@pytest.mark.parametrize("limit", [10, 100, 1000])
@pytest.mark.parametrize("power", [1, 6])
def test_rounding_stays_within_its_bound(drawn, limit, power):
    photos = [(p**power, t) for p, t in (drawn(seed) for seed in range(4))]
    ranking = rank(photos, limit=limit)
    found, exact = ranking.average_precision(), sklearn_of(photos)
    assert ranking.grid_bits is not None
    assert ranking.grid_bits <= 24
    assert 0 < abs(found.value - exact) <= found.error
    assert found.error < 100 / limit


def test_rounding_is_that_of_the_grid(drawn):
    """What is given is exact for the values rounded down to the grid."""
    photos = [drawn(seed) for seed in range(4)]
    ranking = rank(photos, limit=500)
    found = ranking.average_precision().value
    step = np.float32(1 << ranking.grid_bits)
    assert found == pytest.approx(
        sklearn_of([(np.floor(p * step) / step, t) for p, t in photos]), abs=1e-12
    )


def test_memory_is_bounded(drawn):
    ranking = rank([drawn(seed) for seed in range(30)], limit=2000)
    ranking.average_precision()
    assert max(ranking._crack.keys.size, ranking._background.keys.size) <= 2000
    assert ranking._waiting_size == 0


def test_order_and_pieces_do_not_matter(drawn):
    photos = [drawn(seed) for seed in range(5)]
    assert rank(photos).average_precision() == rank(photos[::-1]).average_precision()
    ranking = Ranking()
    for probability, truth in photos:
        ranking.add(probability[:20], truth[:20])
        ranking.average_precision()  # may be asked for at any time
        ranking.add(probability[20:], truth[20:])
    assert ranking.average_precision() == rank(photos).average_precision()


@pytest.mark.parametrize("limit", [1, 1 << 22])
@pytest.mark.parametrize("value", [0, 1, 0.3])
def test_all_of_one_kind(value, limit):
    flat = np.full((4, 5), value, np.float32)
    assert rank([(flat, np.ones((4, 5), bool))], limit=limit).average_precision().value == 1
    assert rank([(flat, np.zeros((4, 5), bool))], limit=limit).average_precision() is None
    some = np.arange(20).reshape(4, 5) < 3
    assert rank([(flat, some)], limit=limit).average_precision().value == 0.15


def test_nothing_ranked():
    assert Ranking().average_precision() is None
