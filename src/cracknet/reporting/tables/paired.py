"""A table of cracks and a table of branches, filled together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.tables.rows import MeasuredRows

Table = Callable[[Path, type], AbstractContextManager[Callable[[object], None]]]
"""Opens a table of rows of a kind, and yields what adds one."""


@contextmanager
def paired_tables(out: Path, suffix: str, table: Table) -> Iterator[Callable[[MeasuredRows], None]]:
    """Open ``cracks<suffix>`` and ``branches<suffix>``, and yield what adds a photograph's rows."""
    with ExitStack() as stack:
        crack = stack.enter_context(table(out / f"cracks{suffix}", CrackFigures))
        branch = stack.enter_context(table(out / f"branches{suffix}", BranchFigures))

        def add(rows: MeasuredRows) -> None:
            for row in rows.cracks:
                crack(row)
            for piece in rows.branches:
                branch(piece)

        yield add
