"""Folders on local disks and object stores, behind one handful of operations."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from cracknet.errors import ArgumentError, CrackNetError, OutputError, PhotoError

PATIENCE_S = 300.0
"""How long an object store may be away before a run breaks off; it is asked again meanwhile."""

LONGEST_PAUSE_S = 15.0
AT_ONCE = 16
"""Small files read or removed at once; an object store answers each after some 10 ms."""

PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
"""What brings an object store to fsspec, by the beginning of its URLs."""

_FINAL = (
    FileNotFoundError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    FileExistsError,
    ImportError,
    ValueError,
)
"""Errors that waiting does not mend."""

_CREDENTIALS = ("Credential", "TokenRetrieval", "UnauthorizedSSO", "ProfileNotFound", "Authenticat")
"""In the names of errors by which object stores' own libraries say that they hold no key."""

Result = TypeVar("Result")


class Place:
    """A folder by path or URL: ``/data/out``, ``file:///data/out``, ``s3://bucket/out``.

    Parameters
    ----------
    url : str
        A path of this machine, or a URL that fsspec knows.
    error : type
        What is raised where the place cannot be used: `PhotoError` of sources, `OutputError` of
        destinations.
    patience_s : float
        How long to ask again, with growing pauses, where an object store does not answer.

    Raises
    ------
    ArgumentError
        When the kind of URL is unknown, or its package is not installed.
    """

    def __init__(
        self,
        url: str,
        error: type[PhotoError] | type[OutputError] = OutputError,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.error, self.patience_s = error, patience_s
        self.is_local = is_local(url)
        if self.is_local:
            self.url = os.path.abspath(local_path(url))  # noqa: PTH100  # keeps links as named
        else:
            self.url = url.rstrip("/")
        self.filesystem  # noqa: B018  # an unknown kind of URL is said at once

    def __getstate__(self) -> dict[str, Any]:
        """Leave the connection behind: each process makes its own."""
        return {key: value for key, value in vars(self).items() if key != "_opened"}

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        fsspec = load_fsspec()
        if self.is_local:
            return fsspec.filesystem("file"), self.url
        scheme = self.url.partition("://")[0]
        try:
            filesystem, root = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            package = PACKAGES.get(scheme, "")
            extra = '"cracknet[fleet]"' if package == "s3fs" else package
            msg = f"{self.url}: {scheme}:// needs the package {package}: pip install {extra}"
            raise ArgumentError(msg) from error
        except ValueError as error:
            msg = f"{self.url}: not a place that can be used ({error}). Name a folder, or a URL."
            raise ArgumentError(msg) from error
        return filesystem, str(root)

    @property
    def filesystem(self) -> Any:
        """The fsspec file system."""
        return self._opened[0]

    @property
    def root(self) -> str:
        """The folder as the file system names it, without ``s3://``."""
        return self._opened[1].rstrip("/")

    def path_of(self, name: str) -> str:
        """Name a file below this place as the file system does."""
        return f"{self.root}/{name}" if name else self.root

    def url_of(self, name: str) -> str:
        """Name a file below this place as a user does."""
        return f"{self.url}/{name}" if name else self.url

    def put(self, name: str, content: bytes | memoryview) -> None:
        """Write a file whole or not at all, onto the disk before this returns.

        Raises
        ------
        OutputError or PhotoError
            As `error` says; of all methods.
        """
        if self.is_local:
            self._try(
                name, "cannot be written", lambda: _put_local(Path(self.path_of(name)), content)
            )
        else:  # an object appears when it has arrived whole
            path = self.path_of(name)
            self._try(
                name, "cannot be written", lambda: self.filesystem.pipe_file(path, bytes(content))
            )

    def get(self, name: str) -> bytes:
        """Read a file."""
        path = self.path_of(name)
        return self._try(name, "cannot be read", lambda: bytes(self.filesystem.cat_file(path)))

    def get_many(self, names: Sequence[str]) -> list[bytes]:
        """Read small files, several at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.get, names))

    def has(self, name: str) -> bool:
        """Tell whether there is such a file."""

        def looked_up() -> bool:  # `isfile` takes a wrong key for a file that is not there
            with suppress(FileNotFoundError):
                return bool(self.filesystem.info(self.path_of(name))["type"] == "file")
            return False

        return self._try(name, "cannot be read", looked_up)

    def names(self, folder: str) -> list[str]:
        """List the files right in a folder, by their names in it; none where it is absent."""

        def listed() -> list[str]:
            self.filesystem.invalidate_cache()
            with suppress(FileNotFoundError):
                found = self.filesystem.ls(self.path_of(folder), detail=True)
                return [_last(item["name"]) for item in found if item["type"] == "file"]
            return []

        return sorted(self._try(folder, "cannot be read", listed))

    def remove(self, names: Iterable[str]) -> None:
        """Delete files, several at once; those that are gone already do not matter."""

        def gone(name: str) -> None:
            def delete() -> None:
                with suppress(FileNotFoundError):
                    self.filesystem.rm_file(self.path_of(name))

            self._try(name, "cannot be deleted", delete)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(gone, names))

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to this machine."""
        path = self.path_of(name)
        self._try(name, "cannot be read", lambda: self.filesystem.get_file(path, str(target)))

    def send(self, name: str, source: Path) -> None:
        """Copy a file of this machine here; for files too large to be held in memory."""
        path = self.path_of(name)
        self._try(name, "cannot be written", lambda: self.filesystem.put_file(str(source), path))

    def ask(self, name: str, what: Callable[[Any], Result]) -> Result:
        """Ask the file system for anything else, with the same patience and errors."""
        return self._try(name, "cannot be read", lambda: what(self.filesystem))

    def _try(self, name: str, failed: str, do: Callable[[], Result]) -> Result:
        """Do it, again and again while an object store is away, and tell errors in our words."""
        deadline = time.monotonic() + self.patience_s
        pause = 0.25
        while True:
            try:
                return do()
            except CrackNetError:
                raise
            except Exception as error:
                if isinstance(error, FileNotFoundError) and self.error is PhotoError:
                    msg = f"{self.url_of(name)}: no such file. Check the path."
                    raise PhotoError(msg) from error
                final = self.is_local or isinstance(error, _FINAL) or _lacks_credentials(error)
                if final or time.monotonic() + pause > deadline:
                    # A store that is away fails no photograph, it ends the run
                    kind = self.error if final and not _lacks_credentials(error) else OutputError
                    raise kind(self._text(name, failed, error)) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _text(self, name: str, failed: str, error: Exception) -> str:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        where = self.url_of(name)
        if self.is_local:
            step = (
                "Free some space or name another destination with -o; run again to finish the rest."
                if self.error is OutputError
                else "Check the path and its permissions."
            )
        elif _lacks_credentials(error):
            step = "Give a key for it, " + _how_keys_are_given(self.url)
        elif isinstance(error, PermissionError):
            step = "The key is wrong, or has no right to it: check it, " + _how_keys_are_given(
                self.url
            )
        else:
            step = "Check the URL, its endpoint and the network, and run again."
        return f"{where}: {failed}: {' '.join(str(reason).split())}. {step}"


def is_local(url: str) -> bool:
    """Tell whether a path or URL is of this machine's disks."""
    return "://" not in url or url.startswith(("file://", "local://"))


def local_path(url: str) -> Path:
    """Turn a local path or ``file://`` URL into a path."""
    return Path(url.removeprefix("file://").removeprefix("local://"))


def load_fsspec() -> Any:
    """Import fsspec.

    Raises
    ------
    ArgumentError
        When it is not installed; the message names the extra.
    """
    try:
        import fsspec
    except ImportError as error:
        msg = 'batches need the package fsspec: pip install "cracknet[fleet]"'
        raise ArgumentError(msg) from error
    return fsspec


def _put_local(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a name of its own beside it, then rename.

    The name is not shared, as that of `cracknet.files.write_whole` is: after a driver's death one
    of its workers may still be writing the very file that its successor writes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:200]}.{uuid.uuid4().hex[:12]}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _lacks_credentials(error: Exception) -> bool:
    return any(part in type(error).__name__ for part in _CREDENTIALS)


def _how_keys_are_given(url: str) -> str:
    scheme = url.partition("://")[0]
    if PACKAGES.get(scheme) == "s3fs":
        return (
            "by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or the machine's role (and "
            "AWS_ENDPOINT_URL for a store that is not Amazon's), on every machine that works."
        )
    if PACKAGES.get(scheme) == "gcsfs":
        return (
            "by GOOGLE_APPLICATION_CREDENTIALS or the machine's role, on every machine that works."
        )
    return "as its fsspec package asks for, on every machine that works."
