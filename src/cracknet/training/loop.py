"""The training loop: resumable, with averaged weights, on any Keras backend."""

from __future__ import annotations

import csv
import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cracknet.datasets.batches import Source, batches
from cracknet.datasets.crops import CropOptions
from cracknet.datasets.pairs import Pair, find_pairs
from cracknet.datasets.splits import read_stems
from cracknet.errors import DatasetError, TrainingError
from cracknet.files import write_whole
from cracknet.nets import NETS
from cracknet.scoring.counts import PooledCounts
from cracknet.training.checkpoints import (
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
    writing,
)
from cracknet.training.losses import CrossEntropyDice
from cracknet.training.recipe import Recipe, SetSection
from cracknet.training.weights import load_weights

AVERAGE_EVERY = 5
Log = Callable[[str], None]


def train(recipe: Recipe, out: Path, log: Log, until: int | None = None) -> dict[str, Any]:
    """Train by a recipe; a run that was stopped goes on at its last checkpoint.

    Parameters
    ----------
    recipe : Recipe
    out : Path
        The run's folder: ``recipe.json``, ``training.csv``, ``validation.csv``, ``last.npz``,
        the checkpoint (see `cracknet.training.checkpoints`), and ``best.weights.h5``, the
        averaged weights with the best F1 at threshold 0.5 on the first validation set, with
        its scores in ``best.json``; ``average.weights.h5``, those of the last step of a call.
    log : callable
        Takes a line of progress.
    until : int, optional
        Stop after this step, to go on later.

    Returns
    -------
    dict
        The last validation's scores; empty when this call reached none.

    Raises
    ------
    TrainingError
        When the run in `out` was made by another recipe, the first weights cannot be read, or
        the loss is not finite.
    DatasetError, PhotoError
        When the data cannot be read.
    OutputError
        When the run's folder cannot be written.
    """
    sources = [_source(section, recipe) for section in recipe.data]
    validation = {_set_name(section): _pairs(section) for section in recipe.validation}
    _keep_recipe(recipe, out)
    keras.config.set_dtype_policy(recipe.run.dtype)
    last = read_checkpoint(out)
    net = _build(recipe)
    trainer = keras.Model(net.input, net.get_layer("logits").output)
    optimizer = _optimizer(recipe)
    optimizer.build(trainer.trainable_variables)
    average = [np.asarray(weight, np.float32) for weight in net.get_weights()]
    if last:
        for variable, value in zip(_state(trainer, optimizer), last.variables, strict=True):
            variable.assign(value)
        average = list(last.average)
    step = last.step if last else 0
    trainer.compile(
        optimizer=optimizer,
        loss=CrossEntropyDice(recipe.loss.cross_entropy, recipe.loss.dice),
        jit_compile=keras.config.backend() == "jax",
    )
    shadow = _float32(recipe)

    result: dict[str, Any] = {}
    losses: list[float] = []
    stop = min(recipe.run.steps, until or recipe.run.steps)
    start, waited, began = step, 0.0, time.monotonic()
    if step >= stop:
        log(f"the run in {out} stands at step {step} already")
    stream = batches(sources, recipe.run.batch_size, recipe.run.seed, step, stop)
    while step < stop:
        asked = time.monotonic()
        gray, mask = next(stream)
        waited += time.monotonic() - asked
        loss = float(np.asarray(trainer.train_on_batch(gray, mask)).ravel()[0])
        if not np.isfinite(loss):
            msg = (
                f"the loss is {loss} at step {step + 1}. Lower optimizer.learning_rate; the last "
                f"good checkpoint in {out} is kept."
            )
            raise TrainingError(msg)
        losses.append(loss)
        step += 1
        if step % AVERAGE_EVERY == 0:
            _blend(average, net.get_weights(), recipe.optimizer.average, step)
        if step % 20 == 0 or step == stop:
            spent = time.monotonic() - began
            _append(
                out / "training.csv",
                {"step": step, "loss": np.mean(losses[-20:]), "seconds": spent, "waited": waited},
            )
            log(
                f"step {step}/{recipe.run.steps}  loss {np.mean(losses[-20:]):.4f}  "
                f"{spent / (step - start):.2f} s/step  waiting {waited / spent:.1%}"
            )
        if step % recipe.run.validate_every == 0 or step == recipe.run.steps:
            shadow.set_weights(average)
            result = {"step": step, **validate(shadow, validation)}
            _keep_best(out, shadow, result, next(iter(validation)))
            log("  ".join(f"{key} {value:.4f}" for key, value in result.items()))
        # After the validation: a run that is killed while it validates does it again.
        if step % recipe.run.checkpoint_every == 0 or step == stop:
            state = [keras.ops.convert_to_numpy(value) for value in _state(trainer, optimizer)]
            write_checkpoint(out, Checkpoint(step, state, average))
    shadow.set_weights(average)
    _save_weights(shadow, out / "average.weights.h5")
    return result


