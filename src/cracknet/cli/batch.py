"""`cracknet batch`: any number of photographs, on one machine or a Ray cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from cracknet.cli.measuring_options import (
    blur_option,
    bridge_option,
    distance_option,
    exposure_option,
    gamma_option,
    judge_option,
    least_length_option,
    marker_option,
    measuring,
    mm_per_px_option,
    standard_option,
)
from cracknet.cli.options import (
    engine_option,
    jobs_option,
    json_option,
    max_megapixels_option,
    max_pixels,
    measure_option,
    model_option,
    precision_option,
    sensitivity_option,
    threshold_option,
    write_json,
)


def batch(
    source: Annotated[
        str, typer.Argument(help="Folder, pattern, URL such as s3://..., or list (.txt, .csv).")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder or URL for the results.")],
    model: model_option = None,
    threshold: threshold_option = None,
    sensitivity: sensitivity_option = None,
    write: Annotated[
        list[str] | None,
        typer.Option(
            help="mask, probability, overlay, widths, measurement, or none; may be repeated. mask."
        ),
    ] = None,
    measure: measure_option = True,
    mm_per_px: mm_per_px_option = None,
    marker: marker_option = None,
    distance_m: distance_option = None,
    standard: standard_option = None,
    exposure: exposure_option = None,
    judge: judge_option = None,
    least_length_px: least_length_option = None,
    bridge_px: bridge_option = None,
    blur_px: blur_option = None,
    gamma: gamma_option = None,
    engine: engine_option = "openvino",
    precision: precision_option = "auto",
    address: Annotated[
        str | None,
        typer.Option(help="Of a Ray cluster to join: auto, HOST:PORT or ray://HOST:PORT."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="On the cluster; as many as it has cores for by default.")
    ] = None,
    jobs: jobs_option = None,
    batch_megapixels: Annotated[
        float, typer.Option(help="Size of a batch, the unit that a worker's death repeats.")
    ] = 100,
    max_megapixels: max_megapixels_option = 500,
    json_file: json_option = None,
) -> None:
    """Find and measure the cracks in any number of photographs, here or on a Ray cluster.

    Writes tables of photographs, cracks and branches as Parquet, masks beside them, and a ledger.
    Run again to go on where it was stopped. With --address, --jobs is the cores of each worker,
    one by default.
    """
    from cracknet.cli.progress import photo_run_bar
    from cracknet.fleet import FleetWork, plan_fleet, run_fleet
    from cracknet.segmentation.models import DEFAULT_MODEL

    most = max_pixels(max_megapixels)
    how = measuring(
        mm_per_px=mm_per_px, marker=marker, scale_points=None, distance_m=distance_m,
        standard=standard, exposure=exposure, judge=judge, least_length_px=least_length_px,
        bridge_px=bridge_px, blur_px=blur_px, gamma=gamma, formats=None,
    )  # fmt: skip
    work = FleetWork(
        out,
        {
            "model": model or DEFAULT_MODEL,
            "threshold": threshold,
            "sensitivity": sensitivity,
            "engine": engine,
            "precision": precision,
        },
        measuring=how if measure else None,
        pictures=tuple(name for name in dict.fromkeys(write or ["mask"]) if name != "none"),
        max_pixels=most,
    )
    plan = plan_fleet(source, work, batch_megapixels=batch_megapixels)
    with photo_run_bar("photos", plan.photos) as bar:
        result = run_fleet(plan, address=address, workers=workers, threads=jobs, progress=bar.photo)
    speed = result.megapixels / result.seconds
    said = f"{len(result.duplicates)} named twice; " if result.duplicates else ""
    said += f"{result.replaced} workers replaced; " if result.replaced else ""
    typer.echo(
        f"{result.done} done, {result.skipped} skipped, {len(result.failed)} failed; {said}"
        f"{result.megapixels:.1f} megapixels in {result.seconds:.1f} s ({speed:.1f} MP/s). "
        f"Results in {out}"
    )
    write_json(
        json_file,
        {
            "done": result.done,
            "skipped": result.skipped,
            "failed": [{"file": row.file, "error": row.error} for row in result.failed],
            "duplicates": list(result.duplicates),
            "cracks": result.cracks,
            "batches": result.batches,
            "megapixels": result.megapixels,
            "seconds": result.seconds,
            "net_seconds": result.net_seconds,
            "workers": result.workers,
            "replaced": result.replaced,
        },
    )
    if result.failed:
        raise typer.Exit(1)
