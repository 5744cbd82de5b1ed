"""How workers take their work, so that each piece is done once whatever is killed.

A piece of work belongs to the worker that claimed it for as long as that worker lives
(`cracknet.web.queue.locks`). A living worker never loses it, so that nothing is done twice at once;
what a dead one had goes back into the queue. What was done counts when it is written into the list,
in one transaction together with the end of the claim.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import get_args

from cracknet.web.queue.jobs import Edits
from cracknet.web.queue.locks import is_alive, remove_stale
from cracknet.web.queue.records import CANCELLED, finish_job, read_job, settle, touch
from cracknet.web.queue.store import Store
from cracknet.web.queue.tasks import PhotoFigures, Task, TaskKind

MOST_DEATHS = 2
"""A photograph that has ended so many workers is not tried again."""
MOST_STARTS = 8
"""Nor is one that was begun so often without coming to an end, as where it takes the server down
with the worker and nobody is left to count."""

DEADLY = (
    "the program that reads photographs ended more than once at this one: it is damaged, or too "
    "large for this computer's memory. Save it anew with an image editor, or cut it into smaller "
    "photographs."
)
UNWRITTEN = (
    "the program that writes the tables ended more than once at them: the computer's memory may "
    "be too small. Measure the job again with fewer photographs."
)


class Claims:
    """The work of one worker.

    Parameters
    ----------
    store : Store
    owner : str
        Its name, which it holds the lock of.
    """

    def __init__(self, store: Store, owner: str) -> None:
        self.store, self.owner = store, owner

    def claim(self) -> Task | None:
        """Take the next piece of work; None where there is none.

        What someone waits for at the page comes first: photographs to be measured anew, then
        tables and comparisons, then photographs to be segmented, in the order they came in.
        """
        with self.store.snapshot() as db:
            if _next(db) is None:
                return None
        with self.store.transaction() as db:
            found = _next(db)
            if found is None:
                return None
            job, number, todo = found
            table, where, key = _place(job, number)
            db.execute(
                f"UPDATE {table} SET owner = ?, doing = todo, todo = NULL, status = 'running',"
                f" starts = starts + 1, revision = revision + 1 WHERE {where}",
                (self.owner, *key),
            )
            if number is not None:
                db.execute("UPDATE jobs SET status = 'running' WHERE id = ?", (job,))
                touch(db, job)
            of = read_job(db, job)
            if number is None:
                return Task(todo, of, None, None, self.owner)
            row = db.execute(f"SELECT stored FROM photos WHERE {where}", key).fetchone()
            photo = next(photo for photo in of.photos if photo.number == number)
            return Task(todo, of, photo, self.store.folder(job) / row["stored"], self.owner)

    def finish(self, task: Task, figures: PhotoFigures | None = None) -> bool:
        """Write that a piece of work is done.

        Parameters
        ----------
        task : Task
        figures : PhotoFigures, optional
            Of its photograph, where it has one.

        Returns
        -------
        bool
            False where the job has been deleted meanwhile.
        """
        with self.store.transaction() as db:
            row = self._own(db, task)
            if row is None:
                return False
            if figures is None:
                self._end_job(db, task, "")
                return True
            values = asdict(figures)
            todo = row["todo"]
            # Edits that came before it was segmented are applied now.
            if todo is None and task.kind == "segment" and _edited(row):
                todo = "measure"
            _, where, key = _place(*_key(task))
            db.execute(
                f"UPDATE photos SET {', '.join(f'{name} = ?' for name in values)}, segmented = 1,"
                " error = '', owner = NULL, doing = NULL, deaths = 0, starts = 0, todo = ?,"
                f" status = ?, revision = revision + 1 WHERE {where}",
                (*values.values(), todo, "waiting" if todo else "done", *key),
            )
            settle(db, task.job.id)
            return True

    def fail(self, task: Task, error: str) -> bool:
        """Write that a piece of work cannot be done; what was there before stays.

        False where the job has been deleted meanwhile.
        """
        with self.store.transaction() as db:
            row = self._own(db, task)
            if row is None:
                return False
            if task.photo is None:
                self._end_job(db, task, error)
            else:
                _fail_photo(db, task.job.id, task.photo.number, error)
            return True

    def _own(self, db: sqlite3.Connection, task: Task) -> sqlite3.Row | None:
        table, where, key = _place(*_key(task))
        row: sqlite3.Row | None = db.execute(
            f"SELECT * FROM {table} WHERE {where} AND owner = ?", (*key, self.owner)
        ).fetchone()
        return row

    def _end_job(self, db: sqlite3.Connection, task: Task, error: str) -> None:
        db.execute(
            "UPDATE jobs SET owner = NULL, doing = NULL, deaths = 0, starts = 0 WHERE id = ?",
            (task.job.id,),
        )
        _end_unless_open(db, task.job.id, error)


def release(store: Store, owner: str, *, killed: bool) -> None:
    """Put back what a worker that has ended had claimed.

    Parameters
    ----------
    store : Store
    owner : str
    killed : bool
        Whether it was not asked to end: what it was at may be the reason, and is not tried again
        after `MOST_DEATHS`.
    """
    with store.transaction() as db:
        rows = db.execute("SELECT * FROM photos WHERE owner = ?", (owner,)).fetchall()
        for row in rows:
            deaths = row["deaths"] + killed
            if deaths >= MOST_DEATHS or row["starts"] >= MOST_STARTS:
                _fail_photo(db, row["job"], row["number"], DEADLY)
                continue
            again = "segment" if "segment" in (row["doing"], row["todo"]) else "measure"
            db.execute(
                "UPDATE photos SET owner = NULL, doing = NULL, todo = ?, status = 'waiting',"
                " deaths = ?, revision = revision + 1 WHERE job = ? AND number = ?",
                (again, deaths, row["job"], row["number"]),
            )
            _drop_cancelled(db, row["job"], row["number"])
            touch(db, row["job"])
        rows = db.execute("SELECT * FROM jobs WHERE owner = ?", (owner,)).fetchall()
        for row in rows:
            deaths = row["deaths"] + killed
            db.execute(
                "UPDATE jobs SET owner = NULL, doing = NULL, deaths = ?, todo = ?,"
                " revision = revision + 1 WHERE id = ?",
                (deaths, row["doing"], row["id"]),
            )
            if deaths >= MOST_DEATHS or row["starts"] >= MOST_STARTS:
                db.execute(
                    "UPDATE jobs SET todo = NULL, deaths = 0, starts = 0 WHERE id = ?",
                    (row["id"],),
                )
                _end_unless_open(db, row["id"], UNWRITTEN)
            elif row["kind"] == "change" and row["cancelled"]:
                db.execute("UPDATE jobs SET todo = NULL WHERE id = ?", (row["id"],))
                finish_job(db, row["id"])
            elif row["doing"] == "tables":
                _wait_for_photos(db, row["id"])


def release_dead(store: Store) -> None:
    """Put back what workers had claimed that were killed while nobody looked after them."""
    with store.snapshot() as db:
        owners = {
            row["owner"]
            for table in ("photos", "jobs")
            for row in db.execute(f"SELECT owner FROM {table} WHERE owner IS NOT NULL")
        }
    for owner in sorted(owners):
        if not is_alive(store.data, owner):
            release(store, owner, killed=False)
    remove_stale(store.data)


def _next(db: sqlite3.Connection) -> tuple[str, int | None, TaskKind] | None:
    for todo in ("measure", "tables", "segment"):
        if todo == "tables":
            row = db.execute(
                "SELECT id AS job, NULL AS number, todo FROM jobs WHERE todo IS NOT NULL"
                " AND owner IS NULL ORDER BY place LIMIT 1"
            ).fetchone()
        else:
            row = db.execute(
                "SELECT job, number, photos.todo FROM photos JOIN jobs ON jobs.id = job"
                " WHERE photos.todo = ? AND photos.owner IS NULL ORDER BY place, number LIMIT 1",
                (todo,),
            ).fetchone()
        if row is not None:
            kind: TaskKind = next(k for k in get_args(TaskKind) if k == row["todo"])
            return row["job"], row["number"], kind
    return None


def _place(job: str, number: int | None) -> tuple[str, str, tuple[str | int, ...]]:
    """Table, condition and its values of a piece of work."""
    if number is None:
        return "jobs", "id = ?", (job,)
    return "photos", "job = ? AND number = ?", (job, number)


def _key(task: Task) -> tuple[str, int | None]:
    return task.job.id, None if task.photo is None else task.photo.number


def _edited(row: sqlite3.Row) -> bool:
    return Edits.from_dict(json.loads(row["edits"])) != Edits()


def _fail_photo(db: sqlite3.Connection, job: str, number: int, error: str) -> None:
    """Let a photograph fail; where it has changed meanwhile, it is tried again."""
    db.execute(
        "UPDATE photos SET owner = NULL, doing = NULL, deaths = 0, starts = 0, error = ?,"
        " status = CASE WHEN todo IS NULL THEN 'failed' ELSE 'waiting' END,"
        " revision = revision + 1 WHERE job = ? AND number = ?",
        (error, job, number),
    )
    _drop_cancelled(db, job, number)
    settle(db, job)


def _drop_cancelled(db: sqlite3.Connection, job: str, number: int) -> None:
    """Do not segment what belongs to a cancelled job."""
    dropped = db.execute(
        "UPDATE photos SET todo = NULL, error = CASE WHEN segmented THEN '' ELSE ? END,"
        " status = CASE WHEN segmented THEN 'done' ELSE 'failed' END"
        " WHERE job = ? AND number = ? AND todo = 'segment'"
        " AND (SELECT cancelled FROM jobs WHERE id = job)",
        (CANCELLED, job, number),
    )
    if dropped.rowcount:
        settle(db, job)


def _is_open(db: sqlite3.Connection, job: str) -> bool:
    row = db.execute(
        "SELECT 1 FROM photos WHERE job = ? AND (todo IS NOT NULL OR owner IS NOT NULL) LIMIT 1",
        (job,),
    ).fetchone()
    return row is not None


def _end_unless_open(db: sqlite3.Connection, job: str, error: str) -> None:
    """End a job, unless its photographs have changed meanwhile: it ends after them."""
    waits = db.execute("SELECT todo FROM jobs WHERE id = ?", (job,)).fetchone()["todo"]
    if waits is not None or _is_open(db, job):
        touch(db, job)
    else:
        finish_job(db, job, error, failed=bool(error))


def _wait_for_photos(db: sqlite3.Connection, job: str) -> None:
    """Leave the tables until the last photograph is done, which asks for them."""
    if _is_open(db, job):
        db.execute("UPDATE jobs SET todo = NULL WHERE id = ?", (job,))
