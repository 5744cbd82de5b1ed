"""Photographs and masks in folders of other layouts, paired by their names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from cracknet.arrays import Mask
from cracknet.datasets.annotations import Annotation, Source, visible_files
from cracknet.datasets.pairs import read_mask
from cracknet.datasets.upright import lies_as_stored, read_photo_file, turn_upright
from cracknet.errors import ArgumentError, DatasetError
from cracknet.photo import PHOTO_SUFFIXES

MASK_ENDINGS = (
    *("_mask", "-mask", ".mask", "_label", "-label", ".label", "_labels", "_gt", "-gt", ".gt"),
    *("_groundtruth", "_ground_truth", "_annotation", "_seg", "_segmentation", "_bw"),
)
"""What masks carry after their photograph's stem, in any case."""

_MASK_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff"})


@dataclass(frozen=True)
class MaskReading:
    """How masks of another layout are read.

    Parameters
    ----------
    threshold : int, optional
        1 to 255: gray masks are crack from this value on. Without it a mask holds 0 and 255, or 0
        and 1.
    invert : bool
        Masks are dark on cracks. Never guessed: a mask mostly white may be a photograph mostly
        crack.
    """

    threshold: int | None = None
    invert: bool = False

    def __post_init__(self) -> None:
        if self.threshold is not None and not 1 <= self.threshold <= 255:
            msg = f"the threshold of gray masks is 1 to 255; got {self.threshold}."
            raise ArgumentError(msg)

    def read(self, path: Path) -> Mask:
        """Read a mask, (H, W) bool, True = crack.

        Raises
        ------
        DatasetError
            When it cannot be read, or holds other values and no threshold is given.
        """
        if self.threshold is None:
            try:
                mask = read_mask(path)
            except DatasetError as error:
                if "must hold only" not in str(error):
                    raise
                msg = f"{str(error).removesuffix('Threshold it before use.')}Give --threshold 128."
                raise DatasetError(msg) from error
        else:
            try:
                with Image.open(path) as image:
                    mask = np.asarray(image.convert("L")) >= self.threshold
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                msg = f"{path} cannot be read as a mask: {error}. Export it again as 8-bit PNG."
                raise DatasetError(msg) from error
        return ~mask if self.invert else mask


def find_folder_pairs(
    images: Path, masks: Path, reading: MaskReading | None = None
) -> list[Source]:
    """Pair photographs and masks by their names.

    A mask has its photograph's stem, or that with one of `MASK_ENDINGS`, and any picture suffix:
    ``x.jpg`` and ``x.png``, ``x_mask.png`` or ``x_label.PNG``. Subfolders must agree. Both may lie
    in one folder: there, of ``x.jpg`` and ``x.png``, the PNG is the mask.

    Parameters
    ----------
    images, masks : Path
        The two folders, or the same twice.
    reading : MaskReading, optional
        How masks are read.

    Returns
    -------
    list of Source
        One for each photograph, and one for each mask without photograph; those that lack their
        other half raise when they are read.

    Raises
    ------
    DatasetError
        When a folder is missing, or no photograph has a mask.
    """
    reading = reading or MaskReading()
    for folder in (images, masks):
        if not folder.is_dir():
            msg = f"no folder {folder}. Name it with --images or --masks."
            raise DatasetError(msg)
    photos = visible_files(images, PHOTO_SUFFIXES)
    candidates = visible_files(masks, _MASK_SUFFIXES)
    if images.resolve() == masks.resolve():
        candidates = _masks_among(photos, candidates)
        photos = [path for path in photos if path not in set(candidates)]
    found = _match(photos, images, candidates, masks)
    sources = [
        Source(
            PurePosixPath(photo.relative_to(images).with_suffix("").as_posix()),
            (*found[photo], photo),
            partial(_read, photo, found[photo], masks, reading),
        )
        for photo in photos
    ]
    paired = sum(len(each) == 1 for each in found.values())
    if not paired:
        msg = (
            f"no photograph in {images} has a mask in {masks}: {len(photos)} photographs, "
            f"{len(candidates)} masks. A mask is named like its photograph, or with an ending such "
            "as _mask."
        )
        raise DatasetError(msg)
    taken = {mask for each in found.values() for mask in each}
    for lone in candidates:
        if lone not in taken:
            relative = PurePosixPath(lone.relative_to(masks).with_suffix("").as_posix())
            sources.append(Source(relative, (lone,), partial(_lack_photo, lone, images)))
    return sources


def _match(
    photos: list[Path], images: Path, candidates: list[Path], masks: Path
) -> dict[Path, tuple[Path, ...]]:
    """Find each photograph's masks: those of its very stem, then those with an ending."""
    by_name: dict[str, Path] = {_name(photo, images): photo for photo in photos}
    found: dict[Path, tuple[Path, ...]] = dict.fromkeys(photos, ())
    others = []
    for mask in candidates:
        if photo := by_name.get(_name(mask, masks)):
            found[photo] += (mask,)
        else:
            others.append(mask)
    for mask in others:
        name = _name(mask, masks)
        for ending in MASK_ENDINGS:
            if name.endswith(ending) and (photo := by_name.get(name.removesuffix(ending))):
                found[photo] += (mask,)
                break
    return found


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix().casefold()


def _masks_among(photos: list[Path], files: list[Path]) -> list[Path]:
    """Tell masks from photographs in one folder: by their ending, or PNG beside another format."""
    stems: dict[Path, list[Path]] = {}
    for photo in photos:
        stems.setdefault(photo.with_suffix(""), []).append(photo)
    twins = [
        path
        for group in stems.values()
        if len(group) == 2
        for path in group
        if path.suffix.lower() == ".png" and any(o.suffix.lower() != ".png" for o in group)
    ]
    marked = [path for path in files if path.stem.casefold().endswith(MASK_ENDINGS)]
    return sorted({*twins, *marked})


def _read(photo_path: Path, found: tuple[Path, ...], masks: Path, how: MaskReading) -> Annotation:
    if len(found) != 1:
        names = ", ".join(path.name for path in found)
        problem = f"has {len(found)} masks: {names}" if found else f"has no mask in {masks}"
        msg = f"a photograph has one mask; {photo_path} {problem}. Add or remove what is amiss."
        raise DatasetError(msg)
    photo = read_photo_file(photo_path)
    mask = how.read(found[0])
    height, width = mask.shape
    notes: tuple[str, ...] = ()
    if lies_as_stored(photo, width, height, where=found[0], otherwise=False):
        mask = turn_upright(mask, photo.orientation)
    elif photo.orientation != 1 and photo.size == photo.stored_size:
        notes = ("EXIF turns the photograph; the mask, of the same size, was taken as upright",)
    return Annotation(photo, mask, notes=notes)


def _lack_photo(mask: Path, images: Path) -> Annotation:
    msg = f"a mask has a photograph; {mask} has none in {images}. Add it, or remove the mask."
    raise DatasetError(msg)
