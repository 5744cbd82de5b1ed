from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables.columns import SIGNIFICANT, columns_of, values_of
from cracknet.reporting.tables.meanings import MEANINGS
from cracknet.reporting.tables.rows import PhotoFigures, measured_rows

from ..measured import photo

TABLES = [CrackFigures, BranchFigures, PhotoFigures]


def column(name, table=CrackFigures):
    return next(c for c in columns_of(table) if c.name == name)


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_the_fields_in_their_order(table):
    assert [c.name for c in columns_of(table)] == [f.name for f in dataclasses.fields(table)]
    for c in columns_of(table):
        assert c.unknown == (
            "None" in next(f.type for f in dataclasses.fields(table) if f.name == c.name)
        )
        assert c.meaning == MEANINGS[c.name]


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [
        ("length_mm", "mm", "length [mm]"),
        ("area_px2", "px²", "area [px²]"),
        ("area_mm2", "mm²", "area [mm²]"),
        ("orientation_deg", "°", "orientation [°]"),
        ("mm_per_px", "mm/px", "scale [mm/px]"),
        ("mm_per_px_uncertainty", "", "mm per px uncertainty"),
        ("width_max_x_px", "px", "width max x [px]"),
        ("branches", "", "branches"),
        ("photo", "", "photo"),
        ("width_class", "", "width class"),
    ],
)
def test_units_and_labels(name, unit, label):
    assert (column(name).unit, column(name).label) == (unit, label)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("width_mean_px", 3.14159, "3.142"),
        ("width_mean_px", 12345.6789, "12345.679"),
        ("width_mean_px", 0.00123456, "0.001235"),
        ("width_mean_px", 5.0, "5"),
        ("width_mean_px", 0.0, "0"),
        ("width_max_x_px", -0.25, "-0.25"),
        ("area_px2", 1e12, "1000000000000"),
        ("area_px2", 120.0, "120"),
        ("mm_per_px", 0.1, "0.1"),
        ("width_mean_mm", None, ""),
        ("crack", 100, "100"),
        ("photo", "a,b", "a,b"),
    ],
)
def test_values_as_text(name, value, text):
    assert column(name).text(value) == text


def test_truth_values_and_places_on_the_globe():
    assert column("closed", BranchFigures).text(True) == "true"
    assert column("latitude_deg", PhotoFigures).text(50.123456789) == "50.1234568"


@given(st.floats(1e-9, 1e9))
def test_rounding_keeps_decimals_or_significant_digits(value):
    width = column("width_mean_mm")
    step = min(10.0**-width.decimals, value * 10.0 ** (1 - SIGNIFICANT))
    assert float(width.text(value)) == width.rounded(value)
    assert abs(width.rounded(value) - value) <= 0.5 * step * (1 + 1e-6)
    assert "e" not in width.text(value)


def test_rows_of_a_photograph():
    rows = measured_rows(photo("a", latitude_deg=50.0, longitude_deg=8.0, taken="2026-01-02"))
    assert rows.photo.cracks == 2
    assert rows.photo.length_px == pytest.approx(150 + 94.2, abs=0.2)
    assert rows.photo.length_mm == pytest.approx(rows.photo.length_px / 10)
    assert rows.photo.width_max_mm == pytest.approx(0.4)
    assert (rows.photo.latitude_deg, rows.photo.taken) == (50.0, "2026-01-02")
    assert [(b.crack, b.branch) for b in rows.branches] == [(1, 1), (1, 2), (2, 1)]
    assert values_of(rows.cracks[0])[:2] == ["a", 1]


def test_a_photograph_without_cracks_or_scale():
    rows = measured_rows(photo(scale=None, count=0)).photo
    assert (rows.cracks, rows.length_px, rows.width_max_px) == (0, 0, None)
    assert rows.length_mm is rows.area_mm2 is rows.width_max_mm is rows.mm_per_px is None
    assert measured_rows(photo(count=0)).photo.length_mm == 0


@pytest.mark.parametrize(
    "about",
    [
        {"latitude_deg": 50.0},
        {"latitude_deg": 91.0, "longitude_deg": 8.0},
        {"latitude_deg": "50", "longitude_deg": 8.0},
        {"latitude_deg": float("nan"), "longitude_deg": 8.0},
    ],
)
def test_places_off_the_globe_are_unknown(about):
    row = measured_rows(photo(**about)).photo
    assert row.latitude_deg is row.longitude_deg is None


def test_names_of_another_encoding():
    assert measured_rows(photo("wall\udce4")).cracks[0].photo == "wall?"
