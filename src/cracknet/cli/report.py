"""`cracknet report`: the inspection report of a run, one HTML file and a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.measuring_options import (
    class_choice,
    exposure_option,
    judge_option,
    standard_option,
)
from cracknet.cli.options import json_option, write_json
from cracknet.cli.progress import counting_bar


def report(
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="Folder that `cracknet segment` or `cracknet measure` wrote."
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The report, .html or .pdf; OUT/report.html by default."),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF beside the HTML.")] = False,
    title: Annotated[str, typer.Option(help="Heading of the report.")] = "Crack inspection",
    structure: Annotated[str, typer.Option(help="What was inspected.")] = "",
    inspector: Annotated[str, typer.Option(help="Who inspected it.")] = "",
    client: Annotated[str, typer.Option(help="For whom.")] = "",
    date: Annotated[str, typer.Option(help="When it was inspected, in your own words.")] = "",
    standard: standard_option = None,
    exposure: exposure_option = None,
    judge: judge_option = None,
    paper: Annotated[str, typer.Option(help="A4 or Letter.")] = "A4",
    picture_px: Annotated[
        int, typer.Option(help="Longest side of the pictures; less makes a smaller report.")
    ] = 1600,
    json_file: json_option = None,
) -> None:
    """Make a report of measured photographs: summary, a page for each, settings, signatures.

    What of structure, inspector, client and date is not given stays as a line to fill in by hand.
    The standard is the run's own unless named here.
    """
    from dataclasses import asdict

    from cracknet.reporting.inspection import Heading, choose_classes, report_files, write_report

    choice = class_choice(standard, exposure, judge)
    html_file, pdf_file = report_files(out, file, pdf=pdf)
    with counting_bar("photographs") as step:
        done = write_report(
            out,
            html=html_file,
            pdf=pdf_file,
            heading=Heading(title, structure, inspector, client, date),
            classes=choose_classes(out, choice),
            paper=paper,
            picture_px=picture_px,
            progress=step,
        )
    totals = done.totals
    for photo in done.failed:
        typer.echo(f"no result: {photo.item.photo}: {photo.reason}", err=True)
    sizes = ", ".join(f"{path} ({path.stat().st_size / 1e6:.1f} MB)" for path in done.files)
    typer.echo(
        f"Report of {totals.photographs} photographs, {totals.failed} without a result, "
        f"{totals.cracks} cracks: {sizes}"
    )
    write_json(
        json_file,
        {
            "files": [str(path) for path in done.files],
            "totals": asdict(totals),
            "failed": [
                {"photo": photo.item.photo, "reason": photo.reason} for photo in done.failed
            ],
            "seconds": done.seconds,
        },
    )
