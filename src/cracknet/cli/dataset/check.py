"""`cracknet dataset check`: what a data set holds, and what is amiss in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cracknet.cli.options import json_option, write_json
from cracknet.cli.progress import counting_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from cracknet.datasets.checking import Range, SetCheck, SplitFacts

_CASES_PRINTED = 8
_FILES_PRINTED = 6
_COLOURS = {"error": "bold red", "warning": "yellow", "note": "blue"}


def check(
    dataset: Annotated[
        Path, typer.Argument(metavar="SET", help="Folder with images/<split>, masks/<split>.")
    ],
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a contact sheet to this file.")
    ] = None,
    json_file: json_option = None,
    sheet_limit: Annotated[
        int, typer.Option("--sheet-limit", min=0, help="Photographs of a split on the sheet.")
    ] = 120,
    sources: Annotated[
        str | None,
        typer.Option(
            "--sources",
            help="Regular expression whose first group, or match, in a stem names its source "
            "photograph; by default the stem before a final -<number>.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Threads that read.")] = 2,
) -> None:
    """Read all photographs and masks of a data set, and say what is amiss.

    Exit status 1 where there is an error: what stops training, or makes scores wrong.
    """
    from rich.console import Console

    from cracknet.datasets.checking import check_dataset
    from cracknet.datasets.expansion_plan import source_by
    from cracknet.files import write_whole
    from cracknet.reporting.contact_sheet import contact_sheet

    with counting_bar("checking") as step:
        result = check_dataset(dataset, source=source_by(sources), jobs=jobs, progress=step)
    console = Console(highlight=False)
    _print_table(result, console)
    _print_findings(result, console)
    write_json(json_file, result.as_dict())
    if html:
        with counting_bar("contact sheet") as step:
            page = contact_sheet(result, sheet_limit, step)
        write_whole(html, page.encode())
        console.print(f"Contact sheet: {html}", markup=False)
    if not result.passed:
        raise typer.Exit(1)


def _print_table(result: SetCheck, console: Console) -> None:
    from rich.table import Table

    table = Table(title=f"{result.root.resolve().name}: {len(result.photos)} photographs")
    table.add_column("split")
    for split in result.splits:
        table.add_column(split.split, justify="right", overflow="fold")
    rows: dict[str, Callable[[SplitFacts], str]] = {
        "photographs": lambda split: str(split.photographs),
        "usable pairs": lambda split: str(split.pairs),
        "width, px": lambda split: _extent(split.width_px),
        "height, px": lambda split: _extent(split.height_px),
        "different sizes": lambda split: str(split.sizes),
        "crack share, pooled": lambda split: _share(split.crack_share_pooled),
        "  mean of photographs": lambda split: _share(split.crack_share_mean),
        "  median": lambda split: _share(split.crack_share_median),
        "empty masks": lambda split: str(split.empty_masks),
        "full masks": lambda split: str(split.full_masks),
        "0/1 masks": lambda split: str(split.zero_one_masks),
    }
    for name, value in rows.items():
        table.add_row(name, *map(value, result.splits))
    console.print(table)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _extent(values: Range | None) -> str:
    if values is None:
        return "-"
    if values.least == values.greatest:
        return f"{values.least:g}"
    return f"{values.least:g} / {values.median:g} / {values.greatest:g}"


def _print_findings(result: SetCheck, console: Console) -> None:
    from rich.text import Text

    if not result.findings:
        console.print("Nothing amiss.")
    for finding in result.findings:
        line = Text(finding.severity, _COLOURS[finding.severity])
        console.print(line.append(f"  {finding.title}: {len(finding.cases)}", "default not bold"))
        for case in finding.cases[:_CASES_PRINTED]:
            names = ", ".join(case.files[:_FILES_PRINTED])
            more = len(case.files) - _FILES_PRINTED
            names += f" and {more} more" if more > 0 else ""
            _print_line(console, f"    {names}{f': {case.detail}' if case.detail else ''}")
        if len(finding.cases) > _CASES_PRINTED:
            more = len(finding.cases) - _CASES_PRINTED
            _print_line(console, f"    and {more} more; --json and --html list them")
        _print_line(console, f"    -> {finding.next_step}")


def _print_line(console: Console, text: str) -> None:
    """Print as it is: names may hold what rich takes for markup, and must not be broken up."""
    console.print(text, markup=False, soft_wrap=True)
