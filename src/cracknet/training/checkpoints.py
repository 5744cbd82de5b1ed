"""Checkpoints: the whole state of a run in one file, which is replaced whole or not at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.errors import OutputError, TrainingError

NAME = "last.npz"
Arrays = Sequence[npt.NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after a step.

    Attributes
    ----------
    step : int
    variables : sequence of arrays
        Those of the net and of its optimizer, in Keras' order.
    average : sequence of arrays
        The running average of the net's weights; empty where the run keeps none.
    tally : (5,) float64, optional
        See `cracknet.training.tally.Tally`.
    """

    step: int
    variables: Arrays
    average: Arrays
    tally: npt.NDArray[np.float64] | None = None


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint under a temporary name, then rename it over the last one.

    Step, variables and average stand in one file, so that a run killed at any moment leaves
    either the last checkpoint or this one, never a mixture.

    Raises
    ------
    OutputError
        When it cannot be written; the last checkpoint is kept.
    """
    arrays: dict[str, Any] = {"step": np.int64(checkpoint.step)}
    if checkpoint.tally is not None:
        arrays["tally"] = checkpoint.tally
    for kind in ("variables", "average"):
        arrays |= {f"{kind}_{i:05d}": value for i, value in enumerate(getattr(checkpoint, kind))}
    part = folder / f"{NAME}.part"
    with writing(folder):
        try:
            with part.open("wb") as file:
                np.savez(file, **arrays)
            part.replace(folder / NAME)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the last checkpoint of a run, or return None where there is none.

    Raises
    ------
    TrainingError
        When it is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file) as kept:
            if "step" not in kept.files:
                return _read_three_files(folder)
            variables, average = (
                [kept[name] for name in kept.files if name.startswith(kind)]
                for kind in ("variables_", "average_")
            )
            tally = kept["tally"] if "tally" in kept.files else None
            return Checkpoint(int(kept["step"]), variables, average, tally)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        msg = f"the checkpoint {path} is damaged: {error}. Begin again in another folder."
        raise TrainingError(msg) from error


def _read_three_files(folder: Path) -> Checkpoint | None:
    """Read a checkpoint as the first runs wrote it: variables, average and step, a file each.

    Only for runs begun before version 0.1; the next checkpoint is written as one file.
    """
    if not (folder / "state.json").is_file():
        return None
    with np.load(folder / NAME) as kept:
        variables = [kept[name] for name in kept.files]
    with np.load(folder / "average.npz") as kept:
        average = [kept[name] for name in kept.files]
    return Checkpoint(json.loads((folder / "state.json").read_text())["step"], variables, average)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write into one clear error."""
    try:
        yield
    except OSError as error:
        msg = (
            f"the run in {folder} cannot be written: {error.strerror or error}. Free some space "
            "or name another folder; run again to go on at the last checkpoint."
        )
        raise OutputError(msg) from error
