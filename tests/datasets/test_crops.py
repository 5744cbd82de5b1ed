from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.datasets.crops import CropOptions, random_crop, relight

PLAIN = CropOptions(size_px=64, light=0, empty_share=1)


def blobs(height=200, width=240, seed=0):
    """A photograph of bright blobs, and the mask of them: gray says what the mask says."""
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 8)
    mask = field > field.std() / 2
    return np.where(mask, 220, 30).astype(np.uint8), mask


@pytest.mark.parametrize("light", [0, 0.8, 2.0])
@pytest.mark.parametrize("size", [32, 64, 96])
def test_size_and_type(size, light):
    options = CropOptions(size_px=size, light=light)
    for seed in range(20):
        gray, mask = random_crop(*blobs(), options, np.random.default_rng(seed))
        assert gray.shape == mask.shape == (size, size)
        assert gray.dtype == np.uint8
        assert mask.dtype == bool
        assert gray.flags.c_contiguous
        assert mask.flags.c_contiguous


def test_same_seed_same_crop_and_another_seed_another():
    photo = blobs()
    crops = [
        random_crop(*photo, CropOptions(size_px=64), np.random.default_rng(seed))
        for seed in (5, 5, 6)
    ]
    assert np.array_equal(crops[0][0], crops[1][0])
    assert np.array_equal(crops[0][1], crops[1][1])
    assert not np.array_equal(crops[0][0], crops[2][0])


def test_the_photograph_is_left_alone():
    gray, mask = blobs()
    before = gray.copy(), mask.copy()
    for seed in range(10):
        random_crop(gray, mask, CropOptions(size_px=64), np.random.default_rng(seed))
    assert np.array_equal(gray, before[0])
    assert np.array_equal(mask, before[1])


@pytest.mark.parametrize("scale", [(1, 1), (0.5, 2), (3, 3)])
def test_photograph_and_mask_are_warped_together(scale):
    """Where gray equals the mask, every crop's gray is bright exactly where its mask is."""
    photo = blobs()
    options = CropOptions(size_px=64, light=0, scale=scale, stretch=1.4, empty_share=1)
    for seed in range(40):
        gray, mask = random_crop(*photo, options, np.random.default_rng(seed))
        agree = np.mean((gray > 125) == mask)
        assert agree > 0.99, seed
    mirrored = np.mean((gray > 125) == mask[:, ::-1])
    assert mirrored < 0.95  # the measure sees a mask that was not turned with its photograph


def test_zoom_and_stretch_change_areas_as_said():
    """A square of 20 px, zoomed by 2, covers 4 times the area; a stretch keeps the area."""
    gray = np.full((300, 300), 50, np.uint8)
    mask = np.zeros((300, 300), bool)
    mask[140:160, 140:160] = True
    for scale, stretch in ((0.5, 1), (1, 1), (2, 1), (1, 1.5)):
        options = CropOptions(
            size_px=256, light=0, scale=(scale, scale), stretch=stretch, empty_share=1
        )
        areas = []
        for seed in range(30):
            crop = random_crop(gray, mask, options, np.random.default_rng(seed))[1]
            border = np.concatenate([crop[0], crop[-1], crop[:, 0], crop[:, -1]])
            if crop.any() and not border.any() and cv2.connectedComponents(np.uint8(crop))[0] == 2:
                areas.append(crop.sum())
        assert len(areas) > 5
        assert np.median(areas) == pytest.approx(400 * scale**2, rel=0.04)
        assert areas == pytest.approx([400 * scale**2] * len(areas), rel=0.12)


def test_turns_cover_the_circle():
    """A bar's direction in the crops is spread evenly: no direction is preferred."""
    gray = np.full((401, 401), 50, np.uint8)
    mask = np.zeros((401, 401), bool)
    mask[198:203, 20:380] = True
    options = CropOptions(size_px=64, light=0, scale=(1, 1), stretch=1, empty_share=0)
    doubled = []
    for seed in range(200):
        crop = random_crop(gray, mask, options, np.random.default_rng(seed))[1]
        y, x = np.nonzero(crop)
        if len(x) > 50:
            (xx, xy), (_, yy) = np.cov(x, y)
            doubled.append(np.arctan2(2 * xy, xx - yy))
    assert len(doubled) > 50
    assert np.abs(np.exp(1j * np.array(doubled)).mean()) < 0.25


