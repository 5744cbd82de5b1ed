from __future__ import annotations

import os

import pytest

from cracknet.errors import OutputError
from cracknet.files import write_whole


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "c.txt"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["c.txt"]


def test_a_half_file_of_a_killed_run_is_replaced(tmp_path):
    (tmp_path / ".c.txt.part").write_bytes(b"half of it")
    write_whole(tmp_path / "c.txt", b"whole")
    assert [file.name for file in tmp_path.iterdir()] == ["c.txt"]


def test_a_file_is_never_seen_by_halves(tmp_path, monkeypatch):
    path = tmp_path / "c.txt"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OutputError, match=r"c\.txt cannot be written: No space left.*run again"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["c.txt"]


def test_places_that_cannot_hold_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "x.txt", tmp_path / "folder", tmp_path / ("x" * 300)):
        with pytest.raises(OutputError, match="cannot be written"):
            write_whole(path, b"x")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]
