"""The list of jobs: what there is and in which state. Photographs and results lie beside it.

Any number of threads and processes may use one data folder. Every change is one short transaction,
so that a kill at any moment leaves a state from which the work goes on: `cracknet.web.queue.claims`
says how a worker takes its work.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cracknet.errors import ArgumentError
from cracknet.web.queue.arrivals import Arrival, content_of, find_earlier, insert
from cracknet.web.queue.corrections import change_edits, change_options
from cracknet.web.queue.errors import MissingError
from cracknet.web.queue.folders import JOB_ID, job_folder, job_folders, remove_folder
from cracknet.web.queue.jobs import UNFINISHED, Edits, Job, JobKind, JobOptions, PhotoRecord
from cracknet.web.queue.records import IS_UNFINISHED, count_unfinished, give_up, missing, read_job
from cracknet.web.queue.schema import connect


class Store:
    """Jobs in ``DATA/jobs.sqlite``, their files in ``DATA/jobs/<job>``.

    Parameters
    ----------
    data : Path
        The folder, made if need be.

    Raises
    ------
    StoreError
        When the list is damaged, or a newer version of CrackNet wrote it.
    OutputError
        When the folder cannot be written to.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._connection()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of all threads; the next call opens one anew."""
        with self._lock:
            for _, connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def folder(self, job: str) -> Path:
        """Give the folder of a job; `ArgumentError` for what is no job's id."""
        return job_folder(self.data, job)

    def remove_files(self, job: str) -> None:
        """Remove the files of a job, following no link."""
        remove_folder(self.data, job)

    # Jobs

    def create(
        self,
        job_id: str,
        kind: JobKind,
        title: str,
        options: JobOptions,
        photos: Sequence[tuple[str, str, int]],
        *,
        limit: int,
        idempotency_key: str | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Job:
        """Put a job into the queue. From then on it will be done, whatever is killed.

        Parameters
        ----------
        job_id : str
            `secrets.token_urlsafe(16)`. The photographs lie in its folder already.
        kind : {"segment", "change"}
        title : str
        options : JobOptions
        photos : sequence of (file_name, stored, bytes)
            The sender's name, the file below the job's folder as in ``uploads/1.jpg``, and its
            size.
        limit : int
            Most unfinished jobs, this one among them.
        idempotency_key : str, optional
            A second job of the same key and content is not made; the first is returned, whose
            ``id`` then differs from `job_id`, and the caller removes what it stored.
        about : mapping, optional
            Of a change, ``before`` and ``after``.

        Raises
        ------
        QueueFullError
            When `limit` unfinished jobs wait.
        ArgumentError
            When the options are impossible, the id is none or is taken, there is nothing to do,
            or the key came with other content before.
        """
        options.checked()
        folder = self.folder(job_id)
        if (kind == "segment") != bool(photos):
            msg = "a job to segment needs photographs, and a change takes none of its own."
            raise ArgumentError(msg)
        arrival = Arrival(job_id, kind, title, options, tuple(photos), dict(about or {}))
        content = None if idempotency_key is None else content_of(arrival, folder)
        with self.transaction() as db:
            if idempotency_key is not None and content is not None:
                earlier = find_earlier(db, idempotency_key, content)
                if earlier is not None:
                    return read_job(db, earlier)
            insert(db, arrival, limit, idempotency_key, content)
            return read_job(db, job_id)

    def job(self, job: str) -> Job | None:
        """Give a job; None where there is none of this id."""
        with self.snapshot() as db, suppress(MissingError):
            return read_job(db, job)
        return None

    def jobs(self, limit: int, before: str | None = None) -> list[Job]:
        """List jobs, newest first.

        Parameters
        ----------
        limit : int
        before : str, optional
            Id of a job: only older ones are listed, so that the last job of a page asks for the
            next page.
        """
        with self.snapshot() as db:
            rows = db.execute(
                "SELECT id FROM jobs WHERE ?1 IS NULL OR place < (SELECT place FROM jobs WHERE"
                " id = ?1) ORDER BY place DESC LIMIT ?2",
                (before, limit),
            ).fetchall()
            return [read_job(db, row["id"]) for row in rows]

    def revision(self, job: str) -> int:
        """Give the revision of a job, which rises with every change; cheap to ask for often.

        Raises
        ------
        MissingError
            When there is no such job, or none any more.
        """
        found = self._connection().execute("SELECT revision FROM jobs WHERE id = ?", (job,))
        row = found.fetchone()
        if row is None:
            raise MissingError(missing(job))
        return int(row["revision"])

    def stored(self, job: str, number: int) -> Path | None:
        """Give the file of a photograph as received; None where there is no such photograph."""
        if not JOB_ID.fullmatch(job):
            return None
        row = self._connection().execute(
            "SELECT stored FROM photos WHERE job = ? AND number = ?", (job, number)
        ).fetchone()  # fmt: skip
        return None if row is None else self.folder(job) / row["stored"]

    def waiting(self) -> int:
        """Count the jobs that wait or are being worked on."""
        return count_unfinished(self._connection())

    def cancel(self, job: str) -> Job | None:
        """Cancel a job: what is not segmented is given up, what is done stays.

        A photograph in work is finished first. A finished job, and one that is only measured anew,
        stays as it is. None where there is no such job.
        """
        with self.transaction() as db:
            row = db.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
            if row is None:
                return None
            if row["status"] in UNFINISHED:
                give_up(db, job, row["kind"])
            return read_job(db, job)

    def delete(self, job: str) -> bool:
        """Forget a job; the caller removes its files with `remove_files`.

        False where there is no such job. A worker at it finds it gone when it comes to an end,
        and removes what it wrote.
        """
        with self.transaction() as db:
            return db.execute("DELETE FROM jobs WHERE id = ?", (job,)).rowcount > 0

    def expire(self, keep_days: float) -> list[str]:
        """Delete the jobs that ended longer ago than this, with their files; give their ids."""
        with self.transaction() as db:
            rows = db.execute(
                f"SELECT id FROM jobs WHERE NOT {IS_UNFINISHED} AND finished < ?",
                (time.time() - keep_days * 86400,),
            ).fetchall()
            gone = [row["id"] for row in rows]
            db.executemany("DELETE FROM jobs WHERE id = ?", [(job,) for job in gone])
        for job in gone:
            self.remove_files(job)
        return gone

    def sweep(self, older_seconds: float = 3600.0) -> list[str]:
        """Remove the folders of jobs that are not in the list, as after a kill; give their ids.

        An upload lies in its folder before its job is in the list; it is left alone until nothing
        has been written to it for `older_seconds`.
        """
        gone = []
        for job, touched in job_folders(self.data):
            if time.time() - touched > older_seconds and self.job(job) is None:
                self.remove_files(job)
                gone.append(job)
        return gone

    # What is changed afterwards

    def set_options(self, job: str, options: JobOptions) -> Job:
        """Change how a job is measured; what is done is queued to be measured anew.

        With another model, photographs are segmented anew, too. Their edits stay.

        Raises
        ------
        MissingError
            When there is no such job.
        ArgumentError
            When the options are impossible, or the job compares two dates.
        """
        options.checked()
        with self.transaction() as db:
            change_options(db, job, options)
            return read_job(db, job)

    def set_edits(
        self, job: str, number: int, edits: Edits, expected_revision: int | None = None
    ) -> PhotoRecord:
        """Correct a photograph by hand; it is queued to be measured anew.

        The edits take the place of earlier ones. Those of a photograph that waits to be segmented
        are applied once it is.

        Raises
        ------
        MissingError
            When there is no such job or photograph.
        StaleError
            When the photograph's revision is not the one expected any more.
        ArgumentError
            When the photograph could not be segmented.
        """
        with self.transaction() as db:
            return change_edits(db, job, number, edits, expected_revision)

    # Below the surface

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that may write; it waits for others to end theirs."""
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that reads one state of everything."""
        db = self._connection()
        db.execute("BEGIN")
        try:
            yield db
        finally:
            db.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        """Give this thread's connection; those of threads that have ended are closed."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = connect(self.data / "jobs.sqlite")
            with self._lock:
                for thread, connection in self._open:
                    if not thread.is_alive():
                        connection.close()
                self._open = [pair for pair in self._open if pair[0].is_alive()]
                self._open.append((threading.current_thread(), found))
            self._local.connection = found
        return found
