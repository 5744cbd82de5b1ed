"""What a run writes down as it goes: tables (CSV), and curves for TensorBoard."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cracknet.files import write_whole
from cracknet.training.checkpoints import writing


class Record:
    """The tables of a run, ``training.csv`` and ``validation.csv``, and its curves.

    Parameters
    ----------
    folder : Path
        The run's folder; TensorBoard's files go to ``tensorboard/`` in it.
    step : int
        Where the run goes on: rows beyond it, of steps that will be done again, are dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        # TensorBoard takes half a second to import, and reading a recipe must not.
        from tensorboard.summary import Writer

        self.folder = folder
        for name in ("training", "validation"):
            _drop_rows_after(folder / f"{name}.csv", step)
        with writing(folder):
            self._curves = Writer(str(folder / "tensorboard"))

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Append a row, which holds ``step``, to a table and to the curves.

        Raises
        ------
        OutputError
            When it cannot be written.
        """
        with writing(self.folder):
            append_row(self.folder / f"{table}.csv", row)
            for key, value in row.items():
                if key != "step":
                    self._curves.add_scalar(f"{table}/{key}", float(value), step=row["step"])
            self._curves.flush()

    def close(self) -> None:
        """Close TensorBoard's file."""
        self._curves.close()


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append a row to a CSV file, with a head where it is new.

    A file of other columns, as an older version wrote, is kept beside it as ``<name>.old.csv``.
    """
    if path.is_file():
        with path.open(newline="") as file:
            head = next(csv.reader(file), None)
        if head != list(row):
            path.replace(path.with_suffix(".old.csv"))
    new = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if new:
            writer.writeheader()
        writer.writerow(row)


def read_rows(path: Path) -> list[dict[str, float]]:
    """Read a table of a run; empty where there is none."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _drop_rows_after(path: Path, step: int) -> None:
    if not path.is_file():
        return
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    kept = [row for row in rows if float(row[head.index("step")]) <= step]
    if len(kept) < len(rows):
        text = io.StringIO(newline="")
        csv.writer(text).writerows([head, *kept])
        write_whole(path, text.getvalue().encode())
