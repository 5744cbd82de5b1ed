"""What the commands that train share: the choice of a backend, and a progress bar."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from cracknet.errors import TrainingError

backend_option = Annotated[
    Literal["tensorflow", "jax", "torch"] | None,
    typer.Option(help="Keras backend; by default that of KERAS_BACKEND, or tensorflow."),
]


def set_backend(name: str | None) -> None:
    """Choose Keras' backend; call it before anything imports Keras.

    Raises
    ------
    TrainingError
        When Keras or the backend is not installed.
    """
    backend = name or os.environ.get("KERAS_BACKEND") or "tensorflow"
    for package, extra in (("keras", "'cracknet[train]'"), (backend, backend)):
        if importlib.util.find_spec(package) is None:
            msg = f"training with {backend} needs the package {package}: pip install {extra}."
            raise TrainingError(msg)
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if (keras := sys.modules.get("keras")) and keras.config.backend() != backend:
        msg = (
            f"Keras runs on {keras.config.backend()} in this process; start another for {backend}."
        )
        raise TrainingError(msg)


@contextmanager
def training_progress() -> Iterator[
    tuple[Callable[[str], None], Callable[[int, int, float], None]]
]:
    """Give a function that logs a line, and one that moves a bar, which a terminal alone shows."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.4f}"))
    with Progress(*columns, Remaining(), disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("steps", total=None, loss=float("nan"))

        def log(line: str) -> None:
            text = f"{time.strftime('%X')} {line}"
            typer.echo(text) if bar.disable else bar.console.print(text, highlight=False)

        def progress(step: int, steps: int, loss: float) -> None:
            bar.update(task, completed=step, total=steps, loss=loss)

        yield log, progress
