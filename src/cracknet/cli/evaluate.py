"""`cracknet evaluate`: scores of a model on photographs with masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import (
    engine_option,
    jobs_option,
    json_option,
    precision_option,
    write_json,
)


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or a model file.")],
    dataset: Annotated[Path, typer.Argument(help="Folder with images/<split>, masks/<split>.")],
    split: Annotated[str, typer.Option(help="Which split to score.")] = "test",
    only: Annotated[
        Path | None, typer.Option(help="File of stems to score, one a line; all by default.")
    ] = None,
    threshold: Annotated[float, typer.Option(help="Where precision and recall are taken.")] = 0.5,
    engine: engine_option = "openvino",
    precision: precision_option = "auto",
    jobs: jobs_option = None,
    json_file: json_option = None,
) -> None:
    """Score a model: precision, recall and F1 of pooled pixels, and the best F1 (ODS)."""
    from cracknet.datasets.pairs import find_pairs
    from cracknet.datasets.splits import read_stems
    from cracknet.scoring.evaluate import evaluate_model
    from cracknet.segmentation import Segmenter

    pairs = find_pairs(dataset, split, only=read_stems(only) if only else None)
    with Segmenter(
        model, threshold=threshold, engine=engine, precision=precision, threads=jobs
    ) as segmenter:
        scores = evaluate_model(segmenter, pairs)
        result = {
            "model": segmenter.card.name,
            "model_sha256": segmenter.card.sha256,
            "set": dataset.name,
            "split": split if not only else f"{split}, listed in {only.name}",
            "engine": segmenter.engine.name,
            "precision_hint": precision,
            **scores,
        }
    typer.echo(
        f"{result['set']} {result['split']}: {scores['photos']} photographs, "
        f"P {scores['precision']:.4f}  R {scores['recall']:.4f}  F1 {scores['f1']:.4f} "
        f"at {scores['threshold']:g};  ODS {scores['ods']:.4f} at {scores['ods_at']:.2f}  "
        f"({scores['protocol']})"
    )
    write_json(json_file, result)
