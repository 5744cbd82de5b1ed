"""cracks.csv and branches.csv."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cracknet.reporting.streams import appearing_whole
from cracknet.reporting.tables.columns import columns_of, values_of
from cracknet.reporting.tables.paired import paired_tables
from cracknet.reporting.tables.rows import MeasuredRows


@contextmanager
def csv_tables(out: Path) -> Iterator[Callable[[MeasuredRows], None]]:
    r"""Write ``cracks.csv`` and ``branches.csv``: UTF-8, comma, ``\n``, unknown empty.

    Parameters
    ----------
    out : Path
        The output folder.

    Yields
    ------
    callable
        Adds a photograph's rows; the files appear when the block ends without an error.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    with paired_tables(out, ".csv", _table) as add:
        yield add


@contextmanager
def _table(path: Path, kind: type) -> Iterator[Callable[[object], None]]:
    columns = columns_of(kind)
    with appearing_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in columns])

        def add(row: object) -> None:
            cells = zip(columns, values_of(row), strict=True)
            writer.writerow([column.text(value) for column, value in cells])

        yield add
