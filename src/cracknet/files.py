"""Writing files whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cracknet.errors import OutputError


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a temporary name beside it, then rename: never half a file.

    Folders above it are made if need be.

    Raises
    ------
    OutputError
        When it cannot be written; the message says why, and nothing is left behind.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):  # as where a parent is a file, or the disk has become read-only
            part.unlink()
        msg = (
            f"{path} cannot be written: {error.strerror or error}. Free some space or name another "
            "output folder; run again to finish the rest."
        )
        raise OutputError(msg) from error
