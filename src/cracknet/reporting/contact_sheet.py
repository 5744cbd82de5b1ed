"""The contact sheet of a data set: its facts, its findings and its photographs on one HTML page.

The page holds its pictures itself and needs nothing beside it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.datasets.checking import PhotoFacts, SetCheck
from cracknet.datasets.findings import Case, Finding
from cracknet.datasets.pairs import read_mask
from cracknet.errors import ArgumentError, CrackNetError
from cracknet.photo import read_photo
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.pages import data_uri, render_page, webp_of

THUMBNAIL_PX = 240
DEFAULT_LIMIT = 120
CASES_SHOWN = 12
"""Cases of one finding that are shown with pictures."""

FILES_LISTED = 200
"""Cases of one finding that are listed by name; the JSON holds all."""

PICTURES_A_CASE = 8


@dataclass(frozen=True)
class Card:
    """A photograph on the sheet.

    Attributes
    ----------
    facts : PhotoFacts
    picture : str or None
        Data URI; None where the photograph cannot be read.
    marks : tuple of (str, str)
        Severity and title of the findings that concern it.
    """

    facts: PhotoFacts
    picture: str | None
    marks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CaseCards:
    """A case of a finding with its photographs, side by side."""

    detail: str
    cards: tuple[Card, ...]
    left_out: int


def contact_sheet(
    check: SetCheck,
    limit: int = DEFAULT_LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Lay out a data set on one page.

    Photographs with findings come first in their split; of the others, evenly chosen ones fill up
    to `limit`. Only those shown are read again.

    Parameters
    ----------
    check : SetCheck
    limit : int
        Most photographs shown of a split; 0 shows none, and none beside the findings.
    progress : callable, optional
        Called with the number of thumbnails made and of all.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ArgumentError
        When `limit` is negative.
    """
    if limit < 0:
        msg = f"the limit of photographs a split must not be negative; got {limit}."
        raise ArgumentError(msg)
    by_file = _by_file(check.photos)
    marks = _marks(check.findings, by_file)
    shown = {
        split.split: _choose([p for p in check.photos if p.split == split.split], marks, limit)
        for split in check.splits
    }
    pictured = {
        finding.name: [*_pictured(finding, by_file)] if limit else [] for finding in check.findings
    }
    wanted = {photo.image: photo for photos in shown.values() for photo in photos}
    wanted |= {p.image: p for cases in pictured.values() for _, photos in cases for p in photos}
    cards: dict[str, Card] = {}
    for image, photo in wanted.items():
        cards[image] = Card(photo, _picture(check.root, photo), tuple(marks[image]))
        if progress:
            progress(len(cards), len(wanted))
    return render_page(
        "contact_sheet.html.j2",
        name=check.root.resolve().name,
        check=check,
        severities=Counter(finding.severity for finding in check.findings),
        pictured={
            name: [_case_cards(case, photos, cards) for case, photos in cases]
            for name, cases in pictured.items()
        },
        splits=[
            (split, [cards[photo.image] for photo in shown[split.split]]) for split in check.splits
        ],
        listed=FILES_LISTED,
    )


def thumbnail(gray: Gray, mask: Mask | None) -> bytes:
    """Shrink a photograph, paint its cracks red, and encode it as WebP.

    A pixel of the thumbnail is crack where a tenth of its area is, so that hairline cracks stay in
    sight; they look wider than they are.

    Parameters
    ----------
    gray : (H, W) uint8
    mask : (H, W) bool, optional
    """
    height, width = gray.shape
    zoom = min(1.0, THUMBNAIL_PX / max(height, width))
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    if mask is None:
        picture = np.repeat(small[:, :, None], 3, axis=2)
    else:
        area = cv2.resize(mask.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
        picture = draw_overlay(small, np.asarray(area > 25))
    return webp_of(picture)


def _picture(root: Path, photo: PhotoFacts) -> str | None:
    """Make a photograph's thumbnail; what cannot be read a second time is left out as well."""
    try:
        gray = read_photo(root / photo.image).gray
        mask = read_mask(root / photo.mask) if photo.mask and photo.crack_px is not None else None
    except CrackNetError:
        return None
    fits = mask is not None and mask.shape == gray.shape
    return data_uri(thumbnail(gray, mask if fits else None))


def _by_file(photos: Sequence[PhotoFacts]) -> dict[str, PhotoFacts]:
    """Find photographs by their own file and by their mask's."""
    found = {photo.mask: photo for photo in photos if photo.mask}
    return found | {photo.image: photo for photo in photos}


def _marks(
    findings: Sequence[Finding], by_file: dict[str, PhotoFacts]
) -> dict[str, list[tuple[str, str]]]:
    marks: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for finding in findings:
        images = {
            by_file[file].image for case in finding.cases for file in case.files if file in by_file
        }
        for image in images:
            marks[image].append((finding.severity, finding.title))
    return marks


def _choose(
    photos: Sequence[PhotoFacts], marks: dict[str, list[tuple[str, str]]], limit: int
) -> list[PhotoFacts]:
    """Take those with errors and warnings first, then evenly of the rest, up to `limit`."""
    grave = [p for p in photos if any(severity != "note" for severity, _ in marks[p.image])]
    chosen = {photo.image for photo in grave}
    return [
        *_evenly(grave, limit),
        *_evenly([p for p in photos if p.image not in chosen], max(0, limit - len(grave))),
    ]


def _evenly(photos: Sequence[PhotoFacts], count: int) -> list[PhotoFacts]:
    if len(photos) <= count:
        return list(photos)
    return [photos[k * len(photos) // count] for k in range(count)]


def _pictured(
    finding: Finding, by_file: dict[str, PhotoFacts]
) -> list[tuple[Case, list[PhotoFacts]]]:
    """Pick the cases of a finding that photographs can show, and those photographs."""
    cases = []
    for case in finding.cases:
        images = {by_file[file].image: by_file[file] for file in case.files if file in by_file}
        if any(photo.width_px for photo in images.values()):
            cases.append((case, _spread(list(images.values()))))
        if len(cases) == CASES_SHOWN:
            break
    return cases


def _spread(photos: list[PhotoFacts]) -> list[PhotoFacts]:
    """Of a large group take some of each split, so that what is across splits is seen."""
    if len(photos) <= PICTURES_A_CASE:
        return photos
    splits = dict.fromkeys(photo.split for photo in photos)
    each = max(1, PICTURES_A_CASE // len(splits))
    return [
        photo
        for split in splits
        for photo in _evenly([p for p in photos if p.split == split], each)
    ][:PICTURES_A_CASE]


def _case_cards(case: Case, photos: Sequence[PhotoFacts], cards: dict[str, Card]) -> CaseCards:
    pictures = tuple(cards[photo.image] for photo in photos)
    concerned = len({file for file in case.files if file.startswith("images/")} or photos)
    return CaseCards(case.detail, pictures, max(0, concerned - len(pictures)))
