from __future__ import annotations

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.synthesis import SceneOptions, path_coverage, render, straight_path
from cracknet.synthesis.views import path_through, photograph, pinhole_view, through

WALL, PHOTO = (200, 240), (100, 120)


def test_a_slant_shortens_by_its_cosine():
    view = pinhole_view(WALL, PHOTO, slant_deg=60, towards_deg=0, distance=1000)
    across = path_through(straight_path((100, 99.5), (139, 99.5), 4), view)
    upright = path_through(straight_path((119.5, 80), (119.5, 119), 4), view)
    assert across.length_px == pytest.approx(39 * 0.5, rel=2e-3)
    assert across.width_mean_px == pytest.approx(4, rel=2e-3)
    assert upright.length_px == pytest.approx(39, rel=2e-3)
    assert upright.width_mean_px == pytest.approx(2, rel=2e-3)


@pytest.mark.parametrize("slant", [0, 30])
def test_the_mapped_path_covers_what_the_wall_seen_through_the_view_does(slant):
    view = pinhole_view(WALL, PHOTO, slant_deg=slant, towards_deg=50, magnification=0.5)
    path = straight_path((30, 40), (210, 150), (12, 6))
    seen = through(path_coverage(path, *WALL), view, *PHOTO)
    assert seen.sum() == pytest.approx(
        path_coverage(path_through(path, view), *PHOTO).sum(), rel=0.01
    )


def test_a_photograph_of_a_wall():
    wall = render(SceneOptions(height=200, width=240, noise_percent=0), 1, cracks=[]).gray
    view = pinhole_view(WALL, PHOTO, magnification=0.5)
    one, other = (
        photograph(wall, view, *PHOTO, np.random.default_rng(seed), exposure=0.9) for seed in (0, 1)
    )
    assert one.shape == PHOTO
    assert one.dtype == np.uint8
    assert (one != other).any()
    assert one.mean() == pytest.approx(0.9 * wall.mean(), rel=0.06)


def test_views_that_cannot_be():
    with pytest.raises(ArgumentError, match="slant_deg"):
        pinhole_view(WALL, PHOTO, slant_deg=80)
    with pytest.raises(ArgumentError, match="distance"):
        pinhole_view(WALL, PHOTO, slant_deg=70, distance=0.3)
