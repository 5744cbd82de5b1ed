"""Two dates from files: photographs, masks or measurements in, tables and a picture out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.datasets.masked import MASK_ENDING
from cracknet.errors import ArgumentError, OutputError
from cracknet.files import write_whole
from cracknet.measurement.change import Change, ChangeOptions, Dated, compare
from cracknet.measurement.files import SUFFIX, read_measurement
from cracknet.measurement.scale import find_scale
from cracknet.photo import Photo, read_photo
from cracknet.reporting.change_picture import draw_change
from cracknet.reporting.change_tables import change_csv, change_json
from cracknet.reporting.measuring import Measuring, measure_photo
from cracknet.reporting.naming import PROBABILITY_ENDING
from cracknet.reporting.writing import Picture
from cracknet.segmentation import Segmentation

Segment = Callable[[Photo], Segmentation]
"""Finds the cracks of a photograph."""


def read_dated(
    path: Path,
    segment: Segment,
    *,
    measuring: Measuring | None = None,
    photo: Path | None = None,
    option: str = "--photo",
) -> Dated:
    """Read one date: a photograph, a measurement of an earlier run, or a mask.

    Parameters
    ----------
    path : Path
        A photograph, which is segmented and measured here; a ``.cracks.json``, whose photograph
        is found by its field ``file``; or a mask, which is measured, with a probability beside it
        where `cracknet segment` wrote one.
    segment : callable
        Called for a photograph only.
    measuring : Measuring, optional
        Where the scale comes from and how it is measured. A scale of its own takes the place of
        that of an earlier run.
    photo : Path, optional
        The photograph that a mask or a measurement belongs to.
    option : str
        How the caller names `photo`, for messages.

    Raises
    ------
    PhotoError
        When a file cannot be read; the message names it.
    ArgumentError
        When the photograph is not found or not of the size that was measured.
    MeasurementError
        When the photograph does not hold the scale that was asked for.
    """
    measuring = measuring or Measuring()
    if path.is_dir():
        msg = f"BEFORE and AFTER are a file each; {path} is a folder. Name a photograph in it."
        raise ArgumentError(msg)
    beside = path.with_name(path.name.removesuffix(MASK_ENDING) + SUFFIX)
    if path.name.endswith(MASK_ENDING) and photo is None and beside.is_file():
        path = beside
    if path.name.endswith(SUFFIX):
        return _of_measurement(path, measuring, photo, option)
    image = read_photo(path)
    if path.name.endswith(MASK_ENDING) or _is_mask(image.gray):
        if photo is None:
            msg = (
                f"{path}: is a mask, and two dates are laid over each other by their "
                f"photographs. Name the photograph with {option}."
            )
            raise ArgumentError(msg)
        shown = read_photo(photo)
        return _measured(path, photo, shown, image.gray > 0, _probability(path), measuring)
    if photo is not None:
        msg = f"{path}: is a photograph itself. Leave out {option}, or name a mask."
        raise ArgumentError(msg)
    found = segment(image)
    return _measured(path, path, image, found.mask, found.probability, measuring)


def write_change(change: Change, before: Dated, after: Dated, out: Path, *, beside: bool) -> None:
    """Write change.csv, change.json and change.png.

    Parameters
    ----------
    change : Change
    before, after : Dated
        What was compared.
    out : Path
        The folder, made if need be.
    beside : bool
        Set the photograph of BEFORE beside that of AFTER.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    picture = draw_change(after.gray, change, before=before.gray if beside else None)
    write_whole(out / "change.csv", change_csv(change))
    write_whole(out / "change.json", change_json(change))
    write_whole(out / "change.png", _png(picture))


def compare_files(
    before: Path,
    after: Path,
    out: Path,
    segment: Segment,
    *,
    photos: tuple[Path | None, Path | None] = (None, None),
    measuring: tuple[Measuring | None, Measuring | None] = (None, None),
    options: ChangeOptions | None = None,
    beside: bool = False,
) -> Change:
    """Compare two dates from files and write what has changed.

    Parameters
    ----------
    before, after : Path
        See `read_dated`.
    out : Path
        Folder for change.csv, change.json and change.png.
    segment : callable
    photos : (Path or None, Path or None)
        The photographs that masks or measurements belong to.
    measuring : (Measuring or None, Measuring or None)
        How each is measured, its scale above all.
    options : ChangeOptions, optional
    beside : bool
        Set BEFORE beside AFTER in the picture.

    Raises
    ------
    CrackNetError
        As `read_dated`, `compare` and `write_change` do.
    """
    old = read_dated(
        before, segment, measuring=measuring[0], photo=photos[0], option="--before-photo"
    )
    new = read_dated(
        after, segment, measuring=measuring[1], photo=photos[1], option="--after-photo"
    )
    change = compare(old, new, options or ChangeOptions())
    write_change(change, old, new, out, beside=beside)
    return change


def _measured(
    path: Path,
    file: Path,
    photo: Photo,
    mask: Mask,
    probability: Probability | None,
    measuring: Measuring,
) -> Dated:
    if mask.shape != photo.gray.shape:
        msg = (
            f"a mask must have the size of its photograph; {path} is {mask.shape[1]}x"
            f"{mask.shape[0]} px, {file} is {photo.width}x{photo.height} px."
        )
        raise ArgumentError(msg)
    item = measure_photo(path.stem, file, photo, mask, probability, measuring)
    return Dated(item.measurement, photo.gray, str(file), str(item.about.get("taken", "")))


def _of_measurement(path: Path, measuring: Measuring, photo: Path | None, option: str) -> Dated:
    item = read_measurement(path)
    named = Path(item.file)
    file = photo
    if file is None:
        places = (named, path.parent / named, path.parent / named.name)
        file = next((place for place in places if place.is_file()), None)
    if file is None or (photo is None and file.name.endswith(MASK_ENDING)):
        msg = (
            f"{path}: its photograph ({item.file}) "
            f"{'is a mask' if file else 'is not found'}. Name the photograph with {option}."
        )
        raise ArgumentError(msg)
    shown = read_photo(file)
    measurement = item.measurement
    if measuring.scale.chosen is not None:
        measurement = replace(measurement, scale=find_scale(shown, measuring.scale))
    return Dated(measurement, shown.gray, str(file), str(item.about.get("taken", "")))


def _probability(path: Path) -> Probability | None:
    beside = path.with_name(path.name.removesuffix(MASK_ENDING) + PROBABILITY_ENDING)
    if not path.name.endswith(MASK_ENDING) or not beside.is_file():
        return None
    return np.asarray(read_photo(beside).gray / np.float32(255), np.float32)


def _is_mask(gray: Gray) -> bool:
    """Whether only black and white occur, and both, as in no photograph."""
    counts = np.bincount(gray.ravel(), minlength=256)
    values = np.flatnonzero(counts).tolist()
    return values in ([0, 1], [0, 255])


def _png(picture: Picture) -> memoryview:
    done, code = cv2.imencode(".png", picture)
    if not done:
        msg = f"a picture of {picture.shape[1]}x{picture.shape[0]} cannot be encoded as PNG."
        raise OutputError(msg)
    return code.data