def one_corner(seed_count, empty_share):
    """Count how many crops show the crack, which lies in one small corner."""
    gray = np.full((400, 400), 128, np.uint8)
    mask = np.zeros((400, 400), bool)
    mask[:60, :60] = True
    options = CropOptions(size_px=64, light=0, scale=(1, 1), empty_share=empty_share)
    return np.mean(
        [
            random_crop(gray, mask, options, np.random.default_rng(seed))[1].any()
            for seed in range(seed_count)
        ]
    )


def test_empty_share_draws_towards_cracks():
    """With a chance p of a crack, e of keeping, 8 draws: the more empties go, the more cracks."""
    every, some, none = (one_corner(300, share) for share in (1.0, 0.3, 0.0))
    assert 0.01 < every < 0.3
    # each draw ends in a crack by p, or kept empty by (1 - p) e
    for share, found in ((0.3, some), (0.0, none)):
        again = (1 - every) * (1 - share)
        expected = every * (1 - again**8) / (1 - again)
        assert found == pytest.approx(expected, abs=0.1)
    assert every < some < none


def test_photograph_without_cracks_still_gives_crops():
    gray = np.full((100, 100), 128, np.uint8)
    options = CropOptions(size_px=64, empty_share=0)
    _, mask = random_crop(gray, np.zeros((100, 100), bool), options, np.random.default_rng(0))
    assert not mask.any()


def test_photograph_all_crack():
    gray = np.full((100, 100), 128, np.uint8)
    _, mask = random_crop(gray, np.ones((100, 100), bool), PLAIN, np.random.default_rng(0))
    assert mask.all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (20, 30), (63, 64), (64, 64)])
def test_photograph_smaller_than_the_crop(shape):
    """It is mirrored out: only its own values appear, and the mask with them."""
    rng = np.random.default_rng(1)
    mask = rng.random(shape) < 0.5
    gray = np.where(mask, 200, 20).astype(np.uint8)
    for seed in range(10):
        crop, crop_mask = random_crop(gray, mask, PLAIN, np.random.default_rng(seed))
        assert crop.shape == crop_mask.shape == (64, 64)
        assert crop.min() >= 20
        assert crop.max() <= 200
        assert np.mean((crop > 110) == crop_mask) > 0.97


@pytest.mark.parametrize("strength", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_relight_keeps_type_shape_and_range(level, strength):
    gray = np.full((40, 56), level, np.uint8)
    for seed in range(40):
        result = relight(gray, np.random.default_rng(seed), strength)
        assert result.dtype == np.uint8
        assert result.shape == gray.shape
    assert np.all(gray == level)


def test_relight_is_a_function_of_its_seed():
    gray, _ = blobs(64, 64)
    first, again, other = (relight(gray, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_relight_keeps_what_is_seen():
    """Light and noise change, the blobs stay where they are; a stronger light changes more."""
    gray, mask = blobs(96, 96)
    changes = {}
    for strength in (0.2, 1.0):
        results = [relight(gray, np.random.default_rng(seed), strength) for seed in range(60)]
        for result in results:
            assert np.corrcoef(result.ravel(), mask.ravel())[0, 1] > 0.5
        changes[strength] = np.mean([np.abs(result - gray.astype(float)) for result in results])
    assert 1 < changes[0.2] < changes[1.0]


def test_no_light_leaves_the_gray_values():
    gray = np.full((100, 100), 77, np.uint8)
    crop, _ = random_crop(gray, np.zeros((100, 100), bool), PLAIN, np.random.default_rng(0))
    assert np.all(crop == 77)
