"""`cracknet train`: a training run by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.training import backend_option, set_backend, training_progress


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    until: Annotated[
        int | None, typer.Option(min=1, help="Stop after this step, to go on later.")
    ] = None,
    backend: backend_option = None,
) -> None:
    """Train a net by a recipe; a run that was stopped goes on at its last checkpoint."""
    set_backend(backend)
    from cracknet.training.loop import train as run
    from cracknet.training.recipe_file import read_recipe

    with training_progress() as (log, progress):
        run(read_recipe(recipe), out, log, until, progress)
