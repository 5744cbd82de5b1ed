"""`cracknet change`: what has become of the cracks between two photographs of one place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import json_option, model_option, write_json


def change(
    before: Annotated[
        Path, typer.Argument(help="The earlier photograph, or its .cracks.json or mask.")
    ],
    after: Annotated[
        Path, typer.Argument(help="The later photograph, or its .cracks.json or mask.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")],
    before_photo: Annotated[
        Path | None, typer.Option(help="Photograph of BEFORE, where that is a mask.")
    ] = None,
    after_photo: Annotated[
        Path | None, typer.Option(help="Photograph of AFTER, where that is a mask.")
    ] = None,
    before_mm_per_px: Annotated[
        float | None, typer.Option("--before-mm-per-px", help="Scale of BEFORE.")
    ] = None,
    after_mm_per_px: Annotated[
        float | None, typer.Option("--after-mm-per-px", help="Scale of AFTER.")
    ] = None,
    before_marker: Annotated[
        str | None,
        typer.Option("--before-marker", help="Scale of BEFORE by a marker: SIDE_MM[:ID]..."),
    ] = None,
    after_marker: Annotated[
        str | None,
        typer.Option("--after-marker", help="Scale of AFTER by a marker: SIDE_MM[:ID]..."),
    ] = None,
    least_width_px: Annotated[
        float, typer.Option(help="Smaller width differences are no change.")
    ] = 0.3,
    sigmas: Annotated[
        float, typer.Option(help="A difference counts from so many standard uncertainties on.")
    ] = 2.0,
    tolerance_px: Annotated[
        float, typer.Option(help="How far aside a crack may be found at the other date.")
    ] = 3.0,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Show BEFORE beside AFTER in the picture.")
    ] = False,
    model: model_option = None,
    threshold: Annotated[
        float, typer.Option("--threshold", "-t", help="Probability from which a pixel is crack.")
    ] = 0.5,
    json_file: json_option = None,
) -> None:
    """Compare two dates: which cracks are new, grown, widened, unchanged or no longer visible.

    The photographs are laid over each other by their texture, and refused where that does not
    hold. Writes change.csv, change.json and change.png.
    """
    from contextlib import ExitStack

    from cracknet.cli.measuring_options import scale_options
    from cracknet.measurement.change import ChangeOptions
    from cracknet.photo import Photo
    from cracknet.reporting.change_run import compare_files
    from cracknet.reporting.measuring import Measuring
    from cracknet.segmentation import Segmentation, Segmenter
    from cracknet.segmentation.models import DEFAULT_MODEL

    options = ChangeOptions(least_width_px=least_width_px, sigmas=sigmas, tolerance_px=tolerance_px)
    scales = ((before_mm_per_px, before_marker), (after_mm_per_px, after_marker))
    ways = [Measuring(scale=scale_options(mm, marker, None, None)) for mm, marker in scales]
    with ExitStack() as stack:
        opened: list[Segmenter] = []

        def segment(photo: Photo) -> Segmentation:
            if not opened:
                opened.append(
                    stack.enter_context(Segmenter(model or DEFAULT_MODEL, threshold=threshold))
                )
            return opened[0].segment(photo)

        result = compare_files(
            before,
            after,
            out,
            segment,
            photos=(before_photo, after_photo),
            measuring=(ways[0], ways[1]),
            options=options,
            beside=side_by_side,
        )
    found = result.registration
    typer.echo(
        f"Laid over each other by {found.patches} patches, to {found.residual_px:.2f} px; "
        f"{found.overlap:.0%} of the view in common, {found.slant_deg:.0f} degrees apart."
    )
    for note in result.notes:
        typer.echo(note)
    said = [f"{count} {state}" for state, count in result.counts.items() if count]
    typer.echo(f"{', '.join(said) or 'no cracks at either date'}. Results in {out}")
    write_json(json_file, {"counts": result.counts, "changed": result.changed})
