from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cracknet.errors import ArgumentError
from cracknet.scoring.photograph import score_photograph
from cracknet.segmentation import Segmenter
from cracknet.segmentation.brightness import (
    AIM,
    DARK,
    LIMIT,
    MOST,
    brightened,
    gain_of,
    histogram_of,
)

GRAYS = hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def gain(gray):
    return gain_of(histogram_of(np.asarray(gray, np.uint8)))


def lower(gray, share):
    return np.quantile(gray, share, method="inverted_cdf")


@pytest.mark.parametrize(
    ("gray", "wanted"),
    [(255, 1), (DARK, 1), (DARK - 1, AIM / (DARK - 1)), (40, 3), (1, MOST), (0, MOST)],
)
def test_an_even_photograph(gray, wanted):
    assert gain(np.full((7, 5), gray)) == pytest.approx(wanted)


@given(GRAYS)
def test_a_gain_brightens_dark_photographs_alone_and_drowns_no_lit_part(gray):
    found = gain(gray)
    assert 1 <= found <= MOST
    # The lower of the two middle values, where a photograph has an even number of pixels.
    if lower(gray, 0.5) >= DARK:
        assert found == 1
    elif found > 1:
        after = brightened(gray, found)
        assert lower(after, 0.95) <= LIMIT + 1
        assert lower(after, 0.5) <= AIM + 1


def test_a_lit_wall_in_a_dark_place_is_left_as_it_is():
    gray = np.full((100, 100), 4, np.uint8)
    gray[:, :30] = 190
    assert gain(gray) == 1


def test_brightening_keeps_what_is_not_dark_the_very_same_array():
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert brightened(gray, 1.0) is gray
    assert brightened(gray, 2.0).ravel()[[0, 1, 100, 127, 128, 255]].tolist() == [
        0, 2, 200, 254, 255, 255,
    ]  # fmt: skip


def test_pixels_without_data_do_not_count():
    gray = np.full((10, 10), 255, np.uint8)
    gray[:, :3] = 60
    valid = gray < 255
    assert gain_of(histogram_of(gray)) == 1
    assert gain_of(histogram_of(gray, valid)) == 2
    assert gain_of(histogram_of(gray, np.zeros_like(valid))) == 1  # none: nothing to brighten


def test_a_histogram_of_another_shape():
    with pytest.raises(ArgumentError, match="256 gray values"):
        gain_of(np.zeros(16, np.int64))


def test_cracks_are_found_in_a_photograph_with_a_tenth_of_the_light(rendered):
    scene, rng = rendered(300, 400), np.random.default_rng(0)
    light = scene.gray * 0.1 + rng.normal(0, 1, scene.gray.shape)
    dark = np.clip(light + 0.5, 0, 255).astype(np.uint8)
    f1 = {}
    with Segmenter() as segmenter:
        for name, gray in (("as taken", scene.gray), ("dark", dark)):
            f1[name] = score_photograph(segmenter.probability(gray), scene.mask).matches.f1
        result = segmenter.segment(dark)
        segmenter.brighten = False
        f1["dark, left so"] = score_photograph(segmenter.probability(dark), scene.mask).matches.f1
    assert result.gain > 5
    np.testing.assert_array_equal(result.photo.gray, dark)
    assert f1["dark"] > f1["as taken"] - 0.15
    assert f1["dark, left so"] < f1["dark"] - 0.2
