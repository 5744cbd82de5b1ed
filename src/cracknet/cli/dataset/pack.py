"""`cracknet dataset pack`: a data set in a few compact files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from cracknet.cli.options import json_option, overwrite_option, write_json
from cracknet.cli.progress import counting_bar

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def parse_size(text: str) -> int:
    """Read a size in bytes.

    >>> parse_size("60MB"), parse_size("1.5 kB"), parse_size("1MiB")
    (60000000, 1500, 1048576)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?i?)b?", text.strip().lower())
    size = int(float(match[1]) * _UNITS.get(match[2], 0)) if match else 0
    if size < 1:
        msg = f"a size is a number with kB, MB or GB, like 60MB; got {text!r}"
        raise typer.BadParameter(msg)
    return size


def pack(
    dataset: Annotated[
        Path, typer.Argument(metavar="SET", help="Folder with images/<split>, masks/<split>.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the pack.")],
    split: Annotated[
        list[str] | None, typer.Option("--split", help="A split to pack; again for more.")
    ] = None,
    lossy: Annotated[
        int | None,
        typer.Option("--lossy", metavar="QUALITY", help="10 to 100; lossless without it."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(help="Limit of the whole pack, like 60MB; --lossy goes down to keep to it."),
    ] = None,
    shard_size: Annotated[str, typer.Option(help="Limit of one shard.")] = "16MB",
    overwrite: overwrite_option = False,
    json_file: json_option = None,
) -> None:
    """Pack photographs, in gray, and masks into tar shards that training reads.

    Run again to go on where it was stopped. Recipes, train and evaluate take the pack's folder in
    place of the set's.
    """
    from dataclasses import asdict

    from cracknet.datasets.packing import pack_set

    with counting_bar("packing") as step:
        result = pack_set(
            dataset,
            out,
            splits=split or (),
            quality=lossy,
            max_bytes=parse_size(max_size) if max_size else None,
            shard_bytes=parse_size(shard_size),
            overwrite=overwrite,
            progress=step,
        )
    how = "lossless" if result.quality is None else f"WebP of quality {result.quality}"
    typer.echo(
        f"{result.photographs} photographs in {result.shards} shards, {result.bytes / 1e6:.1f} MB, "
        f"{how}; {result.skipped} shards were there already. Pack in {out}"
    )
    write_json(json_file, asdict(result))
