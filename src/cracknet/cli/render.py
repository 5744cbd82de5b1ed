"""`cracknet render`: photographs of concrete with exactly known cracks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import numbers


def render(
    output: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the data set, made if missing.")
    ],
    count: Annotated[int, typer.Option(min=0, help="Number of photographs.")] = 20,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "512x512",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same photographs.")] = 0,
    cracks: Annotated[str, typer.Option(help="Cracks a photograph: N or LEAST-MOST.")] = "1-3",
    kinds: Annotated[
        str | None,
        typer.Option(
            help="natural, branched, map, straight, arc, with commas; named twice, twice as often. "
            "By default the first three, 4 to 4 to 1."
        ),
    ] = None,
    width_px: Annotated[str, typer.Option(help="Crack width in pixels: W or LEAST-MOST.")] = "1-12",
    depth: Annotated[
        str,
        typer.Option(help="Share of the light a crack takes away, 0 to 1: D or LEAST-MOST."),
    ] = "0.3-0.9",
    mm_per_px: Annotated[float, typer.Option(help="Millimetres per pixel.")] = 0.2,
    distractors: Annotated[
        str,
        typer.Option(help="all, none, or names with commas: things that look like cracks."),
    ] = "all",
    no_cracks: Annotated[
        bool, typer.Option("--no-cracks", help="Only what looks like cracks, and empty masks.")
    ] = False,
    backgrounds: Annotated[
        list[str] | None,
        typer.Option(
            help="Photographs without cracks, or folders of them, for the cracks to run across, "
            "instead of rendered concrete. May be repeated."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Name of the split.")] = "train",
    file_format: Annotated[str, typer.Option("--format", help="png or jpg.")] = "png",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Render again what is there.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the counts to this file.")
    ] = None,
) -> None:
    """Render photographs of concrete with cracks of exactly known centreline and width."""
    import dataclasses
    import json

    from cracknet.errors import ArgumentError, OutputError, PhotoError
    from cracknet.synthesis import DISTRACTORS, standard_scene, write_rendered_set

    width, height = numbers(size, "x", "--size")
    fewest, most = (0, 0) if no_cracks else numbers(cracks, "-", "--cracks")
    names = {"all": list(DISTRACTORS), "none": []}.get(distractors, distractors.split(","))
    scene = standard_scene()
    try:
        options = dataclasses.replace(
            scene,
            kinds=scene.kinds if kinds is None else tuple(map(str.strip, kinds.split(","))),
            height=int(height),
            width=int(width),
            cracks=(int(fewest), int(most)),
            width_px=numbers(width_px, "-", "--width-px"),
            depth=numbers(depth, "-", "--depth"),
            mm_per_px=mm_per_px,
            distractors=frozenset(name.strip() for name in names),
        )
        counts = write_rendered_set(
            output,
            count,
            options,
            seed=seed,
            split=split,
            file_format=file_format,
            overwrite=overwrite,
            backgrounds=backgrounds or (),
        )
        if json_file is not None:
            json_file.write_text(json.dumps(dataclasses.asdict(counts)) + "\n")
    except ArgumentError as error:
        raise typer.BadParameter(str(error)) from error
    except (OutputError, PhotoError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{counts.written} rendered, {counts.skipped} were there already, in {output}")
