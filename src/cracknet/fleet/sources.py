"""What a batch is made of: photographs and rasters of a folder, a pattern, a URL, or a list."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cracknet.errors import ArgumentError, PhotoError
from cracknet.fleet.places import Place, is_local, local_path
from cracknet.photo import PHOTO_SUFFIXES, find_photos, natural_key

LIST_SUFFIXES = (".txt", ".csv")
LIST_COLUMNS = ("file", "path", "url", "photo")
"""Headings that a list's column of photographs may have; the first column is taken otherwise."""

LONGEST_BYTES = 200
"""Of one part of a name; a result's suffix and the temporary name come on top of it."""

ASKED_AT_ONCE = 32


@dataclass(frozen=True)
class Item:
    """One photograph or raster of a batch.

    Attributes
    ----------
    photo : str
        Name of its results, with the suffix of the file; ``/`` parts folders.
    file : str
        Its path or URL.
    identity : str
        Changes when the file does: its size and time of change, or an object store's tag.
    bytes : int
        0 where unknown.
    problem : str
        Why it cannot be read, where that is known before it is tried.
    megapixels : float
        As estimated before it is read; see `cracknet.fleet.batches.sized`.
    """

    photo: str
    file: str
    identity: str = ""
    bytes: int = 0
    problem: str = ""
    megapixels: float = 0.0


@dataclass(frozen=True)
class Listing:
    """The photographs of a source, each once, and those that it named again."""

    items: tuple[Item, ...]
    duplicates: tuple[str, ...] = ()


def list_source(source: str | Path, besides: Place | None = None) -> Listing:
    """List the photographs and rasters that a source names.

    Parameters
    ----------
    source : str or Path
        A file, folder or pattern of this machine; a URL that fsspec knows, with or without
        ``*``; or a list, ``.txt`` or ``.csv``, of any of these places' files, one on a line. In a
        list, relative names are below its own folder, and lines that begin with # are passed over.
    besides : Place, optional
        Leave out what lies there: a run's own results are no photographs.

    Returns
    -------
    Listing
        In natural order, a list's own order for a list. A file that a list names twice, also by
        another spelling of its path or through a link, comes once. One that is missing comes with
        its problem.

    Raises
    ------
    PhotoError
        When the source cannot be read or names nothing.
    ArgumentError
        When a package for its kind of URL is not installed.
    """
    text = os.fspath(source)
    if PurePosixPath(text).suffix.lower() in LIST_SUFFIXES:
        return _listing(_of_list(text))
    found = _of_disk(text) if is_local(text) else _of_store(text)
    if besides is not None:
        below = f"{besides.url}/"
        found = [item for item in found if not item.file.startswith(below)]
    if not found:
        msg = f"{text}: holds no photograph. Check the path, and that it is not the destination."
        raise PhotoError(msg)
    return _listing(found)


def _listing(found: Iterable[Item]) -> Listing:
    items: dict[str, Item] = {}
    duplicates: list[str] = []
    for item in found:
        key = os.path.realpath(item.file) if is_local(item.file) else item.file
        if key in items:
            duplicates.append(item.file)
        else:
            items[key] = item
    return Listing(tuple(items.values()), tuple(duplicates))


def _of_disk(text: str) -> list[Item]:
    return [
        _local_item(os.path.abspath(photo.path), photo.relative)  # noqa: PTH100  # links stay
        for photo in find_photos([local_path(text)])
    ]


def _local_item(path: str, relative: PurePosixPath) -> Item:
    name = name_of(relative)
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        return Item(name, path, problem=f"{path}: no such file. Check the path")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Item(name, path, problem=f"{path}: cannot be opened ({reason}). Check the path")
    if os.path.isdir(path):  # noqa: PTH112
        problem = f"{path}: is a folder, not a photograph. Give the photographs in it"
        return Item(name, path, problem=problem)
    return Item(name, path, f"{status.st_size}-{status.st_mtime_ns}", status.st_size)


def _of_store(text: str) -> list[Item]:
    scheme = text.partition("://")[0]
    magic = any(sign in text for sign in "*?[")
    place = Place(text, PhotoError)

    def found(filesystem: Any) -> dict[str, dict[str, Any]]:
        filesystem.invalidate_cache()
        if magic:
            return dict(filesystem.glob(place.root, detail=True))
        whole = dict(filesystem.find(place.root, detail=True))
        if not whole and not filesystem.exists(place.root):
            raise FileNotFoundError(place.root)
        return whole

    entries = place.ask("", found)
    files = {path: info for path, info in entries.items() if info.get("type", "file") == "file"}
    base = _fixed_part(place.root) if magic else place.root
    items = []
    for path, info in files.items():
        relative = PurePosixPath(path).relative_to(base) if path != base else PurePosixPath(path)
        relative = PurePosixPath(relative.name) if path == base else relative
        hidden = any(part.startswith(".") for part in relative.parts)
        if path == base or (relative.suffix.lower() in PHOTO_SUFFIXES and not hidden):
            items.append((relative, _store_item(f"{scheme}://{path}", relative, info)))
    return [item for _, item in sorted(items, key=lambda pair: natural_key(pair[0]))]


