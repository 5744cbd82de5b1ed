"""Markers: right lengths on rendered views, and every way in which one cannot be used."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cracknet.errors import ArgumentError, MeasurementError
from cracknet.measurement.scale import MarkerOptions, parse_marker, scale_from_marker
from cracknet.measurement.scale.markers import TRIED
from cracknet.photo import photo_from_array, read_photo

ARUCO = ("4X4_50", 7, 200.0, 150.0)


def scale_of(gray, **options):
    return scale_from_marker(photo_from_array(gray, "wall.png"), MarkerOptions(60.0, **options))


@pytest.mark.parametrize("slant", [0, 20, 40])
def test_lengths_on_a_slanted_wall(draw_wall, see, true_mm_along, directions, slant):
    gray, to_px = see(draw_wall([ARUCO]), slant)
    scale = scale_of(gray, side_uncertainty_mm=0.0)
    points = np.random.default_rng(slant).uniform([100, 80], [540, 400], (16, 2))
    truth = true_mm_along(to_px, points, directions)
    error = scale.mm_along(points, directions) / truth - 1
    assert np.abs(error).max() < 0.03
    assert np.sqrt((error**2).mean()) < 2.5 * scale.uncertainty
    assert scale.uncertainty < 0.03
    assert scale.method == "marker"
    said = int(re.search(r"seen (\d+) degrees", scale.source)[1])
    assert abs(said - slant) <= 8
    assert "ArUco marker 7 (DICT_4X4_50) of 60 mm" in scale.source


def test_a_long_line_near_a_slanted_marker(draw_wall, see):
    gray, to_px = see(draw_wall([ARUCO]), 40)
    line_mm = np.array([[150.0, 120.0], [330.0, 240.0]])
    ends = np.column_stack([line_mm, np.ones(2)]) @ to_px.T
    ends_mm = scale_of(gray).to_mm(ends[:, :2] / ends[:, 2:])
    assert np.hypot(*(ends_mm[1] - ends_mm[0])) == pytest.approx(np.hypot(180, 120), rel=0.01)


def test_millimetres_lie_as_the_photograph_does(draw_wall, see):
    """However the marker is glued on, the photograph's middle keeps its place and directions."""
    wall = np.rot90(draw_wall([ARUCO]))
    gray, _ = see(np.ascontiguousarray(wall), 10)
    scale = scale_of(gray)
    middle = np.array([[319.5, 239.5]])
    assert scale.to_mm(middle)[0] == pytest.approx(middle[0] * scale.mm_per_px)
    right = scale.to_mm(middle + np.array([1.0, 0.0])) - scale.to_mm(middle)
    assert right[0, 0] > 0
    assert abs(right[0, 1]) < 0.05 * right[0, 0]


def test_turning_the_photograph_turns_nothing_else(draw_wall, see, directions):
    gray, _ = see(draw_wall([ARUCO]), 20)
    upright, turned = scale_of(gray), scale_of(np.ascontiguousarray(np.rot90(gray)))
    points = np.random.default_rng(0).uniform([50, 50], [590, 430], (16, 2))
    # counter-clockwise by 90 degrees: (x, y) -> (y, width - 1 - x)
    moved = np.column_stack([points[:, 1], 639 - points[:, 0]])
    along = np.column_stack([directions[:, 1], -directions[:, 0]])
    assert turned.mm_along(moved, along) == pytest.approx(
        upright.mm_along(points, directions), rel=2e-3
    )
    assert turned.mm_per_px == pytest.approx(upright.mm_per_px, rel=1e-3)


@pytest.mark.parametrize(
    ("dictionary", "number", "words"),
    [
        ("APRILTAG_36h11", 11, "AprilTag 11 (DICT_APRILTAG_36h11)"),
        ("5X5_100", 70, "ArUco marker 70 (DICT_5X5_100)"),
        ("4X4_50", 49, "ArUco marker 49 (DICT_4X4_50)"),
    ],
)
def test_all_dictionaries_are_tried(draw_wall, see, dictionary, number, words):
    gray, _ = see(draw_wall([(dictionary, number, 200.0, 150.0)]), mm_per_px=0.6)
    assert words in scale_of(gray).source


def test_the_size_of_a_printed_marker_is_uncertain(draw_wall, see):
    gray, _ = see(draw_wall([ARUCO]))
    exact = scale_of(gray, side_uncertainty_mm=0.0).uncertainty
    assert scale_of(gray, side_uncertainty_mm=3.0).uncertainty == pytest.approx(
        np.hypot(exact, 0.05)
    )


def test_a_smaller_marker_is_more_uncertain(draw_wall, see):
    wall = draw_wall([ARUCO])
    large, _ = see(wall, mm_per_px=0.5)
    small, _ = see(wall, mm_per_px=0.9)
    assert scale_of(small).uncertainty > 1.5 * scale_of(large).uncertainty


