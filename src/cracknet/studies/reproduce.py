"""The paper's experiment, whole: expand, train, score, compare, report.

Each step leaves a file and is passed over where that file is there, so that a study which was
killed goes on, and a finished one only writes its report anew.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from cracknet.datasets.expanding import expand_set
from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import cut_by_source, read_stems
from cracknet.errors import ArgumentError, DatasetError, TrainingError
from cracknet.files import write_whole
from cracknet.studies.budgets import StudyOptions, recipe_of
from cracknet.studies.features import keep_architecture, keep_features
from cracknet.studies.machine import hardware, sha256_of, versions
from cracknet.studies.report import write_report
from cracknet.studies.results import NetResult, gather, hours_of
from cracknet.studies.scored import (
    ScoredSet,
    TrainedNet,
    choose_samples,
    find_scored_set,
    read_json,
    score_net,
)
from cracknet.training.loop import Log, Progress, train
from cracknet.training.recipe import Recipe
from cracknet.training.record import read_rows

STUDY_SCHEMA = "cracknet/study-options/2"


def reproduce(
    data: Path,
    out: Path,
    options: StudyOptions | None = None,
    *,
    others: Sequence[tuple[Path, str]] = (),
    log: Log,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the paper's nets with one budget and compare them as the paper does.

    Some source photographs of the train split are held back for the curves during training; the
    others are expanded on disk. Each net is trained by one recipe, and its last weights are
    scored on the test split: nothing is chosen by a score.

    Parameters
    ----------
    data : Path
        Data set with a train and a test split.
    out : Path
        Folder of the study. Gets ``report.html``, ``results.json``, ``results.md``, ``figures/``;
        ``study.json`` and ``validation.txt``, what was decided at first; ``expanded/``; and a run
        for each net, named after it (`cracknet.training.loop.train`), with its ``study.json``,
        ``scores-<set>-<split>.json``, ``samples/`` and ``features.npz``.
    options : StudyOptions, optional
    others : sequence of (Path, str)
        Further sets, and a split of each, that no net was trained on.
    log, progress : callables
        As for `cracknet.training.loop.train`.

    Returns
    -------
    dict
        As ``results.json`` holds it.

    Raises
    ------
    ArgumentError
        When an option is outside what is accepted, or `out` holds a study of other options.
    DatasetError, PhotoError
        When a set is missing, empty, or cannot be read.
    TrainingError
        When a run folder holds a run of another recipe, or training cannot go on.
    OutputError
        When a file cannot be written.
    """
    options = options or StudyOptions()
    data, out = data.resolve(), out.resolve()
    limit = options.spent.scored
    test = find_scored_set(data, options.test_split, limit)
    further = _further_sets(others, data, options, limit)
    samples = choose_samples(test)
    stems = [pair.stem for pair in find_pairs(data, options.train_split)]
    decided = _decided(data, options)
    held_back, fresh = _held_back(data, out, stems, options)
    expanded = out / "expanded"
    recipes = {
        net: recipe_of(net, data, expanded, out / "validation.txt", options) for net in options.nets
    }
    _refuse_another_study(out, decided, recipes)
    if fresh:
        write_whole(out / "validation.txt", "".join(f"{stem}\n" for stem in held_back).encode())
    write_whole(out / "study.json", (json.dumps(decided, indent=1) + "\n").encode())

    split = expand_set(
        data,
        expanded,
        {"train": options.spent.photos},
        expansion="paper",
        from_split=options.train_split,
        without=held_back,
        size_px=options.spent.size_px,
        seed=options.seed,
    )["train"]
    log(
        f"{split.photos - split.left_out} of {split.photos} photographs expanded to "
        f"{split.written + split.skipped}, {split.skipped} of which were there"
    )

    results: list[NetResult] = []
    for net, recipe in recipes.items():
        folder = out / net
        run = _train(net, recipe, folder, log, progress)
        trained = TrainedNet(net, folder, run["weights_sha256"])
        scores = {
            found.name: score_net(
                trained, found, samples if found is test else (), options.spent.size_px, log
            )
            for found in (test, *further)
        }
        architecture = keep_architecture(trained)
        features = keep_features(trained, architecture, samples[0])
        rows = read_rows(folder / "validation.csv")
        results.append(NetResult(net, folder, run, architecture, features, rows, scores))
        del trained
        keras.utils.clear_session()  # one net's memory is not there for the next otherwise

    photos = {
        "set": data.name,
        "train_split": len(stems),
        "held_back": held_back,
        "available": split.photos,
        "available_sources": split.sources,
        "expanded_from": split.photos - split.left_out,
        "expanded": options.spent.photos,
    }
    content = gather(options, results, test, further, samples, photos)
    write_report(out, content, results, samples)
    log(f"the report is {out / 'report.html'}")
    return content


