"""`cracknet evaluate`: scores of a model, or of predictions on disk, on photographs with masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cracknet.cli.options import (
    engine_option,
    jobs_option,
    json_option,
    precision_option,
    write_json,
)
from cracknet.cli.progress import photo_bar


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|PREDICTIONS",
            help="A shipped model's name, a model file, or a folder of predictions.",
        ),
    ],
    dataset: Annotated[
        Path,
        typer.Argument(metavar="SET", help="Folder with images/<split>, masks/<split>."),
    ],
    split: Annotated[str, typer.Option(help="Which split to score.")] = "test",
    only: Annotated[
        Path | None, typer.Option(help="File of stems to score, one a line; all by default.")
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", "-t", help="Where masks are cut; any value in 0..1.")
    ] = 0.5,
    distractors: Annotated[
        Path | None,
        typer.Option(help="Folder of masks <stem>.png of what must not be marked."),
    ] = None,
    engine: engine_option = "openvino",
    precision: precision_option = "auto",
    jobs: jobs_option = None,
    json_file: json_option = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a row for each photograph and for all.")
    ] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write the tables to this file as Markdown.")
    ] = None,
) -> None:
    """Score a model, or predictions that lie in a folder.

    A folder of predictions holds <stem>.probability.png or <stem>.mask.png, as `cracknet segment`
    writes, or <stem>.png of another tool. See docs/evaluate.md for what each score means.
    """
    from cracknet.datasets.pairs import find_pairs
    from cracknet.datasets.splits import read_stems
    from cracknet.files import write_whole
    from cracknet.scoring.evaluate import is_predictions, score_model, score_predictions
    from cracknet.scoring.tables import as_csv, as_json, as_markdown, as_text
    from cracknet.segmentation import Segmenter

    pairs = find_pairs(dataset, split, only=read_stems(only) if only else None)
    about: dict[str, Any]
    if is_predictions(model):
        with photo_bar(len(pairs)) as step:
            scores = score_predictions(
                Path(model), pairs, threshold, distractors=distractors, progress=step
            )
        about = {"model": Path(model).resolve().name, "model_sha256": None, "engine": None}
    else:
        with (
            Segmenter(
                model, threshold=threshold, engine=engine, precision=precision, threads=jobs
            ) as segmenter,
            photo_bar(len(pairs)) as step,
        ):
            scores = score_model(segmenter, pairs, distractors=distractors, progress=step)
            about = {
                "model": segmenter.card.name,
                "model_sha256": segmenter.card.sha256,
                "engine": segmenter.engine.name,
                "precision_hint": precision,
            }
    about["set"] = dataset.resolve().name
    about["split"] = split if not only else f"{split}, listed in {only.name}"
    title = f"{about['model']} on {about['set']} {about['split']}"
    typer.echo(as_text(scores, title))
    write_json(json_file, {**about, **as_json(scores)})
    if csv_file:
        write_whole(csv_file, as_csv(scores).encode())
    if markdown_file:
        write_whole(markdown_file, as_markdown(scores, title).encode())
