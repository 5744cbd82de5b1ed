"""`cracknet export`: trained weights to the files that inference engines read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.training import set_backend


def export(
    weights: Annotated[
        Path,
        typer.Argument(
            help="Weights of a run (.weights.h5), of models/ (.npz), or a .keras model; or the "
            "folder of a classifier that `cracknet compare` taught, for a gate."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .xml, .onnx, .keras.")],
    net: Annotated[str, typer.Option(help="The net that the weights are of.")] = "cracknet-lite",
    file_format: Annotated[
        str, typer.Option("--format", help="openvino, onnx or keras; by default as --out ends.")
    ] = "",
    half: Annotated[
        bool, typer.Option("--half/--full", help="Keep OpenVINO weights in float16.")
    ] = True,
    coarse: Annotated[
        float,
        typer.Option(help="Weight of a second pass at half size, for wide cracks; 0 makes none."),
    ] = 0.0,
    tile: Annotated[
        int | None,
        typer.Option(
            help="Cut photographs into tiles of this size, px, for nets that mark best at the size "
            "they were trained at; 1280 by default."
        ),
    ] = None,
) -> None:
    """Write a trained net as OpenVINO IR or ONNX, with a model card beside it.

    Of a classifier's folder it writes a gate, OpenVINO IR, for `cracknet segment --gate`.
    """
    set_backend("tensorflow")
    if weights.is_dir():
        from cracknet.baselines.exporting import export_gate

        card = export_gate(weights, out, half=half)
    else:
        from cracknet.training.export import export_model

        card = export_model(
            weights,
            out,
            net=net,
            file_format=file_format or None,
            half=half,
            coarse_weight=coarse,
            tile_px=tile,
        )
    typer.echo(f"{out}: {card.size_mb:.1f} MB, {card.parameters:,} parameters")
