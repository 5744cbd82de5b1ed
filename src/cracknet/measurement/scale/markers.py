"""A scale from an ArUco or AprilTag marker of known size, glued to the concrete.

The homography of the marker's plane is always used, never a plain mean of its sides: no camera is
held exactly square, the slant that cannot be told from none is still one, and where the marker is
too small to fix it, the stated uncertainty says so (`benchmarks/scale.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError, MeasurementError
from cracknet.measurement.scale.edges import depth_px, fit_sides
from cracknet.measurement.scale.plane import fit_plane
from cracknet.measurement.scale.scale import Points, Scale
from cracknet.photo import Photo

TRIED = (
    "APRILTAG_36h11",
    "ARUCO_MIP_36h12",
    "APRILTAG_36h10",
    "7X7_1000",
    "6X6_1000",
    "5X5_1000",
    "APRILTAG_25h9",
    "ARUCO_ORIGINAL",
    "4X4_1000",
    "APRILTAG_16h5",
)
"""Dictionaries tried in this order where none is named: the longest codes first, which concrete
does not imitate. The smaller ones of 4X4 to 7X7 are the beginnings of these."""
NAMES = TRIED + tuple(f"{n}X{n}_{count}" for n in range(4, 8) for count in (50, 100, 250))

LEAST_MODULE_PX = 5.0
"""Width of a marker's smallest square below which blur mixes neighbours and misplaces edges."""
SIDE_UNCERTAINTY_MM = 0.2
"""Standard uncertainty of a printed marker's side, measured by a ruler."""
MOST_UNCERTAIN = 0.10
"""Relative standard uncertainty beyond which a scale is refused."""


@dataclass(frozen=True)
class MarkerOptions:
    """Which marker to look for.

    Parameters
    ----------
    side_mm : float
        Outer side of the black border.
    number : int, optional
        The marker's id; needed where several are in view.
    dictionary : str, optional
        As OpenCV names it, with or without ``DICT_``: ``4X4_50``, ``APRILTAG_36h11``. Else those
        of `TRIED` in turn.
    near_px : (float, float), optional
        Of several markers of one id, take that nearest to this place of the photograph, x and y.
    side_uncertainty_mm : float
        Standard uncertainty of side_mm.

    Raises
    ------
    ArgumentError
        When a size is not positive, the id negative, or the dictionary unknown.
    """

    side_mm: float
    number: int | None = None
    dictionary: str | None = None
    near_px: tuple[float, float] | None = None
    side_uncertainty_mm: float = SIDE_UNCERTAINTY_MM

    def __post_init__(self) -> None:
        if not (math.isfinite(self.side_mm) and 0 < self.side_mm <= 10_000):
            msg = (
                f"a marker's side must be between 0 and 10000 mm; got {self.side_mm}. Measure the "
                "outer side of its black border in millimetres."
            )
            raise ArgumentError(msg)
        if not 0 <= self.side_uncertainty_mm < self.side_mm:
            msg = (
                "the uncertainty of a marker's side must be at least 0 and below the side; got "
                f"{self.side_uncertainty_mm} mm of {self.side_mm} mm."
            )
            raise ArgumentError(msg)
        if self.number is not None and self.number < 0:
            msg = f"a marker's id must be a whole number from 0 on; got {self.number}."
            raise ArgumentError(msg)
        if self.dictionary is not None:
            object.__setattr__(self, "dictionary", _known_name(self.dictionary))


@dataclass(frozen=True, eq=False)
class _Found:
    """A marker as detected; `corners_px` is (4, 2)."""

    dictionary: str
    number: int
    modules: int
    corners_px: Points

    @property
    def name(self) -> str:
        family = "AprilTag" if self.dictionary.startswith("APRILTAG") else "ArUco marker"
        return f"{family} {self.number} (DICT_{self.dictionary})"

    @property
    def module_px(self) -> float:
        """Depth of its squares where they are seen least deep."""
        sides = np.hypot(*(np.roll(self.corners_px, -1, axis=0) - self.corners_px).T)
        return depth_px(self.corners_px, float(sides.max())) / self.modules

    @property
    def place(self) -> str:
        x, y = self.corners_px.mean(axis=0)
        return f"{x:.0f},{y:.0f}"


def parse_marker(text: str) -> MarkerOptions:
    """Read ``SIDE_MM[:ID[:DICTIONARY]]``, where the id may be followed by ``@X,Y``.

    Raises
    ------
    ArgumentError
        When it is written otherwise.

    Examples
    --------
    >>> parse_marker("50:7:4X4_50").number
    7
    >>> parse_marker("50:7@1200,800").near_px
    (1200.0, 800.0)
    """
    side, _, rest = text.partition(":")
    number, _, dictionary = rest.partition(":")
    number, _, near = number.partition("@")
    try:
        place = tuple(float(part) for part in near.split(",")) if near else None
        side_mm, marker = float(side), int(number) if number else None
    except ValueError:
        place, side_mm, marker = (), math.nan, None
    if math.isnan(side_mm) or (place is not None and len(place) != 2):
        msg = (
            "a marker is written SIDE_MM[:ID[@X,Y][:DICTIONARY]], as in 50, 50:7 or "
            f"50:7:APRILTAG_36h11; got {text!r}."
        )
        raise ArgumentError(msg)
    near_px = None if place is None else (place[0], place[1])
    return MarkerOptions(side_mm, marker, dictionary or None, near_px)


