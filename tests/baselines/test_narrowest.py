"""The narrowest crack: found by what sees it, not by what marks everything."""

from __future__ import annotations

import numpy as np
import pytest

from cracknet.baselines import EdgeDetector, EdgeOptions
from cracknet.baselines.narrowest import find_widths, narrowest, render_walls
from cracknet.errors import ArgumentError


class Everything:
    name, parameters = "everything", 0

    def predict(self, gray):
        return np.ones(gray.shape, np.float32)


class Nothing(Everything):
    def predict(self, gray):
        return np.zeros(gray.shape, np.float32)


def test_walls_differ_in_the_crack_alone():
    [wall] = render_walls(1, (0.3, 4.0), size_px=96)
    away = {width: wall.blank.astype(int) - gray for width, gray in wall.cracked.items()}
    rows, columns = wall.line_px.T
    assert columns.min() == 0
    assert columns.max() == 95
    assert away[4.0][rows, columns].min() > 20
    assert 0 < away[0.3][rows, columns].mean() < away[4.0][rows, columns].mean() / 3
    far = np.ones((96, 96), bool)
    for row, column in wall.line_px:
        far[max(0, row - 8) : row + 9, max(0, column - 8) : column + 9] = False
    assert np.abs(away[4.0][far]).max() <= 3


def test_an_edge_detector_finds_wide_cracks_and_no_hairlines():
    walls = render_walls(2, (0.1, 1.0, 4.0), size_px=160)
    rows = find_widths(EdgeDetector("sobel", EdgeOptions(k=4)), walls)
    assert [row.width_mm for row in rows] == pytest.approx([0.02, 0.2, 0.8])
    assert rows[0].found_share < 0.1
    assert rows[2].found_share > 0.9
    assert not rows[0].found
    assert rows[2].found
    assert narrowest(rows).width_px in (1.0, 4.0)


@pytest.mark.parametrize("system", [Everything(), Nothing()])
def test_who_marks_all_or_nothing_finds_none(system):
    rows = find_widths(system, render_walls(1, (1.0, 3.0), size_px=64))
    assert narrowest(rows) is None


def test_wrong_use_is_told():
    for widths, walls in (((), 1), ((2, 1), 1), ((1,), 0)):
        with pytest.raises(ArgumentError, match="must rise"):
            render_walls(walls, widths)
