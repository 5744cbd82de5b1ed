"""Files that grow photograph by photograph, and appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from cracknet.errors import ArgumentError, OutputError


@contextmanager
def appearing_whole(path: Path) -> Iterator[Path]:
    """Give a temporary name beside a file; on leaving, rename it; on an error, remove it.

    The temporary name keeps the suffix, by which libraries choose the format. Folders above are
    made if need be. Nothing appears either where nothing was written to the temporary name.

    Raises
    ------
    OutputError
        When the file cannot be written; the message says why.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        yield part
        if part.exists():
            part.replace(path)
    except OSError as error:
        _remove(part)
        if isinstance(error, OutputError):
            raise
        msg = (
            f"{path} cannot be written: {error.strerror or error}. Free some space or name "
            "another output folder, and write the outputs again."
        )
        raise OutputError(msg) from error
    except BaseException:
        _remove(part)
        raise


def result_path(out: Path, photo: str, suffix: str, taken: frozenset[str] = frozenset()) -> Path:
    """Name a photograph's own file below the output folder.

    Parameters
    ----------
    out : Path
    photo : str
        Its name in the tables; ``/`` parts folders.
    suffix : str
        With its dot.
    taken : frozenset of str
        Names, in small letters, that belong to the whole run. A photograph called like one of
        them gets ``.cracks`` before its suffix.

    Raises
    ------
    ArgumentError
        When the name would lead out of the folder.

    Examples
    --------
    >>> result_path(Path("out"), "north/a", ".dxf").as_posix()
    'out/north/a.dxf'
    >>> result_path(Path("out"), "photos", ".gpkg", frozenset({"photos.gpkg"})).name
    'photos.cracks.gpkg'
    """
    name = PurePosixPath(photo)
    if not photo.strip("/. ") or name.is_absolute() or ".." in name.parts or "\0" in photo:
        msg = (
            f"a photograph's name must stay below the output folder; got {photo!r}. Measure the "
            "photograph again."
        )
        raise ArgumentError(msg)
    whole = f"{name.as_posix()}{suffix}"
    if whole.casefold() in taken:
        whole = f"{name.as_posix()}.cracks{suffix}"
    return out / whole


def _remove(part: Path) -> None:
    for name in (part, part.with_name(f"{part.name}-journal")):  # SQLite's beside a GeoPackage
        with suppress(OSError):
            name.unlink(missing_ok=True)
