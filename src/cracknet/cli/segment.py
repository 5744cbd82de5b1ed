"""`cracknet segment`: photographs in, masks, probabilities and overlays out."""

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
from cracknet.cli.options import (
    engine_option,
    gate_option,
    jobs_option,
    json_option,
    max_megapixels_option,
    max_pixels,
    measure_option,
    model_option,
    overwrite_option,
    precision_option,
    sensitivity_option,
    threshold_option,
    write_json,
)


def segment(
    paths: Annotated[list[str], typer.Argument(help="Photographs, folders, or patterns.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")],
    model: model_option = None,
    threshold: threshold_option = None,
    sensitivity: sensitivity_option = None,
    gate: gate_option = None,
    measure: measure_option = True,
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
    engine: engine_option = "openvino",
    precision: precision_option = "auto",
    jobs: jobs_option = None,
    overwrite: overwrite_option = False,
    max_megapixels: max_megapixels_option = 500,
    json_file: json_option = None,
) -> None:
    """Find and measure the cracks in photographs.

    For each photograph this writes a mask, a probability, an overlay and a measurement, and for
    all of them photos.csv, cracks.csv and branches.csv. Without a scale, results are in px.
    Run again to go on where it was stopped; what is done is skipped.
    """
    from cracknet.cli.allocation import return_freed_memory
    from cracknet.cli.progress import photo_run_bar
    from cracknet.mosaic import segment_found
    from cracknet.photo import find_photos
    from cracknet.raster import is_raster
    from cracknet.reporting.run import own_result
    from cracknet.segmentation import Segmenter
    from cracknet.segmentation.models import DEFAULT_MODEL

    most = max_pixels(max_megapixels)
    how = measuring(
        mm_per_px=mm_per_px, marker=marker, scale_points=scale_points, distance_m=distance_m,
        standard=standard, exposure=exposure, judge=judge, least_length_px=least_length_px,
        bridge_px=bridge_px, blur_px=blur_px, gamma=gamma, formats=formats,
    )  # fmt: skip
    photos = [photo for photo in find_photos(paths) if not own_result(photo, out)]
    if any(is_raster(photo.path) for photo in photos):
        return_freed_memory()
    with (
        Segmenter(
            model or DEFAULT_MODEL,
            threshold=threshold,
            sensitivity=sensitivity,
            engine=engine,
            precision=precision,
            threads=jobs,
            gate=gate,
        ) as segmenter,
        photo_run_bar("photos", len(photos)) as bar,
    ):
        result = segment_found(
            photos,
            out,
            segmenter,
            measuring=how if measure else None,
            overwrite=overwrite,
            max_pixels=most,
            progress=bar.photo,
            windows=bar.window,
        )
    done = len(result.rows) - len(result.failed) - result.skipped
    speed = result.megapixels / result.seconds
    typer.echo(
        f"{done} done, {result.skipped} skipped, {len(result.failed)} failed; "
        f"{result.megapixels:.1f} megapixels in {result.seconds:.1f} s ({speed:.1f} MP/s). "
        f"Results in {out}"
    )
    write_json(
        json_file,
        {
            "done": done,
            "skipped": result.skipped,
            "failed": [{"file": row.file, "error": row.error} for row in result.failed],
            "megapixels": result.megapixels,
            "seconds": result.seconds,
        },
    )
    if result.failed:
        raise typer.Exit(1)
