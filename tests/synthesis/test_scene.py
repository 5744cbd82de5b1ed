from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.synthesis import (
    CRACK_KINDS,
    DISTRACTORS,
    SURFACES,
    CrackPath,
    SceneOptions,
    random_options,
    render,
    standard_scene,
    straight_path,
)
from cracknet.synthesis.camera import expose, jpeg_round_trip, point_spread, uneven_light
from cracknet.synthesis.options import least_depth

BLANK = SceneOptions(
    height=64,
    width=96,
    cracks=(0, 0),
    contrast=0.0,
    brightness=0.8,
    light_gradient=0.0,
    vignette=0.0,
    noise_percent=0.0,
    shot_noise_percent=0.0,
)


def test_point_spread_keeps_the_sum_and_has_the_stated_width():
    dot = np.zeros((41, 41), dtype=np.float32)
    dot[20, 20] = 1
    spread = point_spread(dot, 1.5)
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    assert (spread.sum(axis=0) @ (np.arange(41) - 20) ** 2) == pytest.approx(1.5**2, rel=5e-3)
    light = np.random.default_rng(0).random((30, 20), dtype=np.float32)
    assert point_spread(light, 2.0).sum() == pytest.approx(light.sum(), rel=1e-5)


@pytest.mark.parametrize("depth", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("psf", [0.0, 0.7, 1.5])
def test_wide_crack_is_as_dark_as_its_depth(depth, psf):
    options = dataclasses.replace(BLANK, psf_sigma_px=psf)
    gray = render(options, 0, cracks=[straight_path((48, -9), (48, 80), 20, depth)]).gray
    # exp(0) * brightness everywhere, then rounding.
    assert gray[32, 5] == pytest.approx(0.8 * 255, abs=0.51)
    assert gray[32, 48] == pytest.approx(0.8 * 255 * (1 - depth), abs=0.51)


@pytest.mark.parametrize("width_px", [0.6, 1.0, 3.3, 8.0])
def test_light_taken_by_a_crack_is_depth_times_width(width_px):
    path = straight_path((48.3, -9), (48.3, 80), width_px, 0.5)
    gray = render(BLANK, 0, cracks=[path]).gray.astype(float)
    # Rounding to gray values leaves at most half a gray a pixel, on about width + 8 of them.
    taken = (0.8 * 255 - gray[32]).sum() / (0.8 * 255 * 0.5)
    assert taken == pytest.approx(width_px, abs=0.03)


def test_noise_has_the_stated_deviation():
    light = np.full((200, 200), 0.5, dtype=np.float32)
    for grain in (0.0, 0.6, 1.0):
        gray = expose(
            light,
            noise_percent=2.0,
            shot_noise_percent=3.0,
            noise_grain_px=grain,
            jpeg_quality=None,
            rng=np.random.default_rng(1),
        )
        expected = 2.55 * np.hypot(2.0, 3.0 * np.sqrt(0.5))
        assert gray.std() == pytest.approx(expected, rel=0.08)


def test_uneven_light_spans_the_gradient():
    light = uneven_light(50, 70, 0.3, 0.7, 0.0)
    assert light.max() - light.min() == pytest.approx(0.3, abs=1e-5)
    corner = uneven_light(51, 51, 0.0, 0.0, 0.4)
    assert corner[0, 0] == pytest.approx(0.6, abs=1e-5)
    assert corner[25, 25] == pytest.approx(1.0)


def test_jpeg_round_trip_keeps_the_shape():
    gray = np.tile(np.arange(50, dtype=np.uint8) * 5, (20, 1))
    assert np.abs(jpeg_round_trip(gray, 95).astype(int) - gray).max() < 12


@pytest.mark.parametrize("name", DISTRACTORS)
def test_no_distractor_enters_the_mask(name):
    options = SceneOptions(height=96, width=128, cracks=(0, 0), distractors={name: 1.0})
    photo = render(options, 7)
    assert not photo.mask.any()
    assert not photo.coverage.any()
    assert photo.cracks == ()
    plain = render(dataclasses.replace(options, distractors=()), 7)
    assert (photo.gray != plain.gray).mean() > 0.001


def test_distractors_leave_cracks_and_mask_as_they_are():
    options = SceneOptions(height=128, width=128)
    plain = render(options, 3)
    busy = render(dataclasses.replace(options, distractors=frozenset(DISTRACTORS)), 3)
    np.testing.assert_array_equal(plain.mask, busy.mask)
    np.testing.assert_array_equal(plain.coverage, busy.coverage)
    assert plain.mask.any()


@pytest.mark.parametrize("name", ["debris", "markings", "plants", "openings", "captions"])
def test_opaque_things_never_cover_a_crack(name):
    crack = straight_path((-5, 60), (133, 66), 6, depth=1.0)
    options = SceneOptions(
        height=128, width=128, distractors={name: 5.0}, noise_percent=0, shot_noise_percent=0,
        psf_sigma_px=0, contrast=0.02,
    )  # fmt: skip
    for seed in range(4):
        photo = render(options, seed, cracks=[crack])
        assert photo.gray[photo.coverage == 1].max() == 0


def test_equal_seeds_give_equal_photographs():
    options = SceneOptions(height=64, width=64, distractors=frozenset(DISTRACTORS))
    one, two, other = render(options, 5), render(options, 5), render(options, 6)
    np.testing.assert_array_equal(one.gray, two.gray)
    np.testing.assert_array_equal(one.mask, two.mask)
    assert not np.array_equal(one.gray, other.gray)


@pytest.mark.parametrize("kind", CRACK_KINDS)
def test_every_kind_of_crack(kind):
    photo = render(SceneOptions(height=128, width=160, kinds=(kind,), cracks=(2, 2)), 1)
    assert len(photo.cracks) == 2
    assert photo.mask.any()
    assert (photo.mask[photo.coverage >= 0.5]).all()
    # Crack pixels are darker than the rest.
    assert np.median(photo.gray[photo.coverage > 0.9]) < np.median(photo.gray[~photo.mask])


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface(surface):
    gray = render(SceneOptions(height=96, width=96, surface=surface, cracks=(0, 0)), 1).gray
    assert 255 * 0.35 < np.median(gray) < 255 * 0.85
    assert gray.std() > 3


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (7, 300)])
def test_small_and_narrow_photographs(size):
    options = dataclasses.replace(standard_scene(), height=size[0], width=size[1], cracks=(3, 3))
    for seed in range(3):
        photo = render(options, seed)
        assert photo.gray.shape == photo.mask.shape == photo.coverage.shape == size
        assert photo.gray.dtype == np.uint8
        assert photo.mask.dtype == bool


