"""The photograph that a Labelme file was drawn on."""

from __future__ import annotations

import base64
from pathlib import Path, PurePosixPath, PureWindowsPath

import cv2
import numpy as np

from cracknet.arrays import Gray
from cracknet.datasets.annotations import photo_of_stem
from cracknet.datasets.labelme.files import LabelmeFile
from cracknet.datasets.upright import (
    PhotoFile,
    as_drawn_on,
    lies_as_stored,
    read_photo_bytes,
    read_photo_file,
)
from cracknet.errors import DatasetError, PhotoError

_SAME_LEVELS = 4.0
"""How far, in gray levels on average, a photograph and its copy by Labelme differ when small."""


def find_photo(file: LabelmeFile, path: Path, folder: Path | None = None) -> Path | None:
    """Find the photograph's own file.

    Parameters
    ----------
    file
        What `path` holds. Its `imagePath` may be a Windows path; relative, it starts at the JSON.
    path
        The Labelme file.
    folder
        Where photographs lie, if not where `imagePath` says; searched first.

    Returns
    -------
    Path or None
        In this order: the name or else the JSON's stem in `folder`; where `imagePath` points;
        its name in the JSON's folder; a photograph of the JSON's stem in the JSON's folder.
    """
    given = _portable(file.image_path)
    if folder is not None:
        named = folder / given.name
        return named if named.is_file() else photo_of_stem(folder, path.stem)
    for candidate in (path.parent / given, path.parent / given.name):
        if given.name and candidate.is_file():
            return candidate
    return photo_of_stem(path.parent, path.stem)


def read_annotated_photo(
    file: LabelmeFile, path: Path, folder: Path | None = None
) -> tuple[PhotoFile, bool, tuple[str, ...]]:
    """Read the photograph, from its own file or from what is embedded.

    The photograph's own file is preferred: until version 5 Labelme embeds a copy that it has
    encoded again as JPEG of quality 75. The copy is taken where the file is not found, cannot be
    read, is of another size, or shows something else.

    Returns
    -------
    photo : PhotoFile
    stored : bool
        Whether the shapes lie on the pixels as stored rather than upright. Labelme turns a file
        upright when it opens it, and embeds it upright; what is embedded it shows as stored.
    notes : tuple of str

    Raises
    ------
    DatasetError
        When there is no photograph, or it is not of the size that the file says.
    PhotoError
        When the photograph cannot be read and none is embedded.
    """
    embedded = _embedded(file, path) if file.image_data else None
    found = find_photo(file, path, folder)
    if embedded is None:
        if found is None:
            msg = (
                f"a Labelme file embeds its photograph or lies beside it; {path} names "
                f"{file.image_path!r}, which is not there, and {folder or path.parent} holds none "
                "of that name or stem. Put the photograph there, or name its folder with --images."
            )
            raise DatasetError(msg)
        photo = read_photo_file(found)
        return photo, _stored(file, path, photo, inside=False), ()
    inside = _stored(file, path, embedded, inside=True)
    if found is None:
        return embedded, inside, ()
    try:
        photo = read_photo_file(found)
        stored = _stored(file, path, photo, inside=False)
    except (PhotoError, DatasetError) as error:
        return embedded, inside, (f"the embedded photograph was taken, because {error}",)
    drawn_on = as_drawn_on(embedded, stored=inside)
    for guess in (stored, not stored):
        if _look_alike(as_drawn_on(photo, stored=guess), drawn_on):
            return photo, guess, ()
    note = f"the embedded photograph was taken, because {found} shows something else"
    return embedded, inside, (note,)


def _portable(image_path: str) -> PurePosixPath:
    r"""Read a path of Windows or POSIX; a drive leaves its file name alone to go by.

    >>> str(_portable(r"..\original_images\wall.jpg")), str(_portable(r"C:\site\wall.jpg"))
    ('../original_images/wall.jpg', 'wall.jpg')
    """
    path = PureWindowsPath(image_path)
    return PurePosixPath(path.name if path.drive else path.as_posix())


def _embedded(file: LabelmeFile, path: Path) -> PhotoFile:
    name = f"imageData of {path}"
    try:
        content = base64.b64decode(file.image_data or "", validate=True)
    except ValueError as error:
        msg = f"imageData is a photograph in base64; that of {path} is not: {error}. Save it again."
        raise DatasetError(msg) from error
    return read_photo_bytes(content, name)


def _stored(file: LabelmeFile, path: Path, photo: PhotoFile, *, inside: bool) -> bool:
    return lies_as_stored(photo, file.image_width, file.image_height, where=path, otherwise=inside)


def _look_alike(gray: Gray, other: Gray) -> bool:
    """Compare in small: coding a photograph again hardly changes it there."""
    if gray.shape != other.shape:
        return False
    small, other_small = (
        cv2.resize(each, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
        for each in (gray, other)
    )
    return bool(np.abs(small - other_small).mean() < _SAME_LEVELS)
