"""A scale from the camera's distance, its focal length and the size of its sensor, as of EXIF.

By a thin lens, an object at the distance d from a lens of the focal length f is drawn f / (d - f)
times as large on the sensor, so

    mm_per_px = pixel_pitch_mm * (d - f) / f.

The pinhole's d / f would be wrong by f / d: 5 % for 50 mm at a metre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from cracknet.errors import ArgumentError, MeasurementError
from cracknet.measurement.scale.scale import Scale
from cracknet.photo import Photo, PhotoMetadata

FILM_WIDTH_MM, FILM_HEIGHT_MM = 36.0, 24.0
FILM_DIAGONAL_MM = math.hypot(FILM_WIDTH_MM, FILM_HEIGHT_MM)

SENSOR_DIAGONALS_MM = (2.0, 80.0)
"""Of a phone's smallest camera, and of medium format: beyond them EXIF does not fit the pixels."""
SENSOR_AGREEMENT = 1.15
"""Two ways to the sensor's size may differ by this factor; more, and the photograph was cut."""

SHAPES = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 9, 2.0)
SHAPE_AGREEMENT = 0.02
"""Long side by short side as cameras write it: another shape was cut, and with it the view."""

DISTANCE_SHARE, DISTANCE_MM = 0.01, 10.0
"""Standard uncertainty of a distance measured by hand: a share, and where in the camera it ends."""
AUTOFOCUS_SHARE = 0.10
"""Standard uncertainty of EXIF's SubjectDistance, an estimate of the autofocus."""
FOCAL_SHARE = 0.02
"""Standard uncertainty of the focal length: the nominal one, and its change with the focus."""
SQUARE_ON_SHARE = 1 - math.cos(math.radians(10))
"""Foreshortening of a view 10 degrees off square, which nobody notices."""


@dataclass(frozen=True)
class _Optics:
    """`ratio` is pixel pitch / focal length; `parts` its relative uncertainties."""

    ratio: float
    focal_mm: float
    words: str
    parts: tuple[float, ...]
    focal_spread_mm: float = 0.0


def scale_from_camera(photo: Photo, distance_m: float | Literal["exif"]) -> Scale:
    """Work out a scale from how far away the camera was.

    Parameters
    ----------
    photo : Photo
        With EXIF of its focal length, and of its sensor (FocalPlaneXResolution) or its focal
        length in 35 mm terms.
    distance_m : float or "exif"
        From the lens to the concrete in metres; "exif" takes SubjectDistance.

    Returns
    -------
    Scale
        Its uncertainty is the root of the sum of squares of its parts: the distance, the focal
        length, the pixel pitch (rounding and meaning of the 35 mm figure), and a view that is a
        little off square. Lens distortion is not in it.

    Raises
    ------
    ArgumentError
        When the distance is not positive, or nearer than the focal length.
    MeasurementError
        When EXIF lacks what is needed, or no longer fits the photograph: a digital zoom, a
        photograph resized or cropped. Names the file and the next step.
    """
    name = str(photo.path or "the photograph")
    distance_mm, distance_words, distance_share = _distance(photo.metadata, distance_m, name)
    _refuse_altered(photo, name)
    optics = _optics(photo, name)
    if distance_mm <= 2 * optics.focal_mm:
        msg = (
            f"the camera must be farther from the concrete than twice its focal length; got "
            f"{distance_mm:g} mm with a lens of {optics.focal_mm:g} mm in {name}. Give metres."
        )
        raise ArgumentError(msg)
    lens_mm = distance_mm - optics.focal_mm
    parts = (
        distance_share,
        *optics.parts,
        optics.focal_spread_mm / lens_mm,
        SQUARE_ON_SHARE / math.sqrt(3),
    )
    uncertainty = math.hypot(*parts)
    source = (
        f"camera {distance_words} away, {optics.words}, ± {uncertainty:.1%} (k = 1; view taken as "
        "square on, no lens distortion)"
    )
    return Scale(optics.ratio * lens_mm, "camera", source, uncertainty)


def _distance(
    metadata: PhotoMetadata, distance_m: float | Literal["exif"], name: str
) -> tuple[float, str, float]:
    """Give the distance in mm, in words, and its relative uncertainty."""
    if distance_m == "exif":
        metres = metadata.subject_distance_m
        if metres is None:
            msg = (
                f"{name} holds no distance to its subject in EXIF (SubjectDistance). Measure the "
                "distance and give it in metres, or use a marker or two points."
            )
            raise MeasurementError(msg)
        return metres * 1000, f"{metres:g} m (EXIF's estimate)", AUTOFOCUS_SHARE
    metres = float(distance_m)
    if not (math.isfinite(metres) and metres > 0):
        msg = (
            f"the camera's distance must be a positive number of metres; got {distance_m}. "
            "Measure from the lens to the concrete."
        )
        raise ArgumentError(msg)
    share = math.hypot(DISTANCE_SHARE, DISTANCE_MM / (metres * 1000))
    return metres * 1000, f"{metres:g} m", share


