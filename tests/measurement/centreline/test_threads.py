"""What is measured does not depend on how many threads OpenCV uses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.measurement.centreline.sampling import inner_distance
from cracknet.synthesis import SceneOptions, render


@pytest.fixture(autouse=True)
def _threads():
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("seed", [0, 1])
def test_distances_are_the_same_roots_of_whole_numbers(seed):
    mask = render(SceneOptions(height=600, width=800, width_px=(3, 30)), seed).mask
    found = []
    for threads in (1, 2, 4):
        cv2.setNumThreads(threads)
        found.append(inner_distance(mask))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    squares = np.square(found[0].astype(np.float64))
    assert np.abs(squares - np.rint(squares)).max() < 1e-3
    plain = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_allclose(found[0], plain, atol=1e-5)
