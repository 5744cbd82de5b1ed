"""`cracknet dataset export`: masks become annotations of other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cracknet.cli.options import json_option, overwrite_option, write_json
from cracknet.cli.progress import photo_bar


def export(
    source: Annotated[
        Path, typer.Argument(help="A data set, or a folder that `cracknet segment` wrote.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the annotations.")],
    file_format: Annotated[
        Literal["labelme", "coco"], typer.Option("--format", "-f", help="What to write.")
    ],
    images: Annotated[
        Path | None,
        typer.Option(help="Where the photographs of a folder of masks lie."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Of a data set; all splits by default.")] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="labelme: pixels that polygons may run beside the mask, 0.5 by default."),
    ] = None,
    embed: Annotated[
        bool, typer.Option("--embed", help="labelme: put the photograph into the JSON.")
    ] = False,
    originals: Annotated[
        Path | None,
        typer.Option(help="labelme: folder of earlier JSON files, whose keys are kept."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="labelme: what labels of earlier files mean; see import."),
    ] = None,
    shapes: Annotated[
        Literal["rle", "polygon"] | None,
        typer.Option(help="coco: how areas are written, rle by default."),
    ] = None,
    overwrite: overwrite_option = False,
    json_file: json_option = None,
) -> None:
    """Export masks and photographs for correction: as Labelme's files, or COCO's.

    What is there already is skipped.
    """
    from cracknet.datasets.exporting import Exported, export_coco, export_labelme
    from cracknet.datasets.labelme import DEFAULT_TOLERANCE_PX
    from cracknet.datasets.labels import read_labels
    from cracknet.datasets.masked import find_masked
    from cracknet.errors import ArgumentError

    foreign: dict[str, dict[str, object]] = {
        "labelme": {"--shapes": shapes},
        "coco": {
            "--tolerance": tolerance,
            "--embed": embed or None,
            "--originals": originals,
            "--label": label or None,
        },
    }
    for option, value in foreign[file_format].items():
        if value is not None:
            msg = f"{option} is not for --format {file_format}. Leave it out."
            raise ArgumentError(msg)
    items = find_masked(source, images=images, split=split)
    with photo_bar(len(items)) as advance:

        def step(outcome: Exported) -> None:
            advance()
            if outcome.error:
                typer.echo(f"failed: {outcome.error}", err=True)

        if file_format == "labelme":
            result = export_labelme(
                items,
                out,
                tolerance_px=DEFAULT_TOLERANCE_PX if tolerance is None else tolerance,
                embed=embed,
                originals=originals,
                labels=read_labels(label or []),
                overwrite=overwrite,
                progress=step,
            )
        else:
            result = export_coco(
                items, out, shapes=shapes or "rle", overwrite=overwrite, progress=step
            )
    counts = {status: result.count(status) for status in ("exported", "skipped")}
    typer.echo(
        f"{counts['exported']} exported, {counts['skipped']} skipped, {len(result.failed)} failed. "
        f"The annotations are in {out}"
    )
    failed = [{"mask": str(each.mask), "error": each.error} for each in result.failed]
    write_json(json_file, {**counts, "failed": failed})
    if failed:
        raise typer.Exit(1)
