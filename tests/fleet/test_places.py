from __future__ import annotations

import pickle
import stat

import pytest

from cracknet.errors import ArgumentError, OutputError, PhotoError
from cracknet.fleet.places import Place, is_local


def test_a_local_folder(tmp_path):
    place = Place(str(tmp_path / "out"))
    assert place.names("parts") == []
    place.put("parts/b", b"2")
    place.put("parts/a", memoryview(b"1"))
    place.put("parts/a", b"11")
    assert place.names("parts") == ["a", "b"]
    assert place.names("") == []
    assert place.get_many(["parts/b", "parts/a"]) == [b"2", b"11"]
    assert place.has("parts/a")
    assert not place.has("parts")
    assert not place.has("parts/c")
    place.remove(["parts/a", "parts/lost"])
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "parts", "b"]


@pytest.mark.parametrize("start", ["", "file://"])
def test_paths_and_file_urls(tmp_path, start):
    place = Place(f"{start}{tmp_path}/out")
    place.put("a", b"1")
    assert (tmp_path / "out" / "a").read_bytes() == b"1"
    assert place.url_of("a") == str(tmp_path / "out" / "a")


def test_a_place_goes_to_another_process(tmp_path):
    place = Place(str(tmp_path))
    place.put("a", b"1")
    assert pickle.loads(pickle.dumps(place)).get("a") == b"1"


def test_any_file_system_of_fsspec():
    place = Place("memory://somewhere/out")
    place.put("a/b", b"1")
    assert place.get("a/b") == b"1"
    assert place.names("a") == ["b"]
    assert not place.has("a")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    place = Place(str(tmp_path / "file"))
    with pytest.raises(OutputError, match=f"^{tmp_path}/file/a: cannot be written: .*another dest"):
        place.put("a", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    """After a driver's death a worker may still be writing what its successor writes."""
    from concurrent.futures import ThreadPoolExecutor

    place = Place(str(tmp_path))
    content = b"x" * 100_000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: place.put("part", content), range(64)))
    assert [path.name for path in tmp_path.iterdir()] == ["part"]
    assert place.get("part") == content


def test_what_is_missing(tmp_path):
    with pytest.raises(PhotoError, match=f"^{tmp_path}/a: no such file. Check the path"):
        Place(str(tmp_path), PhotoError).get("a")
    with pytest.raises(OutputError, match="cannot be read"):
        Place(str(tmp_path)).get("a")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("gs://bucket/a", "gs:// needs the package gcsfs: pip install gcsfs"),
        ("az://bucket/a", "az:// needs the package adlfs: pip install adlfs"),
        ("abc://bucket/a", "not a place that can be used"),
    ],
)
def test_urls_that_cannot_be_used(url, said):
    with pytest.raises(ArgumentError, match=said):
        Place(url)


def test_results_are_readable_by_others(tmp_path):
    Place(str(tmp_path)).put("a", b"1")
    (tmp_path / "b").write_bytes(b"1")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.parametrize(
    ("url", "local"),
    [("a/b", True), ("/a", True), ("file:///a", True), ("s3://a", False), ("memory://a", False)],
)
def test_is_local(url, local):
    assert is_local(url) is local
