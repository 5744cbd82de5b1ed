from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.measurement.results import WIDTH_METHODS
from cracknet.measurement.widths import WidthOptions, width_profile, width_profiles
from cracknet.synthesis import SceneOptions, arc_path, crack_layers, render, straight_path

GRAY, PROBABILITY, DISTANCE = (WIDTH_METHODS.index(n) for n in ("gray", "probability", "distance"))
SHARP = SceneOptions(
    height=160, width=160, contrast=0.0, noise_percent=0.0, shot_noise_percent=0.0,
    light_gradient=0.0, vignette=0.0, psf_sigma_px=0.8,
)  # fmt: skip
MIDDLE = np.array([79.3, 80.1])


def bar(angle_deg, width, offset=0.0):
    """A straight crack through the photograph, and points along it, moved aside by `offset`."""
    along = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    across = np.array([-along[1], along[0]])
    path = straight_path(tuple(MIDDLE - 150 * along), tuple(MIDDLE + 150 * along), width, 0.6)
    steps = np.arange(-50.0, 51.0)
    return path, MIDDLE + steps[:, None] * along + offset * across


def half_of(points, width):
    return np.full(len(points), width / 2)


@pytest.mark.parametrize("width", [1.5, 2.3, 4.0, 7.7, 20.0, 38.0])
@pytest.mark.parametrize("angle", [0, 17, 45, 90, 133])
def test_coverage_of_a_bar_gives_its_width_at_any_angle(angle, width):
    path, points = bar(angle, width, offset=0.4)
    coverage = crack_layers([_crack(path)], 160, 160)[0]
    profile = width_profile(
        points, mask=coverage >= 0.5, half_widths_px=half_of(points, width), probability=coverage
    )
    inner = slice(25, -25)
    np.testing.assert_allclose(profile.widths_px[inner], width, atol=0.06)
    np.testing.assert_allclose(profile.offsets_px[inner], -0.4, atol=0.12)
    assert (profile.methods[inner] == PROBABILITY).all()


@pytest.mark.parametrize("width", [3.0, 6.0, 15.0])
# Not near 0 degrees: the renderer blurs pixels, not light, so there it errs by the phase.
@pytest.mark.parametrize("angle", [12, 28, 45, 101])
@pytest.mark.parametrize("blur", [0.6, 1.2])
def test_gray_profile_gives_the_width_with_the_blur_undone(angle, width, blur):
    path, points = bar(angle, width, offset=-0.3)
    # A little noise, as any camera has: without it, rounding errs alike all along the bar.
    scene = dataclasses.replace(SHARP, psf_sigma_px=blur, noise_percent=0.3)
    photo = render(scene, 3, cracks=[path])
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, width), gray=photo.gray,
        options=WidthOptions(blur_sigma_px=blur),
    )  # fmt: skip
    inner = slice(25, -25)
    assert (profile.methods[inner] == GRAY).all()
    assert profile.resolved[inner].all()
    assert profile.widths_px[inner].mean() == pytest.approx(width, abs=0.04)
    np.testing.assert_allclose(profile.widths_px[inner], width, atol=0.12)
    np.testing.assert_allclose(profile.offsets_px[inner], 0.3, atol=0.05)


@pytest.mark.parametrize("blur", [0.6, 1.1])
def test_blur_is_found_on_a_wide_crack_and_serves_a_thin_one(blur):
    wide, wide_points = bar(20, 8.0)
    thin, thin_points = bar(20, 2.0)
    aside = 40 * np.array([-np.sin(np.radians(20)), np.cos(np.radians(20))])
    thin = straight_path(
        tuple(thin.points_px[0] + aside), tuple(thin.points_px[1] + aside), 2.0, 0.5
    )
    photo = render(dataclasses.replace(SHARP, psf_sigma_px=blur), 1, cracks=[wide, thin])
    count = len(wide_points)
    profile = width_profiles(
        np.concatenate([wide_points, thin_points + aside]), np.array([0, count, 2 * count]),
        mask=photo.mask, half_widths_px=np.repeat([4.0, 1.0], count), gray=photo.gray,
    )  # fmt: skip
    inner = profile.part(count + 25, 2 * count - 25)
    assert inner.resolved.all()
    np.testing.assert_allclose(inner.widths_px, 2.0, atol=0.12)


def test_thin_crack_alone_is_not_called_resolved_and_its_width_is_a_bound():
    path, points = bar(33, 2.0)
    photo = render(SHARP, 1, cracks=[path])
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, 2.0), gray=photo.gray
    )
    assert not profile.resolved[25:-25].any()
    assert profile.widths_px[25:-25].mean() > 1.9


