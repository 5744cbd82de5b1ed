"""What decided the result: the run's options, the scale, the model and what its card says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cracknet.errors import ModelError
from cracknet.measurement.scale import Scale
from cracknet.reporting.inspection.photo_page import PhotoPage
from cracknet.segmentation.models import WEIGHTS, ModelCard, list_models

_OF_ONE_PHOTO = (
    *("taken", "camera", "latitude_deg", "longitude_deg", "altitude_m"),
    *("problem", "mask", "measure"),
)
"""What a measurement says of its photograph alone, or again of the run."""

_FAILURES = re.compile(r"^## Known failures\s*$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class CardExcerpt:
    """A model's card in short.

    Attributes
    ----------
    name, net : str
    parameters : int
    precision, licence : str
    failures : tuple of str
        The known ones, as the card lists them.
    warning : str
        Where the card may not be that of the model that was used.
    """

    name: str
    net: str
    parameters: int
    precision: str
    licence: str
    failures: tuple[str, ...]
    warning: str = ""


def run_settings(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the options of a run, nested ones by their path, and which version ran it."""
    rows = [("CrackNet", str(run.get("cracknet", "unknown")))]
    options = run.get("options")
    rows += _flat(options if isinstance(options, Mapping) else {})
    rows = [(name, value) for name, value in rows if not name.startswith("measure: classes")]
    for name in ("status", "written", "machine"):
        if name in run:
            rows.append((name, str(run[name])))
    return rows


def photo_settings(
    pages: Sequence[PhotoPage], said: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """List what the measurements say beyond what is said, where all agree; else how many do."""
    seen: dict[str, Counter[str]] = {}
    for page in pages:
        about = {key: value for key, value in page.about.items() if key not in _OF_ONE_PHOTO}
        for name, value in _flat(about):
            seen.setdefault(name, Counter())[value] += 1
    return [
        (name, value if count == len(pages) else f"{value} ({count} of {len(pages)} photographs)")
        for name, values in seen.items()
        for value, count in values.most_common(5)
        if (name, value) not in said
    ]


def scales_used(pages: Sequence[PhotoPage]) -> list[tuple[str, int]]:
    """List the scales in words with the number of photographs each was used for."""
    return Counter(scale_words(page.scale) for page in pages).most_common()


def scale_words(scale: Scale | None) -> str:
    """Say what a scale is, where it comes from, and how sure it is."""
    if scale is None:
        return "no scale: lengths and widths are in pixels of the photograph"
    if scale.uncertainty is not None:
        known = f"; standard uncertainty {100 * scale.uncertainty:.2g} % (k = 1)"
    else:
        known = "" if "uncertainty" in scale.source else "; uncertainty unknown"
    view = "" if scale.homography is None else "; slanted view undone, value in the middle"
    return f"{scale.mm_per_px:.4g} mm a pixel, {scale.source}{known}{view}"


def card_excerpt(run: Mapping[str, Any]) -> CardExcerpt | None:
    """Shorten the card of the model that a run used; None where no shipped model has its name.

    A model of whole numbers has the failures of the one that it was made of.
    """
    options = run.get("options")
    used: Mapping[str, Any] = options if isinstance(options, Mapping) else {}
    try:
        cards = {card.name: card for card in list_models()}
    except ModelError:
        return None
    card = cards.get(str(used.get("model")))
    if card is None:
        return None
    same = used.get("model_sha256") in (None, card.sha256)
    failures = _failures(card) or _failures(cards.get(str(card.quantisation.get("of"))))
    return CardExcerpt(
        card.name,
        card.net,
        card.parameters,
        card.precision,
        card.licence,
        failures,
        ""
        if same
        else "The run used another model of this name: its checksum is not that of this card.",
    )


def _failures(card: ModelCard | None) -> tuple[str, ...]:
    """Read the list under "Known failures" of the card's page, without its marks."""
    path = WEIGHTS / f"{'' if card is None else card.name}.md"
    found = _FAILURES.search(path.read_text("utf-8")) if path.is_file() else None
    if found is None:
        return ()
    points = re.split(r"^- ", found.group(1), flags=re.MULTILINE)[1:]
    return tuple(" ".join(point.replace("`", "").split()) for point in points)


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{before}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif value is not None and value != "":
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield name, text
