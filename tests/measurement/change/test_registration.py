from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError, CrackNetError
from cracknet.measurement.change import RegistrationError, RegistrationOptions, register
from cracknet.measurement.change.registration.checks import check_homography
from cracknet.measurement.change.registration.homography import (
    fit_homography,
    map_points,
    width_factors,
)
from cracknet.measurement.change.registration.repeats import second_place
from cracknet.synthesis import straight_path
from cracknet.synthesis.views import path_through

OPTIONS = RegistrationOptions(try_slanted=False)


def grid(shape=(320, 380), step=40):
    across, down = np.meshgrid(np.arange(20, shape[1], step), np.arange(20, shape[0], step))
    return np.column_stack([across.ravel(), down.ravel()]).astype(float)


def test_finds_the_view_to_a_tenth_of_a_pixel(wall, views):
    found = register(wall(0), wall(1, exposure=0.8, noise_seed=3))
    truth = views[1] @ np.linalg.inv(views[0])
    error = np.hypot(*(found.to_after(grid()) - map_points(truth, grid())).T)
    assert error.max() < 0.15
    assert abs(found.slant_deg - 30) < 2
    assert 0.8 < found.overlap <= 1
    assert found.residual_px < 0.3
    np.testing.assert_allclose(found.to_before(found.to_after(grid())), grid(), atol=1e-6)


def test_its_uncertainty_is_of_the_size_of_its_error(wall, views):
    found = register(wall(0), wall(1))
    truth = views[1] @ np.linalg.inv(views[0])
    along = np.tile([[0.6, 0.8]], (len(grid()), 1))
    factors, sigma = found.width_factors(grid(), along)
    error = np.abs(np.log(factors / width_factors(truth, grid(), along)))
    assert np.median(error) < 5 * np.median(sigma) < 0.01
    assert (found.position_sigma_px(grid()) >= found.residual_px).all()


def test_photographs_of_other_sizes(wall):
    large = cv2.resize(wall(0), None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)
    found = register(wall(0), large)
    assert found.factor == pytest.approx(1.6, rel=0.002)
    # Pixel centres: the middle of the first pixel of one is not that of the other.
    np.testing.assert_allclose(found.to_after(np.array([[100.0, 50.0]])), [[160.3, 80.3]], atol=0.1)


def test_a_large_photograph_is_refined_at_full_size(wall, views):
    found = register(wall(0), wall(1), options=RegistrationOptions(longest_px=250))
    truth = views[1] @ np.linalg.inv(views[0])
    error = np.hypot(*(found.to_after(grid()) - map_points(truth, grid())).T)
    assert error.max() < 0.15


def test_a_crack_that_has_changed_does_not_pull_it(wall, views):
    thin, wide = (straight_path((-5, 300), (800, 360), width, 0.8) for width in (6, 40))
    mask = np.zeros((320, 380), bool)
    mask[120:210] = True
    found = register(
        wall(0, cracks=(thin,)), wall(1, cracks=(wide,)), cracks_before=mask, cracks_after=mask
    )
    truth = views[1] @ np.linalg.inv(views[0])
    assert np.hypot(*(found.to_after(grid()) - map_points(truth, grid())).T).max() < 0.2


def test_refuses_different_places(wall):
    with pytest.raises(RegistrationError, match="same place") as caught:
        register(wall(0), wall(0, seed=1), options=OPTIONS)
    assert caught.value.reason in ("matches", "unconfirmed")
    assert isinstance(caught.value, CrackNetError)


@pytest.mark.parametrize("blank", [0, 128, 255])
def test_refuses_a_blank_photograph(wall, blank):
    with pytest.raises(RegistrationError, match="AFTER has 0 features") as caught:
        register(wall(0), np.full((320, 380), blank, np.uint8))
    assert caught.value.reason == "texture"


def test_refuses_where_all_is_crack(wall):
    every = np.ones((320, 380), bool)
    with pytest.raises(RegistrationError) as caught:
        register(wall(0), wall(1), cracks_before=every)
    assert caught.value.reason == "texture"
    loose = RegistrationOptions(mask_cracks=False)
    assert register(wall(0), wall(1), cracks_before=every, options=loose).patches > 24


def test_refuses_a_pattern_that_repeats(wall):
    tile = wall(0)[:80, :80]
    pair = [
        np.clip(np.tile(tile, (4, 5)) + np.random.default_rng(k).normal(0, 4, (320, 400)), 0, 255)
        for k in (0, 1)
    ]
    with pytest.raises(RegistrationError) as caught:
        register(*(side.astype(np.uint8) for side in pair), options=OPTIONS)
    assert caught.value.reason in ("repeats", "matches")


def test_repeats_are_told_from_what_is_there_once(wall):
    assert second_place(wall(0), wall(0), np.eye(3))[0] < 0.5
    tiled = np.tile(wall(0)[:80, :80], (4, 5))
    assert second_place(tiled, tiled, np.eye(3))[0] > 0.95
    flat = np.full((100, 100), 9, np.uint8)
    assert second_place(flat, flat, np.eye(3))[0] == 0


def test_streaks_are_no_second_place(wall):
    streaked = cv2.blur(wall(0), (1, 61)) * 0.8 + wall(0) * 0.2
    streaked = streaked.astype(np.uint8)
    assert second_place(streaked, streaked, np.eye(3))[0] < 0.8


