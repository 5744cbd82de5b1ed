"""The journal of a run: a line for each photograph that is done, safe against kills."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from cracknet.errors import OutputError
from cracknet.files import write_whole
from cracknet.measurement.files import PhotoMeasurement
from cracknet.photo import PhotoMetadata

JOURNAL = ".cracknet-photos.jsonl"


@dataclass(frozen=True)
class PhotoRow:
    """One photograph of a run; the columns of photos.csv in their order.

    Attributes
    ----------
    photo : str
        Name of its results below the output folder, without suffix.
    file : str
        The photograph's path as given.
    status : str
        ``done`` or ``failed``.
    error : str
    width_px, height_px : int or None
        Of the upright photograph.
    crack_share : float or None
        Share of pixels that are crack.
    taken : str or None
        EXIF time, ISO 8601.
    latitude_deg, longitude_deg, altitude_m : float or None
        EXIF position, WGS 84.
    camera : str or None
    cracks : int or None
        How many were measured; None where nothing was.
    mm_per_px : float or None
        The photograph's own scale.
    note : str
        What to know of a photograph that is done: why it has no scale, what was left out.
    bytes, modified_ns : int
        Of the file, to see whether it has changed since.
    """

    photo: str
    file: str
    status: str
    error: str = ""
    width_px: int | None = None
    height_px: int | None = None
    crack_share: float | None = None
    taken: str | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    camera: str | None = None
    cracks: int | None = None
    mm_per_px: float | None = None
    note: str = ""
    bytes: int = 0
    modified_ns: int = 0


def photo_row(
    name: str,
    file: Path,
    metadata: PhotoMetadata,
    size: tuple[int, ...],
    crack_share: float,
) -> PhotoRow:
    """Make the row of a photograph that is done, of (height, width) `size`."""
    return PhotoRow(
        photo=name,
        file=str(file),
        status="done",
        width_px=size[1],
        height_px=size[0],
        crack_share=crack_share,
        taken=metadata.taken,
        latitude_deg=metadata.latitude_deg,
        longitude_deg=metadata.longitude_deg,
        altitude_m=metadata.altitude_m,
        camera=metadata.camera,
    )


def with_measured(row: PhotoRow, measured: PhotoMeasurement | None) -> PhotoRow:
    """Add to a row what was measured; nothing for None."""
    if measured is None:
        return row
    of = measured.measurement
    scale = None if of.scale is None else of.scale.mm_per_px
    note = str(measured.about.get("problem", ""))
    return replace(row, cracks=len(of.cracks), mm_per_px=scale, note=note)


def photo_facts(row: PhotoRow) -> dict[str, Any]:
    """Return what a row knows of its photograph by EXIF: when, where and by what it was taken."""
    names = ("taken", "latitude_deg", "longitude_deg", "altitude_m", "camera")
    return {name: value for name in names if (value := getattr(row, name)) is not None}


class Journal:
    """Rows kept in the output folder as they come, and photos.csv made of them.

    A line that a kill cut short is passed over, and its photograph done again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, PhotoRow] = {}
        path = folder / JOURNAL
        if path.is_file():
            known = {field.name for field in fields(PhotoRow)}
            for line in path.read_text("utf-8", errors="replace").splitlines():
                try:
                    content = json.loads(line)
                    row = PhotoRow(**{key: content[key] for key in content.keys() & known})
                except (ValueError, TypeError, AttributeError):
                    continue
                self.rows[row.photo] = row

    def forget(self) -> None:
        """Drop all rows, for a run of other options."""
        self.rows.clear()
        write_whole(self.folder / JOURNAL, b"")

    def add(self, row: PhotoRow) -> None:
        """Append a row and see it onto the disk.

        Raises
        ------
        OutputError
            When it cannot be written.
        """
        self.rows[row.photo] = row
        path = self.folder / JOURNAL
        try:
            with path.open("ab") as file:
                # A leading line break parts the row from one that a kill cut short.
                file.write(b"\n" + json.dumps(asdict(row)).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror}. Free some space and run again."
            raise OutputError(msg) from error

    def write_table(self, order: list[str]) -> None:
        """Write photos.csv: the photographs of this run in order, then those of earlier ones."""
        text = io.StringIO()
        names = [field.name for field in fields(PhotoRow)][:-2]
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        for photo in [*order, *(photo for photo in self.rows if photo not in set(order))]:
            if photo in self.rows:
                values = asdict(self.rows[photo])
                writer.writerow(
                    f"{values[name]:.6g}"
                    if name == "crack_share" and values[name] is not None
                    else values[name]
                    for name in names
                )
        write_whole(self.folder / "photos.csv", text.getvalue().encode(errors="backslashreplace"))
