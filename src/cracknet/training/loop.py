"""The training loop: resumable, with averaged weights, on any Keras backend."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.datasets.batches import batches
from cracknet.errors import DatasetError, PhotoError, TrainingError
from cracknet.files import write_whole
from cracknet.training.checkpoints import read_checkpoint, write_checkpoint
from cracknet.training.data import training_plan, validation_sets
from cracknet.training.devices import data_parallel
from cracknet.training.learner import Learner
from cracknet.training.recipe import Recipe
from cracknet.training.record import Record
from cracknet.training.tally import Tally
from cracknet.training.validation import keep_best, save_weights, validate

LOG_EVERY = 20
Log = Callable[[str], None]
Progress = Callable[[int, int, float], None]


def train(
    recipe: Recipe,
    out: Path,
    log: Log,
    until: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train by a recipe; a run that was stopped goes on at its last checkpoint.

    Parameters
    ----------
    recipe : Recipe
    out : Path
        The run's folder: ``recipe.json``; ``training.csv`` and ``validation.csv``, and the same
        for TensorBoard in ``tensorboard/``; ``last.npz``, the checkpoint (see
        `cracknet.training.checkpoints`); ``best.weights.h5``, the averaged weights with the best
        F1 at threshold 0.5 on the first validation set, with its scores in ``best.json``;
        ``average.weights.h5``, those of the last step of a call.
    log : callable
        Takes a line of progress.
    until : int, optional
        Stop after this step, to go on later.
    progress : callable, optional
        Called after each step with the steps done, those of the whole run, and the loss.

    Returns
    -------
    dict
        The last validation's scores; empty when this call reached none.

    Raises
    ------
    TrainingError
        When the run in `out` was made by another recipe, the first weights cannot be read, the
        loss is not finite, a photograph cannot be read in the middle, or the backend cannot do
        what the recipe asks.
    DatasetError, PhotoError
        When the data cannot be read.
    OutputError
        When the run's folder cannot be written; the last checkpoint is kept.
    """
    plan, validation = training_plan(recipe), validation_sets(recipe)
    unit = plan.steps_per_epoch if plan.by_epoch else 1
    steps = (recipe.run.epochs or recipe.run.steps or 0) * unit
    validate_every = (recipe.run.validate_every or (1 if plan.by_epoch else 500)) * unit
    stop = min(steps, until or steps)
    _keep_recipe(recipe, out)
    result: dict[str, Any] = {}
    with data_parallel(recipe.run.devices):
        learner = Learner(recipe, steps)
        if last := read_checkpoint(out):
            learner.restore(last, out)
        if learner.step >= stop:
            log(f"the run in {out} stands at step {learner.step} already")
        record, pace = Record(out, learner.step), _Pace()
        stream = batches(plan, learner.step, stop)
        while learner.step < stop:
            with pace.waiting():
                try:
                    gray, mask = next(stream)
                except (PhotoError, DatasetError) as error:
                    msg = (
                        f"step {learner.step + 1} needs what cannot be read: {error} Mend the file "
                        "or take it out of the set; the run goes on at its last checkpoint."
                    )
                    raise TrainingError(msg) from error
            rate = learner.learning_rate
            pace.add(learner.learn(gray, mask))
            step = learner.step
            if progress:
                progress(step, steps, pace.losses[-1])
            if step % LOG_EVERY == 0 or step == stop:
                record.add("training", {"step": step, "learning_rate": rate, **pace.figures()})
                log(f"step {step}/{steps}  {pace}")
            if step % validate_every == 0 or step == steps:
                net = learner.averaged()
                result = {"step": step, "epoch": step / unit} if plan.by_epoch else {"step": step}
                result |= {f"training_{k}": v for k, v in learner.tally.figures().items()}
                result |= validate(net, validation, recipe.run.validate_tile_px)
                learner.tally = Tally()
                record.add("validation", result)
                keep_best(out, net, result, next(iter(validation)))
                log("  ".join(f"{key} {value:.4g}" for key, value in result.items()))
            # After the validation: a run that is killed while it validates does it again.
            if step % recipe.run.checkpoint_every == 0 or step == stop:
                write_checkpoint(out, learner.checkpoint())
        save_weights(learner.averaged(), out / "average.weights.h5")
        record.close()
    return result


class _Pace:
    """Losses and seconds of this call."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.waited = 0.0
        self.began = time.monotonic()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        asked = time.monotonic()
        yield
        self.waited += time.monotonic() - asked

    def add(self, loss: float) -> None:
        self.losses.append(loss)

    def figures(self) -> dict[str, float]:
        spent = time.monotonic() - self.began
        loss = float(np.mean(self.losses[-LOG_EVERY:]))
        return {"loss": loss, "seconds": spent, "waited": self.waited}

    def __str__(self) -> str:
        loss, spent, waited = self.figures().values()
        return (
            f"loss {loss:.4f}  {spent / len(self.losses):.2f} s/step  waiting {waited / spent:.1%}"
        )


def _keep_recipe(recipe: Recipe, out: Path) -> None:
    path = out / "recipe.json"
    if not path.is_file():
        write_whole(path, recipe.model_dump_json(indent=1).encode())
        return
    try:
        kept = Recipe.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read as this run's recipe: {error}. Begin again in another folder."
        raise TrainingError(msg) from error
    if kept != recipe:
        changed = sorted(
            f"{section}.{key}"
            for section, values in recipe.model_dump().items()
            if isinstance(values, dict)
            for key, value in values.items()
            if getattr(getattr(kept, section), key) != value
        ) or ["data or validation"]
        msg = (
            f"{out} holds a run of another recipe: {', '.join(changed)} differ. Name another "
            f"folder, or put the recipe back as {path} has it."
        )
        raise TrainingError(msg)
