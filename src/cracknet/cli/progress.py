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


class RunBar:
    """The bar of a run over photographs; failures and notes are said, on a terminal or not."""

    def __init__(self, bar: Progress, label: str, total: int | None) -> None:
        self._bar = bar
        self._task = bar.add_task(label, total=total, speed="")
        self._megapixels = 0.0

    def photo(self, row: PhotoRow, skipped: bool) -> None:
        """Take the row of a photograph that is done, skipped, or failed."""
        if row.status == "failed":
            self._say(f"failed: {row.error}", "red")
        elif not skipped:
            if row.note:
                self._say(f"{row.photo}: {row.note}", "yellow")
            self._megapixels += (row.width_px or 0) * (row.height_px or 0) / 1e6
        seconds = self._bar.tasks[self._task].elapsed or 0
        speed = f"{self._megapixels / seconds:.1f} MP/s" if seconds else ""
        self._bar.update(self._task, advance=1, speed=speed)

    def window(self, name: str, done: int, total: int) -> None:
        """Show how far a raster is."""
        self._bar.update(self._task, description=f"{name}, window {done} of {total}")

    def _say(self, text: str, style: str) -> None:
        self._bar.console.print(text, style=style, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def photo_run_bar(label: str, total: int | None = None) -> Iterator[RunBar]:
    """Show the bar of a run over photographs, with its speed."""
    with _bar(transient=False, speed=True) as bar:
        yield RunBar(bar, label, total)


def _bar(*, transient: bool, speed: bool = False) -> Progress:
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
        *([TextColumn("{task.fields[speed]}")] if speed else []),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=transient,
    )
