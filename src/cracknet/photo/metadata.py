"""What EXIF says of a photograph: when, where, by which camera, and which way is up."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from PIL.ExifTags import GPS, IFD
from PIL.ExifTags import Base as Tag

from cracknet.errors import PhotoError
from cracknet.photo.tiff import Directory, read_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z")
_EMPTY = Directory("<", big=False, entries={})
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""FocalPlaneResolutionUnit in millimetres: inch and centimetre by Exif 2.32, section 4.6.5 (tag
41488); millimetre and micrometre as some makers write."""
_INFINITE = 0xFFFFFFFF
"""Numerator of an infinite subject distance (Exif 2.32, section 4.6.5, tag 37382)."""


@dataclass(frozen=True)
class PhotoMetadata:
    """What is known of a photograph beside its pixels; None where EXIF does not say.

    Parameters
    ----------
    taken
        When it was taken, ISO 8601 (``2024-05-17T14:03:22+02:00``): DateTimeOriginal, with
        OffsetTimeOriginal where present.
    latitude_deg, longitude_deg
        Position in decimal degrees (WGS84), north and east positive; both or neither.
    altitude_m
        Height in metres, below sea level negative.
    camera
        Make and model.
    focal_length_mm
        Focal length of the lens in millimetres.
    focal_length_35mm_mm
        Focal length in millimetres of the lens with the same view on 35 mm film.
    orientation
        EXIF orientation 1 to 8 as stored in the file; 1 where absent or not valid.
    focal_plane_x_px_per_mm, focal_plane_y_px_per_mm
        Pixels per millimetre of the sensor, along the stored rows and columns.
    subject_distance_m
        Distance to the subject in metres, as the autofocus took it; None also where infinite.
    digital_zoom
        Ratio of the digital zoom; None where none was used.
    original_width_px, original_height_px
        Size as the camera wrote it, as stored, not turned upright.
    """

    taken: str | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    camera: str | None = None
    focal_length_mm: float | None = None
    focal_length_35mm_mm: float | None = None
    orientation: int = 1
    focal_plane_x_px_per_mm: float | None = None
    focal_plane_y_px_per_mm: float | None = None
    subject_distance_m: float | None = None
    digital_zoom: float | None = None
    original_width_px: int | None = None
    original_height_px: int | None = None


def read_metadata(exif: BinaryIO | None) -> PhotoMetadata:
    """Read a photograph's metadata from its EXIF data. Damaged data count as absent.

    Parameters
    ----------
    exif
        Stream that begins with the TIFF header of the EXIF data (a TIFF photograph itself is such
        a stream), or None.

    Returns
    -------
    PhotoMetadata
        Tags as of CIPA DC-008 (Exif 2.32), section 4.6.

    Examples
    --------
    >>> read_metadata(None).orientation
    1
    """
    if exif is None:
        return PhotoMetadata()
    main = _directory(exif, None)
    camera = _subdirectory(exif, main, IFD.Exif)
    gps = _subdirectory(exif, main, IFD.GPSInfo)
    orientation = main.number(Tag.Orientation, 1)
    latitude = _degrees(gps, GPS.GPSLatitude, GPS.GPSLatitudeRef, {"N": 1, "S": -1}, 90)
    longitude = _degrees(gps, GPS.GPSLongitude, GPS.GPSLongitudeRef, {"E": 1, "W": -1}, 180)
    known = latitude is not None and longitude is not None
    return PhotoMetadata(
        taken=_taken(camera),
        latitude_deg=latitude if known else None,
        longitude_deg=longitude if known else None,
        altitude_m=_altitude(gps),
        camera=_camera_name(main),
        focal_length_mm=_positive_ratio(camera, Tag.FocalLength),
        focal_length_35mm_mm=float(camera.number(Tag.FocalLengthIn35mmFilm, 0)) or None,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        focal_plane_x_px_per_mm=_focal_plane(camera, Tag.FocalPlaneXResolution),
        focal_plane_y_px_per_mm=_focal_plane(camera, Tag.FocalPlaneYResolution),
        subject_distance_m=_subject_distance(camera),
        digital_zoom=_digital_zoom(camera),
        original_width_px=_positive(camera, Tag.ExifImageWidth),
        original_height_px=_positive(camera, Tag.ExifImageHeight),
    )


def exif_stream(exif: bytes | None) -> BinaryIO | None:
    """Give EXIF bytes as `read_metadata` wants them, without the ``Exif`` mark before them."""
    return None if not exif else io.BytesIO(exif.removeprefix(b"Exif\0\0"))


def _directory(exif: BinaryIO, offset: int | None) -> Directory:
    try:
        return read_directory(exif, offset)
    except (PhotoError, struct.error):
        return _EMPTY


def _subdirectory(exif: BinaryIO, main: Directory, pointer: int) -> Directory:
    offset = main.number(pointer, 0)
    return _directory(exif, offset) if offset > 0 else _EMPTY


def _taken(camera: Directory) -> str | None:
    text = camera.text(Tag.DateTimeOriginal)
    try:
        moment = datetime.strptime(text or "", "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return None
    offset = camera.text(Tag.OffsetTimeOriginal)
    return moment + offset if offset and _OFFSET.fullmatch(offset) else moment


def _degrees(
    gps: Directory, tag: int, ref_tag: int, signs: Mapping[str, int], limit: float
) -> float | None:
    parts = gps.ratios(tag)
    sign = signs.get((gps.text(ref_tag) or "").upper())
    if sign is None or not 1 <= len(parts) <= 3 or any(part < 0 for part in parts):
        return None
    if any(part > 60 for part in parts[1:]):
        return None
    degrees = sum(part / 60**power for power, part in enumerate(parts))
    return sign * degrees if degrees <= limit else None


def _altitude(gps: Directory) -> float | None:
    metres = next(iter(gps.ratios(GPS.GPSAltitude)), None)
    if metres is None:
        return None
    below = gps.number(GPS.GPSAltitudeRef, 0) in (1, 3)
    return -metres if below else metres


def _positive_ratio(camera: Directory, tag: int) -> float | None:
    return next((value for value in camera.ratios(tag) if value > 0), None)


def _positive(camera: Directory, tag: int) -> int | None:
    number = camera.number(tag, 0)
    return number if number > 0 else None


def _focal_plane(camera: Directory, tag: int) -> float | None:
    """Give pixels per millimetre of the sensor; the unit is the inch where none is said."""
    unit = _UNIT_MM.get(camera.number(Tag.FocalPlaneResolutionUnit, 2))
    resolution = _positive_ratio(camera, tag)
    return None if unit is None or resolution is None else resolution / unit


def _subject_distance(camera: Directory) -> float | None:
    if _INFINITE in camera.numbers(Tag.SubjectDistance)[:1]:
        return None
    return _positive_ratio(camera, Tag.SubjectDistance)


def _digital_zoom(camera: Directory) -> float | None:
    """Give the ratio; 0 and 1 both say that none was used."""
    ratio = _positive_ratio(camera, Tag.DigitalZoomRatio)
    return None if ratio == 1 else ratio


def _camera_name(main: Directory) -> str | None:
    make, model = main.text(Tag.Make) or "", main.text(Tag.Model) or ""
    if model.lower().startswith(make.lower()):
        make = ""
    return f"{make} {model}".strip() or None
