"""The report's pages as HTML, from templates, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

from cracknet import __version__
from cracknet.measurement.figures import WIDTH_UNCERTAINTY_PX
from cracknet.reporting.inspection import words
from cracknet.reporting.inspection.bands import WidthClasses, as_hex, plain_colour
from cracknet.reporting.inspection.folder import ReportFolder
from cracknet.reporting.inspection.heading import Heading
from cracknet.reporting.inspection.photo_page import PhotoPage
from cracknet.reporting.inspection.settings import (
    card_excerpt,
    photo_settings,
    run_settings,
    scale_words,
    scales_used,
)
from cracknet.reporting.inspection.summary import Summary
from cracknet.reporting.pages import page_environment

_PIECE = 1 << 16


@dataclass(frozen=True, eq=False)
class Contents:
    """All that stands in a report."""

    folder: ReportFolder
    heading: Heading
    classes: WidthClasses
    summary: Summary
    made: str
    paper: str

    @property
    def pages(self) -> list[PhotoPage]:
        """The photographs that have a page, in their order."""
        return [
            photo
            for element in self.summary.elements
            for photo in element.photographs
            if isinstance(photo, PhotoPage)
        ]


def report_pieces(contents: Contents, address: Callable[[PhotoPage], str]) -> Iterator[bytes]:
    """Fill the templates; what UTF-8 cannot hold, as of undecodable file names, is escaped.

    Parameters
    ----------
    contents : Contents
    address : callable
        Gives the address under which a photograph's picture is found, asked for when its page
        is laid out, so that no two pictures need be in memory.

    Yields
    ------
    bytes
        HTML in UTF-8, some 64 kB or one picture at a time.
    """
    template = _environment().get_template("inspection/report.html.j2")
    pages = contents.pages
    classes = contents.classes
    numbers = {id(page): number for number, page in enumerate(pages, 1)}
    settings = run_settings(contents.folder.run)
    pieces = template.generate(
        heading=contents.heading,
        classes=classes,
        colours=dict(zip(classes.names, map(as_hex, classes.colours), strict=True)),
        plain_colour=as_hex(plain_colour()),
        summary=contents.summary,
        number_of=lambda page: numbers[id(page)],
        address=address,
        run=settings,
        unfinished=contents.folder.run.get("status") in ("running", "measuring"),
        measured=photo_settings(pages, settings),
        scales=scales_used(pages),
        card=card_excerpt(contents.folder.run),
        made=contents.made,
        edges=WIDTH_UNCERTAINTY_PX,
        paper=contents.paper,
        version=__version__,
    )
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield "".join(held).encode(errors="backslashreplace")
            held.clear()
            size = 0
    yield "".join(held).encode(errors="backslashreplace")


def _environment() -> Environment:
    environment = page_environment()
    filters: dict[str, Callable[..., Any]] = {
        "width": words.width,
        "as_length": words.length,
        "degrees": words.degrees,
        "confidence": words.confidence,
        "position": words.position,
        "scale_words": scale_words,
    }
    environment.filters.update(filters)
    environment.tests["page"] = lambda photo: isinstance(photo, PhotoPage)
    return environment
