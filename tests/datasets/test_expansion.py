from __future__ import annotations

import tomllib
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from cracknet.datasets.crops import CropOptions, random_crop
from cracknet.datasets.expansion import (
    GEOMETRIC,
    PHOTOMETRIC,
    PRESETS,
    ExpandOptions,
    Expansion,
    expand_pair,
    expanded_crop,
)
from cracknet.datasets.expansion_section import ExpansionSection
from cracknet.datasets.operations.geometric import FlipHorizontal, Rotate, ZoomIn, ZoomOut
from cracknet.datasets.operations.photometric import Photometric
from cracknet.errors import ArgumentError

NAMES = [field.name for field in fields(Expansion) if field.name != "border"]


def rng(*seed):
    return np.random.default_rng(seed)


def always(name, preset="modern"):
    """Give an expansion of one operation alone, which always acts."""
    return replace(Expansion(), **{name: replace(getattr(PRESETS[preset], name), probability=1)})


@pytest.fixture
def photo(rendered):
    scene = rendered(140, 180, 4)
    return scene.gray, scene.mask


@pytest.fixture
def colour(photo):
    """The same photograph in colours that differ."""
    gray, mask = photo
    return np.stack([gray, 255 - gray, gray // 2], axis=2), mask


def test_every_operation_has_a_place_in_the_order():
    assert {*GEOMETRIC, *PHOTOMETRIC, "jpeg"} == set(NAMES)


def test_presets():
    """Paper: the operations that it names, and flips. Modern adds light. None does nothing."""
    acting = {
        name: {key for key in NAMES if getattr(preset, key).probability > 0}
        for name, preset in PRESETS.items()
    }
    paper = {"rotate", "stretch", "zoom_in", "zoom_out", "flip_horizontal", "flip_vertical"}
    assert acting == {"none": set(), "paper": paper, "modern": set(NAMES)}


@pytest.mark.parametrize("name", NAMES)
def test_probability_0_leaves_the_pair_and_1_changes_it(name, photo, colour):
    """Geometry changes both; light changes the photograph alone.

    A drawn amount may happen to be next to nothing, so 1 of 10 may look as before.
    """
    never = replace(Expansion(), **{name: replace(getattr(PRESETS["modern"], name), probability=0)})
    for image, mask in (photo, colour):
        same = {"image": 0, "mask": 0}
        for seed in range(10):
            kept, kept_mask = expand_pair(image, mask, never, rng(seed))
            assert np.array_equal(kept, image)
            assert np.array_equal(kept_mask, mask)
            assert not np.shares_memory(kept, image)
            assert not np.shares_memory(kept_mask, mask)
            changed, changed_mask = expand_pair(image, mask, always(name), rng(seed))
            assert changed.shape == image.shape
            assert changed.dtype == np.uint8
            assert changed_mask.dtype == bool
            same["image"] += np.array_equal(changed, image)
            same["mask"] += np.array_equal(changed_mask, mask)
        assert same["image"] <= 1
        assert same["mask"] <= 1 if name in GEOMETRIC else same["mask"] == 10


@pytest.mark.parametrize("border", ["reflect", "crop"])
@pytest.mark.parametrize("preset", PRESETS)
def test_photograph_and_mask_stay_together(preset, border):
    """Where gray says what the mask says, it still does after all operations."""
    y, x = np.mgrid[:160, :200]
    mask = np.hypot(x - 90 + 20 * np.sin(y / 15), (y - 80) / 9) < 9
    gray = np.where(mask, 30, 200).astype(np.uint8)
    expansion = replace(PRESETS[preset], border=border)
    expansion = replace(expansion, **{name: Photometric() for name in (*PHOTOMETRIC, "jpeg")})
    for seed in range(40):
        dark, crack = expand_pair(gray, mask, expansion, rng(seed))
        assert np.mean((dark < 115) == crack) > 0.985, seed
        assert np.mean((dark < 115) == crack[:, ::-1]) < 0.985 or preset == "none"


@pytest.mark.parametrize("preset", PRESETS)
def test_same_seed_same_pair_and_the_photograph_is_left_alone(preset, colour):
    before = [values.copy() for values in colour]
    first, again, other = (expand_pair(*colour, PRESETS[preset], rng(s)) for s in (8, 8, 9))
    assert all(map(np.array_equal, first, again))
    assert np.array_equal(first[0], other[0]) == (preset == "none")
    assert all(map(np.array_equal, colour, before))


def test_crack_share_stays_plausible(rendered):
    """Zooms in and out are as likely, stretch lengthens: on average the share is about kept."""
    scenes = [rendered(140, 180, seed) for seed in range(6)]
    before = np.mean([scene.mask.mean() for scene in scenes])
    for preset in ("paper", "modern"):
        shares = [
            expand_pair(scene.gray, scene.mask, PRESETS[preset], rng(seed))[1].mean()
            for scene in scenes
            for seed in range(40)
        ]
        assert np.mean(shares) == pytest.approx(before, rel=0.2)


def test_no_black_corners():
    """Neither border brings values that the photograph does not have."""
    gray = np.full((120, 160), 180, np.uint8)
    mask = np.zeros((120, 160), bool)
    for border in ("reflect", "crop"):
        expansion = Expansion(rotate=Rotate(1, 45), zoom_out=ZoomOut(1, 2), border=border)
        for seed in range(10):
            assert np.all(expand_pair(gray, mask, expansion, rng(seed))[0] == 180)


def test_border_crop_shows_no_pixel_twice():
    """A square in the corner comes once at most; mirrored out it comes up to four times."""
    gray = np.full((200, 200), 180, np.uint8)
    mask = np.zeros((200, 200), bool)
    mask[:40, :40] = True
    shares = {}
    for border in ("reflect", "crop"):
        expansion = Expansion(zoom_out=ZoomOut(1, 2), border=border)
        shares[border] = [
            expand_pair(gray, mask, expansion, rng(seed))[1].mean() / mask.mean()
            for seed in range(20)
        ]
    assert max(shares["crop"]) == 1  # zooming out would need a border
    assert max(shares["reflect"]) > 1.5
    turned = Expansion(rotate=Rotate(1, 45), border="crop")
    assert np.mean([expand_pair(gray, mask, turned, rng(s))[1].mean() for s in range(20)]) < 0.02


@pytest.mark.parametrize("fit", ["crop", "resize"])
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (64, 64), (90, 130), (90, 130, 3)])
def test_square_of_any_photograph(shape, preset, fit):
    image = np.random.default_rng(0).integers(20, 200, shape, np.uint8)
    for value in (False, True):
        mask = np.full(shape[:2], value)
        for seed in range(4):
            options = ExpandOptions(PRESETS[preset], 64, fit)
            square, crack = expanded_crop(image, mask, options, rng(seed))
            assert square.shape == (64, 64, *shape[2:])
            assert square.dtype == np.uint8
            assert np.array_equal(crack, np.full((64, 64), value))
            assert square.flags.c_contiguous


