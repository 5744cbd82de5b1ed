"""`cracknet reproduce`: the paper's experiment, from photographs to a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cracknet.cli.training import backend_option, set_backend, training_progress


def reproduce(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Set with a train and a test split.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the study.")],
    budget: Annotated[
        Literal["smoke", "small", "full"],
        typer.Option(help="Minutes, or 600 photographs and 30 epochs, or the paper's."),
    ] = "small",
    size: Annotated[
        int | None, typer.Option(help="Height and width in training, in px; 448 by default.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the budget's.")] = None,
    optimizer: Annotated[
        Literal["paper", "adamw"], typer.Option(help="The paper's SGD, or AdamW for all nets.")
    ] = "paper",
    dtype: Annotated[
        Literal["float32", "mixed_bfloat16"], typer.Option(help="Numbers in training.")
    ] = "float32",
    nets: Annotated[
        str | None,
        typer.Option(help="Names with commas, in the order of training; the paper's by default."),
    ] = None,
    encoder_weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NET=]FILE",
            help="First weights of an encoder (.npz); without NET those of both FCNs.",
        ),
    ] = None,
    other: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SET[:SPLIT]", help="Also score on a set not trained on; split test if none."
        ),
    ] = None,
    train_split: Annotated[str, typer.Option(help="Split of DATA to train on.")] = "train",
    test_split: Annotated[str, typer.Option(help="Split of DATA to score on.")] = "test",
    seed: Annotated[int, typer.Option(help="Of expansion and training.")] = 1,
    backend: backend_option = None,
) -> None:
    """Train CrackNet and both FCNs alike, and write the paper's tables and figures.

    A study that was stopped goes on where it was; a finished one writes its report anew.
    """
    set_backend(backend)
    from cracknet.studies.budgets import PAPER_NETS, StudyOptions
    from cracknet.studies.reproduce import reproduce as run

    names = tuple(name.strip() for name in nets.split(",")) if nets is not None else PAPER_NETS
    options = StudyOptions(
        budget=budget,
        size_px=size,
        epochs=epochs,
        optimizer=optimizer,
        dtype=dtype,
        nets=names,
        encoder_weights=_first_weights(encoder_weights or []),
        train_split=train_split,
        test_split=test_split,
        seed=seed,
    )
    others = [_set_and_split(word) for word in other or []]
    with training_progress() as (log, progress):
        run(data, out, options, others=others, log=log, progress=progress)


def _first_weights(words: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for word in words:
        net, equals, file = word.partition("=")
        if equals:
            found[net] = Path(file)
        else:
            found |= {"fcn-8s": Path(word), "fcn-32s": Path(word)}
    return found


def _set_and_split(word: str) -> tuple[Path, str]:
    """Read ``SET:SPLIT``; a colon in a path, as after a drive's letter, is no split's."""
    root, colon, split = word.rpartition(":")
    if colon and root and split and not set(split) & set("/\\"):
        return Path(root), split
    return Path(word), "test"
