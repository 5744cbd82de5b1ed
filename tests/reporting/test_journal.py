from __future__ import annotations

import csv
import json
from dataclasses import asdict

import pytest

from cracknet.errors import OutputError
from cracknet.reporting.journal import JOURNAL, Journal, PhotoRow

DONE = PhotoRow(
    "x/a", "in/x/a.jpg", "done", "", 640, 480, 0.0123456789, "2024-05-17T14:03:22", 47.1, 8.5, -3.0,
    "Canon EOS", 3, 0.25, "a note", 1234, 567,
)  # fmt: skip
FAILED = PhotoRow("b", "in/b.jpg", "failed", 'b.jpg: "bad",\nsaid the decoder')

COLUMNS = [
    "photo", "file", "status", "error", "width_px", "height_px", "crack_share", "taken",
    "latitude_deg", "longitude_deg", "altitude_m", "camera",
    "cracks", "mm_per_px", "note",
]  # fmt: skip


def table(folder):
    with (folder / "photos.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_come_back(tmp_path):
    journal = Journal(tmp_path)
    assert journal.rows == {}
    journal.add(FAILED)
    journal.add(DONE)
    assert Journal(tmp_path).rows == {"b": FAILED, "x/a": DONE}


def test_a_later_row_replaces_an_earlier(tmp_path):
    journal = Journal(tmp_path)
    journal.add(FAILED)
    again = PhotoRow("b", "in/b.jpg", "done", width_px=1, height_px=1, crack_share=0.0)
    journal.add(again)
    assert journal.rows == Journal(tmp_path).rows == {"b": again}


@pytest.mark.parametrize("lost", [1, 2, 30, 150])
def test_a_line_that_was_cut_short_is_passed_over(tmp_path, lost):
    journal = Journal(tmp_path)
    journal.add(FAILED)
    journal.add(DONE)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-lost])
    cut = Journal(tmp_path)
    assert cut.rows["b"] == FAILED
    assert set(cut.rows) <= {"b", "x/a"}
    assert ("x/a" in cut.rows) == (lost == 1)  # but for the line's end, the row is whole
    cut.add(DONE)
    assert Journal(tmp_path).rows == {"b": FAILED, "x/a": DONE}


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\x00", b"null", b"3", b"[]", b'{"photo": "c"}', b'{"photo": "c"', b"\0" * 50]
)
def test_lines_that_are_no_rows_are_passed_over(tmp_path, line):
    Journal(tmp_path).add(DONE)
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(line + b"\n")
    assert Journal(tmp_path).rows == {"x/a": DONE}


def test_fields_of_a_later_version_are_passed_over(tmp_path):
    content = {**asdict(DONE), "colour": "red"}
    (tmp_path / JOURNAL).write_text(json.dumps(content) + "\n")
    assert Journal(tmp_path).rows == {"x/a": DONE}


def test_forget(tmp_path):
    journal = Journal(tmp_path)
    journal.add(DONE)
    journal.forget()
    assert journal.rows == Journal(tmp_path).rows == {}


def test_the_table_has_the_photographs_of_this_run_first(tmp_path):
    journal = Journal(tmp_path)
    journal.add(DONE)
    journal.add(FAILED)
    journal.write_table(["b", "not done yet"])
    rows = table(tmp_path)
    assert list(rows[0]) == COLUMNS
    assert [row["photo"] for row in rows] == ["b", "x/a"]
    assert rows[0]["error"] == FAILED.error
    assert rows[0]["width_px"] == rows[0]["crack_share"] == rows[0]["taken"] == ""
    assert rows[1] == {
        "photo": "x/a",
        "file": "in/x/a.jpg",
        "status": "done",
        "error": "",
        "width_px": "640",
        "height_px": "480",
        "crack_share": "0.0123457",
        "taken": "2024-05-17T14:03:22",
        "latitude_deg": "47.1",
        "longitude_deg": "8.5",
        "altitude_m": "-3.0",
        "camera": "Canon EOS",
        "cracks": "3",
        "mm_per_px": "0.25",
        "note": "a note",
    }


def test_no_crack_is_0_and_not_empty(tmp_path):
    journal = Journal(tmp_path)
    journal.add(PhotoRow("a", "a.jpg", "done", crack_share=0.0))
    journal.write_table(["a"])
    assert table(tmp_path)[0]["crack_share"] == "0"


def test_an_empty_run_has_a_table_of_columns(tmp_path):
    Journal(tmp_path).write_table([])
    assert (tmp_path / "photos.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    "name",
    ["a,b", 'a"b', "a\nb", "a\r\nb", "a;b", "=1+1", "Brücke 桥 🧱", "a\u2028b", " a ", "-@+"],
)
def test_any_name_comes_back_from_journal_and_table(tmp_path, name):
    row = PhotoRow(name, f"in/{name}.jpg", "done", crack_share=0.5)
    Journal(tmp_path).add(row)
    journal = Journal(tmp_path)
    assert journal.rows == {name: row}
    journal.write_table([name])
    (read,) = table(tmp_path)
    assert (read["photo"], read["file"]) == (name, f"in/{name}.jpg")


def test_a_name_that_is_not_utf_8(tmp_path):
    name = b"a\xff".decode(errors="surrogateescape")
    row = PhotoRow(name, name, "done")
    Journal(tmp_path).add(row)
    journal = Journal(tmp_path)
    assert journal.rows == {name: row}
    journal.write_table([name])
    assert table(tmp_path)[0]["photo"] == "a\\udcff"


def test_a_journal_that_cannot_be_written(tmp_path):
    (tmp_path / JOURNAL).mkdir()
    with pytest.raises(OutputError, match=rf"{JOURNAL} cannot be written"):
        Journal(tmp_path).add(DONE)
