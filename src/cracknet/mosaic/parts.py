"""The folder of a run's finished windows, and the journal that says which are."""

from __future__ import annotations

import io
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError, OutputError
from cracknet.files import write_whole

JOURNAL = "journal.jsonl"


class Parts:
    """Parts of a raster's results, kept until all are finished.

    The journal's first line is the run's header; each further line tells a finished window, and is
    written after all of the window's files are. A line that a kill cut short is passed over, and
    its window done again.

    Parameters
    ----------
    folder : Path
        Made if need be.
    header : dict
        The options and the state of the input, as JSON has them.

    Attributes
    ----------
    windows : dict of str to dict
        What is known of each finished window, by its key.

    Raises
    ------
    ArgumentError
        When the folder holds parts of another run; `overwrite` drops them instead.
    OutputError
        When the folder cannot be used.
    """

    def __init__(self, folder: Path, header: dict[str, Any], *, overwrite: bool = False) -> None:
        self.folder = folder
        self.windows: dict[str, dict[str, Any]] = {}
        lines = _read_lines(folder / JOURNAL)
        if lines and lines[0] != header and not overwrite:
            msg = (
                f"{folder} holds the windows of a run with {_difference(lines[0], header)}. Name "
                "another output folder, or do it all again with --overwrite."
            )
            raise ArgumentError(msg)
        if not lines or lines[0] != header:
            self.remove()
            write_whole(folder / JOURNAL, json.dumps(header).encode() + b"\n")
        for line in lines[1:] if lines and lines[0] == header else []:
            if isinstance(line.get("window"), str):
                self.windows[line["window"]] = line

    def finish(self, window: str, about: dict[str, Any]) -> None:
        """Write that a window's files are all there, and see it onto the disk."""
        line = {"window": window, **about}
        path = self.folder / JOURNAL
        try:
            with path.open("ab") as file:
                # A leading line break parts the line from one that a kill cut short.
                file.write(b"\n" + json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror}. Free some space and run again."
            raise OutputError(msg) from error
        self.windows[window] = line

    def save(self, name: str, array: npt.NDArray[Any]) -> None:
        """Keep an array as it is."""
        content = io.BytesIO()
        np.save(content, np.ascontiguousarray(array))
        write_whole(self.folder / f"{name}.npy", content.getbuffer())

    def load(self, name: str) -> npt.NDArray[Any] | None:
        """Return an array that was kept, without reading it all; None where there is none."""
        path = self.folder / f"{name}.npy"
        return np.load(path, mmap_mode="r") if path.is_file() else None

    def save_picture(self, name: str, png: memoryview) -> None:
        """Keep a picture."""
        write_whole(self.folder / f"{name}.png", png)

    def load_picture(self, name: str) -> npt.NDArray[np.uint8] | None:
        """Return a gray picture that was kept; None where there is none.

        Raises
        ------
        OutputError
            When it is damaged.
        """
        path = self.folder / f"{name}.png"
        if not path.is_file():
            return None
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None:
            msg = f"{path} is damaged. Do the raster all again with --overwrite."
            raise OutputError(msg)
        return np.asarray(picture, np.uint8)

    def drop(self, name: str) -> None:
        """Delete an array that is not needed any more."""
        with suppress(OSError):
            (self.folder / f"{name}.npy").unlink(missing_ok=True)

    def bytes(self) -> int:
        """Return what the parts take on the disk so far."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def remove(self) -> None:
        """Delete the parts: files of the names that are given here, then the folder if empty."""
        for pattern in ("*.npy", "*.png", "*.json", "*.gpkg*", ".*.part", JOURNAL):
            for file in self.folder.glob(pattern):
                file.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()


def free_bytes(folder: Path) -> int:
    """Return the space that is left for files in a folder."""
    return shutil.disk_usage(folder).free


def _read_lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    lines = []
    for text in path.read_text("utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def _difference(earlier: dict[str, Any], now: dict[str, Any]) -> str:
    key = next(key for key in {**now, **earlier} if earlier.get(key) != now.get(key))
    if key == "input":
        return "the raster as it was before it changed"
    return f"{key} {earlier.get(key)!r}; now it is {now.get(key)!r}"
