"""Where the results of each photograph go, so that none overwrites another's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from cracknet.photo import FoundPhoto


def name_results(photos: Sequence[FoundPhoto]) -> list[PurePosixPath]:
    """Name the results of each photograph, without suffix, below the output folder.

    A photograph keeps its folder below the input folder, and its stem. Where two inputs hold
    the same relative name, all keep their path below the inputs' common folder. Where a name
    without its suffix is not alone, it keeps it: ``a.jpg`` and ``a.png``.

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
        stem if stem.name.strip(".") and wanted[_fold(stem)] == 1 else name
        for name, stem in zip(names, stems, strict=True)
    ]


def _fold(name: PurePosixPath) -> str:
    """Compare as file systems without case do."""
    return str(name).casefold()
