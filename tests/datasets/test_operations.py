from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.datasets.operations import photometric
from cracknet.datasets.operations.geometric import (
    FlipHorizontal,
    FlipVertical,
    Rotate,
    Shear,
    Stretch,
    ZoomIn,
    ZoomOut,
    draw_linear,
    inside,
    rotation,
    warp_image,
    warp_mask,
    warp_pair,
)
from cracknet.datasets.operations.photometric import Photometric
from cracknet.errors import ArgumentError

GEOMETRIC = [
    Rotate(1, 180),
    Stretch(1, 1.6),
    Shear(1, 20),
    ZoomIn(1, 2),
    ZoomOut(1, 2),
    FlipHorizontal(1),
    FlipVertical(1),
]
CHANGES = [
    photometric.tone,
    photometric.uneven_light,
    photometric.shadow,
    photometric.blur,
    photometric.motion_blur,
    photometric.sharpen,
    photometric.noise,
]
named = {"ids": lambda value: getattr(value, "__name__", type(value).__name__)}


def about_centre(linear, height, width):
    centre = np.array([width - 1, height - 1]) / 2
    return np.column_stack([linear, centre - linear @ centre])


def warped(image, mask, linear):
    return warp_pair(image, mask, about_centre(linear, *mask.shape), *mask.shape)


@pytest.fixture
def photo(rendered):
    """Return a rendered photograph with cracks, and its mask."""
    scene = rendered(150, 190, 2)
    return scene.gray, scene.mask


def contrast(gray, mask, dy=0, dx=0):
    """How much darker the photograph is on the mask, when the mask is shifted, than off it."""
    mask = np.roll(mask, (dy, dx), (0, 1))[6:-6, 6:-6]
    gray = gray[6:-6, 6:-6].astype(float)
    return gray[~mask].mean() - gray[mask].mean()


@pytest.mark.parametrize("operation", GEOMETRIC, **named)
def test_the_dark_line_lies_on_the_mask_after_each_operation(operation, photo):
    """Of all shifts of the mask by up to 3 px, none but the smallest makes what it marks darker."""
    for seed in range(4):
        gray, mask = warped(*photo, operation.matrix(np.random.default_rng(seed)))
        assert mask.dtype == bool
        assert 0 < mask.mean() < 0.5
        shifts = {
            (dy, dx): contrast(gray, mask, dy, dx) for dy in range(-3, 4) for dx in range(-3, 4)
        }
        best = max(shifts, key=shifts.get)
        assert max(map(abs, best)) <= 1, best
        assert shifts[0, 0] > 0.9 * shifts[best]
        assert shifts[3, 3] < 0.8 * shifts[0, 0]  # the measure sees a mask out of place


@pytest.mark.parametrize("operation", GEOMETRIC, **named)
def test_each_operation_acts_always_never_or_as_often_as_said(operation, photo):
    moved = 0
    for seed in range(60):
        linear = draw_linear([operation], np.random.default_rng(seed))
        assert linear.shape == (2, 2)
        moved += np.abs(linear - np.eye(2)).max() > 1e-3
        assert draw_linear([type(operation)()], np.random.default_rng(seed)) is None
    assert moved >= 59  # an angle or a factor may happen to be next to nothing
    half = type(operation)(0.5)
    acted = sum(draw_linear([half], np.random.default_rng(s)) is not None for s in range(400))
    assert 150 < acted < 250


@pytest.mark.parametrize("operation", GEOMETRIC, **named)
def test_same_seed_same_map(operation):
    first, again, other = (operation.matrix(np.random.default_rng(s)) for s in (3, 3, 4))
    assert np.array_equal(first, again)
    flips = isinstance(operation, (FlipHorizontal, FlipVertical))
    assert np.array_equal(first, other) == flips


@pytest.mark.parametrize("size", [1, 2, 7, 64, 101, 448])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_are_exact(size, quarters):
    rng = np.random.default_rng(size)
    gray, mask = rng.integers(0, 256, (size, size), np.uint8), rng.random((size, size)) < 0.3
    turned, turned_mask = warped(gray, mask, rotation(90 * quarters))
    assert np.array_equal(turned, np.rot90(gray, quarters))
    assert np.array_equal(turned_mask, np.rot90(mask, quarters))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 1), (40, 61), (40, 61, 3)])
