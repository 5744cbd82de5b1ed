"""`cracknet scoreboard`: what `cracknet evaluate` wrote of models and sets, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import json_option, write_json


def scoreboard(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE.json...", help="Of `cracknet evaluate --json`.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the page to this file; printed by default."),
    ] = None,
    json_file: json_option = None,
) -> None:
    """Gather scores of models on sets: a table for each set, beside what others published."""
    from cracknet.files import write_whole
    from cracknet.scoring.scoreboard import as_json, gather, read_entry
    from cracknet.scoring.scoreboard_page import scoreboard_page

    boards = gather(map(read_entry, files))
    page = scoreboard_page(boards)
    if out:
        write_whole(out, page.encode())
        typer.echo(f"Scoreboard of {len(boards)} sets: {out}")
    else:
        typer.echo(page, nl=False)
    write_json(json_file, as_json(boards))