def scale_from_marker(photo: Photo, marker: MarkerOptions) -> Scale:
    """Find a marker and take scale and slant from it.

    Parameters
    ----------
    photo : Photo
    marker : MarkerOptions

    Returns
    -------
    Scale
        With the homography of the marker's plane. Its uncertainty holds the scatter of the
        marker's edges, propagated to all of the photograph, and that of the printed size; not the
        lens's distortion, nor concrete that is not plane.

    Raises
    ------
    MeasurementError
        When no marker is found, or several and it is not said which; when it is too small in the
        photograph, unclear, or seen too much aslant. The message names the photograph.
    """
    name = str(photo.path or "the photograph")
    found = _choose(_detect(photo.gray, marker), marker, name)
    called = f"{found.name} in {name}"
    if found.module_px < LEAST_MODULE_PX:
        msg = (
            f"a marker's squares must be at least {LEAST_MODULE_PX:g} px wide in the photograph; "
            f"those of {called} are {found.module_px:.1f} px. Go closer, or use a larger marker: "
            f"this one would need {LEAST_MODULE_PX / found.module_px:.1f} times the size."
        )
        raise MeasurementError(msg)
    sides = fit_sides(photo.gray, found.corners_px, found.modules, called)
    plane = fit_plane(sides, marker.side_mm, photo.width, photo.height, called)
    uncertainty = math.hypot(plane.uncertainty, marker.side_uncertainty_mm / marker.side_mm)
    if uncertainty > MOST_UNCERTAIN:
        msg = (
            f"the scale by {called} would be uncertain by {uncertainty:.0%} over the photograph; "
            f"at most {MOST_UNCERTAIN:.0%} is accepted. Use a larger marker, or go closer."
        )
        raise MeasurementError(msg)
    size = found.module_px * found.modules
    source = (
        f"{found.name} of {marker.side_mm:g} mm, {size:.0f} px wide, seen {plane.slant_deg:.0f} "
        f"degrees aslant, ± {uncertainty:.2%} (k = 1; no lens distortion)"
    )
    return Scale(plane.mm_per_px, "marker", source, uncertainty, plane.homography)


def _known_name(name: str) -> str:
    plain = name.strip().upper().removeprefix("DICT_")
    for known in NAMES:
        if known.upper() == plain:
            return known
    msg = (
        f"a marker's dictionary must be one of {', '.join(NAMES)}; got {name!r}. Leave it out to "
        "try all."
    )
    raise ArgumentError(msg)


def _detect(gray: Gray, marker: MarkerOptions) -> list[_Found]:
    """Find the markers of the first dictionary that has any in the photograph."""
    for dictionary in [marker.dictionary] if marker.dictionary else TRIED:
        found = _detect_of(gray, dictionary, exact=marker.dictionary is None)
        found = [one for one in found if marker.number in (None, one.number)]
        if found:
            return found
    return []


def _detect_of(gray: Gray, dictionary: str, *, exact: bool) -> list[_Found]:
    codes = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{dictionary}"))
    options = cv2.aruco.DetectorParameters()
    options.minMarkerPerimeterRate = 4 * 20 / max(*gray.shape, 1)  # sides from 20 px on
    if exact:  # where all dictionaries are tried, a repaired code is as likely chance
        options.errorCorrectionRate = 0.0
    corners, numbers, _ = cv2.aruco.ArucoDetector(codes, options).detectMarkers(gray)
    if not len(corners):
        return []
    modules = int(codes.markerSize) + 2 * int(options.markerBorderBits)
    return [
        _Found(_smallest(dictionary, int(number)), int(number), modules, np.array(corner, float)[0])
        for corner, number in zip(corners, np.ravel(numbers), strict=True)
    ]


def _smallest(dictionary: str, number: int) -> str:
    """Name the smallest dictionary that holds the marker: 4X4_50 is how 4X4_1000 begins."""
    family, _, count = dictionary.rpartition("_")
    if count != "1000":
        return dictionary
    return f"{family}_{next(size for size in (50, 100, 250, 1000) if number < size)}"


def _choose(found: list[_Found], marker: MarkerOptions, name: str) -> _Found:
    if not found:
        tried = f"DICT_{marker.dictionary}" if marker.dictionary else f"tried {', '.join(TRIED)}"
        wanted = "no marker" if marker.number is None else f"no marker {marker.number}"
        msg = (
            f"{wanted} was found in {name} ({tried}). It must lie flat, wholly in view, at least "
            "20 px wide, in focus, with its white margin; or give the scale otherwise."
        )
        raise MeasurementError(msg)
    if marker.near_px is not None:
        place = np.array(marker.near_px)
        return min(found, key=lambda one: float(np.hypot(*(one.corners_px.mean(0) - place))))
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{one.number} at {one.place}" for one in found[:10])
    if len({one.number for one in found}) < len(found):
        msg = (
            f"a marker's id must be in the photograph once; in {name} ({found[0].dictionary}) are "
            f"{listed}. Cover one, or say which is meant by its place: ID@X,Y."
        )
    else:
        msg = (
            f"one marker must be chosen where several are in view; in {name} "
            f"({found[0].dictionary}) are {listed}. Give the id of the one whose size is known."
        )
    raise MeasurementError(msg)
