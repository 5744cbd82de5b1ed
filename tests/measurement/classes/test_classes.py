"""Width classes: the codes' figures, the decision at a limit, and a user's own file."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.measurement.classes import (
    STANDARDS,
    band_of,
    classify,
    find_table,
    legend,
)


@pytest.mark.parametrize(
    ("standard", "exposure", "limit"),
    [
        ("aci224r", "dry", 0.41),
        ("aci224r", "humid", 0.30),
        ("aci224r", "de-icing", 0.18),
        ("aci224r", "seawater", 0.15),
        ("aci224r", "water-retaining", 0.10),
        *(("eurocode2", name, 0.4) for name in ("X0", "XC1")),
        *(("eurocode2", name, 0.3) for name in ("XC2", "XC3", "XC4", "XD1", "XD2", "XD3")),
        *(("eurocode2", name, 0.3) for name in ("XS1", "XS2", "XS3")),
        *(("eurocode2", f"{name}-prestressed", 0.2) for name in ("X0", "XC1", "XC2", "XC4")),
        ("is456", "mild", 0.3),
        ("is456", "moist", 0.2),
        ("is456", "severe", 0.1),
    ],
)
def test_limits_of_the_codes(standard, exposure, limit):
    table = find_table(standard)
    assert table.kind == "limit"
    assert table.judged == "p95"
    assert table.exposures[exposure].limit_mm == limit
    exact = classify(limit, table, exposure.upper())
    assert (exact.within, exact.state, exact.short) == (True, "within", f"within {limit:.2f} mm")
    over = classify(limit + 1e-6, table, exposure)
    assert (over.within, over.state, over.short) == (False, "above", f"above {limit:.2f} mm")
    assert table.title in over.words
    assert over.clause in over.words
    assert over.exposure == exposure


@pytest.mark.parametrize(
    ("width", "severity"),
    [(0, "low"), (6, "low"), (6.01, "moderate"), (19, "moderate"), (19.01, "high"), (500, "high")],
)
def test_severity_of_pavements(width, severity):
    table = find_table("ltpp")
    found = classify(width, table)
    assert (found.kind, found.short, found.within) == ("severity", severity, None)
    assert table.judged == "mean"
    assert found.exposure == "asphalt"


@pytest.mark.parametrize(
    ("width", "uncertainty", "state"),
    [
        (0.28, 0.02, "within"),
        (0.281, 0.02, "undecided"),
        (0.30, 0.05, "undecided"),
        (0.319, 0.02, "undecided"),
        (0.321, 0.02, "above"),
        (0.30, 0.0, "within"),
        (0.30, None, "within"),
        (0.0, 0.0, "within"),
    ],
)
def test_uncertainty_at_a_limit(width, uncertainty, state):
    found = classify(width, find_table("aci224r"), "humid", uncertainty)
    assert found.state == state
    assert found.within == {"within": True, "above": False}.get(state)
    if state == "undecided":
        assert found.short == "undecided at 0.30 mm"
        assert "cannot be told from" in found.words


def test_uncertainty_between_severities():
    table = find_table("ltpp")
    found = classify(6.5, table, uncertainty_mm=1.0)
    assert (found.state, found.short) == ("undecided", "low or moderate")
    assert "is either low or moderate by LTPP" in found.words
    assert classify(12, table, uncertainty_mm=8).short == "low or moderate or high"
    assert classify(12, table, uncertainty_mm=1).state == "severity"


@pytest.mark.parametrize(("width", "spread"), [(-1, 0), (math.nan, 0), (math.inf, 0), (1, -1)])
def test_impossible_widths(width, spread):
    with pytest.raises(ArgumentError, match="finite number, at least 0"):
        classify(width, find_table("ltpp"), None, spread)


def test_legend_of_a_limit():
    bands = legend(find_table("aci224r"), "dry")
    assert [band.name for band in bands] == [
        "up to 0.205 mm",
        "0.205 to 0.41 mm",
        "0.41 to 0.82 mm",
        "above 0.82 mm",
    ]
    assert [band.upper_mm for band in bands] == [0.205, 0.41, 0.82, math.inf]


def test_legend_of_severities():
    assert legend(find_table("ltpp")) == [
        ("low", 0.0, 6.0),
        ("moderate", 6.0, 19.0),
        ("high", 19.0, math.inf),
    ]


@given(st.sampled_from(STANDARDS), st.floats(0, 1e3), st.data())
def test_every_width_has_one_band_that_agrees_with_its_class(standard, width, data):
    table = find_table(standard)
    exposure = data.draw(st.sampled_from(sorted(table.exposures)))
    bands = legend(table, exposure)
    holding = [
        k for k, band in enumerate(bands) if band.lower_mm + 1e-9 < width <= band.upper_mm + 1e-9
    ]
    assert band_of(width, bands) == (holding[0] if holding else 0)
    found = classify(width, table, exposure)
    if table.kind == "limit":
        assert found.within == (band_of(width, bands) < 2)
    else:
        assert found.short == bands[band_of(width, bands)].name


def test_an_exposure_must_be_named():
    with pytest.raises(ArgumentError, match=r"humid \(humidity, moist air, soil\).*none was named"):
        classify(0.3, find_table("aci224r"))
    with pytest.raises(ArgumentError, match="got 'XD1-prestressed'"):
        classify(0.3, find_table("eurocode2"), "XD1-prestressed")


OWN = """
title = "House rules"
source = "Client's letter of 3 May"
kind = "limit"
judged = "max"