def test_flips_are_exact(shape):
    rng = np.random.default_rng(0)
    image, mask = rng.integers(0, 256, shape, np.uint8), rng.random(shape[:2]) < 0.5
    for operation, mirror in ((FlipHorizontal(1), np.fliplr), (FlipVertical(1), np.flipud)):
        flipped, flipped_mask = warped(image, mask, operation.matrix(rng))
        assert np.array_equal(flipped, mirror(image))
        assert np.array_equal(flipped_mask, mirror(mask))


def test_rotation_turns_anticlockwise_and_by_the_angle():
    """A bar along x, turned by 30 degrees, rises to the right at 30 degrees."""
    mask = np.zeros((201, 201), bool)
    mask[98:103, 20:181] = True
    _, turned = warped(mask * np.uint8(200), mask, rotation(30))
    y, x = np.nonzero(turned)
    slope = -np.polyfit(x, y, 1)[0]  # y goes down
    assert np.degrees(np.arctan(slope)) == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize(
    ("operation", "area"),
    [
        (Rotate(1, 180), lambda linear: 1),
        (Stretch(1, 2), lambda linear: 1 / np.linalg.det(linear)),
        (Shear(1, 30), lambda linear: 1),
        (ZoomIn(1, 2), lambda linear: 1 / linear[0, 0] ** 2),
        (ZoomOut(1, 2), lambda linear: 1 / linear[0, 0] ** 2),
    ],
    **named,
)
def test_areas_are_those_of_the_map(operation, area):
    mask = np.zeros((300, 320), bool)
    mask[120:180, 130:190] = True
    for seed in range(12):
        linear = operation.matrix(np.random.default_rng(seed))
        _, result = warped(mask * np.uint8(255), mask, linear)
        # Beyond the border all is mirrored: only what stands in the middle is the square itself.
        _, labels, stats, _ = cv2.connectedComponentsWithStats(result.view(np.uint8))
        middle = stats[labels[150, 160], cv2.CC_STAT_AREA]
        assert middle == pytest.approx(3600 * area(linear), rel=0.06)


@pytest.mark.parametrize(
    ("operation", "low", "high"), [(ZoomIn(1, 2), 0.5, 1), (ZoomOut(1, 2), 1, 2)], **named
)
def test_zooms_fill_their_range(operation, low, high):
    factors = [operation.matrix(np.random.default_rng(s))[0, 0] for s in range(300)]
    assert low <= min(factors) < low + 0.03
    assert high - 0.03 < max(factors) <= high
    assert np.exp(np.mean(np.log(factors))) == pytest.approx(np.sqrt(low * high), rel=0.05)


def test_stretch_lengthens_one_axis():
    maps = [Stretch(1, 2).matrix(np.random.default_rng(s)) for s in range(100)]
    ones = [tuple(np.isclose(np.diag(linear), 1)) for linear in maps]
    assert set(ones) == {(True, False), (False, True)}
    assert all(0.5 <= np.diag(linear).min() <= 1 for linear in maps)


def test_several_operations_are_one_resampling(photo):
    """First the turn, then the stretch, as if the photograph were turned and stretched."""
    gray, mask = photo
    turn, stretch = rotation(20), np.diag([1 / 1.4, 1])
    both, both_mask = warped(gray, mask, turn @ stretch)
    twice, twice_mask = warped(*warped(gray, mask, turn), stretch)
    middle = np.s_[40:-40, 40:-40]
    assert np.abs(both[middle].astype(int) - twice[middle]).mean() < 6
    assert np.mean(both_mask[middle] == twice_mask[middle]) > 0.97
    assert both[middle].std() > twice[middle].std()  # once resampled is sharper
    swapped = warped(gray, mask, stretch @ turn)[0]
    assert np.abs(swapped[middle].astype(int) - twice[middle]).mean() > 6