def test_hairline_below_a_pixel_is_not_called_resolved():
    path, points = bar(33, 0.6)
    photo = render(SHARP, 1, cracks=[path])
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, 0.6), gray=photo.gray,
        options=WidthOptions(blur_sigma_px=0.8),
    )  # fmt: skip
    assert not profile.resolved[25:-25].any()


def test_noise_leaves_the_mean_width_where_it_was():
    path, points = bar(61, 5.0)
    noisy = dataclasses.replace(SHARP, noise_percent=3.0, contrast=0.05)
    photo = render(noisy, 5, cracks=[path])
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, 5.0), gray=photo.gray
    )
    error = profile.widths_px[10:-10] - 5.0
    assert abs(error.mean()) < 0.1
    assert np.abs(error).mean() < 0.2


def test_true_changes_of_width_are_kept():
    path = straight_path((-40.0, 60.0), (200.0, 90.0), (3.0, 13.0), 0.6)
    photo = render(SHARP, 2, cracks=[path])
    share = np.linspace(0.25, 0.75, 120)
    points = path.points_px[0] + share[:, None] * np.diff(path.points_px, axis=0)
    true = 3.0 + 10.0 * share
    profile = width_profile(points, mask=photo.mask, half_widths_px=true / 2, gray=photo.gray)
    np.testing.assert_allclose(profile.widths_px[10:-10], true[10:-10], atol=0.12)


@pytest.mark.parametrize("with_gray", [False, True])
def test_parallel_cracks_six_pixels_apart_are_each_measured_alone(with_gray):
    first, points = bar(24, 2.6)
    aside = 6 * np.array([-np.sin(np.radians(24)), np.cos(np.radians(24))])
    second = straight_path(
        tuple(first.points_px[0] + aside), tuple(first.points_px[1] + aside), 2.6, 0.6
    )
    photo = render(dataclasses.replace(SHARP, psf_sigma_px=0.6), 1, cracks=[first, second])
    count = len(points)
    profile = width_profiles(
        np.concatenate([points, points + aside]), np.array([0, count, 2 * count]),
        mask=photo.mask, half_widths_px=np.full(2 * count, 1.3), probability=photo.coverage,
        gray=photo.gray if with_gray else None, options=WidthOptions(blur_sigma_px=0.6),
    )  # fmt: skip
    for k in (0, 1):
        widths = profile.widths_px[k * count + 25 : (k + 1) * count - 25]
        assert abs(widths.mean() - 2.6) < 0.15
        assert np.abs(widths - 2.6).max() < 0.3


def test_arc_is_measured_as_a_loop_without_ends():
    path = arc_path((80.0, 80.0), 40.0, 0, 360, 5.0)
    photo = render(SHARP, 4, cracks=[path])
    turn = np.linspace(0, 2 * np.pi, 252)
    points = 80 + 40 * np.column_stack([np.cos(turn), np.sin(turn)])
    points[-1] = points[0]
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, 5.0), gray=photo.gray, closed=True
    )
    assert (profile.methods == GRAY).all()
    np.testing.assert_allclose(profile.widths_px, 5.0, atol=0.12)
    np.testing.assert_allclose(profile.widths_px[0], profile.widths_px[-1], atol=1e-3)
    # To the right of the direction on screen, y pointing down: towards the middle.
    np.testing.assert_allclose(profile.normals[0], [-1, 0], atol=0.02)


def test_ends_and_junctions_fall_back_on_the_distance():
    path = straight_path((30.0, 80.0), (130.0, 80.0), 9.0, 0.6)
    photo = render(SHARP, 1, cracks=[path])
    points = np.column_stack([np.arange(32.0, 129.0), np.full(97, 80.0)])
    for free in ((True, True), (False, False)):
        profile = width_profile(
            points, mask=photo.mask, half_widths_px=half_of(points, 9.0), gray=photo.gray,
            free_ends=free,
        )  # fmt: skip
        assert (profile.methods[:4] == DISTANCE).all()
        assert (profile.methods[-4:] == DISTANCE).all()
        assert (profile.methods[15:-15] == GRAY).all()


def test_crack_that_leaves_the_photograph_is_measured_up_to_its_border():
    path = straight_path((-20.0, 80.2), (180.0, 80.2), 6.0, 0.6)
    photo = render(SHARP, 1, cracks=[path])
    points = np.column_stack([np.arange(0.0, 160.0), np.full(160, 80.0)])
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, 6.0), gray=photo.gray
    )
    assert (profile.methods == GRAY).all()
    np.testing.assert_allclose(profile.widths_px, 6.0, atol=0.1)


