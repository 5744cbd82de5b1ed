"""Two scans: the mean of both, and what stands on a window's edge in one."""

from __future__ import annotations

import numpy as np
import pytest

from cracknet.baselines.sliding import TwoScans


def middle_dark(tiles):
    """Call a tile crack where its middle row is dark: one that misses edges, and a third class."""
    side = tiles.shape[1]
    dark = 1 - tiles[:, side // 2 - 2 : side // 2 + 2].min(axis=(1, 2, 3)) / 255
    joint = np.full(len(tiles), 0.1, np.float32)
    return np.stack([0.9 - 0.9 * dark, 0.9 * dark, joint], 1).astype(np.float32)


def line_at(row):
    gray = np.full((80, 80), 255, np.uint8)
    gray[row] = 0
    return gray


def test_a_crack_on_the_edge_of_one_scan_is_in_the_middle_of_the_other():
    system = TwoScans(middle_dark, tile_px=40, threshold=0.4)
    at_edge = system.predict(line_at(40)) >= 0.5  # where two windows of the first scan meet
    assert at_edge[20:60].all()
    assert not at_edge[:20].any()
    assert not at_edge[60:].any()
    in_middle = system.predict(line_at(20)) >= 0.5
    assert in_middle[:40].all()
    assert not in_middle[40:].any()


def test_the_map_is_the_mean_of_both_scans():
    found = TwoScans(middle_dark, tile_px=40).predict(line_at(40))
    assert found[30, 30] == pytest.approx(0.45)  # 0 of the first scan, 0.9 of the second
    assert found[70, 30] == 0


def test_a_higher_threshold_finds_less():
    gray = np.random.default_rng(0).integers(0, 256, (90, 110), np.uint8)
    shares = [
        (TwoScans(middle_dark, 30, threshold).predict(gray) >= 0.5).mean()
        for threshold in (0.05, 0.5, 0.87, 0.95)
    ]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]
