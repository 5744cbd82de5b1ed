"""JSON Schema of a table's rows, and the page of the documentation that shows it."""

from __future__ import annotations

import json
from typing import Any

from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables.columns import SHARES, SIGNIFICANT, Column, columns_of
from cracknet.reporting.tables.rows import PhotoFigures

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {"text": "string", "integer": "integer", "number": "number", "boolean": "boolean"}

_INTRODUCTION = f"""# Columns of the tables

Written by `cracknet.reporting.tables.columns_page()` from the code; a test keeps the two alike. The
files are described in [outputs.md](outputs.md).

Every length and area bears its unit in its name. Positions are in pixels, x to the right and y down
from the middle of the first pixel. Unknown is an empty cell: without a scale all columns in
millimetres are empty. CSV, XLSX and GeoJSON round a value to the decimals named here, or
to {SIGNIFICANT} significant digits where these are more; Parquet and GeoPackage hold it whole.
"""

_TABLES = (
    (CrackFigures, "Cracks", "`cracks.csv`, `cracks.parquet`, the sheet Cracks, the layer cracks."),
    (
        BranchFigures,
        "Branches",
        "`branches.csv`, `branches.parquet`, the sheet Branches, the layer branches. `photo` and "
        "`crack` tell the crack that a branch belongs to.",
    ),
    (PhotoFigures, "Photos", "The sheet Photos and the layer photos."),
)


def row_schema(row: type) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a row of a table, with units and meanings.

    Parameters
    ----------
    row : type
        The rows' dataclass: `CrackFigures`, `BranchFigures` or `PhotoFigures`.

    Examples
    --------
    >>> row_schema(CrackFigures)["properties"]["length_mm"]["type"]
    ['number', 'null']
    """
    columns = columns_of(row)
    return {
        "$schema": DIALECT,
        "title": row.__name__,
        "type": "object",
        "properties": {column.name: _property(column) for column in columns},
        "required": [column.name for column in columns],
        "additionalProperties": False,
    }


def columns_page() -> str:
    """Markdown of ``docs/columns.md``."""
    parts = [_INTRODUCTION]
    for row, title, files in _TABLES:
        parts.append(f"## {title}\n\n{files}\n\n{_table(row)}")
    for row, title, _ in _TABLES[:2]:
        code = json.dumps(row_schema(row), indent=1, ensure_ascii=False)
        parts.append(f"## JSON Schema of {title.lower()}\n\n```json\n{code}\n```\n")
    return "\n".join(parts)


def _property(column: Column) -> dict[str, Any]:
    kind = TYPES[column.kind]
    values: dict[str, Any] = {"type": [kind, "null"] if column.unknown else kind}
    if column.least is not None:
        values["minimum"] = column.least
    if column.name in SHARES:
        values["maximum"] = 1
    if column.unit:
        values["unit"] = column.unit
    return values | {"description": column.meaning}


def _table(row: type) -> str:
    lines = ["| column | type | unit | decimals | meaning |", "|---|---|---|---|---|"]
    for column in columns_of(row):
        kind = f"{column.kind}, or unknown" if column.unknown else column.kind
        decimals = str(column.decimals) if column.kind == "number" else ""
        cells = (f"`{column.name}`", kind, column.unit, decimals, column.meaning)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
