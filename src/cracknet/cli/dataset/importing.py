"""`cracknet dataset import`: annotations of other formats become a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cracknet.cli.options import json_option, overwrite_option, write_json
from cracknet.cli.progress import photo_bar

if TYPE_CHECKING:
    from cracknet.datasets.annotations import Source

Format = Literal["labelme", "coco", "cfd", "pairs"]

_FORMATS = {
    "--label": ("labelme", "coco"),
    "--line-width": ("labelme",),
    "--any-version": ("labelme",),
    "--masks": ("pairs",),
    "--threshold": ("pairs",),
    "--invert": ("pairs",),
}
"""Which formats an option is for; the others refuse it."""


def import_(
    source: Annotated[Path, typer.Argument(help="A folder, or one annotation file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the data set.")],
    file_format: Annotated[Format, typer.Option("--format", "-f", help="What SOURCE holds.")],
    split: Annotated[str, typer.Option(help="Which split of the data set.")] = "train",
    images: Annotated[
        Path | None,
        typer.Option(help="Where the photographs lie, if not where the annotations say."),
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="pairs: where the masks lie, if not in SOURCE.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="NAME=crack, NAME=background or NAME=ignore; any number of times."),
    ] = None,
    line_width: Annotated[
        float | None, typer.Option(help="labelme: width of lines in pixels, 10 by default.")
    ] = None,
    threshold: Annotated[
        int | None, typer.Option(help="pairs: gray masks are crack from this value on.")
    ] = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="pairs: masks are dark on cracks.")
    ] = False,
    any_version: Annotated[
        bool, typer.Option("--any-version", help="labelme: read unknown versions, too.")
    ] = False,
    overwrite: overwrite_option = False,
    json_file: json_option = None,
) -> None:
    """Import annotated photographs: Labelme, COCO, CFD, or folders of photographs and masks.

    Writes images/<split> and masks/<split>. What is there already is skipped.
    """
    from cracknet.datasets.importing import Outcome, import_annotations

    given = {
        "--label": label,
        "--line-width": line_width,
        "--any-version": any_version,
        "--masks": masks,
        "--threshold": threshold,
        "--invert": invert,
    }
    _refuse_foreign(file_format, given)
    sources = _find(source, file_format, images, given)
    with photo_bar(len(sources)) as advance:

        def step(outcome: Outcome) -> None:
            advance()
            if outcome.error:
                typer.echo(f"failed: {outcome.error}", err=True)
            for note in outcome.notes:
                typer.echo(f"{outcome.file}: {note}", err=True)

        result = import_annotations(sources, out, split=split, overwrite=overwrite, progress=step)
    changed = result.count("changed")
    typer.echo(
        f"{result.count('imported')} imported, {result.count('skipped') + changed} skipped, "
        f"{len(result.failed)} failed. The set is {out}"
    )
    if changed:
        typer.echo(f"{changed} of those skipped have changed since: --overwrite imports them again")
    if result.ignored_px:
        typer.echo(f"{result.ignored_px} pixels of ignored areas became background")
    write_json(
        json_file,
        {
            "imported": result.count("imported"),
            "skipped": result.count("skipped") + changed,
            "changed": changed,
            "ignored_px": result.ignored_px,
            "failed": [{"file": str(each.file), "error": each.error} for each in result.failed],
            "photos": [
                {"stem": each.stem, "file": str(each.file), "crack_share": each.crack_share}
                for each in result.outcomes
                if each.status == "imported"
            ],
        },
    )
    if result.failed:
        raise typer.Exit(1)


def _refuse_foreign(file_format: Format, given: dict[str, Any]) -> None:
    from cracknet.errors import ArgumentError

    for option, value in given.items():
        if value not in (None, False, []) and file_format not in _FORMATS[option]:
            formats = " and ".join(_FORMATS[option])
            msg = f"{option} is for the format {formats}; --format is {file_format}. Leave it out."
            raise ArgumentError(msg)


def _find(
    source: Path, file_format: Format, images: Path | None, given: dict[str, Any]
) -> list[Source]:
    if file_format == "cfd":
        from cracknet.datasets.cfd import find_cfd

        return find_cfd(source, images=images)
    if file_format == "pairs":
        from cracknet.datasets.folders import MaskReading, find_folder_pairs

        reading = MaskReading(given["--threshold"], given["--invert"])
        return find_folder_pairs(images or source, given["--masks"] or source, reading)
    from cracknet.datasets.labels import read_labels

    labels = read_labels(given["--label"] or [])
    if file_format == "coco":
        from cracknet.datasets.coco import find_coco

        return find_coco(source, labels, images=images)
    from cracknet.datasets.labelme import LABELME_LINE_WIDTH_PX, find_labelme

    width = given["--line-width"]
    return find_labelme(
        source,
        labels,
        images=images,
        line_width_px=LABELME_LINE_WIDTH_PX if width is None else width,
        any_version=given["--any-version"],
    )
