from __future__ import annotations

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.reporting.overlay import CRACK_BGR, OPACITY, draw_overlay


@pytest.mark.parametrize("size", [(1, 1), (30, 41)])
@pytest.mark.parametrize("share", [0, 0.4, 1])
def test_cracks_are_red_and_the_rest_is_the_photograph(size, share):
    rng = np.random.default_rng(2)
    gray = rng.integers(0, 256, size, np.uint8)
    before, mask = gray.copy(), rng.random(size) < share
    picture = draw_overlay(gray, mask)
    assert picture.shape == (*size, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[~mask], np.repeat(gray[~mask][:, None], 3, axis=1))
    expected = gray[mask][:, None] * (1 - OPACITY) + np.array(CRACK_BGR) * OPACITY
    assert np.abs(picture[mask] - expected).max(initial=0) < 1
    blue, green, red = picture[mask].astype(int).T
    assert (red > np.maximum(blue, green) + 100).all()
    np.testing.assert_array_equal(gray, before)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ArgumentError, match=r"\(4, 5\) and mask \(5, 4\)"):
        draw_overlay(np.zeros((4, 5), np.uint8), np.zeros((5, 4), bool))