def test_crack_cut_lengthwise_by_the_border_falls_back_on_the_distance():
    mask = np.zeros((40, 60), bool)
    mask[:4] = True
    points = np.column_stack([np.arange(5.0, 55.0), np.full(50, 1.5)])
    profile = width_profile(points, mask=mask, half_widths_px=np.full(50, 2.0))
    assert (profile.methods == DISTANCE).all()
    assert np.isfinite(profile.widths_px).all()


def test_all_crack_gives_the_distance_to_the_sides():
    mask = np.ones((41, 61), bool)
    points = np.column_stack([np.arange(20.0, 41.0), np.full(21, 20.0)])
    profile = width_profile(
        points, mask=mask, half_widths_px=np.full(21, 20.0), probability=mask.astype(np.float32),
        gray=np.full(mask.shape, 90, np.uint8),
    )  # fmt: skip
    assert (profile.methods == DISTANCE).all()
    np.testing.assert_allclose(profile.widths_px, np.full(21, 41.0), atol=1.1)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_constant_gray_leaves_the_width_to_the_map(level):
    path, points = bar(40, 6.0)
    coverage = crack_layers([_crack(path)], 160, 160)[0]
    blank = np.full((160, 160), level, np.uint8)
    maps = {"mask": coverage >= 0.5, "half_widths_px": half_of(points, 6.0)}
    with_gray = width_profile(points, **maps, probability=coverage, gray=blank)
    without = width_profile(points, **maps, probability=coverage)
    np.testing.assert_array_equal(with_gray.methods, without.methods)
    np.testing.assert_allclose(with_gray.widths_px, without.widths_px)


def test_tone_curve_of_the_camera_is_undone_on_request():
    path, points = bar(27, 5.0)
    photo = render(dataclasses.replace(SHARP, noise_percent=0.3), 3, cracks=[path])
    toned = np.rint(255 * (photo.gray / 255) ** (1 / 2.2)).astype(np.uint8)
    widths = {}
    for gamma in (1.0, 2.2):
        profile = width_profile(
            points, mask=photo.mask, half_widths_px=half_of(points, 5.0), gray=toned,
            options=WidthOptions(blur_sigma_px=0.8, gamma=gamma),
        )  # fmt: skip
        widths[gamma] = profile.widths_px[25:-25].mean()
    assert widths[2.2] == pytest.approx(5.0, abs=0.04)
    assert 4.6 < widths[1.0] < 4.9


def test_bright_crack_is_left_to_the_map():
    path, points = bar(40, 6.0)
    photo = render(SHARP, 1, cracks=[path])
    profile = width_profile(
        points, mask=photo.mask, half_widths_px=half_of(points, 6.0), gray=255 - photo.gray
    )
    assert (profile.methods != GRAY).all()


def test_gray_that_contradicts_the_mask_is_not_believed():
    path, points = bar(0, 4.0)
    wide, _ = bar(0, 24.0)
    photo = render(SHARP, 1, cracks=[wide])
    mask = render(SHARP, 1, cracks=[path]).mask
    profile = width_profile(points, mask=mask, half_widths_px=half_of(points, 4.0), gray=photo.gray)
    assert (profile.methods != GRAY).all()


def test_one_stray_spot_does_not_move_the_widths():
    path, points = bar(0, 6.0)
    photo = render(SHARP, 1, cracks=[path])
    gray = photo.gray.copy()
    gray[82:90, 78:81] = 20
    profile = width_profile(points, mask=photo.mask, half_widths_px=half_of(points, 6.0), gray=gray)
    clean = np.r_[20:40, 62:80]
    np.testing.assert_allclose(profile.widths_px[clean], 6.0, atol=0.15)
    assert np.median(profile.widths_px) == pytest.approx(6.0, abs=0.05)


def test_branches_together_measure_as_each_alone():
    photo = render(SHARP, 1, cracks=[bar(10, 4.0)[0], bar(80, 7.0)[0]])
    lines = [bar(10, 4.0)[1][:40], bar(80, 7.0)[1][-45:]]
    halves = [half_of(lines[0], 4.0), half_of(lines[1], 7.0)]
    options = WidthOptions(blur_sigma_px=0.8)
    together = width_profiles(
        np.concatenate(lines), np.array([0, 40, 85]), mask=photo.mask,
        half_widths_px=np.concatenate(halves), gray=photo.gray, options=options,
    )  # fmt: skip
    for part, line, half in zip((together.part(0, 40), together.part(40, 85)), lines, halves,
                                strict=True):  # fmt: skip
        alone = width_profile(
            line, mask=photo.mask, half_widths_px=half, gray=photo.gray, options=options
        )
        np.testing.assert_allclose(part.widths_px, alone.widths_px, atol=0.02)
        np.testing.assert_array_equal(part.methods, alone.methods)


