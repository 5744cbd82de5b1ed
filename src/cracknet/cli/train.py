"""`cracknet train`: a training run by a recipe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    until: Annotated[
        int | None, typer.Option(min=1, help="Stop after this step, to go on later.")
    ] = None,
    backend: Annotated[
        Literal["tensorflow", "jax", "torch"] | None,
        typer.Option(help="Keras backend; by default that of KERAS_BACKEND, or tensorflow."),
    ] = None,
) -> None:
    """Train a net by a recipe; a run that was stopped goes on at its last checkpoint."""
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import time

    try:
        from cracknet.training.loop import train as run
        from cracknet.training.recipe import read_recipe
    except ImportError as error:
        raise _needs_train(error) from error

    run(read_recipe(recipe), out, lambda line: typer.echo(f"{time.strftime('%X')} {line}"), until)


def _needs_train(error: ImportError) -> Exception:
    from cracknet.errors import TrainingError

    msg = f"training needs more packages ({error.name}): pip install 'cracknet[train]'."
    return TrainingError(msg)
