"""What an output folder holds of a pack: a finished one, or one that was broken off.

While a pack is made, ``pack.part.json`` says of what set, by what options, and which shards are
done. Only what it or ``pack.json`` names is ever removed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cracknet.datasets.packed import INDEX_NAME, is_pack, read_index
from cracknet.datasets.shards import Entry
from cracknet.errors import DatasetError, OutputError

JOURNAL_NAME = "pack.part.json"


def read_finished(out: Path, plan: dict[str, Any]) -> dict[str, Any] | None:
    """Return the index of a finished pack of this plan; None where none is, or a shard is gone.

    Raises
    ------
    DatasetError
        When `out` holds a pack of another plan, or an index that cannot be used.
    """
    if not is_pack(out):
        return None
    index = read_index(out / INDEX_NAME)
    if index.get("plan") != plan:
        msg = (
            f"{out} holds a pack of another set, of a set that has changed since, or of other "
            "options. Name another folder, or give --overwrite."
        )
        raise DatasetError(msg)
    return index if all(is_there(out, shard) for shard in shards_of(index)) else None


def shards_of(index: dict[str, Any]) -> list[Entry]:
    """List the shards that an index names."""
    return [shard for split in index["splits"].values() for shard in split["shards"]]


def begin(out: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """Return the journal of a call of the same plan that was broken off, or a new one.

    Raises
    ------
    DatasetError
        When `out` is a data set, or holds shards of which no journal and no index knows.
    """
    journal = _read_json(out / JOURNAL_NAME)
    if journal.get("plan") == plan and journal.get("version") == version("cracknet"):
        return journal
    clear(out)
    foreign = [path for split in plan["splits"] for path in sorted(out.glob(f"{split}-*.tar"))]
    if foreign or (out / "images").is_dir():
        msg = (
            f"a pack goes into a folder of its own; {out} holds "
            f"{foreign[0].name if foreign else 'images'}. Name another folder."
        )
        raise DatasetError(msg)
    return {"version": version("cracknet"), "plan": plan, "shards": []}


def clear(out: Path) -> None:
    """Remove an index, a journal and the shards that they name, and nothing else.

    Raises
    ------
    OutputError
        When one cannot be removed.
    """
    if not out.is_dir():
        return
    shards = [*_read_json(out / JOURNAL_NAME).get("shards", [])]
    for split in _read_json(out / INDEX_NAME).get("splits", {}).values():
        shards += split["shards"]
    # The index first: a pack without it is no pack, while one without a shard is a damaged one.
    for name in (INDEX_NAME, *(Path(shard["file"]).name for shard in shards), JOURNAL_NAME):
        try:
            (out / name).unlink(missing_ok=True)
        except OSError as error:
            msg = f"{out / name} cannot be removed: {error.strerror}. Name another folder."
            raise OutputError(msg) from error


def is_there(out: Path, shard: Entry) -> bool:
    """Tell whether a shard has the size that it was written with."""
    path = out / Path(shard["file"]).name
    return path.is_file() and path.stat().st_size == shard["bytes"]


def _read_json(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        content = json.loads(path.read_text("utf-8"))
        if isinstance(content, dict):
            return content
    return {}