def test_no_marker_says_what_was_tried():
    gray = np.full((200, 300), 128, np.uint8)
    with pytest.raises(MeasurementError, match=r"no marker was found in wall\.png") as error:
        scale_of(gray)
    assert all(name in str(error.value) for name in TRIED)
    with pytest.raises(MeasurementError, match=r"no marker 3 .*\(DICT_4X4_50\)"):
        scale_of(gray, number=3, dictionary="4x4_50")


@pytest.mark.parametrize("fill", [0, 255])
def test_one_pixel_and_all_of_one_gray(fill):
    for shape in ((1, 1), (40, 60)):
        with pytest.raises(MeasurementError, match="no marker"):
            scale_of(np.full(shape, fill, np.uint8))


def test_another_id_is_not_taken(draw_wall, see):
    gray, _ = see(draw_wall([ARUCO]))
    with pytest.raises(MeasurementError, match="no marker 8"):
        scale_of(gray, number=8)


def test_two_of_one_id(draw_wall, see):
    gray, _ = see(draw_wall([("4X4_50", 7, 110.0, 150.0), ("4X4_50", 7, 290.0, 150.0)]), 10)
    with pytest.raises(MeasurementError, match=r"must be in the photograph once.*7 at .*7 at"):
        scale_of(gray, number=7)
    left, right = (scale_of(gray, near_px=(x, 240)) for x in (150, 480))
    assert left.source != right.source
    assert left.mm_per_px == pytest.approx(right.mm_per_px, rel=0.02)


def test_two_ids(draw_wall, see):
    gray, _ = see(draw_wall([("4X4_50", 7, 110.0, 150.0), ("4X4_50", 9, 290.0, 150.0)]))
    with pytest.raises(MeasurementError, match="one marker must be chosen"):
        scale_of(gray)
    assert "ArUco marker 9" in scale_of(gray, number=9).source


def test_a_marker_too_small(draw_wall, see):
    gray, _ = see(draw_wall([ARUCO]), mm_per_px=2.4, blur=0.3)
    with pytest.raises(MeasurementError, match=r"at least 5 px wide.*Go closer"):
        scale_of(gray, dictionary="4X4_50")


def test_a_marker_too_small_for_its_photograph(draw_wall, see):
    gray, _ = see(draw_wall([ARUCO]), width=1600, height=1200, mm_per_px=1.7, noise=9.0)
    with pytest.raises(MeasurementError, match=r"uncertain by .* Use a larger marker"):
        scale_of(gray)


def test_a_marker_with_a_dark_margin(draw_wall, see):
    wall = draw_wall([ARUCO])
    wall[340:370, 480:670] = 30  # a stripe over the white margin above it
    gray, _ = see(wall)
    with pytest.raises(MeasurementError, match="without a clear edge"):
        scale_of(gray)


def test_a_horizon_in_the_photograph(draw_wall, see):
    """Seen at 60 degrees by a wide lens, the wall ends within the photograph."""
    gray, _ = see(draw_wall([("4X4_50", 7, 210.0, 150.0)]), 60, mm_per_px=0.5)
    with pytest.raises(MeasurementError, match="has its horizon within the photograph"):
        scale_of(gray)


@pytest.mark.parametrize("side", [0.0, -5.0, float("nan"), float("inf"), 1e5])
def test_impossible_sizes(side):
    with pytest.raises(ArgumentError, match="side must be between"):
        MarkerOptions(side)


def test_impossible_options():
    with pytest.raises(ArgumentError, match="must be one of APRILTAG_36h11"):
        MarkerOptions(50, dictionary="9X9")
    with pytest.raises(ArgumentError, match="id must be"):
        MarkerOptions(50, number=-1)
    with pytest.raises(ArgumentError, match="uncertainty of a marker's side"):
        MarkerOptions(50, side_uncertainty_mm=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50", MarkerOptions(50.0)),
        ("50:7", MarkerOptions(50.0, 7)),
        ("49.5:7:dict_4x4_50", MarkerOptions(49.5, 7, "4X4_50")),
        ("50::APRILTAG_36H11", MarkerOptions(50.0, None, "APRILTAG_36h11")),
        ("50:7@12.5,80", MarkerOptions(50.0, 7, None, (12.5, 80.0))),
        ("50:@12,80", MarkerOptions(50.0, None, None, (12.0, 80.0))),
    ],
)
def test_parsing(text, expected):
    assert parse_marker(text) == expected


@pytest.mark.parametrize("text", ["", "a", "50:x", "50:7@1", "50:7@1,2,3", "50:7@a,b", "50:1.5"])
def test_parsing_refuses(text):
    with pytest.raises(ArgumentError, match="SIDE_MM"):
        parse_marker(text)


@pytest.mark.shared
def test_real_concrete_is_no_marker(data_folder):
    photo = read_photo(data_folder / "photos" / "wall_2000x1500.jpg")
    part = photo_from_array(np.ascontiguousarray(photo.gray[300:900, 500:1300]))
    with pytest.raises(MeasurementError, match="no marker"):
        scale_from_marker(part, MarkerOptions(50.0))
