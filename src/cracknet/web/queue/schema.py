"""The tables of jobs.sqlite, and opening it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cracknet.errors import OutputError
from cracknet.web.queue.errors import StoreError

VERSION = 1
"""Of the tables, kept as PRAGMA user_version. A change of them raises it and adds a step to
`_STEPS`."""

BUSY_SECONDS = 30.0
"""How long a transaction waits for another one; each takes milliseconds."""

_STEPS = (
    """
    CREATE TABLE jobs (
        place INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the queue; never used twice
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        status TEXT NOT NULL,
        error TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,                    -- Unix time
        finished REAL,
        options TEXT NOT NULL,                    -- JSON of JobOptions
        about TEXT NOT NULL,                      -- JSON
        revision INTEGER NOT NULL DEFAULT 1,
        cancelled INTEGER NOT NULL DEFAULT 0,
        key TEXT UNIQUE,                          -- of idempotency
        content TEXT,                             -- SHA-256 of what came with that key
        todo TEXT,                                -- 'tables' or 'change'
        doing TEXT,
        owner TEXT,                               -- the worker at it
        deaths INTEGER NOT NULL DEFAULT 0,        -- of workers at it, one after the other
        starts INTEGER NOT NULL DEFAULT 0         -- of workers on it, since it was last done
    );
    CREATE TABLE photos (
        job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        file_name TEXT NOT NULL,
        name TEXT NOT NULL,
        stored TEXT NOT NULL,                     -- below the job's folder
        bytes INTEGER NOT NULL,
        status TEXT NOT NULL DEFAULT 'waiting',
        error TEXT NOT NULL DEFAULT '',
        width_px INTEGER, height_px INTEGER, crack_share REAL, cracks INTEGER,
        length_px REAL, length_mm REAL, width_max_px REAL, width_max_mm REAL, mm_per_px REAL,
        edits TEXT NOT NULL,                      -- JSON of Edits
        revision INTEGER NOT NULL DEFAULT 1,
        segmented INTEGER NOT NULL DEFAULT 0,     -- whether its results lie in the folder
        todo TEXT,                                -- 'segment' or 'measure'
        doing TEXT,
        owner TEXT,
        deaths INTEGER NOT NULL DEFAULT 0,
        starts INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID;
    CREATE INDEX photos_todo ON photos (todo) WHERE todo IS NOT NULL;
    CREATE INDEX photos_owner ON photos (owner) WHERE owner IS NOT NULL;
    CREATE INDEX jobs_todo ON jobs (todo) WHERE todo IS NOT NULL;
    CREATE INDEX jobs_owner ON jobs (owner) WHERE owner IS NOT NULL;
    CREATE INDEX jobs_status ON jobs (status);
    """,
)


def connect(file: Path) -> sqlite3.Connection:
    """Open the list of jobs, made or brought up to date if need be.

    Raises
    ------
    StoreError
        When it is damaged, or a newer version of CrackNet wrote it.
    OutputError
        When its folder cannot be written to.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Closed by whoever closes the store, which may be another thread.
        connection = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.OperationalError) as error:
        msg = f"{file} cannot be opened ({error}). Name another folder with --data."
        raise OutputError(msg) from error
    connection.row_factory = sqlite3.Row
    try:
        _prepare(connection, file)
    except sqlite3.OperationalError as error:
        connection.close()
        msg = f"{file} cannot be written ({error}). Free some space or name another folder."
        raise OutputError(msg) from error
    except sqlite3.DatabaseError as error:
        connection.close()
        msg = (
            f"{file} is damaged or not a list of jobs ({error}). Move the folder {file.parent} "
            "away and start again; the photographs in it stay as they are."
        )
        raise StoreError(msg) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    _check_version(connection, file)
    connection.execute("PRAGMA journal_mode = WAL")
    # What is committed survives a kill of the process in either mode; FULL also a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if _check_version(connection, file) < VERSION:
        # One script, one transaction; the version is looked at again within it.
        connection.execute("BEGIN IMMEDIATE")
        try:
            for step in _STEPS[_check_version(connection, file) :]:
                for statement in step.split(";\n"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _check_version(connection: sqlite3.Connection, file: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        msg = (
            f"{file} was written by a newer version of CrackNet (its tables are of version "
            f"{version}, this one reads up to {VERSION}). Install that version, or name another "
            "folder with --data."
        )
        raise StoreError(msg)
    return version
