"""`cracknet dataset expand`: a set of a few hundred photographs becomes one of thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import jobs_option, json_option, write_json

_SPLITS = {1: ("train",), 2: ("train", "test"), 3: ("train", "val", "test")}


def expand(
    dataset: Annotated[Path, typer.Argument(help="Folder with images/<split>, masks/<split>.")],
    to: Annotated[int, typer.Option("--to", help="How many photographs the new set is to have.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new set.")],
    split: Annotated[
        str | None,
        typer.Option(
            help="TRAIN/TEST or TRAIN/VAL/TEST photographs, like 2500/500; 5 to 1 by default."
        ),
    ] = None,
    from_split: Annotated[str, typer.Option("--from", help="Which split to expand.")] = "train",
    preset: Annotated[
        str, typer.Option(help="paper (geometry), modern (light too), none (copies).")
    ] = "paper",
    size: Annotated[
        int | None, typer.Option(help="Height and width in pixels; by default each keeps its own.")
    ] = None,
    fit: Annotated[
        str, typer.Option(help="crop a window of that size, or resize the whole photograph.")
    ] = "crop",
    seed: Annotated[int, typer.Option(help="Same seed, same set.")] = 0,
    sources: Annotated[
        str | None,
        typer.Option(
            "--sources",
            help="Regular expression whose first group, or match, in a stem names its source "
            "photograph; by default the stem before a final -<number>.",
        ),
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="png or jpg.")] = "png",
    jobs: jobs_option = None,
    json_file: json_option = None,
) -> None:
    """Expand photographs and masks: rotation, stretch, zoom, flips, and changes of light.

    Source photographs are divided between the splits first: none stands on both sides. Originals
    come first, then copies named <stem>_x001. Run again to go on where it was stopped.
    """
    from dataclasses import asdict
    from typing import cast

    from cracknet.cli.progress import photo_bar
    from cracknet.datasets.expanding import expand_set
    from cracknet.datasets.expansion import Fit

    counts = _counts(to, split)
    with photo_bar(to) as step:
        result = expand_set(
            dataset,
            out,
            counts,
            expansion=preset,
            from_split=from_split,
            size_px=size,
            fit=cast("Fit", fit),
            seed=seed,
            source_pattern=sources,
            file_format=file_format,
            jobs=jobs,
            progress=step,
        )
    for name, found in result.items():
        line = (
            f"{name}: {found.photos} photographs of {found.sources} sources became {counts[name]}: "
            f"{found.written} written, {found.skipped} were there already"
        )
        if found.left_out:
            line += f"; {found.left_out} photographs left out"
        if found.empty:
            line += f"; {found.empty} of the written masks hold no crack"
        typer.echo(line)
    typer.echo(f"The set and its expansion.json are in {out}")
    write_json(json_file, {name: asdict(found) for name, found in result.items()})


def _counts(to: int, split: str | None) -> dict[str, int]:
    """Read `2500/500` into the splits' counts."""
    from cracknet.errors import ArgumentError

    if split is None:
        test = max(round(to / 6), 1)
        parts = [to - test, test]
    else:
        words = split.split("/")
        if not all(word.strip().isdecimal() for word in words) or len(words) not in _SPLITS:
            msg = f"--split must be TRAIN/TEST or TRAIN/VAL/TEST, like 2500/500; got {split!r}."
            raise ArgumentError(msg)
        parts = [int(word) for word in words]
        if sum(parts) != to:
            msg = (
                f"the parts of --split must add up to --to; got {split}, which is {sum(parts)}, "
                f"and {to}. Change one of them."
            )
            raise ArgumentError(msg)
    return dict(zip(_SPLITS[len(parts)], parts, strict=True))
