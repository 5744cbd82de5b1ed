"""What a worker is given to do, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cracknet.web.queue.jobs import Job, PhotoRecord

TaskKind = Literal["segment", "measure", "tables", "change"]


@dataclass(frozen=True)
class Task:
    """A piece of work that belongs to one worker.

    Attributes
    ----------
    kind : {"segment", "measure", "tables", "change"}
        A photograph segmented and measured; measured anew after its edits or options changed; the
        tables of a job; two dates compared.
    job : Job
        As it was when the task was taken.
    photo : PhotoRecord or None
        None for ``tables`` and ``change``.
    file : Path or None
        The photograph as received.
    owner : str
        The worker.
    """

    kind: TaskKind
    job: Job
    photo: PhotoRecord | None
    file: Path | None
    owner: str


@dataclass(frozen=True)
class PhotoFigures:
    """What was found on a photograph; the fields of `PhotoRecord`."""

    width_px: int
    height_px: int
    crack_share: float
    cracks: int
    length_px: float
    length_mm: float | None
    width_max_px: float | None
    width_max_mm: float | None
    mm_per_px: float | None
