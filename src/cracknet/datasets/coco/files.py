"""COCO's JSON of annotations, checked at the edge.

The format as of https://cocodataset.org/#format-data ("object detection"): `images` with id,
file_name, width and height; `annotations` with image_id, category_id and segmentation (polygons,
or run lengths as numbers or text); `categories` with id and name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cracknet.datasets.json_files import read_json
from cracknet.errors import DatasetError


class CocoImage(BaseModel):
    """A photograph."""

    model_config = ConfigDict(frozen=True)

    id: int | str
    file_name: str = Field(min_length=1)
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class CocoRuns(BaseModel):
    """Run lengths; see `cracknet.datasets.coco.rle`."""

    model_config = ConfigDict(frozen=True)

    size: tuple[int, int]
    """Height and width, px."""
    counts: list[int] | str


class CocoAnnotation(BaseModel):
    """An area of a photograph."""

    model_config = ConfigDict(frozen=True)

    id: int | str | None = None
    image_id: int | str
    category_id: int | str
    segmentation: CocoRuns | list[list[float]] = Field(default_factory=list)
    iscrowd: int = 0


class CocoCategory(BaseModel):
    """A name of areas."""

    model_config = ConfigDict(frozen=True)

    id: int | str
    name: str


class CocoFile(BaseModel):
    """A set of annotated photographs."""

    model_config = ConfigDict(frozen=True)

    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[CocoCategory]


def read_coco(path: Path) -> CocoFile:
    """Read a COCO file.

    Raises
    ------
    DatasetError
        When it cannot be read, is not JSON, lacks a key or holds a wrong value.
    """
    content = read_json(path, "a COCO file", "Export it again.")
    try:
        return CocoFile.model_validate(content)
    except ValidationError as error:
        fault: Any = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "the file"
        msg = (
            f"a COCO file holds images, annotations and categories; in {path}, {place}: "
            f"{fault['msg']}. Export it again with segmentations."
        )
        raise DatasetError(msg) from error
