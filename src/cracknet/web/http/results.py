"""Result files on demand: each made once for a revision of its job, by a process beside the server.

Nothing here waits in the event loop, and what fails is a plain sentence.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread
from starlette.exceptions import HTTPException

from cracknet.web.queue.folders import job_folder
from cracknet.web.work.formats import JOB_FILES, PHOTO_FILES
from cracknet.web.work.making import NOTHING_DONE, REFUSED

if TYPE_CHECKING:
    from cracknet.web.queue.jobs import Job, PhotoRecord

AT_ONCE = 2
"""Files that are made at the same time; further ones wait."""
LONGEST_SECONDS = 900.0
_CHUNK = 1 << 18


class Results:
    """The files of jobs, made when they are asked for and kept while their job does not change.

    Parameters
    ----------
    data : Path
        Folder of all jobs.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._making: dict[Path, asyncio.Lock] = {}
        self._processes: set[asyncio.subprocess.Process] = set()

    async def path(self, job: Job, file: str) -> Path:
        """Give the path of a file of a job, made now unless it is there.

        Parameters
        ----------
        job : Job
        file : str
            As `cracknet.web.work.making.make_file` takes it.

        Raises
        ------
        HTTPException
            409 when nothing is measured yet or it cannot be made, 501 when a package is missing,
            504 when it takes too long.
        """
        form = JOB_FILES.get(file)
        if form is not None and form.needs:
            raise HTTPException(501, f"This server cannot make {file}: on it, run {form.needs}")
        folder = job_folder(self.data, job.id) / "exports" / str(job.revision)
        out = folder / file
        lock = self._making.setdefault(out, asyncio.Lock())
        try:
            async with lock:
                if not out.is_file():
                    await to_thread.run_sync(_only, out.parent, folder)
                    async with self._slots:
                        await self._make(job, file, out)
        finally:
            if not lock.locked():
                self._making.pop(out, None)
        return out

    async def _make(self, job: Job, file: str, out: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cracknet.web.work.making",
            str(self.data),
            job.id,
            file,
            str(out),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # a few threads of a library for arrays each hold memory, and the page must stay quick
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self._processes.add(process)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                said, _ = await process.communicate()
        except TimeoutError:
            msg = f"{file} was not done after {LONGEST_SECONDS / 60:g} minutes, and was given up."
            raise HTTPException(504, msg) from None
        finally:
            self._processes.discard(process)
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
        if process.returncode == REFUSED:
            raise HTTPException(409, said.decode("utf-8", "replace").replace(str(self.data), ""))
        if process.returncode != 0 or not out.is_file():
            msg = (
                f"{file} could not be made: the process that makes it ended with status "
                f"{process.returncode}, perhaps for lack of memory. Try again, or ask for less."
            )
            raise HTTPException(409, msg)

    def stop(self) -> None:
        """End what is being made."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()

    async def archive(self, job: Job) -> AsyncIterator[bytes]:
        """Write all results of a job as a ZIP, piece by piece, as they are made.

        What cannot be made is left out and told in ``notes.txt``.

        Yields
        ------
        bytes
        """
        results = job_folder(self.data, job.id) / "results"
        sink = _Sink()
        notes: list[str] = []
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for photo in job.photos:
                for path, name in _photo_files(results, photo):
                    async for piece in _pack(archive, sink, path, name):
                        yield piece
            wanted = [(file, file) for file in JOB_FILES if file != "all.zip"]
            wanted += [
                (f"{photo.number}/{kind}", f"{photo.name}.{kind}")
                for photo in job.photos
                for kind, form in PHOTO_FILES.items()
                if photo.cracks is not None and not form.suffix and kind != "photo"
            ]
            for file, name in wanted:
                try:
                    path = await self.path(job, file)
                except HTTPException as error:
                    notes.append(f"{name}: {error.detail}")
                    continue
                async for piece in _pack(archive, sink, path, name):
                    yield piece
            notes += [
                f"{photo.file_name}: {photo.error}"
                for photo in job.photos
                if photo.status == "failed"
            ]
            if notes:
                archive.writestr("notes.txt", "\n".join(notes) + "\n")
        yield sink.take()


def check_measured(job: Job) -> None:
    """See that a job has something to give.

    Raises
    ------
    HTTPException
        409 when no photograph is measured yet.
    """
    if all(photo.cracks is None for photo in job.photos):
        raise HTTPException(409, NOTHING_DONE)


def _only(wanted: Path, folder: Path) -> None:
    """Make the folder of a revision, and remove those of earlier ones."""
    wanted.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.iterdir():
        if other != folder and other.name.isdigit() and int(other.name) < int(folder.name):
            shutil.rmtree(other, ignore_errors=True)


def _photo_files(results: Path, photo: PhotoRecord) -> Iterator[tuple[Path, str]]:
    for form in PHOTO_FILES.values():
        path = Path(f"{results / photo.name}{form.suffix}")
        if form.suffix and path.is_file():
            yield path, path.name


class _Sink(io.RawIOBase):
    """Takes what a ZIP file writes, and gives it away; it cannot seek, and the ZIP copes."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


async def _pack(
    archive: zipfile.ZipFile, sink: _Sink, path: Path, name: str
) -> AsyncIterator[bytes]:
    """Put a file into the archive chunk by chunk; tables compressed, pictures as they are."""
    info = zipfile.ZipInfo.from_file(path, name)
    packed = path.suffix in (".csv", ".json", ".geojson", ".html", ".gpkg")
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as entry:

        def more() -> bytes | None:
            chunk = source.read(_CHUNK)
            entry.write(chunk)
            return sink.take() if chunk else None

        while (piece := await to_thread.run_sync(more)) is not None:
            yield piece
