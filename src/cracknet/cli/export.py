"""`cracknet export`: trained weights to the files that inference engines read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.train import _needs_train


def export(
    weights: Annotated[
        Path, typer.Argument(help="Weights of a run (.weights.h5), or a Keras model (.keras).")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .xml, .onnx, .keras.")],
    net: Annotated[
        str, typer.Option(help="The net of .weights.h5: cracknet or cracknet-lite.")
    ] = "cracknet-lite",
    file_format: Annotated[
        str, typer.Option("--format", help="openvino, onnx or keras; by default as --out ends.")
    ] = "",
    half: Annotated[
        bool, typer.Option("--half/--full", help="Keep OpenVINO weights in float16.")
    ] = True,
) -> None:
    """Write a trained net as OpenVINO IR or ONNX, with a model card beside it."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from cracknet.training.export import export_model
    except ImportError as error:
        raise _needs_train(error) from error
    card = export_model(weights, out, net=net, file_format=file_format or None, half=half)
    typer.echo(f"{out}: {card.size_mb:.1f} MB, {card.parameters:,} parameters")
