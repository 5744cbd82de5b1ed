"""A progress bar for commands that take one photograph after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def photo_bar(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, and yield what moves it on by one photograph."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("photos"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("photos", total=total)
        yield lambda: bar.update(task, advance=1)