def _further_sets(
    others: Sequence[tuple[Path, str]], data: Path, options: StudyOptions, limit: int | None
) -> list[ScoredSet]:
    found: list[ScoredSet] = []
    names = {f"{data.name} {options.test_split}"}
    for root, split in others:
        if root.resolve() == data and split in (options.train_split, options.test_split):
            msg = (
                f"{root} split {split!r} is trained or tested on by this study. Name sets that no "
                "net was trained on."
            )
            raise ArgumentError(msg)
        one = find_scored_set(root.resolve(), split, limit)
        if one.name in names:
            msg = f"two sets have the name {one.name!r}; their scores would mix. Rename a folder."
            raise ArgumentError(msg)
        names.add(one.name)
        found.append(one)
    return found


def _held_back(
    data: Path, out: Path, stems: Sequence[str], options: StudyOptions
) -> tuple[list[str], bool]:
    """Choose the photographs for the curves, or read what was chosen before.

    Returns
    -------
    stems : list of str
    fresh : bool
        Whether they were chosen now.
    """
    path = out / "validation.txt"
    if path.is_file():
        return read_stems(path), False
    count = max(1, round(options.validation_share * len(stems)))
    count = min(count, options.spent.validated or count)
    chosen = cut_by_source(stems, count, options.seed) if count < len(stems) else []
    if not chosen:
        msg = (
            f"{data} holds {len(stems)} photographs in split {options.train_split!r}, and no "
            "source photograph can be held back beside those to train on. Annotate more."
        )
        raise DatasetError(msg)
    return chosen, True


def _decided(data: Path, options: StudyOptions) -> dict[str, Any]:
    """Tell what may not change in a study that was begun; nets and sets may be added."""
    return {
        "schema": STUDY_SCHEMA,
        "data": str(data),
        "train_split": options.train_split,
        "test_split": options.test_split,
        "validation_share": options.validation_share,
        "budget": options.budget,
        **asdict(options.spent),
        "optimizer": options.optimizer,
        "dtype": options.dtype,
        "seed": options.seed,
    }


def _refuse_another_study(
    out: Path, decided: Mapping[str, Any], recipes: Mapping[str, Recipe]
) -> None:
    """Say before hours are spent that a folder holds something else."""
    path = out / "study.json"
    if path.is_file():
        kept = read_json(path)
        changed = [key for key, value in decided.items() if kept.get(key) != value]
        if changed:
            msg = (
                f"{out} holds a study of other options: {', '.join(changed)} differ. Name another "
                f"folder, or give the options that {path} has."
            )
            raise ArgumentError(msg)
    for net, recipe in recipes.items():
        run = out / net / "recipe.json"
        if run.is_file() and not _made_by(recipe, run):
            msg = (
                f"{run.parent} holds a run of another recipe, so the nets could not be compared. "
                "Name another folder, or the options and first weights that it was begun with."
            )
            raise TrainingError(msg)


def _made_by(recipe: Recipe, path: Path) -> bool:
    try:
        return Recipe.model_validate_json(path.read_bytes()) == recipe
    except (OSError, ValueError):
        return False


def _train(
    net: str, recipe: Recipe, folder: Path, log: Log, progress: Progress | None
) -> dict[str, Any]:
    """Train a net, unless it is trained, and return what is to be said of its run."""
    path, weights = folder / "study.json", folder / "average.weights.h5"
    kept = read_json(path)
    if kept.get("weights_sha256") and not weights.is_file():
        log(f"{net}: trained already, its weights are not there any more")
        return kept
    if weights.is_file() and kept.get("weights_sha256") == (sha := sha256_of(weights)):
        log(f"{net}: trained already, weights {sha[:12]}")
        return kept
    log(f"{net}: training")
    try:
        train(recipe, folder, log, progress=progress)
    except TrainingError as error:
        msg = f"{net}, in {folder}: {error}"
        raise TrainingError(msg) from error
    first = recipe.net.encoder_weights
    run = {
        "net": net,
        "steps": int(read_rows(folder / "validation.csv")[-1]["step"]),
        "epochs": recipe.run.epochs,
        "hours": hours_of(folder),
        "backend": keras.config.backend(),
        "versions": versions(),
        "hardware": hardware(),
        "system": platform.system(),
        "encoder_weights": {"file": first.name, "sha256": sha256_of(first)} if first else None,
        "weights_sha256": sha256_of(weights),
        "finished": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    write_whole(path, (json.dumps(run, indent=1) + "\n").encode())
    return run