def test_one_pixel_keeps_its_size():
    for preset in PRESETS.values():
        gray, mask = expand_pair(
            np.full((1, 1), 9, np.uint8), np.ones((1, 1), bool), preset, rng(1)
        )
        assert gray.shape == (1, 1)
        assert mask.tolist() == [[True]]


def test_crop_without_operations_is_a_window_of_the_photograph(photo):
    """Every window is possible, to the last row and column."""
    gray, mask = photo
    places = set()
    windows = np.lib.stride_tricks.sliding_window_view(gray, (130, 130))
    for seed in range(60):
        square, crack = expanded_crop(gray, mask, ExpandOptions(Expansion(), 130), rng(seed))
        found = np.argwhere(windows[:, :, 0, 0] == square[0, 0]).tolist()
        (place,) = [p for p in found if np.array_equal(windows[tuple(p)], square)]
        assert np.array_equal(mask[place[0] : place[0] + 130, place[1] : place[1] + 130], crack)
        places.add(tuple(place))
    assert {y for y, _ in places} == set(range(11))
    assert max(x for _, x in places) > 45


def test_smaller_photograph_is_mirrored_around(photo):
    gray, mask = photo
    square, crack = expanded_crop(gray, mask, ExpandOptions(Expansion(), 200), rng(0))
    pad = ((30, 30), (10, 10))
    assert np.array_equal(square, np.pad(gray, pad, mode="reflect"))
    assert np.array_equal(crack, np.pad(mask, pad, mode="reflect"))


