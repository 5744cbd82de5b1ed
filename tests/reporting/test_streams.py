from __future__ import annotations

from pathlib import Path

import pytest

from cracknet.errors import ArgumentError, OutputError
from cracknet.reporting.streams import appearing_whole, result_path


def write(path, text, error=None):
    with appearing_whole(path) as part:
        assert part.suffix == path.suffix
        part.write_text(text)
        if error:
            raise error


def test_a_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "a" / "b.gpkg"
    with appearing_whole(path) as part:
        part.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["b.gpkg"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ValueError("x"), ValueError),
        (OSError(28, "No space left on device"), OutputError),
        (OutputError("as it was"), OutputError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_after_an_error_the_earlier_file_stands(tmp_path, error, raised):
    path = tmp_path / "b.csv"
    write(path, "earlier")
    with pytest.raises(raised) as caught:
        write(path, "half", error)
    assert path.read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["b.csv"]
    if isinstance(error, OSError) and raised is OutputError and error.errno:
        assert "No space left" in str(caught.value)
        assert str(path) in str(caught.value)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"b\.csv cannot be written"):
        write(tmp_path / "file" / "b.csv", "")


@pytest.mark.parametrize(
    ("photo", "path"),
    [("a", "a.dxf"), ("n/a.jpg", "n/a.jpg.dxf"), ("x y/ü", "x y/ü.dxf"), ("..a", "..a.dxf")],
)
def test_names(photo, path):
    assert result_path(Path("out"), photo, ".dxf") == Path("out") / path


@pytest.mark.parametrize("photo", ["", ".", "../a", "a/../../b", "/etc/a", "a\0b", " / "])
def test_names_that_lead_out(photo):
    with pytest.raises(ArgumentError, match="below the output folder"):
        result_path(Path("out"), photo, ".dxf")


def test_the_names_of_the_run_are_kept_free():
    taken = frozenset({"photos.gpkg"})
    assert result_path(Path(), "Photos", ".gpkg", taken).name == "Photos.cracks.gpkg"
    assert result_path(Path(), "x/photos", ".gpkg", taken).as_posix() == "x/photos.gpkg"
