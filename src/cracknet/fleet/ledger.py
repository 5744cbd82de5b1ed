"""The ledger: which batches are done, as files that appear after their results are whole.

``ledger/<key>.json`` is written when ``photos``, ``cracks`` and ``branches`` each hold
``part-<key>.parquet``. The key is made of the photographs in it, so the same batch done twice
writes the same names. A part whose key has no entry is of a batch that was broken off.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from cracknet.errors import OutputError
from cracknet.fleet.batches import Batch, key_of
from cracknet.fleet.places import Place
from cracknet.fleet.tables import TABLES, PhotoResult, parquet_of, part_files, rows_of

FOLDER = "ledger"
SCHEMA = "cracknet.batch/1"


class Done(NamedTuple):
    """A photograph in the ledger."""

    photo: str
    file: str
    identity: str
    status: str
    megapixels: float


@dataclass(frozen=True)
class Entry:
    """A batch in the ledger.

    Attributes
    ----------
    key : str
    items : tuple of Done
    cracks : int
        Rows of its part of the table of cracks.
    replaces : tuple of str
        Keys of entries that no longer hold, should they still be there.
    written : float
        Seconds since 1970.
    """

    key: str
    items: tuple[Done, ...]
    cracks: int = 0
    replaces: tuple[str, ...] = ()
    written: float = field(default_factory=time.time)


@dataclass
class Ledger:
    """The ledger of a destination as found, and what lies there without an entry.

    Attributes
    ----------
    place : Place
    entries : dict of str to Entry
        By key; those whose parts are all there.
    stale : list of str
        Files below the destination that belong to no entry, in the order to delete them.
    """

    place: Place
    entries: dict[str, Entry]
    stale: list[str]

    def done(self) -> dict[str, tuple[Done, str]]:
        """Photographs by file, each with the key of its entry, the latest where there are two."""
        found: dict[str, tuple[Done, str]] = {}
        for entry in sorted(self.entries.values(), key=lambda entry: entry.written):
            found |= {item.file: (item, entry.key) for item in entry.items}
        return found

    def settle(self) -> None:
        """Delete what belongs to no entry, and count photographs with two entries once."""
        self.place.remove(self.stale)
        self.stale = []
        done = self.done()
        twice: dict[str, set[str]] = defaultdict(set)
        for entry in self.entries.values():
            for item in entry.items:
                if done[item.file][1] != entry.key:
                    twice[entry.key].add(item.file)
        self.withdraw(twice)

    def withdraw(self, files: Mapping[str, Collection[str]]) -> None:
        """Take photographs out of entries and tables, because they are done anew.

        The rest of an entry is written under a key of its own first, and says which entry it
        replaces: whenever this is broken off, one of the two holds.

        Parameters
        ----------
        files : mapping of str to collection of str
            Files by key of their entry.
        """
        for key, gone in files.items():
            entry = self.entries.pop(key)
            kept = [item for item in entry.items if item.file not in gone]
            if kept:
                rest = self._rewritten(entry, kept)
                self.entries[rest.key] = rest
            self.place.remove([f"{FOLDER}/{key}.json"])
            self.place.remove([part_name(table, key) for table in TABLES])

    def _rewritten(self, entry: Entry, kept: Sequence[Done]) -> Entry:
        photos = {item.photo for item in kept}
        key = key_of((item.photo, item.file, item.identity) for item in kept)
        cracks = 0
        for table in TABLES:
            rows = rows_of(self.place.get(part_name(table, entry.key)))
            rows = [row for row in rows if row["photo"] in photos]
            cracks = len(rows) if table == "cracks" else cracks
            self.place.put(part_name(table, key), parquet_of(rows, table))
        rest = Entry(key, tuple(kept), cracks, (entry.key,), entry.written)
        _write_entry(self.place, rest)
        return rest


def read_ledger(place: Place) -> Ledger:
    """Read the ledger of a destination; nothing is changed.

    Raises
    ------
    OutputError
        When it cannot be read, or an entry is damaged.
    """
    names = [name for name in place.names(FOLDER) if name.endswith(".json")]
    contents = place.get_many([f"{FOLDER}/{name}" for name in names])
    entries = {
        name.removesuffix(".json"): _read_entry(place, name, content)
        for name, content in zip(names, contents, strict=True)
    }
    replaced = {key for entry in entries.values() for key in entry.replaces}
    parts = {table: _keys(place.names(table)) for table in TABLES}
    whole = set.intersection(*parts.values())
    live = {key: e for key, e in entries.items() if key in whole and key not in replaced}
    stale = [f"{FOLDER}/{key}.json" for key in entries if key not in live]
    stale += [
        part_name(table, key) for table, keys in parts.items() for key in sorted(keys - set(live))
    ]
    return Ledger(place, live, stale)


def write_batch(place: Place, batch: Batch, results: Sequence[PhotoResult]) -> Entry:
    """Write a batch's part files and, when they are there, its entry."""
    key = batch.key
    for table, content in part_files(results).items():
        place.put(part_name(table, key), content)
    entry = Entry(
        key,
        tuple(
            Done(item.photo, item.file, item.identity, result.row.status, item.megapixels)
            for item, result in zip(batch.items, results, strict=True)
        ),
        sum(len(result.cracks) for result in results),
    )
    _write_entry(place, entry)
    return entry


def part_name(table: str, key: str) -> str:
    """Name a batch's part of a table below the destination."""
    return f"{table}/part-{key}.parquet"


def _keys(names: Iterable[str]) -> set[str]:
    """Keys of the part files among names: of ours alone, whatever else lies there."""
    return {
        name[5:-8]
        for name in names
        if name.startswith("part-") and name.endswith(".parquet") and len(name) == 45
    }


def _write_entry(place: Place, entry: Entry) -> None:
    content = {"schema": SCHEMA, **asdict(entry)}
    place.put(f"{FOLDER}/{entry.key}.json", (json.dumps(content) + "\n").encode())


def _read_entry(place: Place, name: str, content: bytes) -> Entry:
    try:
        values = json.loads(content)
        entry = {name: values[name] for name in ("key", "cracks", "written")}
        items = tuple(Done(*item) for item in values["items"])
        replaces = tuple(values["replaces"])
        known = values["schema"] == SCHEMA
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        msg = (
            f"{place.url_of(f'{FOLDER}/{name}')}: is not an entry of a ledger of this version. "
            "Name another destination with -o, or delete the file to do its photographs again."
        )
        raise OutputError(msg)
    return Entry(items=items, replaces=replaces, **entry)