def test_resize_shows_the_whole_photograph(photo):
    gray, mask = photo
    for size in (60, 100):
        square, crack = expanded_crop(
            gray, mask, ExpandOptions(Expansion(), size, "resize"), rng(0)
        )
        expected = cv2.resize(gray, (size, size), interpolation=cv2.INTER_AREA)
        assert np.abs(square.astype(int) - expected).mean() < 1
        exact = cv2.resize(mask.view(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
        assert np.mean(crack == exact) > 0.995
    gray, mask = gray[:, :140], mask[:, :140]
    same, same_mask = expanded_crop(gray, mask, ExpandOptions(Expansion(), 140, "resize"), rng(0))
    assert np.array_equal(same, gray)
    assert np.array_equal(same_mask, mask)


def test_crop_of_the_expanded_is_expanded_as_the_pair_is(photo):
    """A window as large as the photograph shows what `expand_pair` shows."""
    gray, mask = photo[0][:, :140], photo[1][:, :140]
    expansion = Expansion(rotate=Rotate(1, 30), flip_horizontal=FlipHorizontal(1))
    options = ExpandOptions(expansion, 140, empty_share=1)
    pair = expand_pair(gray, mask, expansion, rng(3))
    square = expanded_crop(gray, mask, options, rng(3))
    assert all(map(np.array_equal, pair, square))


def test_empty_share_draws_towards_cracks():
    gray = np.full((400, 400), 128, np.uint8)
    mask = np.zeros((400, 400), bool)
    mask[:60, :60] = True

    def found(empty_share):
        options = ExpandOptions(Expansion(), 64, "crop", empty_share)
        return np.mean([expanded_crop(gray, mask, options, rng(s))[1].any() for s in range(200)])

    assert found(1.0) < found(0.3) < found(0.0)


def test_it_is_called_as_random_crop_is(photo):
    for cut, options in (
        (random_crop, CropOptions(size_px=64)),
        (expanded_crop, ExpandOptions(PRESETS["modern"], 64)),
    ):
        gray, mask = cut(*photo, options, rng(0))
        assert gray.shape == mask.shape == (64, 64)
        assert (gray.dtype, mask.dtype) == (np.uint8, np.bool_)


@pytest.mark.parametrize(
    ("image", "mask", "said"),
    [
        (np.zeros((4, 5), np.float32), np.zeros((4, 5), bool), "float32"),
        (np.zeros((4, 5, 4), np.uint8), np.zeros((4, 5), bool), r"\(4, 5, 4\)"),
        (np.zeros(4, np.uint8), np.zeros(4, bool), "at least one pixel"),
        (np.zeros((0, 5), np.uint8), np.zeros((0, 5), bool), "at least one pixel"),
        (np.zeros((4, 5), np.uint8), np.zeros((5, 4), bool), "photograph's shape"),
        (np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.uint8), "bool"),
    ],
)
def test_wrong_arrays(image, mask, said):
    with pytest.raises(ArgumentError, match=said):
        expand_pair(image, mask, Expansion(), rng(0))
    with pytest.raises(ArgumentError, match=said):
        expanded_crop(image, mask, ExpandOptions(), rng(0))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Expansion(border="black"), "border must be reflect or crop; got 'black'"),
        (lambda: ExpandOptions(size_px=0), "size_px must be at least 1"),
        (lambda: ExpandOptions(fit="squeeze"), "fit must be crop or resize"),
        (lambda: ExpandOptions(empty_share=1.5), "empty_share"),
    ],
)
def test_impossible_options(make, said):
    with pytest.raises(ArgumentError, match=said):
        make()


@pytest.mark.parametrize("preset", PRESETS)
def test_section_is_its_preset(preset):
    section = ExpansionSection(preset=preset)
    assert section.expansion() == PRESETS[preset]
    assert ExpansionSection.model_validate(section.model_dump()) == section
    assert ExpansionSection.model_validate_json(section.model_dump_json()) == section
    assert section.options(320) == ExpandOptions(PRESETS[preset], 320)


def test_section_of_toml():
    """What is not named is the preset's, number by number."""
    text = """
        preset = "modern"
        fit = "resize"
        empty_share = 1
        border = "crop"
        rotate = { probability = 0.7, max_deg = 25 }
        noise = { probability = 0 }
    """
    options = ExpansionSection.model_validate(tomllib.loads(text)).options(448)
    assert (options.fit, options.empty_share, options.size_px) == ("resize", 1, 448)
    expected = replace(
        PRESETS["modern"], rotate=Rotate(0.7, 25), noise=Photometric(0, 0.8), border="crop"
    )
    assert options.expansion == expected


def test_section_takes_operations():
    section = ExpansionSection(zoom_in=ZoomIn(0.1, 3))
    assert section.expansion() == replace(PRESETS["paper"], zoom_in=ZoomIn(0.1, 3))


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({"rotat": {}}, ("rotat",), "not permitted"),
        ({"rotate": {"max": 3}}, ("rotate", "max"), "Unexpected"),
        ({"rotate": {"probability": 1.5}}, ("rotate",), "from 0 to 1; got 1.5"),
        ({"rotate": 3}, ("rotate",), "dictionary"),
        ({"stretch": {"max_ratio": 0.5}}, ("stretch",), "from 1 to 4; got 0.5"),
        ({"zoom_in": {"max_factor": "big"}}, ("zoom_in", "max_factor"), "valid number"),
        ({"noise": {"strength": float("nan")}}, ("noise", "strength"), "finite"),
        ({"preset": "best"}, ("preset",), "'none', 'paper' or 'modern'"),
        ({"preset": 3}, ("preset",), "'none', 'paper' or 'modern'"),
        ({"border": "black"}, ("border",), "'reflect' or 'crop'"),
        ({"fit": "squeeze"}, ("fit",), "'crop' or 'resize'"),
        ({"empty_share": 2}, ("empty_share",), "less than or equal to 1"),
    ],
)
def test_section_names_what_is_wrong(given, place, said):
    with pytest.raises(ValidationError) as caught:
        ExpansionSection.model_validate(given)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert said in error["msg"]


def test_section_that_is_no_table():
    with pytest.raises(ValidationError):
        ExpansionSection.model_validate("paper")
