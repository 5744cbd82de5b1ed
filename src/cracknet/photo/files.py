"""Which photographs are meant: files, folders and patterns, as a list of files."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cracknet.errors import ArgumentError, PhotoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PHOTO_SUFFIXES = frozenset(
    {
        ".bmp",
        ".heic",
        ".heif",
        ".hif",
        ".jfif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".mpo",
        ".png",
        ".tif",
        ".tiff",
        ".webp",
    }
)
"""Endings, in lower case, by which photographs are known in a folder."""

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class FoundPhoto:
    """One file that is to be read.

    Parameters
    ----------
    path
        The file.
    relative
        Its path below the folder that was given, or below the fixed beginning of a pattern; for a
        file given by itself, its name.
    """

    path: Path
    relative: PurePosixPath


def find_photos(inputs: Sequence[str | Path]) -> list[FoundPhoto]:
    """List the photographs that files, folders and patterns name.

    A folder gives every file in and below it that ends in one of `PHOTO_SUFFIXES` (in any case).
    Hidden files and folders (whose names begin with a dot) are skipped, and links to folders are
    not followed. A pattern (``*``, ``**``, ``?``, ``[...]``) gives its files with such an ending,
    or all its files where it ends in another suffix of its own (``*.dat``), and the photographs in
    its folders. A name that exists is never read as a pattern. A file given by name is taken as it
    is.

    Parameters
    ----------
    inputs
        Files, folders or patterns.

    Returns
    -------
    list of FoundPhoto
        In the order of `inputs`; within a folder or pattern in natural order (``wall_2`` before
        ``wall_10``). A file that is named twice, also through links, comes once, where first named.

    Raises
    ------
    PhotoError
        An input does not exist, or gives no photograph.
    ArgumentError
        `inputs` is empty, or a single name instead of a sequence of names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("wall_10.jpg", "wall_2.jpg", "notes.txt"):
    ...         Path(folder, name).touch()
    ...     [str(photo.relative) for photo in find_photos([folder])]
    ['wall_2.jpg', 'wall_10.jpg']
    """
    if isinstance(inputs, (str, Path)) or not inputs:
        msg = f"inputs must be a sequence of at least one file, folder or pattern; got {inputs!r}"
        raise ArgumentError(msg)
    found: dict[str, FoundPhoto] = {}
    for given in inputs:
        for photo in _expand(given):
            found.setdefault(os.path.realpath(photo.path), photo)
    return list(found.values())


def _expand(given: str | Path) -> list[FoundPhoto]:
    path = Path(given)
    if os.path.lexists(path):
        if not path.is_dir():
            return [FoundPhoto(path, PurePosixPath(path.name))]
        files, base = list(_walk(path)), path
        nothing = f"{path}: the folder holds no photograph (a file ending in {_suffix_list()})"
    elif glob.has_magic(str(path)):
        files, base = _match(path)
        nothing = (
            f"{path}: no photograph matches the pattern. Check it, and the folder it is run in"
        )
    else:
        msg = f"{path}: no such file or folder. Check the path"
        raise PhotoError(msg)
    if not files:
        raise PhotoError(nothing)
    photos = [FoundPhoto(file, PurePosixPath(file.relative_to(base).as_posix())) for file in files]
    return sorted(photos, key=lambda photo: natural_key(photo.relative))


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        msg = (
            f"{error.filename}: the folder cannot be read ({error.strerror}). "
            "Change its permissions or owner"
        )
        raise PhotoError(msg) from error

    for root, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if _is_photo_name(name):
                yield Path(root, name)


def _match(pattern: Path) -> tuple[list[Path], Path]:
    """Files of a pattern, and the folder that its fixed beginning names."""
    base = Path()
    parts = list(pattern.parts)
    while parts and (not glob.has_magic(parts[0]) or os.path.lexists(base / parts[0])):
        base /= parts.pop(0)
    own_suffix = not glob.has_magic(pattern.suffix) and pattern.suffix
    files: dict[Path, None] = {}
    # Path.glob follows no pattern such as "a**", and yields hidden files
    for name in glob.iglob(str(Path(glob.escape(str(base)), *parts)), recursive=True):  # noqa: PTH207
        path = Path(name)
        if path.is_dir():
            files.update(dict.fromkeys(_walk(path)))
        elif own_suffix or _is_photo_name(path.name):
            files[path] = None
    return list(files), base


def _is_photo_name(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in PHOTO_SUFFIXES


def natural_key(relative: PurePosixPath) -> tuple[list[list[str | int]], str]:
    """Sort key: numbers within a name by their value, letters without regard to case."""
    parts: list[list[str | int]] = [
        [
            int(piece) if index % 2 else piece.lower()
            for index, piece in enumerate(_DIGITS.split(part))
        ]
        for part in relative.parts
    ]
    return parts, str(relative)


def _suffix_list() -> str:
    return ", ".join(sorted(PHOTO_SUFFIXES))
