from __future__ import annotations

import csv
import dataclasses

import pytest

from cracknet.errors import OutputError
from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables.columns import columns_of
from cracknet.reporting.tables.csv_files import csv_tables
from cracknet.reporting.tables.rows import measured_rows

from ..measured import HOSTILE, photo


def write(out, *items):
    with csv_tables(out) as add:
        for item in items:
            add(measured_rows(item, lambda width, spread: "narrow"))


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_crack_and_branch(tmp_path):
    write(tmp_path, photo("a"), photo(HOSTILE, scale=None))
    rows = read(tmp_path / "cracks.csv")
    assert list(rows[0]) == [c.name for c in columns_of(CrackFigures)]
    assert [(row["photo"], row["crack"]) for row in rows] == [
        ("a", "1"), ("a", "2"), (HOSTILE, "1"), (HOSTILE, "2"),
    ]  # fmt: skip
    assert rows[0]["length_mm"] == "15"
    assert rows[0]["width_max_mm"] == "0.4"
    assert rows[0]["width_class"] == "narrow"
    assert rows[2]["length_px"] == "150"
    assert {rows[2][name] for name in rows[2] if name.endswith(("_mm", "_mm2"))} == {""}
    branches = read(tmp_path / "branches.csv")
    assert list(branches[0]) == [c.name for c in columns_of(BranchFigures)]
    assert [row["closed"] for row in branches[:3]] == ["false", "false", "true"]


def test_bytes(tmp_path):
    write(tmp_path, photo(HOSTILE))
    code = (tmp_path / "cracks.csv").read_bytes()
    assert b"\r" not in code
    assert not code.startswith(b"\xef\xbb\xbf")
    assert code.endswith(b"\n")
    assert "Brücke" in code.decode("utf-8")


@pytest.mark.parametrize("items", [[], [photo(count=0)]])
def test_no_cracks_give_headers(tmp_path, items):
    write(tmp_path / "new" / "folder", *items)
    for name in ("cracks.csv", "branches.csv"):
        text = (tmp_path / "new" / "folder" / name).read_text("utf-8")
        assert text.count("\n") == 1


def test_an_error_leaves_the_earlier_tables(tmp_path):
    write(tmp_path, photo("earlier"))
    broken = dataclasses.replace(measured_rows(photo("later")), branches=(None,))
    with pytest.raises(TypeError), csv_tables(tmp_path) as add:
        add(broken)
    assert read(tmp_path / "cracks.csv")[0]["photo"] == "earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["branches.csv", "cracks.csv"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "out", photo())
    assert (tmp_path / "out").read_text() == "mine"
