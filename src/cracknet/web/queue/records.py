"""Rows of the list of jobs, read and brought up to date within a transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime

from cracknet.web.queue.errors import MissingError
from cracknet.web.queue.jobs import UNFINISHED, Edits, Job, JobOptions, PhotoRecord

CANCELLED = "cancelled before it was segmented."

IS_UNFINISHED = f"status IN ({', '.join(repr(status) for status in UNFINISHED)})"
"""SQL that tells whether a job waits or is being worked on."""

FIGURES = (
    "width_px", "height_px", "crack_share", "cracks", "length_px", "length_mm", "width_max_px",
    "width_max_mm", "mm_per_px",
)  # fmt: skip
"""Columns of a photograph, and fields of its record, that hold what was found."""


def read_job(db: sqlite3.Connection, job: str) -> Job:
    """Read a job with its photographs.

    Raises
    ------
    MissingError
        When there is none of this id.
    """
    row = db.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
    if row is None:
        raise MissingError(missing(job))
    photos = db.execute("SELECT * FROM photos WHERE job = ? ORDER BY number", (job,))
    finished = row["finished"]
    return Job(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        status=row["status"],
        error=row["error"],
        created=datetime.fromtimestamp(row["created"], UTC),
        finished=None if finished is None else datetime.fromtimestamp(finished, UTC),
        options=JobOptions.from_dict(json.loads(row["options"])),
        photos=tuple(photo_of(photo) for photo in photos),
        revision=row["revision"],
        about=json.loads(row["about"]),
    )


def photo_of(row: sqlite3.Row) -> PhotoRecord:
    """Make the record of a photograph from its row."""
    return PhotoRecord(
        number=row["number"],
        file_name=row["file_name"],
        name=row["name"],
        bytes=row["bytes"],
        status=row["status"],
        error=row["error"],
        edits=Edits.from_dict(json.loads(row["edits"])),
        revision=row["revision"],
        **{name: row[name] for name in FIGURES},
    )


def count_unfinished(db: sqlite3.Connection) -> int:
    """Count the jobs that wait or are being worked on."""
    return int(db.execute(f"SELECT COUNT(*) FROM jobs WHERE {IS_UNFINISHED}").fetchone()[0])


def touch(db: sqlite3.Connection, job: str) -> None:
    """Raise the revision of a job."""
    db.execute("UPDATE jobs SET revision = revision + 1 WHERE id = ?", (job,))


def reopen(db: sqlite3.Connection, job: str) -> None:
    """Let a finished job have work again; tables that wait are written after it."""
    db.execute(
        f"UPDATE jobs SET status = CASE WHEN {IS_UNFINISHED} THEN status ELSE 'queued' END,"
        " cancelled = 0, finished = NULL, todo = NULL, revision = revision + 1 WHERE id = ?",
        (job,),
    )


def give_up(db: sqlite3.Connection, job: str, kind: str) -> None:
    """Give up what of a job is not segmented or compared; what is in work is marked."""
    if kind == "change":
        db.execute("UPDATE jobs SET cancelled = 1, todo = NULL WHERE id = ?", (job,))
        row = db.execute("SELECT owner FROM jobs WHERE id = ?", (job,)).fetchone()
        if row["owner"] is None:
            finish_job(db, job)
        return
    cut = db.execute(
        "UPDATE photos SET todo = NULL, revision = revision + 1,"
        " error = CASE WHEN segmented OR owner IS NOT NULL THEN '' ELSE ? END,"
        " status = CASE WHEN owner IS NOT NULL THEN status"
        " WHEN segmented THEN 'done' ELSE 'failed' END"
        " WHERE job = ? AND (todo = 'segment' OR doing = 'segment')",
        (CANCELLED, job),
    )
    if cut.rowcount:
        db.execute("UPDATE jobs SET cancelled = 1 WHERE id = ?", (job,))
        settle(db, job)


def settle(db: sqlite3.Connection, job: str) -> None:
    """Bring a job up to date after one of its photographs has come to an end.

    After the last one its tables are to be written; where there is nothing to be put into them,
    it has ended.
    """
    row = db.execute("SELECT owner FROM jobs WHERE id = ?", (job,)).fetchone()
    if row is None:
        return
    touch(db, job)
    count = db.execute(
        "SELECT COUNT(*) FILTER (WHERE todo IS NOT NULL OR owner IS NOT NULL) AS open,"
        " COUNT(*) FILTER (WHERE segmented) AS segmented FROM photos WHERE job = ?",
        (job,),
    ).fetchone()
    if count["open"]:
        return
    if count["segmented"]:
        db.execute("UPDATE jobs SET todo = 'tables' WHERE id = ?", (job,))
        return
    error = db.execute(
        "SELECT error FROM photos WHERE job = ? AND error <> ? ORDER BY number LIMIT 1",
        (job, CANCELLED),
    ).fetchone()
    finish_job(db, job, "" if error is None else error["error"], failed=error is not None)


def finish_job(db: sqlite3.Connection, job: str, error: str = "", *, failed: bool = False) -> None:
    """Write that a job has ended; one that was cancelled stays cancelled."""
    db.execute(
        "UPDATE jobs SET status = CASE WHEN cancelled THEN 'cancelled' ELSE ? END, error = ?,"
        " finished = ?, revision = revision + 1 WHERE id = ?",
        ("failed" if failed else "done", error, time.time(), job),
    )


def missing(job: str) -> str:
    """Say that there is no such job."""
    return f"there is no job {job}, or none any more."
