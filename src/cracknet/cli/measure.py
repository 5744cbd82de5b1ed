"""`cracknet measure`: lengths and widths of cracks, from masks or from what `segment` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.measuring_options import (
    blur_option,
    bridge_option,
    distance_option,
    exposure_option,
    format_option,
    gamma_option,
    judge_option,
    least_length_option,
    marker_option,
    measuring,
    mm_per_px_option,
    scale_points_option,
    standard_option,
)
from cracknet.cli.options import jobs_option, json_option, overwrite_option, write_json


def measure(
    paths: Annotated[
        list[Path],
        typer.Argument(help="A folder that `segment` wrote, masks, folders of them, or datasets."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the results; that of `segment` by default."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photographs that the masks belong to.")
    ] = None,
    probability: Annotated[
        bool, typer.Option("--probability", help="The files are probabilities, 0 to 255.")
    ] = False,
    threshold: Annotated[
        float, typer.Option("--threshold", "-t", help="Probability from which a pixel is crack.")
    ] = 0.5,
    mm_per_px: mm_per_px_option = None,
    marker: marker_option = None,
    scale_points: scale_points_option = None,
    distance_m: distance_option = None,
    standard: standard_option = None,
    exposure: exposure_option = None,
    judge: judge_option = None,
    least_length_px: least_length_option = None,
    bridge_px: bridge_option = None,
    blur_px: blur_option = None,
    gamma: gamma_option = None,
    formats: format_option = None,
    jobs: jobs_option = None,
    overwrite: overwrite_option = False,
    json_file: json_option = None,
) -> None:
    """Measure cracks: length, and width at every point, in px and with a scale in mm.

    Writes cracks.csv, branches.csv and a .cracks.json beside each photograph's results. Run again
    to go on where it was stopped; what is done is skipped.
    """
    from cracknet.cli.progress import photo_run_bar
    from cracknet.mosaic import measure_folder
    from cracknet.reporting.measured_run import find_masks, is_segmented, measure_masks

    how = measuring(
        mm_per_px=mm_per_px, marker=marker, scale_points=scale_points, distance_m=distance_m,
        standard=standard, exposure=exposure, judge=judge, least_length_px=least_length_px,
        bridge_px=bridge_px, blur_px=blur_px, gamma=gamma, formats=formats,
    )  # fmt: skip
    if len(paths) == 1 and out in (None, paths[0]) and is_segmented(paths[0]):
        target = paths[0]
        with photo_run_bar("measuring") as bar:
            result = measure_folder(
                target, how, jobs=jobs, overwrite=overwrite, progress=bar.photo,
                windows=bar.window,
            )  # fmt: skip
    else:
        if out is None:
            msg = "masks need a folder for their results. Name one with -o."
            raise typer.BadParameter(msg)
        target = out
        masks = find_masks(paths, images)
        with photo_run_bar("measuring") as bar:
            result = measure_masks(
                masks, out, how, as_probability=probability, threshold=threshold, jobs=jobs,
                overwrite=overwrite, progress=bar.photo,
            )  # fmt: skip
    cracks = sum(row.cracks or 0 for row in result.rows)
    done = len(result.rows) - len(result.failed) - result.skipped
    typer.echo(
        f"{done} measured, {result.skipped} skipped, {len(result.failed)} failed; {cracks} cracks "
        f"in {len(result.rows)} photographs. Results in {target}"
    )
    write_json(
        json_file,
        {
            "done": done,
            "skipped": result.skipped,
            "failed": [{"file": row.file, "error": row.error} for row in result.failed],
            "cracks": cracks,
            "seconds": result.seconds,
        },
    )
    if result.failed:
        raise typer.Exit(1)
