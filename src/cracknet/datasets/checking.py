"""A data set looked over: what it holds, and what is amiss, without stopping at any fault in it."""

from __future__ import annotations

import hashlib
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.arrays import Mask
from cracknet.datasets.alignment import Darkness, better_turned, darkness_map
from cracknet.datasets.findings import Case, Finding, gather
from cracknet.datasets.fingerprints import Fingerprint, fingerprint
from cracknet.datasets.inventory import Entry, list_set
from cracknet.datasets.pairs import mask_of_values, read_mask_values
from cracknet.datasets.repeats import Known, find_repeats
from cracknet.datasets.splits import source_of
from cracknet.errors import ArgumentError, DatasetError, PhotoError
from cracknet.photo import read_photo

SCHEMA = "cracknet/check/1"


@dataclass(frozen=True)
class PhotoFacts:
    """What was found of one photograph.

    Attributes
    ----------
    split, stem : str
    image, mask : str or None
        The files, relative to the data set; no mask where there is none.
    width_px, height_px : int or None
        Upright; None where the photograph cannot be read.
    crack_px : int or None
        Crack pixels; None without a usable mask of the photograph's size.
    """

    split: str
    stem: str
    image: str
    mask: str | None
    width_px: int | None = None
    height_px: int | None = None
    crack_px: int | None = None

    @property
    def crack_share(self) -> float | None:
        """Crack pixels by all pixels."""
        if self.crack_px is None or not self.width_px or not self.height_px:
            return None
        return self.crack_px / (self.width_px * self.height_px)


@dataclass(frozen=True)
class Range:
    """Least, median and greatest of some numbers."""

    least: float
    median: float
    greatest: float


@dataclass(frozen=True)
class SplitFacts:
    """What one split holds.

    Attributes
    ----------
    split : str
    photographs : int
        Files named as photographs.
    pairs : int
        Those that can be read, with a usable mask of their size.
    width_px, height_px : Range or None
        Over the photographs that can be read.
    sizes : int
        How many different sizes.
    crack_share_pooled, crack_share_mean, crack_share_median : float or None
        Over the pairs: of all pixels together, and over photographs.
    empty_masks, full_masks, zero_one_masks : int
    """

    split: str
    photographs: int
    pairs: int
    width_px: Range | None
    height_px: Range | None
    sizes: int
    crack_share_pooled: float | None
    crack_share_mean: float | None
    crack_share_median: float | None
    empty_masks: int
    full_masks: int
    zero_one_masks: int


