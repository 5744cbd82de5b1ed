"""Labelme's files: read, painted as masks, and drawn of masks."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

from cracknet.datasets.annotations import Annotation, Source, visible_files
from cracknet.datasets.labelme.files import LabelmeFile, LabelmeShape, labelme_bytes, read_labelme
from cracknet.datasets.labelme.outlines import DEFAULT_TOLERANCE_PX, mask_to_labelme
from cracknet.datasets.labelme.painting import (
    LABELME_LINE_WIDTH_PX,
    Painted,
    paint_shapes,
)
from cracknet.datasets.labelme.photos import read_annotated_photo
from cracknet.datasets.labels import Labels
from cracknet.datasets.upright import turn_upright
from cracknet.errors import DatasetError

__all__ = [
    "DEFAULT_TOLERANCE_PX",
    "LABELME_LINE_WIDTH_PX",
    "LabelmeFile",
    "LabelmeShape",
    "Painted",
    "find_labelme",
    "labelme_bytes",
    "mask_to_labelme",
    "paint_shapes",
    "read_labelme",
]


def find_labelme(
    source: Path,
    labels: Labels | None = None,
    *,
    images: Path | None = None,
    line_width_px: float = LABELME_LINE_WIDTH_PX,
    any_version: bool = False,
) -> list[Source]:
    """List the annotated photographs of a Labelme file or folder.

    Parameters
    ----------
    source : Path
        A JSON file, or a folder: every ``.json`` in and below it.
    labels : Labels, optional
        What the labels mean.
    images : Path, optional
        Where the photographs lie, if not where the files say.
    line_width_px : float
        Width of lines and linestrips, px.
    any_version : bool
        Take files of unknown versions too.

    Raises
    ------
    DatasetError
        When there is no such file or folder, or the folder holds no ``.json``.
    """
    labels = labels or Labels()
    if source.is_file():
        files, base = [source], source.parent
    else:
        files, base = visible_files(source, [".json"]), source
    if not files:
        msg = f"no Labelme file at {source}. Name a .json file, or the folder that holds them."
        raise DatasetError(msg)

    def read(path: Path) -> Annotation:
        file = read_labelme(path, any_version=any_version)
        photo, stored, notes = read_annotated_photo(file, path, images)
        width, height = photo.stored_size if stored else photo.size
        painted = paint_shapes(file, height, width, labels, line_width_px=line_width_px, where=path)
        mask = turn_upright(painted.crack, photo.orientation) if stored else painted.crack
        return Annotation(photo, mask, painted.ignored_px, notes + painted.notes)

    return [
        Source(
            PurePosixPath(path.relative_to(base).with_suffix("").as_posix()),
            (path,),
            partial(read, path),
        )
        for path in files
    ]
