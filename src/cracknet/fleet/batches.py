"""Photographs put together into batches of like work, the same whenever they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cracknet.errors import ArgumentError, PhotoError
from cracknet.fleet.places import is_local
from cracknet.fleet.sources import Item
from cracknet.photo.header import read_header

BATCH_MEGAPIXELS = 100.0
"""About a minute's work of one core with cracknet-lite: what a worker's death repeats at most."""

BYTES_PER_PIXEL = {
    ".bmp": 3.0,
    ".heic": 0.2,
    ".heif": 0.2,
    ".hif": 0.2,
    ".png": 1.5,
    ".tif": 3.0,
    ".tiff": 3.0,
    ".webp": 0.2,
}
"""Guessed from a file's size where its header would have to be fetched; JPEG of cameras else."""
JPEG_BYTES_PER_PIXEL = 0.35


@dataclass(frozen=True)
class Batch:
    """Photographs that one worker does in one go."""

    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        """Name of its part files, made of its photographs' names, files and identities."""
        return key_of((item.photo, item.file, item.identity) for item in self.items)

    @property
    def megapixels(self) -> float:
        """As estimated before the photographs are read."""
        return sum(item.megapixels for item in self.items)


def key_of(items: Iterable[tuple[str, str, str]]) -> str:
    """Make the key of photographs, each its name, file and identity, whatever their order."""
    digest = hashlib.sha256()
    for parts in sorted(items):
        for part in parts:
            text = part.encode("utf-8", "surrogatepass")
            digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()[:32]


def make_batches(items: Sequence[Item], most: float = BATCH_MEGAPIXELS) -> list[Batch]:
    """Cut a list into batches by megapixels, in order.

    A batch ends before the photograph that would carry it past `most`; one photograph of more
    is a batch by itself.

    Parameters
    ----------
    items : sequence of Item
        With their megapixels.
    most : float
        Megapixels of a batch.

    Raises
    ------
    ArgumentError
        When `most` is not positive.

    Examples
    --------
    >>> items = [Item(name, name, megapixels=12) for name in "abcde"]
    >>> [len(batch.items) for batch in make_batches(items, 30)]
    [2, 2, 1]
    """
    check_batch_megapixels(most)
    batches: list[Batch] = []
    held: list[Item] = []
    total = 0.0
    for item in items:
        if held and total + item.megapixels > most:
            batches.append(Batch(tuple(held)))
            held, total = [], 0.0
        held.append(item)
        total += item.megapixels
    return [*batches, Batch(tuple(held))] if held else batches


def check_batch_megapixels(most: float) -> None:
    """Raise ArgumentError when the size of a batch is not a positive number."""
    if not 0 < most < float("inf"):
        msg = f"a batch must hold a positive number of megapixels; got {most}."
        raise ArgumentError(msg)


def sized(item: Item) -> Item:
    """Add a photograph's megapixels: by its header on a disk, by its bytes on an object store.

    Nothing is decoded, and what cannot be read counts as its bytes do.
    """
    if item.problem:
        return item
    pixels = 0
    if is_local(item.file):
        with suppress(PhotoError, OSError):
            pixels = read_header(Path(item.file)).pixels
    if not pixels:
        suffix = Path(item.file).suffix.lower()
        pixels = int(item.bytes / BYTES_PER_PIXEL.get(suffix, JPEG_BYTES_PER_PIXEL))
    return replace(item, megapixels=round(pixels / 1e6, 3))
