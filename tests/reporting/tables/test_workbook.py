from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables import workbook as module
from cracknet.reporting.tables.columns import columns_of
from cracknet.reporting.tables.rows import PhotoFigures, measured_rows
from cracknet.reporting.tables.workbook import workbook

from ..measured import HOSTILE, photo


def write(out, *items):
    with workbook(out) as add:
        for item in items:
            add(measured_rows(item))
    return load_workbook(out / "cracks.xlsx")


def test_sheets_headers_and_values(tmp_path):
    book = write(tmp_path, photo("a", model="cracknet", standard="ACI"), photo("b", scale=None))
    assert book.sheetnames == ["Cracks", "Branches", "Photos", "About"]
    for name, kind in (
        ("Cracks", CrackFigures),
        ("Branches", BranchFigures),
        ("Photos", PhotoFigures),
    ):
        sheet = book[name]
        assert [cell.value for cell in sheet[1]] == [c.label for c in columns_of(kind)]
        assert sheet.freeze_panes in ("B2", "C2")
        assert sheet.auto_filter.ref == sheet.dimensions
    cracks = book["Cracks"]
    at = {c.name: k for k, c in enumerate(columns_of(CrackFigures))}
    first, third = (list(cracks.values)[row] for row in (1, 3))
    assert (first[at["photo"]], first[at["crack"]]) == ("a", 1)
    assert first[at["width_max_mm"]] == 0.4
    assert third[at["width_max_mm"]] is None
    assert cracks.cell(2, at["width_max_mm"] + 1).number_format == "0.0000"
    assert cracks.cell(2, at["crack"] + 1).number_format == "0"
    assert list(book["Branches"].values)[3][at["branches"]] is not None
    about = "\n".join(str(cell) for row in book["About"].values for cell in row if cell)
    for words in ("cracknet", "ACI", "photographs\n2", "cracks\n4", "engineer"):
        assert words in about


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", HOSTILE, "http://a.b", "{=1}", "007"]
)
def test_names_are_texts_never_formulas(tmp_path, name):
    cell = write(tmp_path, photo(name))["Cracks"].cell(2, 1)
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_long_tables_go_on_in_further_sheets(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS_A_SHEET", 4)
    book = write(tmp_path, *(photo(f"p{k}") for k in range(4)))
    further = {"Cracks 2", "Cracks 3", "Branches 2", "Branches 3", "Branches 4", "Photos 2"}
    assert set(book.sheetnames) == {"Cracks", "Branches", "Photos", "About"} | further
    names = [row[0] for n in ("Cracks", "Cracks 2", "Cracks 3") for row in list(book[n].values)[1:]]
    assert names == ["p0", "p0", "p1", "p1", "p2", "p2", "p3", "p3"]
    assert book["Cracks 3"].max_row == 3


def test_texts_longer_than_a_cell_are_cut(tmp_path):
    item = photo("a")
    object.__setattr__(item.measurement, "notes", ("x" * 40_000,))
    values = list(write(tmp_path, item)["Photos"].values)[1]
    assert len(values[-1]) == module.LONGEST_TEXT


@pytest.mark.parametrize("items", [[], [photo(count=0)]])
def test_no_cracks(tmp_path, items):
    book = write(tmp_path, *items)
    assert book["Cracks"].max_row == 1
    assert book["Photos"].max_row == 1 + len(items)


def test_an_error_leaves_nothing_behind(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    broken = dataclasses.replace(measured_rows(photo()), branches=(None,))
    with pytest.raises(TypeError), workbook(tmp_path / "out") as add:
        add(broken)
    assert [p for p in Path(tmp_path).rglob("*") if p.is_file()] == []
