from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import PooledCounts
from cracknet.scoring.reliability import reliability
from cracknet.scoring.scorer import Scorer
from cracknet.scoring.tables import as_json


def counted(values, truth):
    counts = PooledCounts()
    counts.add(np.asarray(values, np.float32)[None], np.asarray(truth, bool)[None])
    return counts


@given(st.integers(0, 2**32 - 1), st.sampled_from([5, 10, 20]))
def test_agrees_with_scikit_learn(seed, bins):
    rng = np.random.default_rng(seed)
    # Off the borders of bins, where float32 and float64 may fall to different sides.
    values = (rng.integers(0, 100, 500) + rng.uniform(0.1, 0.9, 500)) / 100
    truth = rng.random(500) < values**2
    found = reliability(counted(values, truth), bins)
    share, value = calibration_curve(truth, values, n_bins=bins)
    some = found.pixels > 0
    np.testing.assert_allclose(found.share[some], share, atol=1e-9)
    np.testing.assert_allclose(found.value[some], value, atol=0.005)
    weights = found.pixels[some] / found.pixels.sum()
    assert found.error == pytest.approx(float((weights * abs(share - value)).sum()), abs=0.005)


def test_a_value_that_is_a_probability_lies_on_the_diagonal():
    rng = np.random.default_rng(3)
    values = rng.random(400_000)
    found = reliability(counted(values, rng.random(400_000) < values))
    np.testing.assert_allclose(found.share, found.value, atol=0.01)
    assert found.error < 0.005


def test_nothing_counted_has_no_error():
    found = reliability(PooledCounts())
    assert found.error is None
    assert [row["crack_share"] for row in found.rows()] == [None] * 10
    assert [row["value"] for row in found.rows()][:2] == [0.05, 0.15]


@pytest.mark.parametrize("bins", [0, -10, 3, 200])
def test_bins_divide_a_hundred(bins):
    with pytest.raises(ArgumentError, match="bins must divide 100"):
        reliability(PooledCounts(), bins)


def test_stands_in_the_json_of_a_set():
    scorer = Scorer()
    truth = np.zeros((4, 4), bool)
    truth[0, 0] = True
    scorer.add(truth * np.float32(0.95), truth)
    found = as_json(scorer.result())
    assert found["reliability"][0] == {"value": 0.005, "crack_share": 0.0, "pixels": 15}
    assert found["reliability"][-1] == {"value": 0.955, "crack_share": 1.0, "pixels": 1}
    assert found["calibration_error"] == pytest.approx((15 * 0.005 + 0.045) / 16)
