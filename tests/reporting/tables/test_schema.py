from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables import columns_page, measured_rows, row_schema

from ..measured import photo

PAGE = Path(__file__).resolve().parents[3] / "docs" / "columns.md"
PYTHON = {"string": str, "integer": int, "number": float, "boolean": bool, "null": type(None)}


def fits(row, schema):
    """Check a row by the few words of JSON Schema that `row_schema` uses."""
    values = dataclasses.asdict(row)
    assert list(values) == schema["required"] == list(schema["properties"])
    for name, rule in schema["properties"].items():
        kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        assert type(values[name]) in [PYTHON[kind] for kind in kinds], name
        if values[name] is not None and not isinstance(values[name], str):
            assert rule.get("minimum", -1e9) <= values[name] <= rule.get("maximum", 1e9), name


@pytest.mark.parametrize("item", [photo(), photo(scale=None)])
def test_rows_fit_their_schema(item):
    rows = measured_rows(item)
    for row in rows.cracks:
        fits(row, row_schema(CrackFigures))
    for row in rows.branches:
        fits(row, row_schema(BranchFigures))


def test_units_stand_in_the_schema():
    rules = row_schema(CrackFigures)["properties"]
    assert rules["area_mm2"]["unit"] == "mm²"
    assert rules["length_mm"]["type"] == ["number", "null"]
    assert rules["resolved_share"]["maximum"] == 1
    assert "minimum" not in rules["width_max_x_px"]
    assert "unit" not in rules["branches"]


def test_the_page_is_that_of_the_code():
    assert PAGE.read_text("utf-8") == columns_page(), (
        "write docs/columns.md anew with cracknet.reporting.tables.columns_page()"
    )


def test_the_schemas_on_the_page_can_be_read():
    codes = re.findall(r"```json\n(.*?)```", columns_page(), re.DOTALL)
    assert [json.loads(code) for code in codes] == [
        row_schema(CrackFigures),
        row_schema(BranchFigures),
    ]
