"""`cracknet dataset`: commands on annotated photographs, one a file."""

from __future__ import annotations

import typer

from cracknet.cli.dataset.check import check
from cracknet.cli.dataset.expand import expand
from cracknet.cli.dataset.exporting import export
from cracknet.cli.dataset.importing import import_
from cracknet.cli.dataset.pack import pack

dataset = typer.Typer(
    name="dataset",
    help="Import, check, expand, pack and export annotated photographs.",
    no_args_is_help=True,
)
dataset.command("check")(check)
dataset.command("expand")(expand)
dataset.command("import")(import_)
dataset.command("pack")(pack)
dataset.command("export")(export)
