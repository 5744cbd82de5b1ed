"""From an output folder to an HTML report in one file, and a PDF of it."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cracknet.errors import ArgumentError, CrackNetError, OutputError
from cracknet.reporting.inspection.bands import WidthClasses
from cracknet.reporting.inspection.folder import ReportItem, read_folder
from cracknet.reporting.inspection.heading import Heading
from cracknet.reporting.inspection.layout import Contents, report_pieces
from cracknet.reporting.inspection.pdf import load_weasyprint, pdf_of
from cracknet.reporting.inspection.photo_page import PhotoPage, photo_page
from cracknet.reporting.inspection.picture import LONGEST_PX
from cracknet.reporting.inspection.summary import FailedPhoto, Totals, summarise

PAPERS = ("A4", "Letter")
_THREADS = 4
_LEAST_PICTURE_PX, _MOST_PICTURE_PX = 200, 8000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    totals : Totals
    failed : tuple of FailedPhoto
        Photographs that the report lists without a page.
    seconds : float
        Wall time.
    """

    files: tuple[Path, ...]
    totals: Totals
    failed: tuple[FailedPhoto, ...]
    seconds: float


def write_report(
    out: Path,
    *,
    html: Path | None = None,
    pdf: Path | None = None,
    heading: Heading | None = None,
    classes: WidthClasses | None = None,
    paper: str = "A4",
    picture_px: int = LONGEST_PX,
    progress: Progress | None = None,
) -> Report:
    """Write the report of a folder that `cracknet segment` or `cracknet measure` wrote.

    The HTML needs nothing beside it: pictures, charts and styles are in it. Pictures wait in a
    temporary folder and pass through memory one at a time; the PDF is laid out in memory.

    Parameters
    ----------
    out : Path
    html, pdf : Path, optional
        At least one.
    heading : Heading, optional
    classes : WidthClasses, optional
        By default bands that only sort widths for the eye.
    paper : {"A4", "Letter"}
    picture_px : int
        Longest side of the pictures.
    progress : callable, optional
        Called with the number of photographs laid out and of all.

    Raises
    ------
    ArgumentError
        When the folder is not such a folder, nothing in it is measured, or a value is impossible.
    OutputError
        When a file cannot be written, or what makes PDFs is not installed.
    """
    began = time.monotonic()
    _check(html, pdf, paper, picture_px)
    classes = classes or WidthClasses()
    if pdf:
        load_weasyprint()
    folder = read_folder(out)
    with TemporaryDirectory(prefix="cracknet-report-") as spool:
        photographs = list(_lay_out(folder.items, classes, Path(spool), picture_px, progress))
        contents = Contents(
            folder,
            heading or Heading(),
            classes,
            summarise(photographs),
            time.strftime("%Y-%m-%d"),
            paper,
        )
        if html:
            _write_pieces(html, report_pieces(contents, _data_uri))
        if pdf:
            _write_pieces(pdf, [pdf_of(contents)])
    return Report(
        tuple(path for path in (html, pdf) if path),
        contents.summary.totals,
        contents.summary.failed,
        time.monotonic() - began,
    )


def _check(html: Path | None, pdf: Path | None, paper: str, picture_px: int) -> None:
    if html is None and pdf is None:
        msg = "a report must go to a file; got neither html nor pdf. Name at least one."
        raise ArgumentError(msg)
    if paper not in PAPERS:
        msg = f"paper must be one of {', '.join(PAPERS)}; got {paper!r}."
        raise ArgumentError(msg)
    if not _LEAST_PICTURE_PX <= picture_px <= _MOST_PICTURE_PX:
        msg = (
            f"the longest side of the pictures must be {_LEAST_PICTURE_PX} to {_MOST_PICTURE_PX} "
            f"px; got {picture_px}."
        )
        raise ArgumentError(msg)


def _lay_out(
    items: Iterable[ReportItem],
    classes: WidthClasses,
    spool: Path,
    picture_px: int,
    progress: Progress | None,
) -> Iterator[PhotoPage | FailedPhoto]:
    """Yield the photographs' pages in their order, several being drawn at once."""

    def draw(number: int, item: ReportItem) -> PhotoPage | FailedPhoto:
        if item.failed:
            return FailedPhoto(item, item.failed)
        try:
            return photo_page(item, classes, spool / f"{number}.jpg", picture_px)
        except OutputError:
            raise
        except (CrackNetError, MemoryError) as error:
            return FailedPhoto(item, str(error) or "not enough memory for this photograph.")

    items = list(items)
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        for done, page in enumerate(pool.map(draw, range(len(items)), items), 1):
            if progress:
                progress(done, len(items))
            yield page


def _data_uri(page: PhotoPage) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(page.picture.read_bytes()).decode()}"


def _write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file piece by piece under a temporary name, then rename."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        part.replace(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}. Name another file with -o."
        raise OutputError(msg) from error
    finally:
        with suppress(OSError):
            part.unlink()
