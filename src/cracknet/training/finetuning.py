"""Fine-tuning a trained net on a user's own photographs, once or with several seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from cracknet.datasets.importing import import_annotations
from cracknet.datasets.labelme import find_labelme
from cracknet.datasets.labels import Labels
from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import cut_by_source
from cracknet.errors import ArgumentError, DatasetError, TrainingError
from cracknet.files import write_whole
from cracknet.training.building import build_net
from cracknet.training.data import validation_sets
from cracknet.training.devices import dtype_policy
from cracknet.training.loop import Log, Progress, train
from cracknet.training.recipe import Recipe
from cracknet.training.validation import validate

MODELS = Path(__file__).resolve().parents[3] / "models"
"""Keras weights to go on from, in a checkout of the repository."""
SCORES = ("precision", "recall", "f1", "ods")


@dataclass(frozen=True)
class FineTuning:
    """How to fine-tune.

    Attributes
    ----------
    net : str
    weights : Path, optional
        Weights to begin with; by default those of `net` in the repository's ``models/``.
    freeze_encoder : bool
        Train the decoder alone: for a few photographs.
    seeds : int
        Runs that differ by their seed alone.
    steps, batch_size, crop_px : int
    learning_rate : float
    validation_share : float
        Share of the photographs that are held back to score on, whole source photographs at a
        time; not used where the set brings a split ``val``.
    """

    net: str = "cracknet-lite"
    weights: Path | None = None
    freeze_encoder: bool = False
    seeds: int = 1
    steps: int = 300
    batch_size: int = 8
    crop_px: int = 320
    learning_rate: float = 2e-4
    validation_share: float = 0.2


@dataclass(frozen=True)
class Tuned:
    """What fine-tuning came to.

    Attributes
    ----------
    before : dict of str to float
        Scores of the first weights on the validation photographs.
    after : sequence of dict of str to float
        Those of each seed's best weights.
    best : Path
        The weights (.weights.h5) of the best seed.
    """

    before: dict[str, float]
    after: Sequence[dict[str, float]]
    best: Path

    def mean(self, score: str) -> float:
        """Mean of a score over seeds."""
        return float(np.mean([row[score] for row in self.after]))

    def spread(self, score: str) -> float:
        """Sample standard deviation of a score over seeds; 0 for one seed."""
        values = [row[score] for row in self.after]
        return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def finetune(
    dataset: Path, out: Path, options: FineTuning, log: Log, progress: Progress | None = None
) -> Tuned:
    """Go on training on a data set from a trained net's weights; killed, it goes on.

    Parameters
    ----------
    dataset : Path
        With ``images/train`` and ``masks/train``; its split ``val``, where it has one, is
        validated on.
    out : Path
        Gets ``validation.txt``, a run for each seed in ``seed-<k>`` (see
        `cracknet.training.loop.train`) and ``finetuning.json``.
    options : FineTuning
    log, progress : callables
        As for `cracknet.training.loop.train`.

    Raises
    ------
    ArgumentError, RecipeError, DatasetError, PhotoError, TrainingError, OutputError
        As `cracknet.training.loop.train`; ArgumentError for options out of range.
    """
    if options.seeds < 1:
        msg = f"seeds must be at least 1; got {options.seeds}."
        raise ArgumentError(msg)
    recipes = [_recipe(dataset, out, options, seed) for seed in range(1, options.seeds + 1)]
    name = dataset.resolve().name
    before = _before(recipes[0], name)
    log(f"before: {_told(before)}")
    after, folders = [], []
    for seed, recipe in enumerate(recipes, start=1):
        folder = out / f"seed-{seed}"
        train(recipe, folder, log, progress=progress)
        after.append(_scores(json.loads((folder / "best.json").read_text()), name))
        folders.append(folder)
        log(f"seed {seed}: {_told(after[-1])}")
    best = int(np.argmax([row["f1"] for row in after]))
    tuned = Tuned(before, after, folders[best] / "best.weights.h5")
    content = {
        "options": asdict(options),
        "before": before,
        "after": after,
        "mean": {score: tuned.mean(score) for score in SCORES},
        "spread": {score: tuned.spread(score) for score in SCORES},
        "best": str(tuned.best.relative_to(out)),
        "protocol": "pooled pixels of the validation photographs, threshold 0.5, no tolerance; "
        "each seed's best of its validations",
    }
    write_whole(
        out / "finetuning.json", (json.dumps(content, indent=2, default=str) + "\n").encode()
    )
    return tuned


def annotated_set(source: Path, out: Path, labels: Labels | None = None) -> Path:
    """Return the data set at `source`, or the one that its Labelme files become in `out`.

    Raises
    ------
    DatasetError
        When `source` is neither, or a Labelme file cannot be used: what an annotator drew must
        not be left out silently.
    """
    if (source / "images").is_dir():
        return source
    result = import_annotations(find_labelme(source, labels), out / "dataset")
    if result.failed:
        msg = (
            f"{len(result.failed)} of {len(result.outcomes)} Labelme files of {source} cannot be "
            f"used. The first: {result.failed[0].error} Mend or remove them and run again."
        )
        raise DatasetError(msg)
    return out / "dataset"


def first_weights(net: str, weights: Path | None) -> Path:
    """Return the weights to begin with.

    Raises
    ------
    TrainingError
        When none are named and the repository's own are not beside the package.
    """
    found = weights or MODELS / f"{net}.npz"
    if not found.is_file():
        msg = (
            f"no weights of {net} at {found}. They come with the repository, not with the package: "
            f"name a file with --weights, such as models/{net}.npz or a run's best.weights.h5."
        )
        raise TrainingError(msg)
    return found


def _recipe(dataset: Path, out: Path, options: FineTuning, seed: int) -> Recipe:
    dataset = dataset.resolve()
    if (dataset / "images" / "val").is_dir():
        held: dict[str, Any] = {"split": "val"}
        kept: dict[str, Any] = {}
    else:
        held = {"only": _hold_back(dataset, out, options.validation_share).resolve()}
        kept = {"without": held["only"]}
    crop = options.crop_px
    content = {
        "net": {
            "name": options.net,
            "weights": first_weights(options.net, options.weights).resolve(),
            "freeze_encoder": options.freeze_encoder,
        },
        "data": [{"root": dataset, **kept}],
        "validation": [{"root": dataset, **held}],
        "crops": {"size_px": crop, "scale": (0.6, 1.7), "light": 0.8},
        "loss": {"cross_entropy": 0.4, "dice": 0.6},
        "optimizer": {
            "learning_rate": options.learning_rate,
            "warmup_steps": min(50, options.steps // 10),
            "average": 0.99,
        },
        "run": {
            "steps": options.steps,
            "batch_size": options.batch_size,
            "seed": seed,
            "validate_every": max(1, options.steps // 5),
            "checkpoint_every": max(1, min(100, options.steps // 5)),
        },
    }
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        msg = f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}; got {fault['input']!r}."
        raise ArgumentError(msg) from error


def _hold_back(dataset: Path, out: Path, share: float) -> Path:
    """Write the list of photographs to validate on, once: a run that goes on keeps it."""
    path = out / "validation.txt"
    if path.is_file():
        return path
    stems = [pair.stem for pair in find_pairs(dataset, "train")]
    count = max(1, round(share * len(stems)))
    if not 0 < share < 1 or count >= len(stems):
        msg = (
            f"{dataset} holds {len(stems)} photographs; a share of {share:g} to validate on leaves "
            "none to train on. Annotate more, or change --validation-share."
        )
        raise DatasetError(msg)
    chosen = cut_by_source(stems, count)
    if not chosen:
        msg = f"the photographs of {dataset} are crops of one; annotate another to validate on."
        raise DatasetError(msg)
    write_whole(path, "".join(f"{stem}\n" for stem in chosen).encode())
    return path


def _before(recipe: Recipe, name: str) -> dict[str, float]:
    with dtype_policy("float32"):
        net = build_net(recipe)
    return _scores(validate(net, validation_sets(recipe)), name)


def _scores(result: dict[str, Any], name: str) -> dict[str, float]:
    return {score: float(result[f"{name}_{score}"]) for score in SCORES}


def _told(scores: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