@given(
    angle=st.floats(-180, 180),
    scale=st.floats(0.3, 1.05),
    offset=st.tuples(st.floats(-120, 120), st.floats(-120, 120)),
)
def test_cutting_out_what_is_needed_changes_nothing(angle, scale, offset):
    """Mirrored borders, too, are those of the whole photograph."""
    gray = np.random.default_rng(0).integers(0, 256, (50, 70), np.uint8)
    gray = cv2.GaussianBlur(gray, (0, 0), 2)
    matrix = np.column_stack([rotation(angle) * scale, offset])
    whole = cv2.warpAffine(
        gray,
        matrix,
        (60, 40),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    part = warp_image(gray, matrix, 40, 60)
    assert np.abs(whole.astype(int) - part).max() <= 2


def test_shrinking_averages_and_stays_in_place():
    """Fine noise becomes gray, not other noise; a disc stays where its mask is."""
    rng = np.random.default_rng(0)
    noise = np.where(rng.random((800, 900)) < 0.5, 0, 255).astype(np.uint8)
    for scale in (2, 3.7, 6):
        small = warp_image(noise, about_centre(np.eye(2) * scale, 800, 900), 800, 900)
        middle = small[350:450, 400:500]
        assert middle.mean() == pytest.approx(127, abs=4)
        assert middle.std() < 1.3 * 127 / scale
    y, x = np.mgrid[:800, :900]
    mask = (x - 300) ** 2 + (y - 500) ** 2 < 90**2
    gray = np.where(mask, 20, 220).astype(np.uint8)
    for scale in (1.3, 2.5, 4.4, 9):
        matrix = np.column_stack([np.eye(2) * scale, [(scale - 1) / 2] * 2])
        height, width = int(800 / scale), int(900 / scale)
        small, small_mask = warp_pair(gray, mask, matrix, height, width)
        dark = (220 - small.astype(float)) / 200
        centre = [(dark * axis).sum() / dark.sum() for axis in np.mgrid[:height, :width]]
        expected = [(500 + 0.5) / scale - 0.5, (300 + 0.5) / scale - 0.5]
        assert centre == pytest.approx(expected, abs=0.05)
        found = [axis.mean() for axis in np.nonzero(small_mask)]
        assert found == pytest.approx(expected, abs=0.5)


@given(
    angle=st.floats(-180, 180),
    stretch=st.floats(0.3, 3),
    scale=st.floats(0.3, 3),
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_inside_needs_no_border(angle, stretch, scale, size):
    height, width = size
    linear = rotation(angle) @ np.diag([stretch, 1]) * scale
    safe = inside(linear, height, width)
    half = np.array([width - 1, height - 1]) / 2
    reach = np.abs(safe) @ half
    assert np.all(reach <= half + 1e-6 + (half < 0.5) * 0.5)
    assert np.allclose(safe * linear[0, 0], linear * safe[0, 0])  # only enlarged
    if np.all(np.abs(linear) @ half <= half):
        assert np.allclose(safe, linear)


@pytest.mark.parametrize("value", [False, True])
def test_empty_and_full_masks_stay_so(value, photo):
    mask = np.full(photo[1].shape, value)
    for operation in GEOMETRIC:
        linear = operation.matrix(np.random.default_rng(0))
        assert np.array_equal(warped(photo[0], mask, linear)[1], mask)


def test_views_and_wide_photographs():
    """A mirrored view is taken as it is; a side beyond 16 bits is read in the right place."""
    gray = np.random.default_rng(0).integers(0, 256, (3, 40_000), np.uint8)
    matrix = np.array([[1.0, 0, 39_000], [0, 1, 0]])
    assert np.array_equal(warp_image(gray, matrix, 3, 500), gray[:, 39_000:39_500])
    assert np.array_equal(warp_image(gray[:, ::-1], matrix, 3, 500), gray[:, 999:499:-1])
    mask = gray > 200
    assert np.array_equal(warp_mask(mask[::-1], matrix, 3, 500), mask[::-1, 39_000:39_500])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rotate(1.1), "rotate: probability must be from 0 to 1; got 1.1"),
        (lambda: Rotate(-0.1), "probability"),
        (lambda: Rotate(float("nan")), "got nan"),
        (lambda: Rotate(1, 181), "max_deg must be from 0 to 180"),
        (lambda: Stretch(1, 0.9), "max_ratio must be from 1 to 4"),
        (lambda: Shear(1, 90), "max_deg must be from 0 to 60"),
        (lambda: ZoomIn(1, 0.5), "zoom_in: max_factor"),
        (lambda: ZoomOut(1, 11), "zoom_out: max_factor"),
        (lambda: FlipHorizontal(2), "flip_horizontal"),
        (lambda: FlipVertical(-1), "flip_vertical"),
        (lambda: Photometric(3), "probability"),
        (lambda: Photometric(1, 2.5), "strength must be from 0 to 2"),
    ],
)
def test_impossible_values(make, said):
    with pytest.raises(ArgumentError, match=said):
        make()


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("change", CHANGES, **named)
def test_changes_keep_shape_and_type(change, strength):
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 30), (40, 1), (33, 47), (33, 47, 3)):
        image = rng.random(shape, np.float32)
        before = image.copy()
        result = change(image, rng, strength)
        assert result.dtype == np.float32
        assert result.shape == shape
        assert np.all(np.isfinite(result))
        assert np.array_equal(image, before)


