from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.change import Change, CrackChange, Piece, Registration
from cracknet.reporting.change_picture import COLOURS, draw_change
from cracknet.reporting.change_tables import COLUMNS, change_csv, change_json


def piece(kind, row, **change):
    points = np.column_stack([np.arange(20.0, 180), np.full(160, float(row))])
    return Piece(kind, points, np.full(160, 3.0), **change)


def change_of(*cracks, shape=(150, 200)):
    eye = np.eye(3)
    registration = Registration(
        eye, np.array([eye] * 8), 0.1, 100, 90, 120, 1.0, 1.0, 0.0, shape, shape
    )
    return Change("before.jpg", "after.jpg", registration, cracks, 0.2, "given", ("a note",))


GROWN = CrackChange(
    "grown", (1, 3), (2,), 100.0, 120.0, 0.83, 20.0, 2.0, 20.0,
    pieces=(piece("matched", 20), piece("grown", 40)),
)  # fmt: skip
WIDER = CrackChange(
    "widened", (2,), (1,), 100.0, 100.0, width_change_px=1.0, width_change_mm=0.2,
    pieces=(piece("widened", 70, change_px=1.0, change_mm=0.2),),
)  # fmt: skip
GONE = CrackChange("no longer visible", (4,), (), 80.0, 0.0, pieces=(piece("gone", 110),))
GRAY = np.full((150, 200), 160, np.uint8)


def has(picture, kind):
    return (np.abs(picture.astype(int) - COLOURS[kind]).max(axis=2) < 30).sum()


def test_each_state_has_its_colour():
    picture = draw_change(GRAY, change_of(GROWN, WIDER, GONE))
    assert picture.shape[1] == 1000  # small photographs are enlarged
    for kind in ("matched", "grown", "widened", "gone"):
        assert has(picture, kind) > 500
    assert has(picture, "new") == 0
    assert has(picture, "gone") < 0.8 * has(picture, "grown")  # dashed


def test_side_by_side_and_without_cracks():
    alone = draw_change(GRAY, change_of())
    both = draw_change(GRAY, change_of(), before=GRAY)
    assert both.shape[1] > 2 * alone.shape[1]


def test_large_photographs_are_shrunk():
    large = np.full((40, 6000), 160, np.uint8)
    assert draw_change(large, change_of(shape=(40, 6000))).shape[1] == 3000


def test_photographs_of_another_size():
    with pytest.raises(ArgumentError, match="AFTER"):
        draw_change(GRAY[:50], change_of())
    with pytest.raises(ArgumentError, match="BEFORE"):
        draw_change(GRAY, change_of(), before=GRAY[:50])


def test_tables():
    change = change_of(GROWN, WIDER, GONE)
    rows = list(csv.DictReader(io.StringIO(change_csv(change).decode())))
    assert [row["state"] for row in rows] == ["grown", "widened", "no longer visible"]
    assert rows[0]["before"] == "1+3"
    assert rows[0]["width_change_mm"] == ""
    assert rows[1]["width_change_mm"] == "0.2"
    assert set(rows[0]) == {"photo_before", "photo_after", *COLUMNS}
    content = json.loads(change_json(change))
    assert content["schema"] == "cracknet.change/1"
    assert content["counts"]["grown"] == 1
    assert content["cracks"][0]["pieces"][1]["kind"] == "grown"
    assert content["notes"] == ["a note"]
    assert change_csv(change_of()).count(b"\n") == 1
