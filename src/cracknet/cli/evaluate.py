"""`cracknet evaluate`: scores of a model, or of predictions on disk, on photographs with masks."""

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
from cracknet.cli.progress import counting_bar, photo_bar

_WORST = 20


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
    worst: Annotated[
        int | None,
        typer.Option(
            "--worst",
            min=1,
            help="Draw this many photographs with most false alarms, and as many with most misses.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Where they are drawn; by default <model>-<set>-<split>.worst.html. Alone it "
            f"means --worst {_WORST}.",
        ),
    ] = None,
) -> None:
    """Score a model, or predictions that lie in a folder.

    A folder of predictions holds <stem>.probability.png or <stem>.mask.png, as `cracknet segment`
    writes, or <stem>.png of another tool. See docs/evaluate.md for what each score means.
    """
    from cracknet.datasets.pairs import find_pairs
    from cracknet.datasets.splits import read_stems
    from cracknet.files import write_whole
    from cracknet.reporting.failure_sheet import failure_sheet
    from cracknet.scoring.sources import open_source
    from cracknet.scoring.tables import as_csv, as_json, as_markdown, as_text
    from cracknet.scoring.worst import rank_worst

    pairs = find_pairs(dataset, split, only=read_stems(only) if only else None)
    options = {"engine": engine, "precision": precision, "threads": jobs}
    count = worst or (_WORST if html else 0)
    with open_source(model, pairs, threshold, **options) as source:
        with photo_bar(len(pairs)) as step:
            scores = source.score(distractors, step)
        about = {
            **source.about(scores),
            "set": dataset.resolve().name,
            "split": split if not only else f"{split}, listed in {only.name}",
            "only": f"{only.resolve().parent.name}/{only.name}" if only else None,
        }
        title = f"{about['model']} on {about['set']} {about['split']}"
        typer.echo(as_text(scores, title))
        if count:
            ranked = rank_worst(scores, count)
            about["worst"] = ranked.as_dict()
            with counting_bar("worst photographs") as counted:
                page = failure_sheet(scores, ranked, pairs, source.prediction, title, counted)
            html = html or Path(f"{about['model']}-{about['set']}-{split}.worst.html")
            write_whole(html, page.encode())
            typer.echo(f"worst photographs: {html}")
    write_json(json_file, {**about, **as_json(scores)})
    if csv_file:
        write_whole(csv_file, as_csv(scores).encode())
    if markdown_file:
        write_whole(markdown_file, as_markdown(scores, title).encode())
