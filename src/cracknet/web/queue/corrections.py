"""Options and edits changed after a job was sent in."""

from __future__ import annotations

import json
import sqlite3

from cracknet.errors import ArgumentError
from cracknet.web.queue.errors import MissingError, StaleError
from cracknet.web.queue.jobs import Edits, JobOptions, PhotoRecord
from cracknet.web.queue.records import photo_of, read_job, reopen, touch

# What is in work keeps its status: it is taken up again when the worker is done with it.
_AGAIN = (
    " status = CASE WHEN owner IS NULL THEN 'waiting' ELSE status END, error = '', deaths = 0,"
    " starts = 0, revision = revision + 1"
)


def change_options(db: sqlite3.Connection, job: str, options: JobOptions) -> None:
    """Set the options of a job, and queue what is done to be measured or segmented anew.

    Raises
    ------
    MissingError
        When there is no such job.
    ArgumentError
        When the job compares two dates.
    """
    before = read_job(db, job)
    if before.kind != "segment":
        msg = "a comparison of two dates has no options: set those of the jobs it compares."
        raise ArgumentError(msg)
    db.execute("UPDATE jobs SET options = ? WHERE id = ?", (json.dumps(options.as_dict()), job))
    changed = db.execute(
        f"UPDATE photos SET todo = CASE WHEN todo = 'segment' THEN todo ELSE ? END, {_AGAIN}"
        " WHERE job = ? AND (segmented OR owner IS NOT NULL)",
        ("measure" if options.model == before.options.model else "segment", job),
    )
    if changed.rowcount:
        reopen(db, job)
    else:
        touch(db, job)


def change_edits(
    db: sqlite3.Connection, job: str, number: int, edits: Edits, expected_revision: int | None
) -> PhotoRecord:
    """Set the edits of a photograph and queue it to be measured anew.

    Raises
    ------
    MissingError
        When there is no such job or photograph.
    StaleError
        When the photograph's revision is not the one expected any more.
    ArgumentError
        When the photograph could not be segmented.
    """
    row = _row(db, job, number)
    if expected_revision is not None and row["revision"] != expected_revision:
        msg = (
            f"the photograph {row['file_name']} has changed since (its revision is "
            f"{row['revision']}, not {expected_revision}). Load it again."
        )
        raise StaleError(msg)
    if not row["segmented"] and row["todo"] is None and row["owner"] is None:
        msg = f"{row['file_name']} has not been segmented and cannot be corrected: {row['error']}"
        raise ArgumentError(msg)
    db.execute(
        "UPDATE photos SET edits = ?, todo = CASE WHEN todo = 'segment' THEN todo ELSE 'measure'"
        f" END, {_AGAIN} WHERE job = ? AND number = ?",
        (json.dumps(edits.as_dict()), job, number),
    )
    reopen(db, job)
    return photo_of(_row(db, job, number))


def _row(db: sqlite3.Connection, job: str, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM photos WHERE job = ? AND number = ?", (job, number)
    ).fetchone()
    if row is None:
        msg = f"there is no photograph {number} in the job {job}."
        raise MissingError(msg)
    return row