@dataclass(frozen=True)
class SetCheck:
    """What `check_dataset` found.

    Attributes
    ----------
    root : Path
    splits : tuple of SplitFacts
    findings : tuple of Finding
        The gravest first.
    photos : tuple of PhotoFacts
    """

    root: Path
    splits: tuple[SplitFacts, ...]
    findings: tuple[Finding, ...]
    photos: tuple[PhotoFacts, ...]

    @property
    def passed(self) -> bool:
        """Whether there is no finding that is an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "schema": SCHEMA,
            "set": self.root.resolve().name,
            "passed": self.passed,
            "splits": [asdict(split) for split in self.splits],
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True)
class _Looked:
    """What one photograph and its mask gave, without their pixels."""

    facts: PhotoFacts
    cases: tuple[tuple[str, Case], ...]
    known: Known | None


def check_dataset(
    root: Path,
    *,
    source: Callable[[str], str] = source_of,
    jobs: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> SetCheck:
    """Read every photograph and mask of a data set once, and say what is amiss.

    No fault in the files raises: each becomes a finding. Of a photograph, about 5 kB are kept.

    Parameters
    ----------
    root : Path
        Folder with ``images/<split>`` and ``masks/<split>``.
    source : callable
        From a stem to the name of the photograph that it was cut from.
    jobs : int
        Threads that read.
    progress : callable, optional
        Called with the number of photographs done and of all.

    Raises
    ------
    DatasetError
        When `root` is no data set at all: there is no such folder, or none named images in it.
    ArgumentError
        When `jobs` is below 1, or `source` raises it.
    """
    if jobs < 1:
        msg = f"jobs must be at least 1; got {jobs}."
        raise ArgumentError(msg)
    inventory = list_set(root)
    looked: list[_Looked] = []
    with ThreadPoolExecutor(jobs, thread_name_prefix="check") as pool:
        for each in pool.map(lambda entry: _look(root, entry), inventory.entries):
            looked.append(each)
            if progress:
                progress(len(looked), len(inventory.entries))
    photos = tuple(each.facts for each in looked)
    cases = [*inventory.cases]
    for each in looked:
        cases += each.cases
    cases += find_repeats([each.known for each in looked if each.known])
    cases += _sources_across(photos, source)
    splits = tuple(_split_facts(split, photos, cases) for split in inventory.splits)
    cases += [
        ("no_crack", Case((f"masks/{facts.split}",), f"{facts.pairs} masks"))
        for facts in splits
        if facts.pairs and facts.empty_masks == facts.pairs
    ]
    return SetCheck(root, splits, gather(cases), photos)


def _look(root: Path, entry: Entry) -> _Looked:
    """Read a photograph and its mask, and let both go."""
    cases: list[tuple[str, Case]] = []
    size: tuple[int, int] | None = None
    print_of: Fingerprint | None = None
    darker: Darkness | None = None
    orientation = 1
    try:
        photo = read_photo(root / entry.image)
    except PhotoError as error:
        cases.append(("unreadable_photo", Case((entry.image,), _bare(error, root / entry.image))))
    else:
        size, orientation = (photo.width, photo.height), photo.metadata.orientation
        print_of = fingerprint(photo.gray)
        darker = darkness_map(photo.gray) if entry.mask else None
        del photo  # before the mask comes: of large photographs, one at a time is enough
    if orientation != 1:
        cases.append(("exif_turned", Case((entry.image,), f"orientation {orientation}")))
    crack_px, digest = _look_at_mask(root, entry, size, darker, orientation, cases)
    width, height = size or (None, None)
    return _Looked(
        PhotoFacts(entry.split, entry.stem, entry.image, entry.mask, width, height, crack_px),
        tuple(cases),
        Known(entry.split, entry.image, print_of, digest) if print_of else None,
    )


def _look_at_mask(
    root: Path,
    entry: Entry,
    size: tuple[int, int] | None,
    darker: Darkness | None,
    orientation: int,
    cases: list[tuple[str, Case]],
) -> tuple[int | None, bytes | None]:
    """Return the crack pixels of a usable mask and its digest; add what is amiss to `cases`."""
    if entry.mask is None:
        return None, None
    path = root / entry.mask
    try:
        values = read_mask_values(path)
    except DatasetError as error:
        cases.append(("unreadable_mask", Case((entry.mask,), _bare(error, path))))
        return None, None
    try:
        mask = mask_of_values(values, path)
    except DatasetError:
        some = ", ".join(map(str, np.unique(values)[:6]))
        count = len(np.unique(values))
        detail = f"{count} values: {some}{' ...' if count > 6 else ''}"
        cases.append(("other_values", Case((entry.mask,), detail)))
        return None, None
    if values.dtype != bool and values.max(initial=0) == 1:
        cases.append(("zero_one", Case((entry.mask,))))
    height, width = mask.shape
    if size and (width, height) != size:
        detail = f"photograph {size[0]}x{size[1]}, mask {width}x{height}"
        if orientation >= 5 and (height, width) == size:
            detail += "; it fits the photograph before its EXIF rotation"
        cases.append(("size_mismatch", Case((entry.image, entry.mask), detail)))
        return None, None
    crack_px = int(np.count_nonzero(mask))
    cases += _doubts(entry, mask, crack_px, darker)
    digest = hashlib.sha256(np.packbits(mask).tobytes()).digest()
    return (crack_px if size else None), digest


def _doubts(
    entry: Entry, mask: Mask, crack_px: int, darker: Darkness | None
) -> Iterator[tuple[str, Case]]:
    """Say what looks wrong about a mask that can be used."""
    mask_file = entry.mask or ""
    share = crack_px / mask.size
    if crack_px == 0:
        yield "empty_mask", Case((mask_file,))
    elif crack_px == mask.size:
        yield "full_mask", Case((mask_file,))
    elif share > 0.5:
        yield "mostly_crack", Case((mask_file,), f"crack share {share:.1%}")
    if darker is not None and (turned := better_turned(darker, mask)):
        detail = (
            f"{turned.turn}: darker than around by {turned.darkness_turned:.1f} standard "
            f"deviations, as it lies by {turned.darkness:.1f}"
        )
        yield "turned_mask", Case((entry.image, mask_file), detail)


def _bare(error: Exception, path: Path) -> str:
    """Give an error's message without the file's path, which stands beside it."""
    text = str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")
    return text.replace(str(path), path.name)


def _sources_across(
    photos: Sequence[PhotoFacts], source: Callable[[str], str]
) -> Iterator[tuple[str, Case]]:
    """Find crops of one photograph in several splits.

    Photographs of one and the same stem in two splits may be strangers (``001`` here and there);
    it takes a crop to make them kin.
    """
    groups: dict[str, list[PhotoFacts]] = defaultdict(list)
    for photo in photos:
        groups[source(photo.stem)].append(photo)
    for name, group in groups.items():
        cropped = any(photo.stem != name for photo in group)
        counts = {
            split: sum(photo.split == split for photo in group)
            for split in dict.fromkeys(photo.split for photo in group)
        }
        if cropped and len(counts) > 1:
            told = ", ".join(f"{count} in {split}" for split, count in counts.items())
            yield "source_across", Case(tuple(photo.image for photo in group), f"{name}: {told}")


def _split_facts(
    split: str, photos: Sequence[PhotoFacts], cases: Sequence[tuple[str, Case]]
) -> SplitFacts:
    mine = [photo for photo in photos if photo.split == split]
    sizes = [(p.width_px, p.height_px) for p in mine if p.width_px and p.height_px]
    pairs = [photo for photo in mine if photo.crack_share is not None]
    shares = [photo.crack_share for photo in pairs if photo.crack_share is not None]
    crack = sum(photo.crack_px or 0 for photo in pairs)
    pixels = sum((p.width_px or 0) * (p.height_px or 0) for p in pairs)

    def count(name: str) -> int:
        return sum(found == name and case.files[-1].startswith(f"masks/{split}/")
                   for found, case in cases)  # fmt: skip

    return SplitFacts(
        split=split,
        photographs=len(mine),
        pairs=len(pairs),
        width_px=_range([width for width, _ in sizes]),
        height_px=_range([height for _, height in sizes]),
        sizes=len(set(sizes)),
        crack_share_pooled=crack / pixels if pixels else None,
        crack_share_mean=statistics.fmean(shares) if shares else None,
        crack_share_median=statistics.median(shares) if shares else None,
        empty_masks=count("empty_mask"),
        full_masks=count("full_mask"),
        zero_one_masks=count("zero_one"),
    )


def _range(values: Sequence[int]) -> Range | None:
    if not values:
        return None
    return Range(min(values), statistics.median(values), max(values))
