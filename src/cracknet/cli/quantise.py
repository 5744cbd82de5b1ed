"""`cracknet quantise`: a model in 8-bit integers, calibrated and measured on photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import json_option, write_json


def quantise(
    model: Annotated[
        str, typer.Argument(help="A shipped model's name, or a .xml or .onnx file, not in int8.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .xml.")],
    calibrate: Annotated[
        list[str],
        typer.Option(metavar="SET[:SPLIT]", help="Training photographs; split train by default."),
    ],
    validate: Annotated[
        list[str],
        typer.Option(metavar="SET[:SPLIT]", help="What to compare on; split val by default."),
    ],
    without: Annotated[
        list[Path] | None,
        typer.Option(help="File of stems not to calibrate on; goes with the set that holds them."),
    ] = None,
    only: Annotated[
        list[Path] | None,
        typer.Option(help="File of stems to compare on; goes with the set that holds them."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Tiles to calibrate on.")] = 300,
    tolerance: Annotated[
        float, typer.Option(help="By how much F1 at 0.5 and ODS may fall, of 1, on each set.")
    ] = 0.003,
    preset: Annotated[
        str, typer.Option(help="performance (ranges even about 0) or mixed.")
    ] = "performance",
    slow_bias: Annotated[
        bool, typer.Option("--slow-bias", help="Correct biases by NNCF's slow rule.")
    ] = False,
    float_parts: Annotated[
        list[str] | None,
        typer.Option("--float", help="Part of the net to keep in floating point, such as stem."),
    ] = None,
    json_file: json_option = None,
) -> None:
    """Write a model in 8-bit integers, smaller and faster, unless it scores worse than before."""
    from cracknet.datasets.named_sets import find_named_sets
    from cracknet.training.quantising import Quantising, worst
    from cracknet.training.quantising import quantise as run

    options = Quantising(
        samples=samples, tolerance=tolerance, preset=preset, fast_bias=not slow_bias,
        float_parts=tuple(float_parts or ()),
    )  # fmt: skip
    done = run(
        model,
        out,
        find_named_sets(calibrate, "train", without=without or ()),
        find_named_sets(validate, "val", only=only or ()),
        options,
        lambda line: typer.echo(line, err=True),
    )
    for name, after in done.after.items():
        before = done.before[name]
        typer.echo(
            f"{name}: F1 {before['f1']:.4f} -> {after['f1']:.4f}, "
            f"ODS {before['ods']:.4f} -> {after['ods']:.4f} ({after['photos']} photographs)"
        )
    loss, name, score = worst(done.before, done.after)
    typer.echo(
        f"{out}: {done.bytes_before / 1e6:.1f} -> {done.bytes_after / 1e6:.1f} MB, loses at most "
        f"{100 * loss:.2f} points ({score} of {name}); in floating point: "
        f"{', '.join(done.float_parts) or 'nothing'}"
    )
    write_json(json_file, {
        "model": done.card.name, "before": done.before, "after": done.after, "largest_loss": loss,
        "float_parts": done.float_parts, "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
    })  # fmt: skip
