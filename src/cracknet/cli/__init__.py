"""The command line: one command per file, each parses, calls the library, prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from cracknet.cli.batch import batch
from cracknet.cli.bench import bench
from cracknet.cli.change import change
from cracknet.cli.compare import compare
from cracknet.cli.dataset import dataset
from cracknet.cli.evaluate import evaluate
from cracknet.cli.export import export
from cracknet.cli.finetune import finetune
from cracknet.cli.measure import measure
from cracknet.cli.models import models
from cracknet.cli.options import version_option
from cracknet.cli.quantise import quantise
from cracknet.cli.render import render
from cracknet.cli.report import report
from cracknet.cli.reproduce import reproduce
from cracknet.cli.scoreboard import scoreboard
from cracknet.cli.segment import segment
from cracknet.cli.serve import serve
from cracknet.cli.train import train
from cracknet.errors import CrackNetError, OutputError, TrainingError

app = typer.Typer(
    name="cracknet",
    help="Find cracks in photographs of concrete.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    segment,
    batch,
    measure,
    change,
    models,
    render,
    evaluate,
    scoreboard,
    train,
    finetune,
    report,
    reproduce,
    compare,
    serve,
    export,
    quantise,
    bench,
):
    app.command()(command)
app.add_typer(dataset)


@app.callback()
def _root(version: version_option = False) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0: all done. 1: some photographs failed, or the run broke off; the rest is done and said.
    2: wrong use.
    """
    try:
        status = app(args=arguments, standalone_mode=False)
    except CrackNetError as error:
        _say(f"Error: {error}")
        return 1 if isinstance(error, (OutputError, TrainingError)) else 2
    except typer.Exit as error:
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # not click's word on wrong use
            raise
        if text := error.format_message():
            _say(f"Error: {text} See --help.")
        return 2
    if status == 130:  # Typer turns an interrupt into this
        _say("Stopped. What is done is kept; run the same command again to do the rest.")
    return status if isinstance(status, int) else 0  # a command's typer.Exit comes back as a number


def _say(text: str) -> None:
    typer.echo(text, err=True)


def entry() -> None:
    """Run as the installed command."""
    sys.exit(main())
