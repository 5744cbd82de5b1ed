"""The files of a data set, paired by split and stem; what does not fit is a finding, no error."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from cracknet.datasets.findings import Case
from cracknet.datasets.packed import is_pack
from cracknet.errors import DatasetError
from cracknet.photo import PHOTO_SUFFIXES


@dataclass(frozen=True)
class Entry:
    """A photograph's file and its mask's, relative to the data set."""

    split: str
    stem: str
    image: str
    mask: str | None


@dataclass(frozen=True)
class Inventory:
    """What lies in a data set's folder.

    Attributes
    ----------
    splits : tuple of str
        Folders of ``images`` and ``masks``.
    entries : tuple of Entry
        The photographs, by split and stem.
    cases : tuple of (str, Case)
        What is amiss with the files' names and places.
    """

    splits: tuple[str, ...]
    entries: tuple[Entry, ...]
    cases: tuple[tuple[str, Case], ...]


def list_set(root: Path) -> Inventory:
    """List a data set's photographs and masks without opening any.

    Raises
    ------
    DatasetError
        When there is no folder `root`, none named ``images`` in it, or one cannot be listed.
    """
    images, masks = root / "images", root / "masks"
    if not root.is_dir():
        msg = f"no folder {root}. Name the folder of a data set."
        raise DatasetError(msg)
    if is_pack(root):
        msg = f"{root} is a pack, made of a checked set. Check the folder that it was made of."
        raise DatasetError(msg)
    if not images.is_dir():
        msg = (
            f"a data set holds images/<split> and masks/<split>; {root} has no folder images. "
            "Other layouts are brought in by `cracknet dataset import`."
        )
        raise DatasetError(msg)
    folders = {path.name for top in (images, masks) for path in _list(top) if path.is_dir()}
    cases: list[tuple[str, Case]] = []
    entries: list[Entry] = []
    loose = [path for path in _list(images) if _is_photo(path)]
    if loose:
        cases.append(("no_split", Case(("images",), f"{len(loose)} photographs")))
    elif not folders:
        cases.append(("empty_split", Case(("images",), "there is no split")))
    for split in sorted(folders):
        found, amiss = _list_split(root, split)
        entries += found
        cases += amiss
    return Inventory(tuple(sorted(folders)), tuple(entries), tuple(cases))


def _list_split(root: Path, split: str) -> tuple[list[Entry], list[tuple[str, Case]]]:
    files, masks = (_list(root / top / split) for top in ("images", "masks"))
    photos = [path for path in files if _is_photo(path)]
    by_name = {path.name: path for path in masks}
    cases: list[tuple[str, Case]] = []
    entries = []
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for photo in photos:
        mask = by_name.get(f"{photo.stem}.png")
        by_stem[photo.stem].append(photo)
        image = _relative(root, photo)
        entries.append(Entry(split, photo.stem, image, _relative(root, mask) if mask else None))
        if mask is None:
            near = [path.name for path in masks if path.stem == photo.stem]
            cases.append(("no_mask", Case((image,), f"there is {near[0]}" if near else "")))
    if not photos:
        cases.append(("empty_split", Case((f"images/{split}",))))
    for same in by_stem.values():
        if len(same) > 1:
            names = tuple(_relative(root, path) for path in same)
            cases.append(("stem_twice", Case(names)))
    lone = [path for path in masks if path.suffix == ".png" and not path.is_dir()]
    lone = [path for path in lone if path.stem not in by_stem]
    cases += [("mask_alone", Case((_relative(root, path),))) for path in lone]
    unread = [path for path in files if not _is_photo(path)]
    unread += [path for path in masks if path.is_dir() or path.suffix != ".png"]
    cases += [("not_read", Case((_relative(root, path),))) for path in unread]
    return entries, cases


def _list(folder: Path) -> list[Path]:
    """List a folder, sorted, without hidden files; a folder that is not there is empty."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        msg = f"{folder} cannot be listed: {error.strerror}. Change its permissions or owner."
        raise DatasetError(msg) from error


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES and not path.is_dir()


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
