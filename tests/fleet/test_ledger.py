from __future__ import annotations

import json

import pytest

from cracknet.errors import OutputError
from cracknet.fleet.batches import Batch
from cracknet.fleet.ledger import part_name, read_ledger, write_batch
from cracknet.fleet.places import Place
from cracknet.fleet.sources import Item
from cracknet.fleet.tables import TABLES, PhotoResult, schema_of
from cracknet.fleet.work import failed
from cracknet.reporting.journal import PhotoRow


@pytest.fixture(params=["disk", "memory"])
def place(request, tmp_path):
    url = f"memory://{request.node.name}" if request.param == "memory" else tmp_path / "out"
    return Place(str(url))


def item(name, identity="1"):
    return Item(name, f"/photos/{name}", identity, megapixels=0.5)


def done(one):
    return PhotoResult(PhotoRow(one.photo, one.file, "done", width_px=4, height_px=3))


def write(place, *items, result=done):
    batch = Batch(items)
    write_batch(place, batch, [result(one) for one in items])
    return batch.key


def photos(place):
    from pyarrow import parquet

    if not place.names("photos"):
        return []
    table = parquet.read_table(f"{place.root}/photos", filesystem=place.filesystem)
    return sorted(zip(table["photo"].to_pylist(), table["status"].to_pylist(), strict=True))


def files(place):
    return sorted(f"{f}/{name}" for f in (*TABLES, "ledger") for name in place.names(f))


def files_of(*keys):
    return sorted(
        [part_name(table, key) for table in TABLES for key in keys]
        + [f"ledger/{key}.json" for key in keys]
    )


def test_a_batch_and_its_entry(place):
    assert read_ledger(place).done() == {}
    key = write(place, item("a"), item("b"))
    assert files(place) == files_of(key)
    ledger = read_ledger(place)
    assert ledger.stale == []
    found, entry = ledger.done()["/photos/a"]
    assert found == ("a", "/photos/a", "1", "done", 0.5)
    assert entry == key
    ledger.settle()
    assert files(place) == files_of(key)


def test_parts_without_an_entry_are_of_a_broken_batch_and_go(place):
    whole, broken = write(place, item("a")), write(place, item("b"))
    place.remove([f"ledger/{broken}.json"])
    place.put("photos/notes.parquet", b"mine")
    ledger = read_ledger(place)
    assert list(ledger.done()) == ["/photos/a"]
    assert photos_but_mine(place) == ["a", "b"]  # nothing is changed by reading
    ledger.settle()
    assert files(place) == sorted([*files_of(whole), "photos/notes.parquet"])


def photos_but_mine(place):
    place.remove(["photos/notes.parquet"])
    names = [name for name, _ in photos(place)]
    place.put("photos/notes.parquet", b"mine")
    return names


@pytest.mark.parametrize("table", TABLES)
def test_an_entry_without_its_parts_does_not_count(place, table):
    key = write(place, item("a"))
    place.remove([part_name(table, key)])
    ledger = read_ledger(place)
    assert ledger.done() == {}
    ledger.settle()
    assert files(place) == []


def test_photographs_are_withdrawn_and_the_rest_stays(place):
    key = write(place, item("a"), item("b"), item("c"))
    other = write(place, item("d"))
    ledger = read_ledger(place)
    ledger.withdraw({key: {"/photos/b"}})
    assert photos(place) == [("a", "done"), ("c", "done"), ("d", "done")]
    ledger = read_ledger(place)
    assert sorted(ledger.done()) == ["/photos/a", "/photos/c", "/photos/d"]
    assert ledger.stale == []
    assert files(place) == files_of(other, Batch((item("a"), item("c"))).key)
    ledger.withdraw({ledger.done()["/photos/a"][1]: {"/photos/a", "/photos/c"}})
    assert files(place) == files_of(other)


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_withdrawal_that_is_broken_off_counts_nothing_twice(place, kept, monkeypatch):
    """Whatever is left of the old batch beside the new entry is passed over and deleted."""
    key = write(place, item("a"), item("b"))
    old = {name: place.get(name) for name in files_of(key)}
    read_ledger(place).withdraw({key: {"/photos/b"}})
    for name in list(old)[kept:]:
        place.put(name, old[name])
    ledger = read_ledger(place)
    assert list(ledger.done()) == ["/photos/a"]
    ledger.settle()
    assert photos(place) == [("a", "done")]
    assert files(place) == files_of(Batch((item("a"),)).key)


def test_a_photograph_in_two_entries_is_counted_once_the_later_time(place):
    write(place, item("a"), item("b"), result=lambda one: failed(one, "lost"))
    later = write(place, item("b"), item("c"))
    ledger = read_ledger(place)
    assert ledger.done()["/photos/b"][1] == later
    ledger.settle()
    assert photos(place) == [("a", "failed"), ("b", "done"), ("c", "done")]
    assert len(read_ledger(place).entries) == 2


def test_the_same_batch_twice_is_the_same_files(place):
    key = write(place, item("a"), item("b"))
    assert write(place, item("b"), item("a")) == key
    assert files(place) == files_of(key)
    assert photos(place) == [("a", "done"), ("b", "done")]


@pytest.mark.parametrize("content", [b"", b"text", b"[]", b'{"schema": "cracknet.batch/9"}'])
def test_an_entry_that_is_none(place, content):
    place.put("ledger/x.json", content)
    with pytest.raises(OutputError, match=r"ledger/x.json: is not an entry of a ledger"):
        read_ledger(place)


def test_an_entry_is_plain_json(place):
    key = write(place, item("a"))
    content = json.loads(place.get(f"ledger/{key}.json"))
    assert content["schema"] == "cracknet.batch/1"
    assert content["items"] == [["a", "/photos/a", "1", "done", 0.5]]


@pytest.mark.parametrize("table", TABLES)
def test_columns_have_meanings_and_units(table):
    schema = schema_of(table)
    assert all(field.metadata[b"description"] for field in schema)
    units = {field.name: field.metadata[b"unit"].decode() for field in schema}
    assert {units[name] for name in units if name.endswith("_mm")} <= {"mm"}
    assert {units[name] for name in units if name.endswith("_px")} <= {"px", "mm/px"}