def test_slats_of_shade_are_not_refused(wall):
    shade = np.where(np.arange(380) // 10 % 2, 0.75, 1.0)
    pair = [(wall(0, noise_seed=k) * shade).astype(np.uint8) for k in (0, 1)]
    assert second_place(*pair, np.eye(3))[0] > 0.8
    np.testing.assert_allclose(register(*pair).to_after(grid()), grid(), atol=0.1)


def test_refuses_a_mirrored_one(wall):
    with pytest.raises(RegistrationError):
        register(wall(0), np.ascontiguousarray(wall(0)[:, ::-1]), options=OPTIONS)


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        (np.diag([0.0, 1, 1]), "degenerate"),
        (np.array([[-1.0, 0, 379], [0, 1, 0], [0, 0, 1]]), "mirror"),
        (np.array([[1.0, 0, 330], [0, 1, 0], [0, 0, 1]]), "overlap"),
        (np.array([[1.0, 0, 900], [0, 1, 0], [0, 0, 1]]), "overlap"),
        (np.diag([4.0, 4, 1]), "scale"),
        (np.diag([1.0, 0.28, 1]), "scale"),
        (np.full((3, 3), np.nan), "degenerate"),
    ],
)
def test_rules_of_a_homography(matrix, reason):
    with pytest.raises(RegistrationError) as caught:
        check_homography(matrix, (320, 380), (320, 380), OPTIONS)
    assert caught.value.reason == reason


def test_refuses_a_residual_that_is_too_large(wall):
    rows, columns = np.mgrid[:320, :380].astype(np.float32)
    # A wall that is no plane: shifted by up to 4 px, to and fro.
    bent = cv2.remap(
        wall(0), columns + 4 * np.sin(rows / 60), rows + 4 * np.sin(columns / 60), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    strict = RegistrationOptions(try_slanted=False, largest_residual_px=0.5)
    with pytest.raises(RegistrationError) as caught:
        register(wall(0), bent, options=strict)
    assert caught.value.reason == "residual"


@pytest.mark.parametrize(
    "bad",
    [np.zeros((0, 0), np.uint8), np.zeros((1, 1), np.uint8), np.zeros((60, 400), np.uint8)],
)
def test_refuses_what_is_too_small(wall, bad):
    with pytest.raises(RegistrationError, match="full size"):
        register(wall(0), bad)


@pytest.mark.parametrize(
    "bad", [np.zeros((320, 380, 3), np.uint8), np.zeros((320, 380), np.float32)]
)
def test_arrays_that_are_no_gray_photograph(wall, bad):
    with pytest.raises(ArgumentError, match="uint8"):
        register(wall(0), bad)


def test_masks_of_another_shape_or_type(wall):
    for mask in (np.zeros((3, 3), bool), np.zeros((320, 380), np.uint8)):
        with pytest.raises(ArgumentError, match="mask of before"):
            register(wall(0), wall(1), cracks_before=mask)


@pytest.mark.parametrize(
    "change", [{"least_share": 1.5}, {"least_matches": 0}, {"largest_scale": float("nan")}]
)
def test_options_out_of_range(change):
    with pytest.raises(ArgumentError, match=next(iter(change))):
        RegistrationOptions(**change)


@pytest.mark.shared
def test_refuses_different_real_photographs(data_folder):
    # Neighbouring crops of one photograph share the stem before the dash, and do overlap.
    names = ("111212-1", "11215-10", "11231-4")
    photos = [
        cv2.imread(str(data_folder / f"deepcrack/images/test/{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        for name in names
    ]
    for one, other in pairwise(photos):
        with pytest.raises(RegistrationError):
            register(one, other, options=OPTIONS)


@pytest.mark.shared
def test_finds_two_crops_of_one_real_photograph(data_folder):
    pair = [
        cv2.imread(str(data_folder / f"deepcrack/images/test/{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        for name in ("11215-10", "11215-9")
    ]
    found = register(*pair)
    np.testing.assert_allclose(found.matrix[:2, 2], [-295, 0], atol=0.2)
    assert found.residual_px < 0.1


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(0.6, 1.6), st.floats(-3e-4, 3e-4),
    st.integers(0, 1000),
)  # fmt: skip
def test_a_fit_finds_the_homography_among_outliers(a, b, size, tilt, seed):
    matrix = np.array([[size, a, 5], [b, size, -3], [tilt, -tilt, 1.0]])
    rng = np.random.default_rng(seed)
    there = map_points(matrix, grid())
    noisy = there + rng.normal(0, 0.1, there.shape)
    noisy[::9] += rng.uniform(5, 30, noisy[::9].shape)
    fit = fit_homography(grid(), noisy)
    assert np.hypot(*(map_points(fit.matrix, grid()) - there).T).max() < 0.4
    assert fit.deviation_px < 0.25


def test_width_factors_agree_with_rendered_paths(views):
    path = straight_path((100, 80), (600, 500), (10, 4))
    along = np.tile([500, 420] / np.hypot(500, 420), (2, 1))
    factors = width_factors(views[1], path.points_px, along)
    np.testing.assert_allclose(
        path.widths_px * factors, path_through(path, views[1]).widths_px, rtol=1e-9
    )