def test_uneven_fill_and_lit_edges_change_the_look_only():
    options = SceneOptions(height=96, width=96, cracks=(1, 1), width_px=(6, 6))
    plain = render(options, 2)
    lit = render(dataclasses.replace(options, fill_variation=0.6, lit_edge=0.8), 2)
    np.testing.assert_array_equal(plain.coverage, lit.coverage)
    assert not np.array_equal(plain.gray, lit.gray)


def test_random_options_keep_what_decides_the_truth():
    base = dataclasses.replace(standard_scene(), height=40, cracks=(2, 4), width_px=(2, 3))
    seen = [random_options(np.random.default_rng(seed), base) for seed in range(40)]
    for options in seen:
        assert (options.height, options.cracks, options.width_px) == (40, (2, 4), (2, 3))
        assert set(options.amounts) <= set(base.amounts)
        assert base.depth[0] <= options.depth[0] <= options.depth[1] <= base.depth[1]
    assert len({options.surface for options in seen}) > 2


def test_faint_cracks_lie_on_smooth_surfaces():
    faint = dataclasses.replace(standard_scene(), depth=(0.05, 0.2), width_px=(1, 3))
    for seed in range(40):
        options = random_options(np.random.default_rng(seed), faint)
        assert least_depth(options.contrast, math.sqrt(3)) <= 0.2 + 1e-9
    without = dataclasses.replace(faint, cracks=(0, 0))
    contrasts = [random_options(np.random.default_rng(s), without).contrast for s in range(40)]
    assert max(contrasts) > 0.1  # where there is no crack, none can drown


def test_wide_cracks_stand_out_of_rougher_surfaces_than_thin_ones():
    assert least_depth(0.1, 20) < least_depth(0.1, 1) == pytest.approx(0.325)
    assert least_depth(0, 1) == 0


def test_hard_negatives_have_at_least_one_distractor():
    base = dataclasses.replace(standard_scene(), cracks=(0, 0))
    assert all(random_options(np.random.default_rng(s), base).amounts for s in range(30))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"height": 0}, "height"),
        ({"width": 40000}, "width"),
        ({"cracks": (3, 1)}, "cracks"),
        ({"width_px": (0, 3)}, "width_px"),
        ({"depth": (0.2, 1.2)}, "depth"),
        ({"psf_sigma_px": -1}, "psf_sigma_px"),
        ({"noise_percent": float("nan")}, "noise_percent"),
        ({"jpeg_quality": 0}, "jpeg_quality"),
        ({"mm_per_px": 0}, "mm_per_px"),
        ({"surface": "marble"}, "marble"),
        ({"kinds": ("wiggly",)}, "wiggly"),
        ({"kinds": ()}, "kinds"),
        ({"distractors": ("pores", "ghosts")}, "ghosts"),
        ({"distractors": "pores"}, "distractors"),
        ({"distractors": {"pores": -1}}, "pores"),
    ],
)
def test_impossible_options_are_rejected(changes, named):
    with pytest.raises(ArgumentError, match=named):
        SceneOptions(**changes)


def test_given_paths_become_cracks():
    path = CrackPath([[5, 5], [30, 30]], [2, 2])
    photo = render(dataclasses.replace(BLANK, mm_per_px=None), 0, cracks=[path])
    assert photo.cracks[0].paths == (path,)
    assert photo.mm_per_px is None
