"""Progress bars on a terminal; elsewhere they show nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from cracknet.reporting.journal import PhotoRow


@contextmanager
def photo_bar(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar, and yield what moves it on by one photograph."""
    with _bar(transient=False) as bar:
        task = bar.add_task("photos", total=total)
        yield lambda: bar.update(task, advance=1)


@contextmanager
def counting_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar until it is done, and yield what takes the number done and the number of all."""
    with _bar(transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def photo_run_bar(
    label: str, total: int | None = None
) -> Iterator[Callable[[PhotoRow, bool], None]]:
    """Show a bar, and yield what takes each row of a run; failures and notes are said."""
    with _bar(transient=False) as bar:
        task = bar.add_task(label, total=total)

        def step(row: PhotoRow, skipped: bool) -> None:
            if row.status == "failed":
                _say(bar, f"failed: {row.error}", "red")
            elif row.note and not skipped:
                _say(bar, f"{row.photo}: {row.note}", "yellow")
            bar.update(task, advance=1)

        yield step


def _say(bar: Progress, text: str, style: str) -> None:
    bar.console.print(text, style=style, soft_wrap=True, markup=False, highlight=False)


def _bar(*, transient: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=transient,
    )