def _refuse_altered(photo: Photo, name: str) -> None:
    """Refuse a photograph whose pixels are no longer the camera's."""
    metadata = photo.metadata
    if metadata.digital_zoom is not None:
        msg = (
            f"{name} was taken with a digital zoom of {metadata.digital_zoom:.3g}, and cameras do "
            "not agree on whether the focal length in EXIF holds it. Use a marker or two points."
        )
        raise MeasurementError(msg)
    original = metadata.original_width_px, metadata.original_height_px
    if None in original:
        return
    # sorted: a viewer may have turned the pixels without turning the tags
    if sorted(value or 0 for value in original) != sorted((photo.width, photo.height)):
        msg = (
            f"{name} was resized or cropped: EXIF says {original[0]} x {original[1]} px, it has "
            f"{photo.width} x {photo.height}. Give the camera's own file, or use a marker or two "
            "points."
        )
        raise MeasurementError(msg)


def _optics(photo: Photo, name: str) -> _Optics:
    metadata = photo.metadata
    focal, film = metadata.focal_length_mm, metadata.focal_length_35mm_mm
    if focal is None and film is None:
        msg = (
            f"{name} holds no focal length in EXIF, so its scale cannot come from the camera's "
            "distance. Give the camera's own file, the scale in mm per pixel, a marker, or two "
            "points."
        )
        raise MeasurementError(msg)
    pitch = _pitch(photo, name)
    if focal is not None and pitch is not None:
        _refuse_disagreement(photo, pitch, focal, film, name)
        words = f"focal length {focal:g} mm, pixels of {pitch * 1000:.3g} µm (EXIF's focal plane)"
        return _Optics(pitch / focal, focal, words, (FOCAL_SHARE,))
    if film is None:
        msg = (
            f"{name} holds the focal length of the lens in EXIF, but neither the sensor's "
            "resolution nor the focal length in 35 mm terms. Give the scale in mm per pixel, a "
            "marker, or two points."
        )
        raise MeasurementError(msg)
    ratio, spread = _film_ratio(photo, film, name)
    rounding = 0.5 / film / math.sqrt(3)
    words = f"focal length {film:g} mm in 35 mm terms"
    if focal is None:  # between nothing and that of full frame, uniformly
        half = film / 2
        return _Optics(ratio, half, words, (FOCAL_SHARE, spread, rounding), half / math.sqrt(3))
    return _Optics(ratio, focal, words, (FOCAL_SHARE, spread, rounding))


def _pitch(photo: Photo, name: str) -> float | None:
    """Give the width of a pixel in mm by EXIF's focal plane; None where it says nothing."""
    across = photo.metadata.focal_plane_x_px_per_mm
    down = photo.metadata.focal_plane_y_px_per_mm or across
    if across is None or down is None:
        return None
    pitch = 1 / math.sqrt(across * down)
    diagonal = pitch * math.hypot(photo.width, photo.height)
    least, most = SENSOR_DIAGONALS_MM
    if not least <= diagonal <= most:
        msg = (
            f"{name} has pixels for a sensor of {diagonal:.2g} mm across by EXIF, which no camera "
            "has: it was resized or cropped. Give the camera's own file, or use a marker or two "
            "points."
        )
        raise MeasurementError(msg)
    return pitch


def _refuse_disagreement(
    photo: Photo, pitch: float, focal: float, film: float | None, name: str
) -> None:
    """Refuse where the sensor's size by its pixels is not that by the 35 mm focal length."""
    if film is None:
        return
    by_pixels = pitch * math.hypot(photo.width, photo.height)
    by_film = FILM_DIAGONAL_MM * focal / film
    if not 1 / SENSOR_AGREEMENT <= by_pixels / by_film <= SENSOR_AGREEMENT:
        msg = (
            f"{name} was resized or cropped: by its pixels the sensor measures {by_pixels:.3g} mm "
            f"across, by its focal lengths {by_film:.3g} mm. Give the camera's own file, or use a "
            "marker or two points."
        )
        raise MeasurementError(msg)


def _film_ratio(photo: Photo, film: float, name: str) -> tuple[float, float]:
    """Give pixel pitch / focal length by the 35 mm figure, and its relative uncertainty.

    Exif does not say which side of the film is meant. Makers mean its diagonal or its width, and
    wide photographs are often cut from a sensor of 4:3. The middle of these is taken, and half
    their range as the bounds of a uniform distribution.
    """
    long, short = max(photo.width, photo.height), min(photo.width, photo.height)
    if min(abs(long / short / shape - 1) for shape in SHAPES) > SHAPE_AGREEMENT:
        msg = (
            f"{name} was cropped: no camera takes {photo.width} x {photo.height} px, and the focal "
            "length in 35 mm terms is of the whole view. Give the camera's own file, or use a "
            "marker or two points."
        )
        raise MeasurementError(msg)
    pitches = [FILM_DIAGONAL_MM / math.hypot(long, short), FILM_WIDTH_MM / long]
    if long / short > 1.55:
        pitches.append(FILM_DIAGONAL_MM / (long * 1.25))
    middle = (max(pitches) + min(pitches)) / 2
    return middle / film, (max(pitches) - min(pitches)) / 2 / middle / math.sqrt(3)