@pytest.mark.parametrize("change", CHANGES, **named)
def test_changes_act_and_keep_what_is_seen(change, photo):
    """Everything changes something, the more the stronger, and the cracks stay dark."""
    light = photometric.as_light(photo[0])
    differences = {}
    for strength in (0.25, 1.0):
        results = [change(light, np.random.default_rng(s), strength) for s in range(12)]
        assert np.array_equal(results[3], change(light, np.random.default_rng(3), strength))
        differences[strength] = np.mean([np.abs(result - light).mean() for result in results])
        for result in results:
            assert contrast(photometric.as_bytes(result), photo[1]) > 5
    assert differences[1.0] > 1.5 * differences[0.25] > 0.0005


def test_colours_stay_beside_each_other(photo):
    """What acts on gray acts on three equal bands alike, but for noise and JPEG."""
    gray = photometric.as_light(photo[0])
    colour = np.repeat(gray[..., None], 3, axis=2)
    for change in CHANGES[:6]:
        first = change(gray, np.random.default_rng(1), 1.0)
        bands = change(colour, np.random.default_rng(1), 1.0)
        assert np.allclose(bands, first[..., None], atol=1e-4), change


def test_bytes_and_light_are_each_others_inverse():
    values = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(photometric.as_bytes(photometric.as_light(values)), values)
    assert photometric.as_bytes(np.array([[-0.5, 1.7]], np.float32)).tolist() == [[0, 255]]


def test_motion_blur_is_a_streak():
    """A point becomes a line of about the drawn length: narrow one way, long the other."""
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    for seed in range(20):
        streak = photometric.motion_blur(point, np.random.default_rng(seed), 2.0)
        assert streak.sum() == pytest.approx(1, abs=1e-5)
        y, x = np.nonzero(streak > 0)
        weights = streak[y, x]
        spread = np.linalg.eigvalsh(np.cov(x, y, aweights=weights, ddof=0))
        length = np.random.default_rng(seed).uniform(2, 7) * 2
        assert np.sqrt(12 * spread[1]) == pytest.approx(length, rel=0.25)
        assert np.sqrt(12 * spread[0]) < 2.2


@pytest.mark.parametrize("shape", [(1, 1), (60, 80), (60, 80, 3)])
def test_jpeg(shape):
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, shape, np.uint8), (0, 0), 1.5).reshape(shape)
    errors = {}
    for strength in (0.0, 1.0, 2.0):
        results = [photometric.jpeg(image, np.random.default_rng(s), strength) for s in range(20)]
        assert all(result.shape == shape and result.dtype == np.uint8 for result in results)
        errors[strength] = np.mean([np.abs(result.astype(int) - image) for result in results])
    if shape != (1, 1):
        assert 0 < errors[0.0] < errors[1.0] < errors[2.0] < 40