[exposures.deck]
clause = "section 2"
words = "deck, from below"
limit_mm = 0.25
"""


def own_file(tmp_path, old="", new=""):
    path = tmp_path / "house.toml"
    path.write_text(OWN.replace(old, new) if old else OWN)
    return path


def test_an_own_file(tmp_path):
    table = find_table(str(own_file(tmp_path)))
    assert table.judged == "max"
    assert classify(0.26, table).short == "above 0.25 mm"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "House rules"', "", "title: this key is missing"),
        ("limit_mm = 0.25", "limit_mm = -1", r"exposures\.deck\.limit_mm: .*\(it is -1\)"),
        ("limit_mm = 0.25", "limit_mm = 'x'", r"exposures\.deck\.limit_mm: "),
        ("limit_mm = 0.25", "limit = 1", r"exposures\.deck\.limit: no such key"),
        ("limit_mm = 0.25", "", r"exposures\.deck must have limit_mm and no bands"),
        ('kind = "limit"', 'kind = "severity"', r"exposures\.deck must have bands"),
        ('judged = "max"', 'judged = "widest"', "judged: "),
        ("[exposures.deck]", "[exposure.deck]", "exposures: this key is missing"),
        ("limit_mm = 0.25", "bands = [{name = 'a'}]", r"exposures\.deck: bands must be two"),
        ("limit_mm = 0.25", "bands = [{name='a'}, {name='b', up_to_mm=1}]", "bands must be two"),
        (
            "limit_mm = 0.25",
            "bands = [{name='a', up_to_mm=1}, {name='a'}]",
            "bands must have different names",
        ),
        ("words", "words = ''\n_", "words: "),
        ("[exposures.deck]", "[exposures.deck", "are not TOML"),
    ],
)
def test_a_faulty_file_is_named_with_its_key(tmp_path, old, new, words):
    path = own_file(tmp_path, old, new)
    with pytest.raises(ArgumentError, match=words) as error:
        find_table(str(path))
    assert str(path) in str(error.value)


def test_no_such_standard(tmp_path):
    with pytest.raises(ArgumentError, match="one of aci224r, eurocode2, is456, ltpp"):
        find_table("aci999")
    with pytest.raises(ArgumentError, match=r"none\.toml cannot be read: No such file"):
        find_table(str(tmp_path / "none.toml"))


def test_exposures_in_capitals_are_two_of_one(tmp_path):
    more = OWN + OWN[OWN.index("[exposures") :].replace("deck]", "DECK]")
    (tmp_path / "a.toml").write_text(more)
    with pytest.raises(ArgumentError, match="differ in more than capitals"):
        find_table(str(tmp_path / "a.toml"))
