"""Measuring photographs for a run: scale, cracks, classes, and the file beside each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError, MeasurementError
from cracknet.files import write_whole
from cracknet.measurement.classes import ClassChoice
from cracknet.measurement.files import SUFFIX, PhotoMeasurement, measurement_json, read_measurement
from cracknet.measurement.measure import MeasureOptions, measure
from cracknet.measurement.scale import Scale, ScaleOptions, find_scale
from cracknet.photo import Photo, photo_from_array
from cracknet.reporting.journal import Journal
from cracknet.reporting.layers.bands import DEFAULT_BANDS
from cracknet.reporting.outputs import checked_formats, write_outputs
from cracknet.reporting.width_overlay import draw_width_overlay
from cracknet.reporting.writing import jpeg_of

MEASURED = SUFFIX
"""Ending of the file that holds a photograph's measurement."""

WIDTH_PICTURE = ".widths.jpg"
"""Ending of the picture of a photograph with its cracks coloured by width."""

PARTS = ".cracks"
"""Ending of the folder that holds a raster's measurement, in parts; see docs/rasters.md."""

ABOUT_PARTS = "about.json"
"""The file in that folder which says that all parts are there."""

SRGB_GAMMA = 2.2
"""Of the gray values that cameras store (IEC 61966-2-1, as a power)."""


@dataclass(frozen=True)
class Measuring:
    """How photographs are measured.

    Attributes
    ----------
    scale : ScaleOptions
        Where millimetres come from; by default from nowhere, and results are in px.
    options : MeasureOptions
    classes : ClassChoice, optional
        The standard that names width classes.
    gamma : float, optional
        Of the photographs' gray values, in place of `options.width.gamma`. By default `SRGB_GAMMA`
        for what a camera took, as EXIF says, and 1, proportional to light, for all else.
    formats : tuple of str
        Of `cracknet.reporting.outputs.FORMATS`: what is written over all photographs.

    Raises
    ------
    ArgumentError
        When a format is unknown, or what it needs is not installed.
    """

    scale: ScaleOptions = field(default_factory=ScaleOptions)
    options: MeasureOptions = field(default_factory=MeasureOptions)
    classes: ClassChoice | None = None
    gamma: float | None = None
    formats: tuple[str, ...] = ("csv",)

    def __post_init__(self) -> None:
        checked_formats(self.formats)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what must not differ within one folder. Formats may."""
        chosen = self.scale.chosen
        return {
            "scale": {key: value for key, value in asdict(self.scale).items() if key == chosen},
            **self.options.as_dict(),
            "gamma": self.gamma,
            "classes": None if self.classes is None else self.classes.as_dict(),
        }


def measure_photo(
    name: str,
    file: Path,
    photo: Photo | None,
    mask: Mask,
    probability: Probability | None,
    measuring: Measuring,
    about: dict[str, Any] | None = None,
) -> PhotoMeasurement:
    """Measure one photograph, or a mask without one.

    A photograph that does not hold what the chosen scale needs is measured in px, and a note
    says why.

    Parameters
    ----------
    name : str
        Of its results below the output folder.
    file : Path
        What was measured: the photograph, or the mask where there is none.
    photo : Photo, optional
        Its gray profile tells widths, its EXIF data where and when it was taken, and it may hold
        the scale.
    mask : (H, W) bool
    probability : (H, W) float32, optional
    measuring : Measuring
    about : dict, optional
        More to be kept with the measurement, JSON values.

    Returns
    -------
    PhotoMeasurement
        Its ``about`` holds a ``problem`` where the scale was not found.

    Raises
    ------
    ArgumentError
        When sizes differ or an option is impossible.
    """
    note = ""
    scale = None
    try:
        scale = _find_scale(photo, mask.shape, measuring.scale)
    except (MeasurementError, ArgumentError) as error:
        note = f"no scale: {error}"
    options = measuring.options
    gamma = _gamma(photo) if measuring.gamma is None else measuring.gamma
    measured = measure(
        mask,
        probability=probability,
        gray=None if photo is None else photo.gray,
        scale=scale,
        options=replace(options, width=replace(options.width, gamma=gamma)),
    )
    if note:
        measured = replace(measured, notes=(note, *measured.notes))
    content: dict[str, Any] = {} if photo is None else _metadata(photo)
    content |= about or {}
    content["measure"] = measuring.as_dict()
    content["gamma"] = gamma
    if note:
        content["problem"] = note
    return PhotoMeasurement(name, str(file), measured, content)


def write_measurement(out: Path, item: PhotoMeasurement, gray: Gray | None = None) -> None:
    """Write a measurement beside the photograph's other results, and a picture of its widths.

    The picture, ``<name>.widths.jpg``, is drawn where the photograph is given.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    base = str(out / item.photo)
    if gray is not None:
        picture = draw_width_overlay(gray, item.measurement)
        write_whole(Path(base + WIDTH_PICTURE), jpeg_of(picture))
    write_whole(Path(base + MEASURED), measurement_json(item))


def parts_folder(out: Path, name: str) -> Path:
    """Give the folder that holds the measurement of a raster, by its name below the folder."""
    return Path(f"{out / name}{PARTS}")


def read_measurements(
    out: Path, journal: Journal, order: Sequence[str] = ()
) -> Iterator[PhotoMeasurement]:
    """Read the measurements of a folder's photographs one by one, those in `order` first.

    Of a raster its parts come one by one; their ``about`` holds the number of the ``part``.

    Raises
    ------
    PhotoError
        When one is damaged.
    """
    for name in dict.fromkeys([*order, *journal.rows]):
        row = journal.rows.get(name)
        path = Path(f"{out / name}{MEASURED}")
        if row and row.status == "done" and path.is_file():
            yield read_measurement(path)
        elif row and row.status == "done" and (parts_folder(out, name) / ABOUT_PARTS).is_file():
            for part in sorted(parts_folder(out, name).glob("[0-9]*.json")):
                yield read_measurement(part)


def write_run_outputs(
    out: Path, measuring: Measuring, journal: Journal, order: Sequence[str] = ()
) -> None:
    """Write the tables, layers and drawings of all measured photographs of a folder.

    Raises
    ------
    PhotoError
        When a measurement is damaged.
    OutputError
        When a file cannot be written.
    """
    bands = DEFAULT_BANDS if measuring.classes is None else measuring.classes.bands
    write_outputs(read_measurements(out, journal, order), out, measuring.formats, bands=bands)


def _gamma(photo: Photo | None) -> float:
    return 1.0 if photo is None or photo.metadata.camera is None else SRGB_GAMMA


def _find_scale(photo: Photo | None, size: tuple[int, ...], options: ScaleOptions) -> Scale | None:
    if photo is None and options.chosen in ("marker", "distance_m"):
        msg = f"{options.chosen} needs the photograph, and there is only a mask. Add --images."
        raise MeasurementError(msg)
    return find_scale(photo or photo_from_array(np.zeros(size, np.uint8)), options)


def _metadata(photo: Photo) -> dict[str, Any]:
    meta = photo.metadata
    known = {
        "taken": meta.taken,
        "latitude_deg": meta.latitude_deg,
        "longitude_deg": meta.longitude_deg,
        "altitude_m": meta.altitude_m,
        "camera": meta.camera,
    }
    return {key: value for key, value in known.items() if value is not None}
