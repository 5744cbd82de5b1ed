"""A raster within a batch: window by window, as `cracknet segment` does it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from cracknet.errors import PhotoError
from cracknet.fleet.places import Place
from cracknet.fleet.sources import Item
from cracknet.fleet.tables import PhotoResult, rows_of
from cracknet.mosaic import segment_found
from cracknet.photo import FoundPhoto
from cracknet.reporting.measuring import Measuring
from cracknet.segmentation import Segmenter

RASTERS = "rasters"
"""Folder below the destination that holds a folder for each raster."""


def do_raster(
    item: Item, path: Path, place: Place, segmenter: Segmenter, measuring: Measuring | None
) -> PhotoResult:
    """Segment a raster into a folder of its own, ``rasters/<name>`` below the destination.

    On a disk, a raster that was broken off goes on at its next window. For an object store it is
    done on this machine's temporary disk and its results are copied when they are whole; then a
    broken one begins anew.

    Parameters
    ----------
    item : Item
    path : Path
        The raster on this machine.
    place : Place
        The destination.
    segmenter : Segmenter
    measuring : Measuring, optional

    Raises
    ------
    OutputError
        When results cannot be written.
    """
    if path.suffix.lower() == ".vrt" and str(path) != item.file:
        msg = (
            f"{path}: a VRT names other files, which are not copied with it from an object store. "
            "Give those files, or a VRT on a disk that all machines share"
        )
        raise PhotoError(msg)
    name = PurePosixPath(PurePosixPath(item.file).name)
    how = None if measuring is None else replace(measuring, formats=("csv", "parquet"))
    with _folder(place, f"{RASTERS}/{item.photo}") as out:
        result = segment_found([FoundPhoto(path, name)], out, segmenter, measuring=how)
        cracks, branches = (_rows(out / f"{t}.parquet", item.photo) for t in ("cracks", "branches"))
    row = replace(result.rows[0], photo=item.photo, file=item.file, bytes=item.bytes)
    if how is None or row.status != "done":
        return PhotoResult(row)
    return PhotoResult(row, _figures(cracks), cracks, branches)


def _rows(file: Path, photo: str) -> list[dict[str, Any]]:
    """Read a raster's own table, under the name that it has in the batch."""
    if not file.is_file():
        return []
    return [{**row, "photo": photo} for row in rows_of(file.read_bytes())]


def _figures(cracks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum up a raster's cracks as `cracknet.reporting.tables.PhotoFigures` does a photograph's."""

    def known(column: str) -> list[float]:
        return [crack[column] for crack in cracks if crack[column] is not None]

    in_mm = bool(known("length_mm"))
    return {
        "cracks": len(cracks),
        "length_px": sum(known("length_px")),
        "width_max_px": max(known("width_max_px"), default=None),
        "area_px2": sum(known("area_px2")),
        "length_mm": sum(known("length_mm")) if in_mm else None,
        "width_max_mm": max(known("width_max_mm"), default=None),
        "area_mm2": sum(known("area_mm2")) if in_mm else None,
    }


@contextmanager
def _folder(place: Place, name: str) -> Iterator[Path]:
    """Give a folder of this machine whose files end up in a folder of the destination."""
    if place.is_local:
        yield Path(place.path_of(name))
        return
    with tempfile.TemporaryDirectory(prefix="cracknet-") as folder:
        yield Path(folder)
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            relative = file.relative_to(folder)
            if not any(part.startswith(".") for part in relative.parts):
                place.send(f"{name}/{relative.as_posix()}", file)
