"""The scoreboard: scores that `cracknet evaluate --json` wrote, gathered by set."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cracknet.errors import DatasetError
from cracknet.scoring.published import Published, published_scores

Share = float | None


class _Normalised(BaseModel):
    model_config = ConfigDict(frozen=True)

    ods: Share
    ois: Share


class Entry(BaseModel):
    """One model on one set, as its file says: keys are those of `cracknet evaluate --json`.

    What follows `per_image_normalised` is None where a folder of predictions was scored, or the
    file was written before the field was added.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: str
    set: str
    split: str
    protocol: str
    photos: int
    threshold: float
    precision: Share
    recall: Share
    f1: Share
    iou: Share
    ods: Share
    ods_at: Share
    ois: Share
    average_precision: Share
    f1_2px: Share
    cl_dice: Share
    false_alarm_share: Share
    distractor_share: Share
    per_image_normalised: _Normalised | None

    only: str | None = None
    model_sha256: dict[str, str] | None = None
    net: str | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
    multiply_adds_tile_px: int | None = None
    coarse_weight: float | None = None
    size_mb: float | None = None
    cpu_ms_per_megapixel: float | None = None
    processor: str | None = None
    engine: str | None = None
    number_format: str | None = None
    licence: str | None = None
    training_data: dict[str, str] | None = None

    @property
    def scored(self) -> str:
        """What was scored: the split, and the list where only some of it was."""
        return f"{self.split.split(',')[0]}, listed in {self.only}" if self.only else self.split

    @property
    def checksum(self) -> str:
        """Eight digits that tell files of one name apart; empty for a folder of predictions."""
        sums = sorted((self.model_sha256 or {}).items())
        weights = [value for name, value in sums if name.endswith((".bin", ".onnx"))]
        return (weights or [value for _, value in sums] or [""])[0][:8]

    @property
    def run_by(self) -> str:
        """Engine and number format."""
        return " ".join(part for part in (self.engine, self.number_format) if part)

    @property
    def gflop(self) -> float | None:
        """Of one tile at one size, two for a multiply-add, in 10^9."""
        return None if self.multiply_adds is None else self.multiply_adds * 2 / 1e9

    @property
    def terms(self) -> str | None:
        """The licence's first words, up to its first colon, full stop or semicolon."""
        return re.split(r"[:;.](?:\s|$)", self.licence)[0] if self.licence else None


@dataclass(frozen=True)
class SetBoard:
    """All models on one set.

    Attributes
    ----------
    set, scored : str
        The set's name, and which of its photographs.
    entries : tuple of Entry
        Best F1 first.
    published : tuple of Published
        What others published for the split.
    """

    set: str
    scored: str
    entries: tuple[Entry, ...]
    published: tuple[Published, ...]

    @property
    def title(self) -> str:
        """Set and what was scored of it."""
        return f"{self.set} {self.scored}"


def read_entry(path: Path) -> Entry:
    """Read what `cracknet evaluate --json` wrote.

    Raises
    ------
    DatasetError
        When the file cannot be read, or lacks a score.
    """
    try:
        return Entry.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        said: object = error
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            said = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
        msg = (
            f"the scoreboard is made of files that `cracknet evaluate --json` wrote; {path} is not "
            f"one: {said}. Evaluate again."
        )
        raise DatasetError(msg) from error


def gather(entries: Iterable[Entry]) -> list[SetBoard]:
    """Sort scores into one board for each set and split, by name.

    Raises
    ------
    DatasetError
        When the same model was scored twice on the same photographs, by one engine, number
        format and threshold: which of them holds cannot be known.
    """
    boards: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    seen = set()
    for entry in entries:
        place = (entry.set, entry.scored)
        key = (*place, entry.model, entry.checksum, entry.run_by, entry.threshold)
        if key in seen:
            msg = (
                f"{entry.model} on {entry.set} {entry.scored} is given twice. Leave out the older "
                "file."
            )
            raise DatasetError(msg)
        seen.add(key)
        boards[place].append(entry)
    return [
        SetBoard(
            name,
            scored,
            tuple(sorted(found, key=lambda one: (-(one.f1 or 0), one.model, one.checksum))),
            tuple(one for one in published_scores() if (one.set, one.split) == (name, scored)),
        )
        for (name, scored), found in sorted(boards.items())
    ]


def as_json(boards: Sequence[SetBoard]) -> list[dict[str, Any]]:
    """Return the boards for JSON."""
    return [
        {
            "set": board.set,
            "scored": board.scored,
            "models": [{**entry.model_dump(), "gflop": entry.gflop} for entry in board.entries],
            "published": [figure.model_dump() for figure in board.published],
        }
        for board in boards
    ]
