"""The three tables of a batch: a row for each photograph, crack and branch, as Parquet."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cracknet import __version__
from cracknet.errors import ArgumentError
from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.journal import PhotoRow
from cracknet.reporting.tables import MeasuredRows, PhotoFigures, columns_of
from cracknet.reporting.tables.parquet import arrow_schema

TABLES = ("photos", "cracks", "branches")
"""Folders of the part files below the destination."""

_OF_RUN: dict[str, tuple[type, str]] = {
    "photo": (str, "Name of the photograph's results below `results`, with its suffix"),
    "file": (str, "The photograph's path or URL"),
    "status": (str, "done or failed"),
    "error": (str, "Why it failed"),
    "width_px": (int, "Width of the upright photograph"),
    "height_px": (int, "Height of the upright photograph"),
    "crack_share": (float, "Share of pixels that are crack"),
    "note": (str, "What to know of a photograph that is done"),
    "bytes": (int, "Of the file"),
}
"""Columns that every photograph has, measured or not."""


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """What came of one photograph.

    Attributes
    ----------
    row : PhotoRow
    figures : mapping
        Of the photograph as a whole, by columns of `PhotoFigures`; empty where it failed or
        nothing was measured.
    cracks, branches : sequence of mapping
        Rows of these tables.
    """

    row: PhotoRow
    figures: Mapping[str, Any] = field(default_factory=dict)
    cracks: Sequence[Mapping[str, Any]] = ()
    branches: Sequence[Mapping[str, Any]] = ()


def measured_result(row: PhotoRow, rows: MeasuredRows) -> PhotoResult:
    """Make the result of a photograph of its measured rows."""
    cracks, branches = ([asdict(r) for r in part] for part in (rows.cracks, rows.branches))
    return PhotoResult(row, asdict(rows.photo), cracks, branches)


def part_files(results: Sequence[PhotoResult]) -> dict[str, bytes]:
    """Make the part files of a batch, by table; without rows they hold the columns alone."""
    return {
        "photos": parquet_of([_photo_values(result) for result in results], "photos"),
        "cracks": parquet_of([row for result in results for row in result.cracks], "cracks"),
        "branches": parquet_of([row for result in results for row in result.branches], "branches"),
    }


def parquet_of(rows: Sequence[Mapping[str, Any]], table: str) -> bytes:
    """Encode rows of one of `TABLES` as a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = schema_of(table)
    columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(columns, schema=schema), file, compression="zstd")
    return file.getvalue()


def rows_of(content: bytes) -> list[dict[str, Any]]:
    """Decode a file that `parquet_of` made."""
    from pyarrow import parquet

    return list(parquet.read_table(io.BytesIO(content)).to_pylist())


def schema_of(table: str) -> Any:
    """Arrow schema of one of `TABLES`: units and meanings in the fields' metadata."""
    import pyarrow as pa

    if table != "photos":
        return arrow_schema({"cracks": CrackFigures, "branches": BranchFigures}[table])
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    own = [
        pa.field(
            name,
            types[kind],
            nullable=name not in ("photo", "file", "status"),
            metadata={
                "unit": "px" if name.endswith("_px") else "",
                "description": meaning,
            },
        )
        for name, (kind, meaning) in _OF_RUN.items()
    ]
    kinds = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    figures = [
        pa.field(
            column.name,
            kinds[column.kind],
            metadata={"unit": column.unit, "description": column.meaning},
        )
        for column in columns_of(PhotoFigures)
        if column.name not in _OF_RUN
    ]
    return pa.schema([*own, *figures], metadata={"creator": f"CrackNet {__version__}"})


def check_parquet() -> None:
    """Raise ArgumentError when what writes the tables is not installed."""
    import importlib.util

    if importlib.util.find_spec("pyarrow") is None:
        msg = 'batches need the package pyarrow: pip install "cracknet[fleet]"'
        raise ArgumentError(msg)


def _photo_values(result: PhotoResult) -> dict[str, Any]:
    names = [column.name for column in columns_of(PhotoFigures)]
    values = dict.fromkeys([*_OF_RUN, *names]) | {
        name: value for name, value in asdict(result.row).items() if name in (*_OF_RUN, *names)
    }
    figures = result.figures.items()
    return values | {name: value for name, value in figures if name not in _OF_RUN}
