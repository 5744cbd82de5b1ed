"""The numbers of a study, side by side with the paper's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from cracknet.studies.architecture import Architecture
from cracknet.studies.budgets import BATCH_SIZE, OPTIMIZER_WORDS, StudyOptions
from cracknet.studies.scored import Sample, ScoredSet
from cracknet.training.record import read_rows

SCHEMA = "cracknet/study/1"
TABLE_NETS = ("fcn-8s", "fcn-32s", "cracknet")
NAMES = {
    "cracknet": "CrackNet",
    "cracknet-no-skips": "CrackNet without skips",
    "cracknet-lite": "CrackNet-Lite",
    "fcn-8s": "FCN-8s",
    "fcn-32s": "FCN-32s",
}
PAPER_TABLE_1: tuple[dict[str, Any], ...] = (
    {"sample": 1, "fcn": (0.9261, 0.9366), "cracknet": (0.9452, 0.9525)},
    {"sample": 2, "fcn": (0.9312, 0.9425), "cracknet": (0.9569, 0.9655)},
)
"""Precision and recall as printed; which FCN is meant is not said."""


@dataclass(frozen=True)
class NetResult:
    """What is known of one net.

    Attributes
    ----------
    name : str
    folder : Path
        Of its run.
    run : dict
        ``study.json`` of its run.
    architecture : Architecture
    features : dict of str to array
        See `cracknet.studies.features.keep_features`.
    curves : list of dict
        Rows of ``validation.csv``.
    scores : dict of str to dict
        What `cracknet.studies.scored.score_net` returned, by the set's name.
    """

    name: str
    folder: Path
    run: Mapping[str, Any]
    architecture: Architecture
    features: Mapping[str, npt.NDArray[Any]]
    curves: Sequence[Mapping[str, float]]
    scores: Mapping[str, Mapping[str, Any]]


def verdict(scores: Mapping[str, Any]) -> str | None:
    """Say in words when a net has not learned to tell cracks from the rest; None when it has.

    Parameters
    ----------
    scores : mapping
        Pooled, as `cracknet.scoring.scorer.SetScores.summary` gives them.

    Examples
    --------
    >>> counts = {"true_positive": 0, "false_positive": 0, "pixels": 100, "crack_share": 0.1}
    >>> verdict({**counts, "f1": 0.0})
    'not converged: it predicts nothing'
    """
    marked = scores["true_positive"] + scores["false_positive"]
    if not marked:
        return "not converged: it predicts nothing"
    if marked >= 0.9 * scores["pixels"]:
        return f"not converged: it marks {marked / scores['pixels']:.0%} of all pixels"
    share = scores["crack_share"]
    if scores["f1"] is not None and scores["f1"] <= 2 * share / (1 + share):
        return "not converged: its F1 is below that of marking every pixel"
    return None


def hours_of(folder: Path) -> float:
    """Add up the hours of a run from its ``training.csv``, whose seconds begin anew each call."""
    total = last = 0.0
    for row in read_rows(folder / "training.csv"):
        if row["seconds"] < last:
            total += last
        last = row["seconds"]
    return (total + last) / 3600


def gather(
    options: StudyOptions,
    nets: Sequence[NetResult],
    test: ScoredSet,
    others: Sequence[ScoredSet],
    samples: Sequence[Sample],
    photos: Mapping[str, Any],
) -> dict[str, Any]:
    """Gather a study's numbers for ``results.json`` and the report.

    Parameters
    ----------
    options : StudyOptions
    nets : sequence of NetResult
    test : ScoredSet
    others : sequence of ScoredSet
    samples : sequence of Sample
    photos : mapping
        Counts and names of the photographs of each split.
    """
    spent = options.spent
    return {
        "schema": SCHEMA,
        "budget": {
            "name": options.budget,
            "photos": spent.photos,
            "epochs": spent.epochs,
            "size_px": spent.size_px,
            "batch_size": BATCH_SIZE,
            "optimizer": options.optimizer,
            "optimizer_words": OPTIMIZER_WORDS[options.optimizer],
            "dtype": options.dtype,
            "seed": options.seed,
        },
        "photos": dict(photos),
        "test_set": test.name,
        "test_photos": {"scored": len(test.pairs), "of": test.of},
        "nets": {net.name: _net(net, test.name) for net in nets},
        "table_1": _table_1(nets, test, samples),
        "paper_table_1": [dict(row) for row in PAPER_TABLE_1],
        "borders": {net.name: _border(net.scores[test.name]) for net in nets},
        "generalisation": {
            found.name: {
                "scored": len(found.pairs),
                "of": found.of,
                "nets": {net.name: pooled(net.scores[found.name]) for net in nets},
            }
            for found in (test, *others)
        },
    }


def pooled(scored: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the pooled scores that tables show, and what is to be said of them."""
    scores = scored["scores"]
    keys = ("precision", "recall", "f1", "ods", "ods_at", "average_precision", "f1_2px", "cl_dice")
    return {**{key: scores[key] for key in keys}, "verdict": verdict(scores)}


def _net(net: NetResult, test: str) -> dict[str, Any]:
    return {
        "label": NAMES.get(net.name, net.name),
        "parameters": net.architecture.parameters,
        **net.run,
        "curves": [_finite(row) for row in net.curves],
        "test": pooled(net.scores[test]),
        "protocol": net.scores[test]["scores"]["protocol"],
    }


def _finite(row: Mapping[str, float]) -> dict[str, float | None]:
    """Put None, null in JSON, where there is no number, as ODS where there is no crack."""
    return {key: value if math.isfinite(value) else None for key, value in row.items()}


def _table_1(
    nets: Sequence[NetResult], test: ScoredSet, samples: Sequence[Sample]
) -> list[dict[str, Any]]:
    shown = [net for net in nets if net.name in TABLE_NETS]
    shown.sort(key=lambda net: TABLE_NETS.index(net.name))
    rows: list[dict[str, Any]] = []
    for number, sample in enumerate(samples, start=1):
        row = {"row": f"Sample {number}", "photo": sample.pair.stem, "quantile": sample.quantile}
        cells = {}
        for net in shown:
            per_photo = net.scores[test.name]["scores"]["per_photo"]
            [one] = [photo for photo in per_photo if photo["photo"] == sample.pair.stem]
            cells[net.name] = (one["precision"], one["recall"])
        rows.append({**row, "crack_share": sample.crack_share, "nets": cells})
    whole = {
        net.name: tuple(net.scores[test.name]["scores"][key] for key in ("precision", "recall"))
        for net in shown
    }
    rows.append({"row": "Test set, pooled", "photo": None, "nets": whole})
    return rows


def _border(scored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "band": scored["band"],
        "boundary": scored["boundary"],
        "f1": scored["scores"]["f1"],
        "f1_2px": scored["scores"]["f1_2px"],
    }
