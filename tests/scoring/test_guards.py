from __future__ import annotations

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.scoring.guards import check_pair

TRUTH = np.zeros((2, 3), bool)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_become_float32(dtype):
    values = np.array([[0, 0.25, 0.5], [0.75, 1, 1]], dtype)
    probability, truth = check_pair(values, TRUTH)
    assert probability.dtype == np.float32
    assert np.array_equal(probability, values)
    assert truth is TRUTH


def test_a_negative_zero_is_zero():
    probability, _ = check_pair(np.full((2, 3), -0.0, np.float32), TRUTH)
    assert not np.signbit(probability).any()


@pytest.mark.parametrize(
    ("probability", "truth", "said"),
    [
        (np.zeros((2, 2), np.float32), TRUTH, r"one shape; got \(2, 2\) and \(2, 3\)"),
        (np.zeros((2, 3, 1), np.float32), TRUTH, r"shape \(H, W\).*\(2, 3, 1\)"),
        (np.zeros((0, 3), np.float32), np.zeros((0, 3), bool), "at least one pixel"),
        (np.zeros((2, 3), np.uint8), TRUTH, "must be float32 in 0..1; got uint8"),
        (np.zeros((2, 3), bool), TRUTH, "got bool"),
        (np.zeros((2, 3), np.complex64), TRUTH, "got complex64"),
        (np.full((2, 3), 1.01, np.float32), TRUTH, "from 1.01 to 1.01"),
        (np.full((2, 3), -1e-6, np.float32), TRUTH, "from -1e-06"),
        (np.array([[0, 0.5, np.nan]] * 2, np.float32), TRUTH, "got values from nan"),
        (np.array([[0, 0.5, np.inf]] * 2, np.float32), TRUTH, "to inf"),
        (np.zeros((2, 3), np.float32), np.zeros((2, 3), np.uint8), "truth must be bool.*uint8"),
    ],
)
def test_refused(probability, truth, said):
    with pytest.raises(ArgumentError, match=said):
        check_pair(probability, truth)