def validate(net: keras.Model, sets: Mapping[str, Sequence[Pair]]) -> dict[str, float]:
    """Score a net on whole photographs: pooled F1 at 0.5 and ODS for each set.

    Photographs are mirrored out to multiples of 32.
    """
    result: dict[str, float] = {}
    for name, pairs in sets.items():
        counts = PooledCounts()
        for pair in pairs:
            gray, mask = pair.read()
            height, width = gray.shape
            padded = np.pad(gray, ((0, -height % 32), (0, -width % 32)), mode="reflect")
            probability = keras.ops.convert_to_numpy(
                net(padded[None, ..., None].astype(np.float32), training=False)
            )
            counts.add(probability[0, :height, :width, 0], mask)
        scores = counts.scores()
        result[f"{name}_f1"] = scores.at(0.5)["f1"]
        result[f"{name}_ods"] = scores.ods
        result[f"{name}_ods_at"] = scores.ods_threshold
    return result


def _set_name(section: SetSection) -> str:
    return section.root.name


def _pairs(section: SetSection) -> list[Pair]:
    pairs = find_pairs(
        section.root,
        section.split,
        only=read_stems(section.only) if section.only else None,
        without=read_stems(section.without) if section.without else (),
    )
    if not pairs:
        msg = f"{section.root} has no photographs in split {section.split!r}."
        raise DatasetError(msg)
    return pairs


def _source(section: SetSection, recipe: Recipe) -> Source:
    crops = recipe.crops
    options = CropOptions(
        size_px=crops.size_px,
        scale=section.scale or crops.scale,
        stretch=crops.stretch,
        empty_share=crops.empty_share if section.empty_share is None else section.empty_share,
        light=crops.light,
    )
    return Source(_pairs(section), section.share, options)


def _build(recipe: Recipe) -> keras.Model:
    """Build the net with its first weights."""
    keras.utils.set_random_seed(recipe.run.seed)
    net = NETS[recipe.net.name]()
    if recipe.net.encoder_weights:
        load_encoder(net, recipe.net.encoder_weights)
    if recipe.net.weights:
        load_weights(net, recipe.net.weights)
    return net


def _float32(recipe: Recipe) -> keras.Model:
    """Build the same net in float32, to hold the averaged weights."""
    keras.config.set_dtype_policy("float32")
    net = NETS[recipe.net.name]()
    keras.config.set_dtype_policy(recipe.run.dtype)
    return net


def load_encoder(net: keras.Model, path: Path) -> None:
    """Copy arrays named ``<layer>/<variable>`` from a .npz file into a net's layers.

    Raises
    ------
    TrainingError
        When the file cannot be read, a layer is missing or a shape differs.
    """
    variables = {
        f"{layer.name}/{variable.name}": variable
        for layer in net.layers
        for variable in layer.variables
    }
    renamed = {
        name.replace("moving_mean", "mean").replace("moving_variance", "variance"): variable
        for name, variable in variables.items()
    }
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        msg = f"the encoder's weights {path} cannot be read: {error}. They are a .npz file."
        raise TrainingError(msg) from error
    for name, array in arrays.items():
        target = renamed.get(name)
        if target is None or tuple(target.shape) != array.shape:
            msg = f"{path} does not fit the net {net.name}: {name} {array.shape}."
            raise TrainingError(msg)
        target.assign(array.astype(np.float32))


def _optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    options, steps = recipe.optimizer, recipe.run.steps
    warmup = min(options.warmup_steps, steps - 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        options.learning_rate / 100 if warmup else options.learning_rate,
        decay_steps=steps - warmup,
        warmup_target=options.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=options.weight_decay, global_clipnorm=options.clip_norm
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _blend(
    average: list[np.ndarray[Any, Any]], weights: list[Any], momentum: float, step: int
) -> None:
    """Move the average towards the weights; early on it follows them more closely."""
    keep = min(momentum, (1 + step) / (10 + step)) ** AVERAGE_EVERY
    for old, new in zip(average, weights, strict=True):
        old *= keep
        old += (1 - keep) * np.asarray(new, np.float32)


def _state(trainer: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """List all that changes from step to step, in the order of a checkpoint."""
    return [*trainer.variables, *optimizer.variables]


def _keep_best(out: Path, net: keras.Model, result: dict[str, Any], first: str) -> None:
    _append(out / "validation.csv", result)
    best = out / "best.json"
    score = result[f"{first}_f1"]
    if best.is_file() and json.loads(best.read_text())[f"{first}_f1"] >= score:
        return
    _save_weights(net, out / "best.weights.h5")
    write_whole(best, json.dumps(result, indent=1).encode())


def _save_weights(net: keras.Model, path: Path) -> None:
    part = path.with_name("part.weights.h5")
    with writing(path.parent):
        net.save_weights(part)
        part.replace(path)


def _keep_recipe(recipe: Recipe, out: Path) -> None:
    path = out / "recipe.json"
    text = recipe.model_dump_json(indent=1)
    if not path.is_file():
        write_whole(path, text.encode())
    elif path.read_text("utf-8") != text:
        msg = (
            f"{out} holds a run of another recipe. Name another folder, or put the recipe back "
            f"as {path} has it."
        )
        raise TrainingError(msg)


def _append(path: Path, row: dict[str, Any]) -> None:
    new = not path.is_file()
    with writing(path.parent), path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if new:
            writer.writeheader()
        writer.writerow(row)
