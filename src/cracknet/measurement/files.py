"""A measurement on disk: one JSON file for each photograph, from which every output is made."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.errors import PhotoError
from cracknet.measurement.results import WIDTH_METHODS, Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale

SCHEMA = "cracknet.cracks/1"
SUFFIX = ".cracks.json"
DECIMALS = 3
"""Of positions and widths in px: a thousandth is far below what can be measured."""


@dataclass(frozen=True, eq=False)
class PhotoMeasurement:
    """A measured photograph, as outputs take it.

    Attributes
    ----------
    photo : str
        Name of its results below the output folder, without suffix; ``/`` parts folders.
    file : str
        The photograph or mask that was measured.
    measurement : Measurement
    about : dict
        What else is known of it and of the run, plain JSON values: ``taken``, ``latitude_deg``,
        ``longitude_deg``, ``altitude_m``, ``camera``, ``model``, ``options``, ``standard`` ...
    """

    photo: str
    file: str
    measurement: Measurement
    about: dict[str, Any] = field(default_factory=dict)


def measurement_json(item: PhotoMeasurement) -> bytes:
    """JSON of a measured photograph, stable to the byte."""
    of = item.measurement
    content = {
        "schema": SCHEMA,
        "photo": item.photo,
        "file": item.file,
        "about": item.about,
        "height_px": of.height_px,
        "width_px": of.width_px,
        "scale": None if of.scale is None else _scale_values(of.scale),
        "specks": of.specks,
        "specks_area_px2": of.specks_area_px2,
        "notes": list(of.notes),
    }
    # Piece by piece: as lists of numbers a long crack takes ten times the room of its arrays.
    out = bytearray(_json(content)[:-1])
    out += b',"cracks":['
    for k, crack in enumerate(of.cracks):
        out += b"," * (k > 0)
        _add_crack(out, crack)
    out += b"]}\n"
    return bytes(out)


def _json(values: object) -> bytes:
    return json.dumps(values, separators=(",", ":"), allow_nan=False).encode()


def read_measurement(path: Path) -> PhotoMeasurement:
    """Read a file that `measurement_json` made.

    Raises
    ------
    PhotoError
        When it cannot be read or is not such a file; the message names it.
    """
    try:
        content = json.loads(path.read_bytes())
        schema = content["schema"]
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Measure the photograph again."
        raise PhotoError(msg) from error
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path}: is not a measurement of CrackNet. Measure the photograph again."
        raise PhotoError(msg) from error
    if schema != SCHEMA:
        msg = (
            f"{path}: holds a measurement of schema {schema!r}; this version reads {SCHEMA!r}. "
            "Measure the photograph again, or take the version that wrote it."
        )
        raise PhotoError(msg)
    try:
        measurement = Measurement(
            height_px=int(content["height_px"]),
            width_px=int(content["width_px"]),
            cracks=tuple(_read_crack(crack) for crack in content["cracks"]),
            scale=None if content["scale"] is None else _read_scale(content["scale"]),
            specks=int(content["specks"]),
            specks_area_px2=float(content["specks_area_px2"]),
            notes=tuple(map(str, content["notes"])),
        )
        photo, file, about = str(content["photo"]), str(content["file"]), dict(content["about"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        msg = f"{path}: is a damaged measurement ({error}). Measure the photograph again."
        raise PhotoError(msg) from error
    return PhotoMeasurement(photo, file, measurement, about)


def _rounded(values: npt.NDArray[np.float64]) -> list[Any]:
    return np.round(values, DECIMALS).tolist()  # type: ignore[no-any-return]


def _scale_values(scale: Scale) -> dict[str, Any]:
    homography = scale.homography
    return {
        "mm_per_px": scale.mm_per_px,
        "method": scale.method,
        "source": scale.source,
        "uncertainty": scale.uncertainty,
        "homography": None if homography is None else homography.tolist(),
    }


def _read_scale(values: dict[str, Any]) -> Scale:
    matrix = values["homography"]
    return Scale(
        float(values["mm_per_px"]),
        values["method"],
        str(values["source"]),
        None if values["uncertainty"] is None else float(values["uncertainty"]),
        None if matrix is None else np.array(matrix, np.float64),
    )


def _add_crack(out: bytearray, crack: MeasuredCrack) -> None:
    out += _json({"crack": crack.number, "area_px2": crack.area_px2})[:-1]
    out += b',"branches":['
    for k, branch in enumerate(crack.branches):
        out += b"," * (k > 0)
        values = {
            "nodes": list(branch.nodes),
            "resolved": bool(branch.resolved),
            "points_px": _rounded(branch.points_px),
            "widths_px": _rounded(branch.widths_px),
            "methods": "".join(WIDTH_METHODS[code][0] for code in branch.methods),
        }
        out += _json(values)
    out += b'],"polygons_px":['
    for k, polygon in enumerate(crack.polygons_px):
        out += b"," * (k > 0) + b"["
        for j, ring in enumerate(polygon):
            out += b"," * (j > 0) + _json(_rounded(ring))
        out += b"]"
    out += b"]}"


def _read_crack(values: dict[str, Any]) -> MeasuredCrack:
    letters = {name[0]: code for code, name in enumerate(WIDTH_METHODS)}
    return MeasuredCrack(
        number=int(values["crack"]),
        area_px2=float(values["area_px2"]),
        branches=tuple(
            Branch(
                np.array(branch["points_px"], np.float64),
                np.array(branch["widths_px"], np.float64),
                np.array([letters[letter] for letter in branch["methods"]], np.uint8),
                (int(branch["nodes"][0]), int(branch["nodes"][1])),
                bool(branch["resolved"]),
            )
            for branch in values["branches"]
        ),
        polygons_px=tuple(
            tuple(np.array(ring, np.float64) for ring in polygon)
            for polygon in values["polygons_px"]
        ),
    )
