"""Labelme's JSON: read, checked field by field, and written again with all its keys.

The format as of https://github.com/wkentaro/labelme (``labelme/_label_file.py``), versions 3 to 7:
an object with `version`, `flags`, `shapes`, `imagePath`, `imageData` (base64 or null),
`imageHeight` and `imageWidth`; a shape has `label`, `points` in pixels from the photograph's upper
left corner, `shape_type`, and from version 5 on `description` and `mask`. Before version 4 a shape
may lack its type (it is a polygon then) and a file its size. Other keys are kept.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cracknet.datasets.json_files import read_json
from cracknet.errors import DatasetError

KNOWN_VERSIONS = (3, 4, 5, 6, 7)
WRITTEN_VERSION = "5.5.0"
"""Version whose keys the files written here hold; later ones read them as well."""

_Coordinate = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]


class LabelmeShape(BaseModel):
    """One shape. Keys that are not named here (flags, group_id ...) are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    label: str
    points: list[tuple[_Coordinate, _Coordinate]] = Field(min_length=1)
    """(x, y) in px; the upper left pixel covers 0 to 1."""
    shape_type: str | None = None
    """None is a polygon."""
    mask: str | None = None
    """base64 of a PNG, for the type ``mask``."""


class LabelmeFile(BaseModel):
    """One annotated photograph. Keys that are not named here are kept."""

    model_config = ConfigDict(
        extra="allow", frozen=True, validate_by_name=True, validate_by_alias=True
    )

    version: str | None = None
    shapes: list[LabelmeShape]
    image_path: str = Field(alias="imagePath")
    image_data: str | None = Field(None, alias="imageData")
    image_height: int | None = Field(None, alias="imageHeight", gt=0)
    image_width: int | None = Field(None, alias="imageWidth", gt=0)


def read_labelme(path: Path, *, any_version: bool = False) -> LabelmeFile:
    """Read a Labelme file.

    Parameters
    ----------
    path : Path
    any_version : bool
        Read files of unknown versions too, as those that other tools write in this format.

    Raises
    ------
    DatasetError
        When it cannot be read, is not JSON, lacks a key, holds a wrong value, or has a version
        that is not known.
    """
    content = read_json(path, "a Labelme file", "Save it again in Labelme.")
    try:
        file = LabelmeFile.model_validate(content)
    except ValidationError as error:
        raise DatasetError(_first_fault(error, path)) from error
    if not any_version and _major(file.version) not in KNOWN_VERSIONS:
        version = "no version" if file.version is None else f"version {file.version!r}"
        msg = (
            f"Labelme's versions {KNOWN_VERSIONS[0]} to {KNOWN_VERSIONS[-1]} are known; {path} has "
            f"{version}. If its shapes are Labelme's, read it with --any-version."
        )
        raise DatasetError(msg)
    return file


def labelme_bytes(file: LabelmeFile) -> bytes:
    """Encode a file as Labelme does: UTF-8, indented by two; keys that were not set stay away."""
    content = file.model_dump(by_alias=True, exclude_unset=True)
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    return (text + "\n").encode("utf-8", errors="backslashreplace")


def _major(version: str | None) -> int | None:
    match = re.match(r"(\d+)(\.|$)", version or "")
    return int(match[1]) if match else None


def _first_fault(error: ValidationError, path: Path) -> str:
    fault: Any = error.errors()[0]
    place = ".".join(map(str, fault["loc"])) or "the file"
    more = f" ({error.error_count()} faults in all)" if error.error_count() > 1 else ""
    return (
        "a Labelme file holds imagePath and shapes, and each shape label and points; in "
        f"{path}, {place}: {fault['msg']}{more}. Save it again in Labelme, or leave it out."
    )
