"""Packing a data set into a few compact files, so that it travels to a training machine.

A pack is a folder of plain tar files, named as WebDataset names its shards, and an index:

``<split>-00000.tar``, ``<split>-00001.tar``, ...
    Per photograph two members: ``<stem>.webp``, gray, 8 bits, and ``<stem>.mask.png``, one bit.
``pack.json``
    Per split the shards with size and SHA-256, and the photographs: in which shard each lies,
    where, and the checksum of its bytes. `cracknet.datasets.packed` reads them.

``pack.json`` is written last. Until then ``pack.part.json`` says which shards are done (see
`cracknet.datasets.pack_folder`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.datasets.pack_folder import (
    JOURNAL_NAME,
    begin,
    clear,
    is_there,
    read_finished,
    shards_of,
)
from cracknet.datasets.packed import INDEX_NAME, PACK_SCHEMA
from cracknet.datasets.pairs import Pair, find_file_pairs
from cracknet.datasets.shards import Entry, fill_shards, packed_bytes
from cracknet.errors import ArgumentError, DatasetError
from cracknet.files import write_whole

DEFAULT_SHARD_BYTES = 16_000_000
LEAST_QUALITY = 10
"""Below it, cracks go sooner than bytes."""

_SAMPLE_PHOTOS = 60
_SAMPLE_PIXELS = 60_000_000
_INDEX_BYTES = 150
"""About what the index says of one photograph."""

Progress = Callable[[int, int], None]
Pairs = dict[str, list[Pair]]


@dataclass(frozen=True)
class Packed:
    """What became of a pack.

    Attributes
    ----------
    photographs, shards, bytes : int
        Of the whole pack, the index included.
    skipped : int
        Shards that were there already.
    quality : int or None
        Of lossy WebP; None for a lossless pack.
    """

    photographs: int
    shards: int
    bytes: int
    skipped: int
    quality: int | None


class _TooLargeError(Exception):
    """The pack passes its limit; its argument is the size reached, in bytes."""


def pack_set(
    root: Path,
    out: Path,
    *,
    splits: Sequence[str] = (),
    quality: int | None = None,
    max_bytes: int | None = None,
    shard_bytes: int = DEFAULT_SHARD_BYTES,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Packed:
    """Pack a data set; a pack that was broken off goes on at its first missing shard.

    The same set and options give the same bytes.

    Parameters
    ----------
    root, out : Path
        Folders of the data set and of the pack.
    splits : sequence of str
        Which splits; all by default.
    quality : int, optional
        10 to 100: lossy WebP of this quality, or of a lower one where `max_bytes` asks for it.
        Without it photographs are kept to the bit, in gray. Masks always are.
    max_bytes : int, optional
        Most that the whole pack may take.
    shard_bytes : int
        Most that one shard may take.
    overwrite : bool
        Make the pack anew, also in place of one of another set or of other options.
    progress : callable, optional
        Called with the number of photographs done and of all.

    Raises
    ------
    ArgumentError
        When a value is outside what is accepted, or the pack cannot be as small as `max_bytes`:
        the message names the size that it reached, and nothing is left of it.
    DatasetError, PhotoError
        When a file of the set cannot be used (it is named), or `out` holds something else.
    OutputError
        When a shard cannot be written.
    """
    _check(quality, max_bytes, shard_bytes)
    pairs = _find(root, splits)
    plan: dict[str, Any] = {
        "source": _digest(pairs),
        "splits": {split: len(found) for split, found in pairs.items()},
        "lossy": quality,
        "max_bytes": max_bytes,
        "shard_bytes": shard_bytes,
    }
    if overwrite:
        clear(out)
    elif index := read_finished(out, plan):
        found = shards_of(index)
        size = sum(shard["bytes"] for shard in found) + (out / INDEX_NAME).stat().st_size
        return Packed(sum(plan["splits"].values()), len(found), size, len(found), index["quality"])
    journal = begin(out, plan)
    reached = 0
    for each in _qualities(pairs, quality, max_bytes, journal):
        if each != journal.get("quality", each):
            clear(out)
            journal["shards"] = []
        journal["quality"] = each
        try:
            return _write(pairs, out, journal, progress)
        except _TooLargeError as error:
            reached = error.args[0]
    clear(out)
    least = "without loss" if quality is None else f"even at quality {LEAST_QUALITY}"
    step = "Give --lossy 90, or raise" if quality is None else "Pack fewer splits, or raise"
    msg = (
        f"a pack must keep to its --max-size, {_mb(max_bytes or 0)}; {root} takes {_mb(reached)} "
        f"{least}. {step} --max-size."
    )
    raise ArgumentError(msg)


def _check(quality: int | None, max_bytes: int | None, shard_bytes: int) -> None:
    if quality is not None and not LEAST_QUALITY <= quality <= 100:
        msg = f"the quality of a lossy pack is {LEAST_QUALITY} to 100; got {quality}."
        raise ArgumentError(msg)
    for name, value in (("max_bytes", max_bytes), ("shard_bytes", shard_bytes)):
        if value is not None and value < 1:
            msg = f"{name} must be at least 1; got {value}."
            raise ArgumentError(msg)


def _find(root: Path, splits: Sequence[str]) -> Pairs:
    images = root / "images"
    if not splits and images.is_dir():
        splits = [path.name for path in sorted(images.iterdir()) if path.is_dir()]
    if not splits:
        find_file_pairs(root, "train")  # says what is amiss
        msg = f"{images} holds no split. Run `cracknet dataset check` on {root}."
        raise DatasetError(msg)
    pairs = {split: find_file_pairs(root, split) for split in splits}
    for split, found in pairs.items():
        if not found:
            msg = f"the split {images / split} holds no photographs. Leave it out with --split."
            raise DatasetError(msg)
    return pairs


def _digest(pairs: Pairs) -> str:
    """Return the SHA-256 over the names and contents of all files."""
    whole = hashlib.sha256()
    for split, found in pairs.items():
        for pair in found:
            whole.update(f"{split}/{pair.stem}\0".encode(errors="surrogateescape"))
            for path in (pair.image, pair.mask):
                try:
                    with path.open("rb") as file:
                        whole.update(hashlib.file_digest(file, "sha256").digest())
                except OSError as error:
                    msg = f"{path} cannot be read: {error.strerror}. Change its permissions."
                    raise DatasetError(msg) from error
    return whole.hexdigest()


def _qualities(
    pairs: Pairs, quality: int | None, max_bytes: int | None, journal: dict[str, Any]
) -> Iterator[int | None]:
    """Yield the qualities to try, from the highest that may fit, as a sample of the set foretells.

    A call that goes on begins at the quality that the call before had come to.
    """
    if quality is None or max_bytes is None:
        yield quality
        return
    high = journal.get("quality") or _foretell(pairs, quality, max_bytes)
    yield high
    while high > LEAST_QUALITY:
        high = max(LEAST_QUALITY, high - 2)
        yield high


def _foretell(pairs: Pairs, quality: int, max_bytes: int) -> int:
    every = [pair for found in pairs.values() for pair in found]
    sample: list[tuple[Gray, Mask]] = []
    pixels = 0
    for index in np.random.default_rng(0).permutation(len(every))[:_SAMPLE_PHOTOS]:
        sample.append(every[index].read())
        pixels += sample[-1][1].size
        if pixels > _SAMPLE_PIXELS:
            break
    room = (max_bytes / len(every) - _INDEX_BYTES) * len(sample)

    def fits(candidate: int) -> bool:
        return sum(packed_bytes(*each, candidate) for each in sample) <= room

    if fits(quality):
        return quality
    low, high = LEAST_QUALITY, quality
    while high - low > 1:  # the highest that fits, if any does, lies in [low, high)
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _write(pairs: Pairs, out: Path, journal: dict[str, Any], progress: Progress | None) -> Packed:
    """Write the shards that are missing, then the index.

    Raises
    ------
    _TooLargeError
        When the limit is passed. Where no lower quality is left, nothing more is written from
        there on, but all is encoded, to say how large the whole would be.
    """
    plan, quality = journal["plan"], journal["quality"]
    limit, total = plan["max_bytes"], sum(map(len, pairs.values()))
    kept = [entry for entry in journal["shards"] if is_there(out, entry)]
    entries: list[Entry] = []
    size = done = 0
    for entry, content in _shards(pairs, kept, quality, plan["shard_bytes"]):
        entries.append(entry)
        size += entry["bytes"]
        done += len(entry["photos"])
        if progress:
            progress(done, total)
        if limit is not None and size > limit:
            if quality is not None and quality > LEAST_QUALITY:
                raise _TooLargeError(size)
        elif content is not None:
            write_whole(out / entry["file"], content)
            journal["shards"] = entries[:]
            write_whole(out / JOURNAL_NAME, _json(journal))
    index = _json(
        {
            "schema": PACK_SCHEMA,
            "version": version("cracknet"),
            "quality": quality,
            "plan": plan,
            "splits": {split: _split_index(split, entries) for split in pairs},
        }
    )
    size += len(index)
    if limit is not None and size > limit:
        raise _TooLargeError(size)
    write_whole(out / INDEX_NAME, index)
    with suppress(OSError):
        (out / JOURNAL_NAME).unlink()
    return Packed(total, len(entries), size, len(kept), quality)


def _shards(
    pairs: Pairs, kept: Sequence[Entry], quality: int | None, shard_bytes: int
) -> Iterator[tuple[Entry, bytes | None]]:
    """Yield every shard in order: those kept without their content, then those still to write."""
    for split, found in pairs.items():
        mine = [entry for entry in kept if entry["split"] == split]
        # Only those before the first gap: what stands in a shard depends on those before it.
        mine = [e for k, e in enumerate(mine) if e["file"] == f"{split}-{k:05d}.tar"]
        yield from ((entry, None) for entry in mine)
        begun = sum(len(entry["photos"]) for entry in mine)
        yield from fill_shards(split, found[begun:], len(mine), quality, shard_bytes)


def _split_index(split: str, entries: Sequence[Entry]) -> dict[str, Any]:
    mine = [entry for entry in entries if entry["split"] == split]
    return {
        "shards": [{key: entry[key] for key in ("file", "bytes", "sha256")} for entry in mine],
        "photos": [
            [stem, number, image, mask]
            for number, entry in enumerate(mine)
            for stem, image, mask in entry["photos"]
        ],
    }


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, separators=(",", ":")) + "\n").encode()


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
