"""Jobs put into the list, each once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cracknet.errors import ArgumentError
from cracknet.web.queue.errors import QueueFullError
from cracknet.web.queue.folders import safe_names
from cracknet.web.queue.jobs import Edits, JobKind, JobOptions
from cracknet.web.queue.records import count_unfinished


@dataclass(frozen=True)
class Arrival:
    """What is sent in, as `cracknet.web.queue.store.Store.create` takes it.

    Attributes
    ----------
    id, kind, title, options, photos, about
        `photos` are of (file_name, stored, bytes).
    """

    id: str
    kind: JobKind
    title: str
    options: JobOptions
    photos: tuple[tuple[str, str, int], ...]
    about: dict[str, Any]


def content_of(arrival: Arrival, folder: Path) -> str:
    """Sum up what a job consists of, its photographs byte by byte, as SHA-256."""
    told = [arrival.kind, arrival.title, arrival.options.as_dict(), arrival.about]
    total = hashlib.sha256(json.dumps(told).encode())
    for file_name, stored, size in arrival.photos:
        total.update(json.dumps([file_name, size]).encode())
        with (folder / stored).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def find_earlier(db: sqlite3.Connection, key: str, content: str) -> str | None:
    """Find the job that came with an idempotency key before; None where none did.

    Raises
    ------
    ArgumentError
        When its content was another.
    """
    row = db.execute("SELECT id, content FROM jobs WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["content"] != content:
        msg = (
            f"the idempotency key {key!r} came with another job before. Send a new key with a new "
            "job."
        )
        raise ArgumentError(msg)
    return str(row["id"])


def insert(
    db: sqlite3.Connection, arrival: Arrival, limit: int, key: str | None, content: str | None
) -> None:
    """Put a job and its photographs into the list.

    Raises
    ------
    QueueFullError
        When `limit` unfinished jobs wait.
    ArgumentError
        When the id is taken.
    """
    if db.execute("SELECT 1 FROM jobs WHERE id = ?", (arrival.id,)).fetchone():
        msg = f"there is a job {arrival.id} already. Make another id."
        raise ArgumentError(msg)
    waiting = count_unfinished(db)
    if waiting >= limit:
        msg = f"{waiting} jobs wait already, and no more are taken. Send it again later."
        raise QueueFullError(msg)
    todo = "change" if arrival.kind == "change" else None
    db.execute(
        "INSERT INTO jobs (id, kind, title, status, created, options, about, key, content, todo)"
        " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)",
        (arrival.id, arrival.kind, arrival.title, time.time(),
         json.dumps(arrival.options.as_dict()), json.dumps(arrival.about), key, content, todo),
    )  # fmt: skip
    none = json.dumps(Edits().as_dict())
    names = safe_names(file_name for file_name, _, _ in arrival.photos)
    db.executemany(
        "INSERT INTO photos (job, number, file_name, name, stored, bytes, edits, todo)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'segment')",
        [
            (arrival.id, number, file_name, name, stored, size, none)
            for number, ((file_name, stored, size), name) in enumerate(
                zip(arrival.photos, names, strict=True), 1
            )
        ],
    )
