from __future__ import annotations

import numpy as np
import pytest

from cracknet.measurement.figures import (
    WIDTH_UNCERTAINTY_PX,
    branch_figures,
    crack_figures,
)
from cracknet.measurement.scale import Scale

from .making import DISTANCE, GRAY, crack, line, measurement, ring

GIVEN = Scale(0.25, "given", "--mm-per-px 0.25", 0.02)


def only(rows):
    (row,) = rows
    return row


def test_a_straight_crack():
    row = only(crack_figures(measurement(crack(line((10, 50), (110, 50), 4.0))), "wall"))
    assert (row.photo, row.crack, row.branches) == ("wall", 1, 1)
    assert row.length_px == pytest.approx(100)
    assert row.width_mean_px == row.width_median_px == row.width_max_px == row.width_p95_px == 4
    assert row.orientation_deg == pytest.approx(0)
    assert row.orientation_strength == pytest.approx(1)
    assert row.tortuosity == 1
    assert row.resolved_share == 1
    assert row.width_method == "probability"


def test_without_a_scale_nothing_is_in_mm():
    row = only(crack_figures(measurement(crack(line((0, 0), (30, 40)))), "wall"))
    names = [name for name in vars(row) if "_mm" in name or name.startswith("mm_per")]
    assert len(names) >= 8
    assert all(getattr(row, name) is None for name in names)
    assert row.scale_method == row.width_class == ""


def test_lengths_scale_once_and_areas_twice():
    slanted = crack(line((0, 0), (30, 40)), area=200)
    row = only(crack_figures(measurement(slanted, scale=GIVEN), "w"))
    assert row.length_mm == pytest.approx(12.5)
    assert row.width_mean_mm == row.width_max_mm == pytest.approx(1)
    assert row.area_mm2 == pytest.approx(12.5)
    assert (row.mm_per_px, row.scale_method, row.mm_per_px_uncertainty) == (0.25, "given", 0.02)


def test_orientation_is_counter_clockwise_though_y_runs_down():
    row = only(crack_figures(measurement(crack(line((0, 100), (100, 0)))), "w"))
    assert row.orientation_deg == pytest.approx(45)


def test_the_widest_place_is_told():
    widths = np.full(101, 3.0)
    widths[70] = 9.0
    row = only(crack_figures(measurement(crack(line((10, 50), (110, 50), widths))), "w"))
    assert (row.width_max_px, row.width_max_x_px, row.width_max_y_px) == (9, 80, 50)
    assert row.width_median_px == row.width_p95_px == 3


def test_inscribed_circles_at_junctions_do_not_count_as_width():
    points = line((0, 20), (100, 20), 4.0)
    widths, methods = points.widths_px.copy(), points.methods.copy()
    widths[:6], methods[:6] = 12.0, DISTANCE
    branch = type(points)(points.points_px, widths, methods)
    row = only(crack_figures(measurement(crack(branch)), "w"))
    assert row.width_max_px == 4


def test_where_nothing_else_is_known_distances_count():
    row = only(crack_figures(measurement(crack(line((0, 9), (60, 9), 5.0, method=DISTANCE))), "w"))
    assert row.width_mean_px == 5
    assert row.width_method == "distance"


def test_widths_of_branches_are_weighted_by_length():
    two = crack(
        line((0, 0), (90, 0), 2.0, method=GRAY), line((90, 0), (90, 10), 12.0, nodes=(1, 2))
    )
    row = only(crack_figures(measurement(two), "w"))
    assert row.width_mean_px == pytest.approx(3.0)
    assert row.width_method == "gray"
    assert [b.width_mean_px for b in branch_figures(measurement(two), "w")] == [2, 12]


def test_a_ring_has_length_but_neither_tortuosity_nor_orientation():
    loop = ring((100, 100), 40)
    row = only(crack_figures(measurement(crack(loop)), "w"))
    assert row.length_px == pytest.approx(2 * np.pi * 40, rel=1e-3)
    assert row.tortuosity is None
    assert row.orientation_strength < 0.02
    assert only(branch_figures(measurement(crack(loop)), "w")).closed


def test_a_bent_branch_is_tortuous():
    first = line((0, 0), (30, 0))
    second = line((30, 0), (30, 40))
    points = np.vstack([first.points_px, second.points_px[1:]])
    branch = type(first)(points, np.ones(len(points)), np.ones(len(points), np.uint8))
    row = only(branch_figures(measurement(crack(branch)), "w"))
    assert row.tortuosity == pytest.approx(70 / 50)


@pytest.mark.parametrize(("judged", "width"), [("p95", 1.0), ("max", 1.5), ("mean", 1.005)])
def test_the_class_is_judged_with_the_uncertainty_of_edges_and_scale(judged, width):
    seen = []

    def classify(width, uncertainty):
        seen.append((width, uncertainty))
        return "above 0.30 mm"

    widths = np.full(101, 4.0)
    widths[50] = 6.0
    of = measurement(crack(line((0, 0), (100, 0), widths)), scale=GIVEN)
    row = only(crack_figures(of, "w", classify, judged))
    assert row.width_class == "above 0.30 mm"
    edges = WIDTH_UNCERTAINTY_PX["probability"] * 0.25
    assert seen == [(pytest.approx(width), pytest.approx(np.hypot(edges, 0.02 * width)))]


def test_a_slanted_view_is_measured_on_the_concrete():
    """A pixel is 0.5 mm along x and 0.2 mm along y."""
    scale = Scale(0.3162, "marker", "a test", homography=np.diag([0.5, 0.2, 1.0]))
    square = (np.array([[0.0, 0], [100, 0], [100, 4], [0, 4]]),)
    across = crack(line((0, 50), (100, 50), 4.0), polygons=[square])
    row = only(crack_figures(measurement(across, scale=scale), "w"))
    assert row.length_mm == pytest.approx(50)
    assert row.width_mean_mm == pytest.approx(0.8)
    assert row.area_mm2 == pytest.approx(40)


def test_no_cracks_no_rows():
    assert crack_figures(measurement(), "w") == []
    assert branch_figures(measurement(), "w") == []


def test_a_crack_too_thin_to_be_resolved_is_not_judged_as_wide_as_its_bound():
    seen = []
    thin = crack(line((0, 0), (50, 0), 1.0, method=GRAY, resolved=False))
    crack_figures(measurement(thin, scale=GIVEN), "w", lambda w, u: seen.append((w, u)) or "")
    assert seen == [(0.25, 0.25)]


def test_width_is_at_right_angles_on_the_concrete():
    """A strip at 45 degrees, on concrete that the view shows half as high as it is."""
    scale = Scale(0.7, "marker", "a test", homography=np.diag([0.5, 1.0, 1.0]))
    row = only(crack_figures(measurement(crack(line((0, 0), (80, 80), 2.0)), scale=scale), "w"))
    # its border y = x + 2 sqrt(2) / 2 * 2 becomes y = 2 x + 2 sqrt(2): 2 sqrt(2) / sqrt(5) away
    assert row.width_mean_mm == pytest.approx(2 * np.sqrt(2) / np.sqrt(5))
