"""Where the results of each photograph go, so that none overwrites another's."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from cracknet.photo import FoundPhoto

PROBABILITY_ENDING = ".probability.png"
OVERLAY_ENDING = ".overlay.jpg"
"""Of a photograph's results; that of its mask is `cracknet.datasets.masked.MASK_ENDING`."""

LONGEST_BYTES = 200
"""Longest name of a result without suffix. File systems take 255 bytes with suffix, of which the
temporary name of ``<name>.probability.png`` needs 22."""


def name_results(photos: Sequence[FoundPhoto]) -> list[PurePosixPath]:
    """Name the results of each photograph, without suffix, below the output folder.

    A photograph keeps its folder below the input folder, and its stem. Where two inputs hold
    the same relative name, all keep their path below the inputs' common folder. Where a name
    without its suffix is not alone, it keeps it: ``a.jpg`` and ``a.png``. A name too long to bear
    the results' suffixes is cut, and ends in eight digits of its SHA-256.

    Examples
    --------
    >>> from pathlib import Path
    >>> found = [FoundPhoto(Path(p), PurePosixPath(p)) for p in ("x/a.jpg", "x/a.png", "y/a.jpg")]
    >>> [str(name) for name in name_results(found)]
    ['x/a.jpg', 'x/a.png', 'y/a']
    """
    names = [photo.relative for photo in photos]
    if len({_fold(name) for name in names}) < len(names):
        paths = [photo.path.parent.resolve() / photo.path.name for photo in photos]
        common = Path(os.path.commonpath([path.parent for path in paths]))
        names = [PurePosixPath(path.relative_to(common).as_posix()) for path in paths]
    stems = [name.with_suffix("") for name in names]
    wanted = Counter(map(_fold, stems))
    wanted.update(_fold(name) for name, stem in zip(names, stems, strict=True) if name != stem)
    return [
        _shortened(stem if stem.name.strip(".") and wanted[_fold(stem)] == 1 else name)
        for name, stem in zip(names, stems, strict=True)
    ]


def _shortened(name: PurePosixPath) -> PurePosixPath:
    whole = os.fsencode(name.name)
    if len(whole) <= LONGEST_BYTES:
        return name
    digits = hashlib.sha256(whole).hexdigest()[:8]
    start = whole[: LONGEST_BYTES - 9].decode("utf-8", errors="ignore")
    return name.with_name(f"{start}-{digits}")


def _fold(name: PurePosixPath) -> str:
    """Compare as file systems without case do."""
    return str(name).casefold()
