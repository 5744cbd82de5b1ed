"""`cracknet bench`: how fast this machine is, and what limits it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cracknet.cli.options import jobs_option, json_option, numbers, write_json

if TYPE_CHECKING:
    from cracknet.studies.bench import Measured


def bench(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Shipped names or model files; all that ship by default."),
    ] = None,
    seconds: Annotated[float, typer.Option(help="Of the whole, about.")] = 60.0,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT of the rendered photograph.")] = (
        "2048x1536"
    ),
    photo: Annotated[
        Path | None, typer.Option(help="A photograph of yours in place of the rendered one.")
    ] = None,
    jobs: jobs_option = None,
    json_file: json_option = None,
) -> None:
    """Time each model and engine on this machine: speed, memory, what limits it.

    Wall time a megapixel of `cracknet segment`, measuring and all files included, and the
    processor time of each stage.
    """
    from rich.console import Console
    from rich.table import Table

    from cracknet.studies.bench import NOTE, BenchOptions, as_json, as_table, bench

    console = Console()
    width, height = numbers(size, "x", "--size")
    options = BenchOptions(
        models=tuple(models or ()),
        seconds=seconds,
        height_px=int(height),
        width_px=int(width),
        photo=photo,
        threads=jobs,
    )

    def show(row: Measured) -> None:
        words = row.error or f"{row.ms_per_mp:.0f} ms a megapixel"
        console.print(f"{row.case.model}, {row.case.engine}: {words}", highlight=False)

    done = bench(options, progress=show)
    columns, rows = as_table(done)
    console.print(", ".join(f"{key} {value}" for key, value in done.machine.items()))
    table = Table(title=f"Photograph: {done.photo}")
    for column in columns:
        table.add_column(column, no_wrap=column not in ("model", "limited by"))
    for cells in rows:
        table.add_row(*cells)
    console.print(table)
    console.print(NOTE, highlight=False)
    write_json(json_file, as_json(done))
