"""Reading packs: data sets in tar shards, as `cracknet.datasets.packing` writes them.

The shards are plain tar files, so that a photograph is read from its place without the rest. The
index ``pack.json`` says for each photograph in which shard its two members lie and where, and holds
a checksum of each: WebP itself would not tell that a bit has turned on the way.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.errors import DatasetError

PACK_SCHEMA = "cracknet/pack/1"
INDEX_NAME = "pack.json"


@dataclass(frozen=True)
class Member:
    """One file within a shard.

    Attributes
    ----------
    name : str
    offset, size : int
        Where its bytes lie in the shard.
    crc32 : int
        Checksum of its bytes.
    """

    name: str
    offset: int
    size: int
    crc32: int


@dataclass(frozen=True)
class PackedPair:
    """A photograph and its mask within a shard."""

    stem: str
    shard: Path
    image: Member
    mask: Member

    def read(self) -> tuple[Gray, Mask]:
        """Read both.

        Returns
        -------
        gray : (H, W) uint8
        mask : (H, W) bool

        Raises
        ------
        DatasetError
            When the shard is missing or damaged; the message names it and the member.
        """
        gray = self._decode(self.image)
        mask = self.read_mask()
        if mask.shape != gray.shape:
            raise self._damaged(self.mask, "it has not its photograph's size")
        return gray, mask

    def read_mask(self) -> Mask:
        """Read the mask alone, (H, W) bool.

        Raises
        ------
        DatasetError
            As `read`.
        """
        return np.asarray(self._decode(self.mask) > 0)

    def _decode(self, member: Member) -> Gray:
        try:
            with self.shard.open("rb") as file:
                file.seek(member.offset)
                content = file.read(member.size)
        except OSError as error:
            raise self._damaged(member, error.strerror or str(error)) from error
        if zlib.crc32(content) != member.crc32:
            raise self._damaged(member, "its checksum does not fit")
        gray = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        if gray is None:  # a checksum that fits, of no picture: not written by CrackNet
            raise self._damaged(member, "it is no picture that can be decoded")
        return np.asarray(gray, np.uint8)

    def _damaged(self, member: Member, why: str) -> DatasetError:
        return DatasetError(
            f"the shard {self.shard} is damaged at {member.name}: {why}. Copy it again, or pack "
            "the set again."
        )


def is_pack(root: Path) -> bool:
    """Tell whether a folder is a pack."""
    return (root / INDEX_NAME).is_file()


def read_index(path: Path) -> dict[str, Any]:
    """Read a pack's index.

    Raises
    ------
    DatasetError
        When it cannot be read or is of another kind or version.
    """
    try:
        index = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"the pack's index {path} cannot be read: {error}. Copy it again, or pack again."
        raise DatasetError(msg) from error
    schema = index.get("schema") if isinstance(index, dict) else None
    if schema != PACK_SCHEMA:
        msg = (
            f"a pack's index is of the schema {PACK_SCHEMA!r}; {path} says {schema!r}. Pack the "
            "set again with this version of CrackNet."
        )
        raise DatasetError(msg)
    return dict(index)


def packed_pairs(root: Path, split: str) -> list[PackedPair]:
    """List the photographs of a split of a pack, in the order of the folder it was made of.

    Raises
    ------
    DatasetError
        When the index cannot be used, there is no such split, or a shard is missing or has not the
        size that the index says.
    """
    path = root / INDEX_NAME
    splits = read_index(path).get("splits")
    if not isinstance(splits, Mapping) or split not in splits:
        names = ", ".join(splits or ())
        msg = f"the pack {root} has no split {split!r}; it has {names or 'none'}."
        raise DatasetError(msg)
    try:
        shards = [_shard(root, shard) for shard in splits[split]["shards"]]
        pairs = [_pair(shards, *row) for row in splits[split]["photos"]]
    except DatasetError:
        raise
    except (KeyError, TypeError, ValueError, IndexError) as error:
        msg = f"the pack's index {path} is damaged ({error!r}). Copy it again, or pack again."
        raise DatasetError(msg) from error
    return pairs


def _shard(root: Path, entry: Mapping[str, Any]) -> Path:
    path = root / Path(entry["file"]).name  # never outside the pack
    try:
        size = path.stat().st_size
    except OSError as error:
        msg = f"the pack lacks its shard {path}: {error.strerror}. Copy it again."
        raise DatasetError(msg) from error
    if size != entry["bytes"]:
        msg = (
            f"the shard {path} must have {entry['bytes']} bytes; it has {size}. Copy it again; the "
            "copy was cut short or is of another pack."
        )
        raise DatasetError(msg)
    return path


def _pair(
    shards: Sequence[Path], stem: str, shard: int, image: Sequence[Any], mask: Sequence[Any]
) -> PackedPair:
    return PackedPair(str(stem), shards[shard], _member(*image), _member(*mask))


def _member(name: str, offset: int, size: int, crc32: int) -> Member:
    return Member(str(name), int(offset), int(size), int(crc32))
