"""`cracknet finetune`: a trained net goes on learning from a user's own photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import json_option, write_json
from cracknet.cli.training import backend_option, set_backend, training_progress


def finetune(
    source: Annotated[
        Path, typer.Argument(help="Folder of Labelme files, or a data set (images/, masks/).")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the runs and the model.")],
    net: Annotated[str, typer.Option(help="Which net.")] = "cracknet-lite",
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights to begin with; by default models/<net>.npz of the repository."),
    ] = None,
    freeze_encoder: Annotated[
        bool, typer.Option("--freeze-encoder", help="Train the decoder alone: for few photographs.")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Runs, for a mean and a spread.")] = 1,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each run.")] = 300,
    batch_size: Annotated[int, typer.Option(min=1, help="Crops in a step.")] = 8,
    crop_px: Annotated[
        int, typer.Option("--crop", help="Side of a crop in pixels, a multiple of 32.")
    ] = 320,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-4,
    validation_share: Annotated[
        float, typer.Option(help="Share of the photographs held back, if there is no split val.")
    ] = 0.2,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Labelme: NAME=crack, NAME=background or NAME=ignore."),
    ] = None,
    backend: backend_option = None,
    json_file: json_option = None,
) -> None:
    """Fine-tune a trained net on your own photographs, and export the best as model.xml."""
    set_backend(backend)
    import os

    from cracknet.datasets.labels import read_labels
    from cracknet.training.finetuning import SCORES, FineTuning
    from cracknet.training.finetuning import annotated_set as prepare
    from cracknet.training.finetuning import finetune as run

    options = FineTuning(
        net, weights, freeze_encoder, seeds, steps, batch_size, crop_px, learning_rate,
        validation_share,
    )  # fmt: skip
    dataset = prepare(source, out, read_labels(label or []))
    with training_progress() as (log, progress):
        tuned = run(dataset, out, options, log, progress)
    for score in SCORES:
        spread = f" ± {tuned.spread(score):.4f}" if seeds > 1 else ""
        typer.echo(
            f"{score:9}  before {tuned.before[score]:.4f}  after {tuned.mean(score):.4f}{spread}"
        )
    result = {
        "before": tuned.before,
        "after": list(tuned.after),
        "mean": {score: tuned.mean(score) for score in SCORES},
        "spread": {score: tuned.spread(score) for score in SCORES},
        "weights": str(tuned.best),
    }
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        from cracknet.training.export import export_model

        export_model(tuned.best, out / "model.xml", net=net)
        result["model"] = str(out / "model.xml")
        typer.echo(f"cracknet segment PHOTO... --model {out / 'model.xml'} -o OUT uses it")
    else:
        typer.echo(f"cracknet export {tuned.best} --net {net} -o model.xml makes a model of it")
    write_json(json_file, result)
