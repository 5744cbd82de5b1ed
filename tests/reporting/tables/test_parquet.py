from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest
from pyarrow import parquet

from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables import parquet as module
from cracknet.reporting.tables.parquet import arrow_schema, parquet_tables
from cracknet.reporting.tables.rows import measured_rows

from ..measured import HOSTILE, photo


def write(out, *items):
    with parquet_tables(out) as add:
        for item in items:
            add(measured_rows(item))


def test_rows_come_back_whole(tmp_path):
    items = [photo("a"), photo(HOSTILE, scale=None)]
    write(tmp_path, *items)
    rows = [dataclasses.asdict(row) for item in items for row in measured_rows(item).cracks]
    assert parquet.read_table(tmp_path / "cracks.parquet").to_pylist() == rows
    pieces = [dataclasses.asdict(row) for item in items for row in measured_rows(item).branches]
    assert parquet.read_table(tmp_path / "branches.parquet").to_pylist() == pieces


@pytest.mark.parametrize(("kind", "name"), [(CrackFigures, "cracks"), (BranchFigures, "branches")])
def test_types_and_units(tmp_path, kind, name):
    write(tmp_path, photo())
    schema = parquet.read_schema(tmp_path / f"{name}.parquet")
    assert schema.equals(arrow_schema(kind))
    field = schema.field("length_mm")
    assert (field.type, field.nullable, field.metadata[b"unit"]) == (pa.float64(), True, b"mm")
    assert schema.field("crack").type == pa.int64()
    assert not schema.field("photo").nullable
    assert schema.field("photo").metadata[b"description"]


def test_groups_of_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS_A_GROUP", 5)
    write(tmp_path, *(photo(f"p{k}") for k in range(6)))
    file = parquet.ParquetFile(tmp_path / "cracks.parquet")
    assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == [5, 5, 2]


@pytest.mark.parametrize("items", [[], [photo(count=0)]])
def test_no_cracks(tmp_path, items):
    write(tmp_path, *items)
    table = parquet.read_table(tmp_path / "cracks.parquet")
    assert table.num_rows == 0
    assert table.schema.equals(arrow_schema(CrackFigures))


def test_an_error_leaves_nothing_behind(tmp_path):
    broken = dataclasses.replace(measured_rows(photo()), branches=(None,))
    with pytest.raises(TypeError), parquet_tables(tmp_path) as add:
        add(broken)
    assert list(tmp_path.iterdir()) == []