@settings(max_examples=12, deadline=None)
@given(
    width=st.floats(2.0, 12.0), angle=st.floats(0, 180), shift=st.floats(-0.5, 0.5),
)  # fmt: skip
def test_turning_the_photograph_by_a_right_angle_changes_no_width(width, angle, shift):
    path, points = bar(angle, width, shift)
    photo = render(SHARP, 7, cracks=[path])
    half = half_of(points, width)
    straight = width_profile(
        points, mask=photo.mask, half_widths_px=half, probability=photo.coverage, gray=photo.gray
    )
    turned_points = np.column_stack([points[:, 1], 159 - points[:, 0]])
    turned = width_profile(
        turned_points, mask=np.rot90(photo.mask), half_widths_px=half,
        probability=np.rot90(photo.coverage), gray=np.rot90(photo.gray),
    )  # fmt: skip
    # how far an end reaches is rounded: a point there may change its method
    same = turned.methods == straight.methods
    assert same.sum() >= len(same) - 2
    np.testing.assert_allclose(
        turned.widths_px[same], straight.widths_px[same], rtol=0.005, atol=0.01
    )


def test_no_points_and_one_point():
    mask = np.zeros((20, 20), bool)
    mask[8:12] = True
    none = width_profiles(np.zeros((0, 2)), np.array([0]), mask=mask, half_widths_px=np.zeros(0))
    assert none.widths_px.shape == (0,)
    assert none.normals.shape == (0, 2)
    one = width_profile(np.array([[10.0, 9.5]]), mask=mask, half_widths_px=np.array([2.0]))
    assert one.widths_px.shape == (1,)
    assert one.widths_px[0] == pytest.approx(4, abs=1)


def test_one_pixel_photograph():
    profile = width_profile(
        np.array([[0.0, 0.0], [0.2, 0.0]]), mask=np.ones((1, 1), bool),
        half_widths_px=np.array([0.5, 0.5]), gray=np.zeros((1, 1), np.uint8),
    )  # fmt: skip
    assert np.isfinite(profile.widths_px).all()


MASK = np.zeros((20, 30), bool)
LINE = np.column_stack([np.arange(5.0, 15), np.full(10, 9.0)])
HALF = np.ones(10)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"points_px": LINE[:, :1]}, "points_px"),
        ({"points_px": LINE.astype(int)}, "points_px"),
        ({"points_px": np.where(LINE == 9, np.nan, LINE)}, "finite"),
        ({"half_widths_px": HALF[:5]}, "half_widths_px"),
        ({"half_widths_px": HALF * np.nan}, "finite"),
        ({"half_widths_px": -HALF}, "at least 0"),
        ({"mask": MASK.astype(np.uint8)}, "mask"),
        ({"mask": MASK[0]}, "mask"),
        ({"mask": np.zeros((0, 5), bool)}, "mask"),
        ({"probability": MASK.astype(np.float64)}, "probability"),
        ({"probability": np.zeros((20, 31), np.float32)}, "probability"),
        ({"probability": np.full((20, 30), 1.5, np.float32)}, "probability"),
        ({"probability": np.full((20, 30), np.nan, np.float32)}, "probability"),
        ({"gray": np.zeros((20, 30), np.float32)}, "gray"),
        ({"gray": np.zeros((20, 30, 3), np.uint8)}, "gray"),
        ({"gray": np.zeros((10, 30), np.uint8)}, "gray"),
    ],
)
def test_what_does_not_fit_is_rejected_by_name(change, named):
    good = {"points_px": LINE, "mask": MASK, "half_widths_px": HALF}
    with pytest.raises(ArgumentError, match=named):
        width_profile(**(good | change))


@pytest.mark.parametrize("starts", [[0, 5], [1, 10], [0, 5, 5, 10], [0.0, 10.0], []])
def test_starts_must_cover_the_points(starts):
    with pytest.raises(ArgumentError, match="starts"):
        width_profiles(LINE, np.array(starts), mask=MASK, half_widths_px=HALF)


def test_flags_must_be_one_a_branch():
    with pytest.raises(ArgumentError, match="closed"):
        width_profiles(
            LINE, np.array([0, 10]), mask=MASK, half_widths_px=HALF, closed=np.zeros(2, bool)
        )


@pytest.mark.parametrize(
    "change",
    [{"blur_sigma_px": -1.0}, {"blur_sigma_px": np.nan}, {"aim_px": 0.0}, {"agreement": 1.0},
     {"depth_spread": 2.0}, {"contrast_to_noise": np.inf}],
)  # fmt: skip
def test_options_out_of_range_are_rejected(change):
    with pytest.raises(ArgumentError, match=next(iter(change))):
        WidthOptions(**change)


def _crack(path):
    from cracknet.synthesis import Crack

    return Crack((path,))
