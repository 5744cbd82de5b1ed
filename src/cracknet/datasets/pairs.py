"""A dataset on disk: `images/<split>/<stem>.<ext>` beside `masks/<split>/<stem>.png`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cracknet.arrays import Gray, Mask
from cracknet.errors import DatasetError
from cracknet.photo import PHOTO_SUFFIXES, read_photo


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
    try:
        with Image.open(path) as image:
            values = np.asarray(image.convert("L") if image.mode not in "1PL" else image)
    except FileNotFoundError:
        msg = f"no mask at {path}. Every photograph needs masks/<split>/<stem>.png."
        raise DatasetError(msg) from None
    except (UnidentifiedImageError, OSError) as error:
        msg = f"{path} cannot be read as a mask: {error}. Export it again as 8-bit PNG."
        raise DatasetError(msg) from error
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
) -> list[Pair]:
    """List the photographs of a split with their masks, sorted by stem.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    split : str
        A folder of `images` and `masks`, such as ``train``.
    only, without : collections of str, optional
        Stems to keep and to leave out.

    Raises
    ------
    DatasetError
        When there is no such folder, a mask is missing, two photographs share a stem, or a stem
        of `only` or `without` is not there.
    """
    folder = root / "images" / split
    if not folder.is_dir():
        msg = f"no folder {folder}. A dataset holds images/<split> and masks/<split>."
        raise DatasetError(msg)
    pairs: dict[str, Pair] = {}
    for image in sorted(folder.iterdir()):
        if image.suffix.lower() not in PHOTO_SUFFIXES:
            continue
        mask = root / "masks" / split / f"{image.stem}.png"
        if not mask.is_file():
            msg = f"{image} has no mask: expected {mask}."
            raise DatasetError(msg)
        if image.stem in pairs:
            msg = f"two photographs of one stem: {pairs[image.stem].image} and {image}. Rename one."
            raise DatasetError(msg)
        pairs[image.stem] = Pair(image.stem, image, mask)
    missing = sorted({*(only or ()), *without} - pairs.keys())
    if missing:
        msg = f"{folder} lacks the listed photograph {missing[0]!r} ({len(missing)} in all)."
        raise DatasetError(msg)
    return [
        pair
        for stem, pair in pairs.items()
        if stem not in without and (only is None or stem in only)
    ]
