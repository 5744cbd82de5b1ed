from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.reporting.inspection.charts import orientation_rose, width_histogram
from cracknet.reporting.inspection.charts.steps import round_step
from cracknet.reporting.inspection.profiles import WidthProfile, rose_shares, width_profile


def profile(widths, lengths):
    return WidthProfile(np.array(widths, float), np.array(lengths, float))


def bars(svg):
    """Return (x, height, colour) of each bar."""
    return [
        (float(bar.get("x")), float(bar.get("height")), bar.get("fill"))
        for bar in ET.fromstring(svg).iter("rect")
    ]


def test_bars_are_as_tall_as_their_lengths_and_stacked_by_class():
    svg = width_histogram(
        profile([0.05, 0.15, 0.25], [1, 3, 2]), "mm", (0.1, 0.2), ("#aaaaaa", "#bbbbbb", "#cccccc")
    )
    found = bars(svg)
    assert [colour for _, _, colour in found] == ["#aaaaaa", "#bbbbbb", "#cccccc"]
    heights = np.array([height for _, height, _ in found])
    assert heights / heights.max() == pytest.approx([1 / 3, 1, 2 / 3], abs=1e-3)
    assert [x for x, _, _ in found] == sorted(x for x, _, _ in found)


def test_a_bar_across_a_limit_has_both_colours():
    widths = np.linspace(9.0, 11.0, 200)
    svg = width_histogram(
        profile([*widths, 240.0], [1] * 201), "mm", (10.1,), ("#aaaaaa", "#bbbbbb")
    )
    at = {}
    for x, _, colour in bars(svg):
        at.setdefault(x, set()).add(colour)
    assert {"#aaaaaa", "#bbbbbb"} in at.values()


def test_axes_have_units_and_words():
    svg = width_histogram(profile([1.0, 2.0], [5, 9]), "px")
    texts = [text.text for text in ET.fromstring(svg).iter("text")]
    assert "width, px" in texts
    assert "length, px" in texts
    assert 'role="img" aria-label="Histogram of crack width in px' in svg
    assert "length, m" in width_histogram(profile([1.0], [20_000.0]), "mm")


def test_a_limit_on_the_border_counts_below():
    found = bars(width_histogram(profile([0.3], [1]), "mm", (0.3,), ("#aaaaaa", "#bbbbbb")))
    assert [colour for _, _, colour in found] == ["#aaaaaa"]


def test_far_widths_are_put_into_the_last_bar():
    svg = width_histogram(profile([0.2] * 999 + [50.0], [1.0] * 1000), "mm")
    assert "last bar: over" in svg
    assert len(bars(svg)) == 2


def test_nothing_to_draw():
    assert width_histogram(profile([], []), "mm") == ""
    assert orientation_rose(np.zeros(18)) == ""


def test_all_widths_nought():
    assert len(bars(width_histogram(profile([0, 0], [1, 1]), "px"))) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1e4, allow_subnormal=False), st.floats(1e-3, 1e6)),
        min_size=1,
        max_size=30,
    )
)
@example([(1.0, 1.0), (2.2250738585072014e-308, 99.0)])
def test_bars_stay_inside_and_hold_all_length(pairs):
    widths, lengths = np.array(pairs).T
    svg = width_histogram(WidthProfile(widths, lengths), "px", (5.0,), ("#aaaaaa", "#bbbbbb"))
    found = bars(svg)
    assert found
    assert "nan" not in svg
    tops = {}
    for x, height, _ in found:
        tops[x] = tops.get(x, 0) + height
    tallest = max(tops.values())
    assert tallest <= 192 + 0.1
    share = sum(tops.values()) / tallest
    assert share <= len(tops) + 0.1
    assert all(62 - 0.1 <= x <= 500 for x in tops)


@pytest.mark.parametrize("span", [1e-6, 0.3, 1, 7, 99.9, 12345])
@pytest.mark.parametrize("most", [3, 6, 24])
def test_steps_are_round_and_few(span, most):
    step = round_step(span, most)
    assert span / step <= most * (1 + 1e-6)
    assert round(step / 10 ** np.floor(np.log10(step) + 1e-9), 6) in (1, 2, 2.5, 5)


def line(degrees, length=50.0, width=2.0, method=0):
    turn = np.radians(degrees)
    end = np.array([100 + length * np.cos(turn), 100 - length * np.sin(turn)])
    points = np.linspace([100, 100], end, 11)
    return Branch(points, np.full(11, width), np.full(11, method, np.uint8))


def of(*branches):
    return Measurement(200, 200, (MeasuredCrack(1, branches, 1.0),))


@pytest.mark.parametrize(
    ("degrees", "part"), [(0, 0), (4, 0), (176, 0), (90, 9), (135, 14), (225, 5)]
)
def test_orientation_is_axial(degrees, part):
    assert rose_shares(of(line(degrees))).argmax() == (part if degrees != 225 else 4)
    assert rose_shares(of(line(degrees))) == pytest.approx(rose_shares(of(line(degrees + 180))))


def test_the_rose_is_symmetric_and_its_areas_are_the_shares():
    shares = rose_shares(of(line(0, 75), line(90, 25)))
    assert shares[[0, 9]] == pytest.approx([0.75, 0.25])
    svg = orientation_rose(shares)
    radii = [float(r) for r in re.findall(r"A([\d.]+) ", svg)]
    assert len(radii) == 4
    assert (radii[2] / radii[0]) ** 2 == pytest.approx(1 / 3, abs=1e-3)
    assert radii[0] == radii[1]
    assert "75 %, runs within 5 degrees of 0 degrees" in svg
    ET.fromstring(svg)


def test_no_crack_has_no_orientation():
    assert (rose_shares(Measurement(9, 9, ())) == 0).all()
    assert width_profile(Measurement(9, 9, ())).widths.size == 0


def test_widths_by_distance_count_only_where_profiles_are_few():
    found = width_profile(of(line(0, 60, 2.0), line(90, 40, 9.0, method=2)))
    assert set(found.widths) == {2.0}
    assert found.lengths.sum() == pytest.approx(100)
    found = width_profile(of(line(0, 10, 2.0), line(90, 90, 9.0, method=2)))
    assert set(found.widths) == {2.0, 9.0}
