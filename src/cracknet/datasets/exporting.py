"""Masks with their photographs, to be corrected elsewhere: as Labelme's files or COCO's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cracknet.datasets.coco import CATEGORY, CocoShapes, annotations_of
from cracknet.datasets.labelme import (
    DEFAULT_TOLERANCE_PX,
    labelme_bytes,
    mask_to_labelme,
    read_labelme,
)
from cracknet.datasets.labels import Labels
from cracknet.datasets.masked import Masked
from cracknet.datasets.upright import PhotoFile, png_upright, upright_file
from cracknet.errors import ArgumentError, CrackNetError, DatasetError, OutputError
from cracknet.files import write_whole

_LABELME_OPENS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Exported:
    """What became of one photograph: ``exported``, ``skipped`` or ``failed`` with its error."""

    mask: Path
    status: str
    error: str = ""


@dataclass(frozen=True)
class ExportResult:
    """What an export did, photograph by photograph."""

    outcomes: tuple[Exported, ...]

    def count(self, status: str) -> int:
        """Count the photographs of a status."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[Exported, ...]:
        """The photographs that could not be exported."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")


def export_labelme(
    items: Sequence[Masked],
    out: Path,
    *,
    tolerance_px: float = DEFAULT_TOLERANCE_PX,
    embed: bool = False,
    originals: Path | None = None,
    labels: Labels | None = None,
    overwrite: bool = False,
    progress: Callable[[Exported], None] | None = None,
) -> ExportResult:
    """Write ``OUT/<split>/<stem>.json`` beside a copy of each photograph, for Labelme to open.

    A photograph that Labelme does not open, or does not turn upright, is written as PNG. A JSON
    that is there is skipped: it may hold corrections.

    Parameters
    ----------
    items : sequence of Masked
        As `find_masked` lists them.
    out : Path
        The folder, made if need be.
    tolerance_px : float
        How far polygons may run beside the mask's outlines.
    embed : bool
        Put the photograph into the JSON, as Labelme does by default, instead of beside it.
    originals : Path, optional
        Folder of earlier Labelme files of the same names: their keys are kept, and their shapes
        that are neither crack nor background.
    labels : Labels, optional
        What the labels of earlier files mean.
    overwrite : bool
        Write again what is there.
    progress : callable, optional
        Called with each outcome.

    Raises
    ------
    OutputError
        When the folder cannot be written; what is done stays.
    """

    def write(item: Masked) -> bool:
        folder = out.joinpath(*_folders(item))
        path = folder / f"{item.name.name}.json"
        if path.exists() and not overwrite:
            return False
        photo, mask = item.read()
        suffix, content = upright_file(photo) if embed else _for_labelme(photo)
        earlier = None if originals is None else originals / f"{item.name}.json"
        file = mask_to_labelme(
            mask,
            f"{_bare(item, photo)}{photo.suffix if embed else suffix}",
            tolerance_px=tolerance_px,
            image_data=base64.b64encode(content).decode() if embed else None,
            original=read_labelme(earlier) if earlier and earlier.is_file() else None,
            labels=labels,
        )
        if not embed:
            _put(folder / file.image_path, content, overwrite)
        write_whole(path, labelme_bytes(file))
        return True

    return _export(items, write, progress)


def export_coco(
    items: Sequence[Masked],
    out: Path,
    *,
    shapes: CocoShapes = "rle",
    overwrite: bool = False,
    progress: Callable[[Exported], None] | None = None,
) -> ExportResult:
    """Write ``OUT/annotations/<split>.json`` and the photographs as ``OUT/images/<split>/``.

    For a folder of masks that is ``all.json``, and ``OUT/images/``.
    A split whose JSON is there is skipped. Photographs that fail are left out of it; mend them and
    export with `overwrite`.

    Parameters
    ----------
    items, out, overwrite, progress
        As for `export_labelme`.
    shapes : {"rle", "polygon"}
        How areas are written; both hold exactly the masks.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    outcomes: list[Exported] = []
    for group in dict.fromkeys(item.group for item in items):
        mine = [item for item in items if item.group == group]
        path = out / "annotations" / f"{group or 'all'}.json"
        if path.exists() and not overwrite:
            outcomes += _export(mine, lambda _: False, progress).outcomes
            continue
        images: list[dict[str, Any]] = []
        areas: list[dict[str, Any]] = []

        def write(
            item: Masked,
            images: list[dict[str, Any]] = images,
            areas: list[dict[str, Any]] = areas,
        ) -> bool:
            photo, mask = item.read()
            suffix, content = upright_file(photo)
            name = f"{_bare(item, photo)}{suffix}"
            relative = PurePosixPath("images", *_folders(item), name)
            number = len(images) + 1
            drawn = list(annotations_of(mask, number, len(areas) + 1, shapes))
            _put(out / relative, content, overwrite)
            height, width = mask.shape
            images.append(
                {"id": number, "file_name": str(relative), "width": width, "height": height}
            )
            areas.extend(drawn)
            return True

        outcomes += _export(mine, write, progress).outcomes
        content = {
            "info": {"description": "cracks", "contributor": "CrackNet"},
            "licenses": [],
            "images": images,
            "annotations": areas,
            "categories": [CATEGORY],
        }
        write_whole(path, (json.dumps(content, separators=(",", ":")) + "\n").encode())
    return ExportResult(tuple(outcomes))


def _export(
    items: Sequence[Masked],
    write: Callable[[Masked], bool],
    progress: Callable[[Exported], None] | None,
) -> ExportResult:
    outcomes = []
    for item in items:
        try:
            outcome = Exported(item.mask, "exported" if write(item) else "skipped")
        except (ArgumentError, OutputError):
            raise
        except (CrackNetError, MemoryError) as error:
            text = str(error) or "not enough memory for this photograph."
            outcome = Exported(item.mask, "failed", text)
        outcomes.append(outcome)
        if progress:
            progress(outcome)
    return ExportResult(tuple(outcomes))


def _folders(item: Masked) -> tuple[str, ...]:
    group = (item.group,) if item.group else ()
    return (*group, *item.name.parent.parts)


def _bare(item: Masked, photo: PhotoFile) -> str:
    """Name a photograph without suffix; results that kept theirs are named ``a.jpg``."""
    name = item.name.name
    return name.removesuffix(Path(photo.name).suffix) or name


def _for_labelme(photo: PhotoFile) -> tuple[str, bytes]:
    """Give suffix and bytes of a file that Labelme opens, and shows upright.

    It turns a JPEG by its EXIF orientation. What is embedded it shows as stored, so that there
    only an upright file will do.
    """
    suffix = photo.suffix.lower()
    turned = photo.orientation == 1 or suffix in (".jpg", ".jpeg")  # Labelme turns JPEG itself
    if suffix in _LABELME_OPENS and turned:
        return photo.suffix, photo.content
    return ".png", png_upright(photo)


def _put(path: Path, content: bytes, overwrite: bool) -> None:
    """Write a photograph's copy, unless it is there; never over another one unasked."""
    if path.is_file() and not overwrite:
        try:
            same = path.read_bytes() == content
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror}. Check its permissions."
            raise DatasetError(msg) from error
        if same:
            return
        msg = f"{path} is there already and is another photograph. Export to another folder."
        raise DatasetError(msg)
    write_whole(path, content)
