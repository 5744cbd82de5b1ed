from __future__ import annotations

import numpy as np
import pytest

from cracknet.measurement.change.evidence import shown_share
from cracknet.synthesis import SceneOptions, render, straight_path

PATH = straight_path((20, 30), (130, 80), 4, 0.7)
POINTS = np.column_stack([np.linspace(30, 120, 100), 30 + (np.linspace(30, 120, 100) - 20) / 2.2])
WIDTHS = np.full(100, 4.0)


@pytest.fixture(scope="module")
def photo():
    def make(seed, cracks):
        return render(
            SceneOptions(height=120, width=160, noise_percent=1.5), seed, cracks=cracks
        ).gray

    return make


def test_a_crack_that_both_show(photo):
    share = shown_share(
        photo(0, [PATH]), POINTS, WIDTHS, photo(1, [PATH]), POINTS + np.array([0.5, -0.5]), WIDTHS
    )
    assert share == pytest.approx(1, abs=0.25)


def test_a_crack_that_one_shows(photo):
    shown, bare = photo(0, [PATH]), photo(0, [])
    assert shown_share(shown, POINTS, WIDTHS, bare, POINTS, WIDTHS) < 0.25
    # What can hardly be seen at its own date proves nothing.
    assert shown_share(np.full_like(bare, 99), POINTS, WIDTHS, shown, POINTS, WIDTHS) == 0


def test_one_point_and_black(photo):
    gray = photo(0, [PATH])
    assert shown_share(gray, POINTS[:1], WIDTHS[:1], gray, POINTS[:1], WIDTHS[:1]) == 0
    black = np.zeros_like(gray)
    assert shown_share(black, POINTS, WIDTHS, black, POINTS, WIDTHS) == 0
