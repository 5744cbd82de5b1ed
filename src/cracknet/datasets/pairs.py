"""A dataset on disk: `images/<split>/<stem>.<ext>` beside `masks/<split>/<stem>.png`, or packed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from cracknet.arrays import Gray, Mask
from cracknet.datasets.packed import is_pack, packed_pairs
from cracknet.errors import DatasetError
from cracknet.photo import PHOTO_SUFFIXES, read_photo


class AnnotatedPhoto(Protocol):
    """A photograph with its mask, wherever they lie: in files of their own, or in a pack."""

    @property
    def stem(self) -> str:
        """The photograph's name without folder and ending."""

    def read(self) -> tuple[Gray, Mask]:
        """Read both, (H, W) uint8 and (H, W) bool."""

    def read_mask(self) -> Mask:
        """Read the mask alone, (H, W) bool."""


_Photo = TypeVar("_Photo")


@dataclass(frozen=True)
class Pair:
    """A photograph's file and its mask's file."""

    stem: str
    image: Path
    mask: Path

    def read(self) -> tuple[Gray, Mask]:
        """Read both.

        Returns
        -------
        gray : (H, W) uint8
        mask : (H, W) bool

        Raises
        ------
        DatasetError
            When the mask cannot be read or is not of the photograph's size.
        PhotoError
            When the photograph cannot be read.
        """
        gray = read_photo(self.image).gray
        mask = read_mask(self.mask)
        if mask.shape != gray.shape:
            msg = (
                f"a mask must have its photograph's size, {gray.shape[1]}x{gray.shape[0]}; "
                f"{self.mask} has {mask.shape[1]}x{mask.shape[0]}. Export it again from the "
                "annotation."
            )
            raise DatasetError(msg)
        return gray, mask

    def read_mask(self) -> Mask:
        """Read the mask alone, by the rules of `read_mask`."""
        return read_mask(self.mask)


def read_mask(path: Path) -> Mask:
    """Read a mask file that holds 0 and 255, or 0 and 1.

    Returns
    -------
    (H, W) bool, True = crack

    Raises
    ------
    DatasetError
        When the file cannot be read or holds other values.
    """
    return mask_of_values(read_mask_values(path), path)


def read_mask_values(path: Path) -> npt.NDArray[Any]:
    """Read what a mask file holds, whatever its values.

    Returns
    -------
    (H, W) uint8, or bool for a file of one bit a pixel

    Raises
    ------
    DatasetError
        When the file cannot be read.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L") if image.mode not in "1PL" else image)
    except FileNotFoundError:
        msg = f"no mask at {path}. Every photograph needs masks/<split>/<stem>.png."
        raise DatasetError(msg) from None
    # Pillow's decoders raise SyntaxError and ValueError on some damaged files.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        msg = f"{path} cannot be read as a mask: {error}. Export it again as 8-bit PNG."
        raise DatasetError(msg) from error


def mask_of_values(values: npt.NDArray[Any], path: Path) -> Mask:
    """Take 0 and 255, or 0 and 1, as background and crack.

    Raises
    ------
    DatasetError
        When there are other values; the message names `path`.
    """
    found = np.unique(values)
    if not (set(found.tolist()) <= {0, 255} or set(found.tolist()) <= {0, 1}):
        some = ", ".join(str(value) for value in found[:6])
        msg = (
            f"a mask must hold only 0 and 255 (or 0 and 1); {path} holds {some}"
            f"{' and more' if found.size > 6 else ''}. Threshold it before use."
        )
        raise DatasetError(msg)
    return np.asarray(values > 0)


def find_pairs(
    root: Path,
    split: str,
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
) -> list[AnnotatedPhoto]:
    """List the photographs of a split with their masks, in the order of their file names.

    Parameters
    ----------
    root : Path
        The dataset's folder, or a pack that `cracknet dataset pack` made of it.
    split : str
        A folder of `images` and `masks`, such as ``train``.
    only, without : collections of str, optional
        Stems to keep and to leave out.

    Raises
    ------
    DatasetError
        When there is no such split, a mask is missing, two photographs share a stem, a stem of
        `only` or `without` is not there, or a pack is damaged.
    """
    if is_pack(root):
        packed = {pair.stem: pair for pair in packed_pairs(root, split)}
        return [*_chosen(packed, root / split, only, without)]
    return [*find_file_pairs(root, split, only=only, without=without)]


def find_file_pairs(
    root: Path,
    split: str,
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
) -> list[Pair]:
    """List the photographs of a split of a folder: as `find_pairs`, with the files of each.

    Raises
    ------
    DatasetError
        As `find_pairs`; also when `root` is a pack.
    """
    folder = root / "images" / split
    if not folder.is_dir():
        msg = f"no folder {folder}. A dataset holds images/<split> and masks/<split>."
        if is_pack(root):
            msg = f"{root} is a pack; here the files are needed. Name the folder it was made of."
        raise DatasetError(msg)
    pairs: dict[str, Pair] = {}
    for image in sorted(folder.iterdir()):
        # Hidden files, too, end in .jpg: macOS lays ._wall.jpg beside wall.jpg on foreign disks.
        if image.suffix.lower() not in PHOTO_SUFFIXES or image.name.startswith("."):
            continue
        mask = root / "masks" / split / f"{image.stem}.png"
        if not mask.is_file():
            msg = f"{image} has no mask: expected {mask}."
            raise DatasetError(msg)
        if image.stem in pairs:
            msg = f"two photographs of one stem: {pairs[image.stem].image} and {image}. Rename one."
            raise DatasetError(msg)
        pairs[image.stem] = Pair(image.stem, image, mask)
    return _chosen(pairs, folder, only, without)


def _chosen(
    pairs: Mapping[str, _Photo],
    place: Path,
    only: Collection[str] | None,
    without: Collection[str],
) -> list[_Photo]:
    missing = sorted({*(only or ()), *without} - pairs.keys())
    if missing:
        msg = f"{place} lacks the listed photograph {missing[0]!r} ({len(missing)} in all)."
        raise DatasetError(msg)
    return [
        pair
        for stem, pair in pairs.items()
        if stem not in without and (only is None or stem in only)
    ]
