"""`cracknet compare`: the systems that came before and CrackNet's own on one scoreboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cracknet.cli.training import backend_option, set_backend, training_progress


def compare(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Set with a train and a test split.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the comparison.")],
    budget: Annotated[
        Literal["smoke", "small"],
        typer.Option(help="Minutes in all, or up to an hour of a processor for each system."),
    ] = "small",
    systems: Annotated[
        str | None,
        typer.Option(help="Names with commas, or classical: what needs no training. All if none."),
    ] = None,
    train_split: Annotated[str, typer.Option(help="Split of DATA to learn from.")] = "train",
    test_split: Annotated[str, typer.Option(help="Split of DATA to score on.")] = "test",
    validation: Annotated[
        Path | None,
        typer.Option(help="Stems of the train split to choose thresholds on; a tenth if none."),
    ] = None,
    without: Annotated[
        list[Path] | None, typer.Option(help="Stems of the train split to leave out.")
    ] = None,
    only: Annotated[
        Path | None, typer.Option(help="Stems of the test split to score; all if none.")
    ] = None,
    joints: Annotated[
        Path | None,
        typer.Option(help="Set with planking/train, masks of joints, for the two scans."),
    ] = None,
    first_weights: Annotated[
        Path | None, typer.Option(help="AlexNet's first weights (.npz): a transfer.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of training and distortion.")] = 1,
    backend: backend_option = None,
) -> None:
    """Train, score and distort every system alike, and write one table with its pictures.

    A comparison that was stopped goes on where it was; systems may be added to it.
    """
    set_backend(backend)
    from cracknet.studies.compare.compare import compare as run
    from cracknet.studies.compare.options import CompareOptions, systems_named

    options = CompareOptions(
        budget=budget,
        systems=systems_named(systems),
        train_split=train_split,
        test_split=test_split,
        validation=validation,
        without=tuple(without or ()),
        only=only,
        joints=joints,
        first_weights=first_weights,
        seed=seed,
    )
    with training_progress() as (log, progress):
        run(data, out, options, log=log, progress=progress)
