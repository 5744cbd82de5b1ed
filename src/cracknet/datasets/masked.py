"""Masks with their photographs: those of a dataset, or what `cracknet segment` wrote."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cracknet.arrays import Mask
from cracknet.datasets.annotations import visible_files
from cracknet.datasets.pairs import find_file_pairs, read_mask
from cracknet.datasets.upright import PhotoFile, read_photo_file
from cracknet.errors import DatasetError
from cracknet.photo import PHOTO_SUFFIXES

MASK_ENDING = ".mask.png"
"""Of the masks that `cracknet segment` writes."""


@dataclass(frozen=True)
class Masked:
    """A photograph and a mask of it.

    Parameters
    ----------
    group
        The split; empty for a folder of masks.
    name
        Path below the group, without suffix.
    photo
        The photograph; None where it was not found.
    mask
        The mask.
    """

    group: str
    name: PurePosixPath
    photo: Path | None
    mask: Path

    def read(self) -> tuple[PhotoFile, Mask]:
        """Read both.

        Raises
        ------
        DatasetError
            When there is no photograph, the mask cannot be read, or their sizes differ.
        PhotoError
            When the photograph cannot be read.
        """
        if self.photo is None:
            msg = (
                f"a mask is exported with its photograph; that of {self.mask} was not found. Name "
                "the folder of the photographs with --images."
            )
            raise DatasetError(msg)
        photo = read_photo_file(self.photo)
        mask = read_mask(self.mask)
        if mask.shape != photo.gray.shape:
            msg = (
                f"a mask must have its photograph's size, {photo.size[0]}x{photo.size[1]} upright "
                f"({self.photo}); {self.mask} has {mask.shape[1]}x{mask.shape[0]}. Segment the "
                "photograph again."
            )
            raise DatasetError(msg)
        return photo, mask


def find_masked(
    source: Path, *, images: Path | None = None, split: str | None = None
) -> list[Masked]:
    """List the masks of a dataset or of a folder that `cracknet segment` wrote.

    Parameters
    ----------
    source : Path
        A dataset (``images/<split>``, ``masks/<split>``), a folder of ``<stem>.mask.png``, or a
        folder of other PNG masks named like their photographs.
    images : Path, optional
        Where the photographs of a folder of masks lie. By default where its ``photos.csv`` says.
    split : str, optional
        Of a dataset; all splits by default.

    Raises
    ------
    DatasetError
        When there are no masks, or a split is incomplete.
    """
    if (source / "images").is_dir() and (source / "masks").is_dir():
        splits = (
            [split]
            if split
            else sorted(folder.name for folder in (source / "images").iterdir() if folder.is_dir())
        )
        found = [
            Masked(each, PurePosixPath(pair.stem), pair.image, pair.mask)
            for each in splits
            for pair in find_file_pairs(source, each)
        ]
    elif split is not None:
        msg = f"only a dataset has splits; {source} lacks images/ and masks/. Leave out --split."
        raise DatasetError(msg)
    else:
        found = list(_predicted(source, images))
    if not found:
        msg = (
            f"no masks in {source}. Name a dataset (images/<split>, masks/<split>), or a folder "
            "that `cracknet segment` wrote."
        )
        raise DatasetError(msg)
    return found


def _predicted(source: Path, images: Path | None) -> Iterator[Masked]:
    if not source.is_dir():
        return
    pngs = visible_files(source, [".png"])
    masks = {path: MASK_ENDING for path in pngs if path.name.endswith(MASK_ENDING)}
    masks = masks or dict.fromkeys(pngs, ".png")
    told = {} if images else _told_photos(source / "photos.csv")
    photos = visible_files(images, PHOTO_SUFFIXES) if images else []
    below = {path.relative_to(images).as_posix(): path for path in photos} if images else {}
    stems: dict[str, list[Path]] = {}
    for name, path in below.items():
        stems.setdefault(str(PurePosixPath(name).with_suffix("")), []).append(path)
        if "/" in name:  # photographs given one by one leave their folders behind
            stems.setdefault(path.stem, []).append(path)
    for mask, ending in masks.items():
        name = mask.relative_to(source).as_posix().removesuffix(ending)
        alike = stems.get(name, [])
        photo = told.get(name) or below.get(name) or (alike[0] if len(alike) == 1 else None)
        yield Masked("", PurePosixPath(name), photo, mask)


def _told_photos(table: Path) -> dict[str, Path]:
    """Read from photos.csv which file each result comes from, where it is still there."""
    if not table.is_file():
        return {}
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [(row["photo"], Path(row["file"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        msg = f"{table} is not a table of `cracknet segment`: {error}. Name --images instead."
        raise DatasetError(msg) from error
    return {photo: path for photo, path in rows if path.is_file()}
