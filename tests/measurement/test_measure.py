from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.measurement.figures import crack_figures
from cracknet.measurement.measure import MeasureOptions, measure
from cracknet.measurement.scale import Scale
from cracknet.synthesis import SceneOptions, arc_path, render, straight_path

SCENE = SceneOptions(height=240, width=320, contrast=0.03, psf_sigma_px=0.8, noise_percent=0.5)


def scene(*paths, seed=3):
    return render(SCENE, seed, cracks=paths)


def only(measurement):
    (row,) = crack_figures(measurement, "w")
    return row


@pytest.mark.parametrize("given", ["mask", "coverage", "gray"])
@pytest.mark.parametrize("angle", [0, 17, 45, 72, 90])
def test_a_straight_crack_of_known_length_and_width(given, angle):
    turn = np.radians(angle)
    along = 90 * np.array([np.cos(turn), -np.sin(turn)])
    centre = np.array([160.3, 120.4])
    photo = scene(straight_path(centre - along, centre + along, 5.0, 0.7))
    more = {
        "mask": {},
        "coverage": {"probability": photo.coverage},
        "gray": {"probability": photo.coverage, "gray": photo.gray},
    }[given]
    row = only(measure(photo.mask, **more))
    assert row.length_px == pytest.approx(180, rel=0.01)
    assert row.width_median_px == pytest.approx(5.0, abs=0.25 if given == "mask" else 0.1)
    assert abs((row.orientation_deg - angle + 90) % 180 - 90) < 0.5
    assert row.area_px2 == photo.mask.sum()
    assert row.branches == 1
    assert row.width_method == ("gray" if given == "gray" else "probability")


def test_the_length_of_an_arc():
    photo = scene(arc_path((160, 120), 80, 10, 150, 4.0, 0.7))
    row = only(measure(photo.mask, gray=photo.gray))
    assert row.length_px == pytest.approx(np.radians(150) * 80, rel=0.01)


def test_cracks_are_numbered_by_length():
    photo = scene(straight_path((20, 40), (80, 40), 6.0), straight_path((20, 180), (300, 170), 3.0))
    rows = crack_figures(measure(photo.mask), "w")
    assert [row.crack for row in rows] == [1, 2]
    assert rows[0].length_px > 270 > 70 > rows[1].length_px


def test_a_scale_makes_millimetres():
    photo = scene(straight_path((30, 100), (230, 100), 4.0))
    row = only(measure(photo.mask, probability=photo.coverage, scale=Scale(0.5, "given", "so")))
    assert row.length_mm == pytest.approx(100, rel=0.01)
    assert row.width_median_mm == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_and_mirrored_it_measures_the_same(turns):
    paths = (straight_path((40, 60), (250, 190), 5.0), arc_path((150, 100), 60, 0, 170, 3.0))
    photo = scene(*paths)
    for flip in (False, True):
        images = [photo.mask, photo.coverage, photo.gray]
        turned = [np.ascontiguousarray(np.rot90(i[::-1] if flip else i, turns)) for i in images]
        first, other = (
            crack_figures(measure(m, probability=c, gray=g), "w") for m, c, g in (images, turned)
        )
        assert len(first) == len(other)
        for name in ("length_px", "width_mean_px", "width_median_px", "area_px2"):
            a, b = (sum(getattr(row, name) for row in rows) for rows in (first, other))
            assert b == pytest.approx(a, rel=0.005), name


@pytest.mark.parametrize(
    "mask",
    [
        np.zeros((50, 70), bool),
        np.zeros((1, 1), bool),
        np.ones((1, 1), bool),
        np.ones((50, 70), bool),
        np.pad(np.ones((3, 70), bool), ((20, 20), (0, 0))),
        np.eye(64, dtype=bool),
        np.ones((1, 90), bool),
    ],
    ids=["empty", "one pixel", "one pixel of crack", "all crack", "band", "diagonal", "one row"],
)
def test_odd_masks_are_measured(mask):
    gray = np.full(mask.shape, 120, np.uint8)
    found = measure(mask, probability=mask.astype(np.float32), gray=gray)
    assert (found.height_px, found.width_px) == mask.shape
    area = sum(crack.area_px2 for crack in found.cracks) + found.specks_area_px2
    assert area == mask.sum()
    for row in crack_figures(found, "w"):
        assert np.isfinite([row.length_px, row.width_mean_px, row.width_max_px]).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.5))
def test_any_mask_is_measured_and_every_pixel_counted(seed, share):
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.random((12, 16)) < share, np.ones((4, 4))).astype(bool)
    found = measure(mask)
    assert sum(crack.area_px2 for crack in found.cracks) + found.specks_area_px2 == mask.sum()
    assert [crack.number for crack in found.cracks] == list(range(1, len(found.cracks) + 1))
    lengths = [crack.length_px for crack in found.cracks]
    assert lengths == sorted(lengths, reverse=True)


def test_too_thin_a_crack_is_said_to_be():
    photo = scene(straight_path((30, 100), (290, 120), 0.6, 0.8))
    found = measure(photo.mask, gray=photo.gray)
    assert "too thin to be resolved" in found.notes[0]
    assert only(found).resolved_share < 0.5


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mask": np.zeros((4, 4), np.uint8)}, "mask must be"),
        ({"mask": np.zeros((4, 4, 1), bool)}, "mask must be"),
        ({"mask": np.zeros((0, 4), bool)}, "at least 1x1"),
        ({"probability": np.zeros((4, 5), np.float32)}, "probability must be float32"),
        ({"probability": np.zeros((4, 4), np.float64)}, "probability must be float32"),
        ({"gray": np.zeros((5, 4), np.uint8)}, "gray must be uint8"),
        ({"gray": np.zeros((4, 4), np.float32)}, "gray must be uint8"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(values, words):
    values = {"mask": np.zeros((4, 4), bool), **values}
    with pytest.raises(ArgumentError, match=words):
        measure(values.pop("mask"), **values)


def test_options_are_plain_values():
    assert MeasureOptions().as_dict()["trace"]["least_length_px"] == 10
