"""A TIFF that ends before its last block does, told before hours are spent on it."""

from __future__ import annotations

from pathlib import Path

import tifffile

from cracknet.errors import PhotoError


def check_length(path: Path) -> None:
    """Refuse a TIFF whose header names blocks that lie beyond the file's end.

    Overviews and masks within it are looked at too. What is no TIFF, or one that cannot be taken
    apart here, passes: reading it tells.

    Raises
    ------
    PhotoError
    """
    try:
        size = path.stat().st_size
        with tifffile.TiffFile(path) as file:
            end = max((_end(page) for page in file.pages), default=0)
    except Exception:  # noqa: BLE001  # not for this function to say what else may be wrong
        return
    if end > size:
        msg = (
            f"{path}: the file is truncated: its blocks need {end} bytes and it has {size}. Copy "
            "it again, or write it anew"
        )
        raise PhotoError(msg)


def _end(page: tifffile.TiffPage | tifffile.TiffFrame) -> int:
    """Return where the page's last block ends; blocks that were never written lie at 0."""
    ends = (
        offset + count
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)
        if offset and count
    )
    return max(ends, default=0)
