"""An annotated photograph of whatever format, found but not read, and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cracknet.arrays import Mask
from cracknet.datasets.upright import PhotoFile
from cracknet.photo import PHOTO_SUFFIXES


@dataclass(frozen=True, eq=False)
class Annotation:
    """A photograph with the cracks that were drawn on it.

    Parameters
    ----------
    photo
        The photograph.
    mask
        Shape (H, W), True = crack, upright, of the photograph's size.
    ignored_px
        Pixels that the annotator wanted left out; background in `mask`.
    notes
        What was passed over or assumed, in words.
    """

    photo: PhotoFile
    mask: Mask
    ignored_px: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Source:
    """Where an annotated photograph comes from.

    Parameters
    ----------
    relative
        Its path below the folder that was given, without suffix; the last part becomes its stem.
    files
        The files it is read from, the annotation's first.
    read
        Reads it; raises `cracknet.errors.CrackNetError` where it cannot.
    """

    relative: PurePosixPath
    files: tuple[Path, ...]
    read: Callable[[], Annotation]


def visible_files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """List the files in and below a folder with one of the suffixes, in any case, sorted.

    Hidden files and folders, whose names begin with a dot, are passed over.
    """
    wanted = set(suffixes)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in wanted
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def photo_of_stem(folder: Path, stem: str) -> Path | None:
    """Find the photograph of a stem in a folder, with whatever suffix; None where there is none."""
    if not folder.is_dir():
        return None
    return next(
        (
            path
            for path in sorted(folder.iterdir())
            if path.stem == stem and path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
        ),
        None,
    )
