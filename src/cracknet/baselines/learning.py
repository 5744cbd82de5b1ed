"""How the classifiers learn: step by step, resumable, by the same steps after a stop."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError, TrainingError
from cracknet.files import write_whole
from cracknet.training.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from cracknet.training.loop import Log
from cracknet.training.record import append_row, read_rows
from cracknet.training.weights import load_arrays

Draw = Callable[[int], tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]]
"""From the step to its tiles and their classes."""
ABOUT, WEIGHTS = "learning.json", "weights.npz"
HEAD = "classes/"
"""How the names of the last layer's weights begin, which a transfer draws anew."""


@dataclass(frozen=True)
class LearningOptions:
    """How long and how fast.

    AdamW with a rate that falls to 0 by a cosine; the originals' momentum SGD needs more steps
    than a processor does in an hour.

    Attributes
    ----------
    steps, batch_size : int
    learning_rate, weight_decay : float
    seed : int
        Of the first weights and of the tiles.
    checkpoint_every : int
        In steps.

    Raises
    ------
    ArgumentError
        When a value is outside its range.
    """

    steps: int = 1500
    batch_size: int = 32
    learning_rate: float = 5e-4
    weight_decay: float = 0.01
    seed: int = 1
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "checkpoint_every"):
            if getattr(self, name) < 1:
                msg = f"{name} must be at least 1; got {getattr(self, name)}."
                raise ArgumentError(msg)
        if not 0 < self.learning_rate < 1:
            msg = f"learning_rate must lie between 0 and 1; got {self.learning_rate:g}."
            raise ArgumentError(msg)


def learn(
    build: Callable[[], keras.Model],
    draw: Draw,
    options: LearningOptions,
    folder: Path,
    *,
    about: Mapping[str, Any],
    log: Log,
    first_weights: Path | None = None,
    until: int | None = None,
) -> Path:
    """Teach a classifier; a run that was stopped goes on at its last checkpoint.

    Parameters
    ----------
    build : callable
        Builds the net: tiles to classes' probabilities.
    draw : callable
        A pure function of the step.
    options : LearningOptions
    folder : Path
        Gets ``learning.json``, ``training.csv``, ``last.npz`` (the checkpoint) and
        ``weights.npz``, arrays named ``<layer>/<variable>``.
    about : mapping
        What else the result depends on, for ``learning.json``: a folder that was begun with
        another is refused.
    log : callable
        Takes a line of progress.
    first_weights : Path, optional
        Arrays as in ``weights.npz`` to begin with, all but the last layer's: a transfer.
    until : int, optional
        Stop after this step, to go on later.

    Returns
    -------
    Path
        Of the weights.

    Raises
    ------
    TrainingError
        When the folder holds another run, the first weights do not fit, or the loss is not finite.
    OutputError
        When the folder cannot be written.
    """
    first = first_weights.name if first_weights else None
    _keep_about(folder, {**about, **asdict(options), "first_weights": first})
    weights = folder / WEIGHTS
    if weights.is_file():
        log(f"{folder.name}: trained already")
        return weights
    keras.utils.set_random_seed(options.seed)
    net = build()
    if first_weights:
        transfer(net, first_weights)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=options.weight_decay, clipnorm=5.0)
    optimizer.build(net.trainable_variables)
    net.compile(optimizer, keras.losses.SparseCategoricalCrossentropy())
    variables = [*net.variables, *optimizer.variables]
    done = _restore(variables, folder)
    stop = min(options.steps, until or options.steps)
    began, losses = time.monotonic(), []
    for step in range(done, stop):
        tiles, kinds = draw(step)
        loss = float(np.ravel(net.train_on_batch(tiles, kinds))[0])
        net.reset_metrics()
        if not np.isfinite(loss):
            msg = f"the loss is {loss} at step {step + 1} in {folder}. Lower the learning rate."
            raise TrainingError(msg)
        losses.append(loss)
        if (step + 1) % options.checkpoint_every == 0 or step + 1 == stop:
            state = [keras.ops.convert_to_numpy(value) for value in variables]
            write_checkpoint(folder, Checkpoint(step + 1, state, []))
            mean = float(np.mean(losses[-options.checkpoint_every :]))
            seconds = time.monotonic() - began
            append_row(
                folder / "training.csv", {"step": step + 1, "loss": mean, "seconds": seconds}
            )
            log(f"{folder.name}: step {step + 1}/{options.steps}  loss {mean:.4f}")
    if stop == options.steps:
        save_arrays(net, weights)
    return weights


def transfer(net: keras.Model, path: Path) -> None:
    """Copy weights of a ``.npz`` file into a net, all but the last layer's.

    Raises
    ------
    TrainingError
        When the file cannot be read or does not fit.
    """
    targets = _named(net)
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            arrays = {name: file[name] for name in file.files if not name.startswith(HEAD)}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        msg = f"the weights {path} cannot be read: {error}. They are a .npz file."
        raise TrainingError(msg) from error
    for name, array in arrays.items():
        if name not in targets or tuple(targets[name].shape) != array.shape:
            msg = f"{path} does not fit the net {net.name}: {name} {array.shape}."
            raise TrainingError(msg)
        targets[name].assign(array.astype(np.float32))
    if not arrays:
        msg = f"{path} holds no weights beside the last layer's. Name a net's weights."
        raise TrainingError(msg)


def save_arrays(net: keras.Model, path: Path) -> None:
    """Write all weights as arrays named ``<layer>/<variable>``."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {
        name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in _named(net).items()
    }
    np.savez(file, **arrays)
    write_whole(path, file.getvalue())


def load_trained(build: Callable[[], keras.Model], path: Path) -> keras.Model:
    """Build a net with all weights of a file that `learn` wrote.

    Raises
    ------
    TrainingError
        When the file cannot be read or is of another net.
    """
    net = build()
    load_arrays(net, path, whole=True)
    return net


def _named(net: keras.Model) -> dict[str, Any]:
    """Return a net's weights by the names that `cracknet.training.weights` gives them."""
    short = {"moving_mean": "mean", "moving_variance": "variance"}
    return {
        f"{layer.name}/{short.get(value.name, value.name)}": value
        for layer in net.layers
        for value in layer.variables
        if "seed_generator" not in value.path
    }


def _restore(variables: list[Any], folder: Path) -> int:
    """Take the state of the last checkpoint and return its step; 0 without."""
    last = read_checkpoint(folder)
    if last is None:
        return 0
    if [tuple(value.shape) for value in variables] != [value.shape for value in last.variables]:
        msg = f"the checkpoint in {folder} is of another net. Begin again in another folder."
        raise TrainingError(msg)
    for variable, value in zip(variables, last.variables, strict=True):
        variable.assign(value)
    rows = [row for row in read_rows(folder / "training.csv") if row["step"] > last.step]
    if rows:
        msg = f"{folder} has rows beyond its checkpoint; it was mixed with another run."
        raise TrainingError(msg)
    return last.step


def _keep_about(folder: Path, about: Mapping[str, Any]) -> None:
    path = folder / ABOUT
    text = json.dumps(about, indent=1, sort_keys=True) + "\n"
    if not path.is_file():
        write_whole(path, text.encode())
        return
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}. Begin again in another folder."
        raise TrainingError(msg) from error
    if kept != json.loads(text):
        changed = sorted(key for key in {*kept, *about} if kept.get(key) != about.get(key))
        msg = (
            f"{folder} holds a run of other options: {', '.join(changed)} differ. Name another "
            f"folder, or give what {path} has."
        )
        raise TrainingError(msg)