def _fixed_part(pattern: str) -> str:
    parts: list[str] = []
    for part in pattern.split("/")[:-1]:
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return "/".join(parts)


def _store_item(url: str, relative: PurePosixPath, info: dict[str, Any]) -> Item:
    size = int(info.get("size") or 0)
    tags = ("ETag", "etag", "md5Hash", "content_md5", "generation", "LastModified", "last_modified")
    tag = next((str(info[name]) for name in tags if info.get(name)), str(info.get("mtime", "")))
    return Item(name_of(relative), url, f"{size}-{tag.strip(chr(34))}", size)


def _of_list(text: str) -> list[Item]:
    entries = _entries(text, _list_text(text))
    if not entries:
        msg = f"{text}: the list is empty. Write a path or URL of a photograph on each line."
        raise PhotoError(msg)
    parent = text.rpartition("/")[0]
    files = [_absolute(entry, parent) for entry in entries]
    places: dict[str, Place] = {}
    for file in files:
        if not is_local(file):
            start = "/".join(file.split("/")[:3])  # s3://bucket
            places.setdefault(start, Place(start, PhotoError))

    def look(file: str) -> Item:
        if is_local(file):
            return _local_item(file, PurePosixPath(file))
        place = places["/".join(file.split("/")[:3])]
        inner = "/".join(file.split("/")[3:])
        relative = PurePosixPath(file.partition("://")[2])
        try:
            info = place.ask(inner, lambda filesystem: filesystem.info(place.path_of(inner)))
        except PhotoError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            return Item(name_of(relative), file, problem=str(error))
        if info.get("type", "file") != "file":
            problem = f"{file}: is a folder, not a photograph. Give the photographs in it"
            return Item(name_of(relative), file, problem=problem)
        return _store_item(file, relative, info)

    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return list(pool.map(look, files))


def _list_text(text: str) -> str:
    parent, _, name = text.rpartition("/")
    if is_local(text):
        path = local_path(text)
        parent, name = str(path.parent), path.name
    content = Place(parent, PhotoError).get(name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{text}: the list is not UTF-8 text ({error.reason}). Save it as UTF-8."
        raise PhotoError(msg) from error


def _entries(text: str, content: str) -> list[str]:
    if not text.lower().endswith(".csv"):
        lines = [line.strip() for line in content.splitlines()]
        return [line for line in lines if line and not line.startswith("#")]
    rows = [row for row in csv.reader(io.StringIO(content)) if row and any(map(str.strip, row))]
    column = 0
    if rows:
        heading = [cell.strip().lower() for cell in rows[0]]
        known = [heading.index(name) for name in LIST_COLUMNS if name in heading]
        if known:
            column, rows = known[0], rows[1:]
    cells: Sequence[str] = [row[column].strip() for row in rows if len(row) > column]
    return [cell for cell in cells if cell and not cell.startswith("#")]


def _absolute(entry: str, parent: str) -> str:
    if "://" in entry:
        return os.path.abspath(local_path(entry)) if is_local(entry) else entry  # noqa: PTH100
    if parent and not is_local(parent):
        return f"{parent}/{entry}"
    return os.path.abspath(local_path(parent) / entry)  # noqa: PTH100  # links stay as named


def name_of(relative: PurePosixPath) -> str:
    """Name the results of a file by its path, whatever other files there are.

    Unlike `cracknet.reporting.naming.name_results`, which looks at all photographs of a run, a
    name stays the same when more photographs come.

    Examples
    --------
    >>> name_of(PurePosixPath("/bridge/../north/a.jpg"))
    'bridge/_/north/a.jpg'
    """
    parts = [part for part in relative.parts if part not in ("/", ".")]
    return "/".join(_shortened("_" if part == ".." else part) for part in parts)


def _shortened(part: str) -> str:
    whole = os.fsencode(part)
    if len(whole) <= LONGEST_BYTES:
        return part
    digits = hashlib.sha256(whole).hexdigest()[:8]
    return f"{whole[: LONGEST_BYTES - 9].decode('utf-8', errors='ignore')}-{digits}"


def check_names(items: Iterable[Item], known: dict[str, str]) -> None:
    """Refuse a photograph whose results would replace those of another.

    Parameters
    ----------
    items : iterable of Item
    known : dict of str to str
        Files by the name of their results, of earlier runs.

    Raises
    ------
    ArgumentError
    """
    files = dict(known)
    for item in items:
        other = files.setdefault(item.photo, item.file)
        if other != item.file:
            msg = (
                f"the destination holds the results of {other} as {item.photo}, and those of "
                f"{item.file} would replace them. Name another destination with -o, or write both "
                "into a list."
            )
            raise ArgumentError(msg)
