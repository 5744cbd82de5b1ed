"""Which models ship, and where a model's file lies. A model is a net with weights and a card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cracknet.errors import ArgumentError, ModelError
from cracknet.files import write_whole

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
DEFAULT_MODEL = "cracknet-lite-int8"
SENSITIVITIES = ("low", "normal", "high")
"""Names of a model's thresholds, the highest threshold first."""
SEGMENTER, GATE = "model", "gate"
"""What a file may be: a model segments photographs; a gate says which tiles hold damage."""


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model; kept as JSON beside its files.

    Attributes
    ----------
    name : str
    net : str
        The architecture: ``cracknet`` or ``cracknet-lite``.
    file : Path
        OpenVINO IR (.xml) or ONNX.
    sha256 : dict of str to str
        Checksum of each of the model's files, by file name; checked when it is loaded.
    tile_px, overlap_px, margin_px : int
        How photographs are cut for it.
    coarse_weight : float
        What the result of a second pass at half the photograph's size counts, 0 to 1; 0 for none.
    thresholds : dict of str to float
        Threshold by sensitivity (`SENSITIVITIES`), chosen on validation photographs by
        `cracknet.scoring.sensitivity.choose_thresholds`; empty where none were chosen.
    licence : str
        On what terms the weights may be used, in plain words.
    scores : dict
        Measured scores by set, with their protocol.
    training : dict
        Recipe, data with licences, and time spent.
    parameters : int
    precision : str
        Of the weights: ``float``, or ``int8`` as `cracknet quantise` makes them.
    quantisation : dict
        Of an int8 model: what it was made of, what it was calibrated on, and what it lost.
    kind : str
        ``model``, or ``gate`` for a classifier of tiles (`cracknet.segmentation.gate`).
    """

    name: str
    net: str
    file: Path
    sha256: dict[str, str] = field(default_factory=dict)
    tile_px: int = 1280
    overlap_px: int = 256
    margin_px: int = 80
    coarse_weight: float = 0.0
    thresholds: dict[str, float] = field(default_factory=dict)
    licence: str = "unknown"
    scores: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    precision: str = "float"
    quantisation: dict[str, Any] = field(default_factory=dict)
    kind: str = SEGMENTER

    def threshold_for(self, sensitivity: str) -> float:
        """Return the threshold that a sensitivity names.

        Raises
        ------
        ArgumentError
            When there is no such sensitivity, or the card has no threshold for it.
        """
        if sensitivity not in SENSITIVITIES:
            msg = f"the sensitivity is one of {', '.join(SENSITIVITIES)}; got {sensitivity!r}."
            raise ArgumentError(msg)
        if sensitivity not in self.thresholds:
            msg = (
                f"the model {self.name} has no threshold for the sensitivity {sensitivity!r} in "
                "its card. Give a threshold instead."
            )
            raise ArgumentError(msg)
        return self.thresholds[sensitivity]

    @property
    def size_mb(self) -> float:
        """Size of the model's files in MB (10^6 bytes)."""
        files = (self.file, *(self.file.parent / name for name in self.sha256))
        return sum(path.stat().st_size for path in set(files) if path.is_file()) / 1e6


def list_models() -> list[ModelCard]:
    """List the models that ship with the package, sorted by name."""
    paths = sorted(WEIGHTS.glob("*.json"), key=lambda path: path.stem)
    return [read_card(path) for path in paths]


def find_model(model: str | Path) -> ModelCard:
    """Find a shipped model by name, or a model file by path, and check its checksums.

    Parameters
    ----------
    model : str or Path
        A name of `list_models`, or the path of a .xml (OpenVINO IR) or .onnx file. A card
        ``<stem>.json`` beside the file is used; without one, defaults hold.

    Raises
    ------
    ModelError
        When there is no such model, its card is damaged, or a checksum differs.
    """
    card_path = WEIGHTS / f"{model}.json"
    if isinstance(model, str) and "/" not in model and card_path.is_file():
        card = read_card(card_path)
    else:
        card = _card_of_file(Path(model))
    _check_sums(card)
    return card


def _card_of_file(file: Path) -> ModelCard:
    if not file.is_file():
        names = ", ".join(path.stem for path in sorted(WEIGHTS.glob("*.json"))) or "none"
        msg = (
            f"no model {str(file)!r}: not a shipped name ({names}) and no such file. "
            "`cracknet models` lists what ships; a file is a .xml or .onnx of `cracknet export`."
        )
        raise ModelError(msg)
    if file.suffix.lower() not in (".xml", ".onnx"):
        msg = f"a model file is OpenVINO IR (.xml) or ONNX (.onnx); got {file}."
        raise ModelError(msg)
    path = file.with_suffix(".json")
    if path.is_file():
        card = read_card(path)
        if card.file.name == file.name or file.name in card.sha256:
            return ModelCard(**{**card.__dict__, "file": file})
    return ModelCard(name=file.stem, net="unknown", file=file)


def read_card(path: Path) -> ModelCard:
    """Read a card.

    Raises
    ------
    ModelError
        When it is not JSON, lacks a field, or a field is of a wrong kind.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        card = ModelCard(**{**content, "file": path.parent / content["file"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"the model card {path} cannot be read: {error}. Install or export the model again."
        raise ModelError(msg) from error
    sizes = (card.tile_px, card.overlap_px, card.margin_px)
    if not isinstance(card.sha256, dict) or not all(isinstance(size, int) for size in sizes):
        msg = (
            f"the model card {path} must hold checksums by file name and whole numbers of px; got "
            f"{card.sha256!r} and {sizes}. Install or export the model again."
        )
        raise ModelError(msg)
    if not _are_thresholds(card.thresholds):
        msg = (
            f"the model card {path} must hold thresholds within 0 and 1 by sensitivity; got "
            f"{card.thresholds!r}. Install or export the model again."
        )
        raise ModelError(msg)
    return card


def _are_thresholds(found: object) -> bool:
    return isinstance(found, dict) and all(
        name in SENSITIVITIES and isinstance(value, int | float) and 0 <= value <= 1
        for name, value in found.items()
    )


def write_card(card: ModelCard, path: Path) -> None:
    """Write a card as JSON, the model's file by its name alone."""
    content = {**card.__dict__, "file": card.file.name}
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_sums(card: ModelCard) -> None:
    for name, expected in card.sha256.items():
        path = card.file.parent / name
        if not path.is_file():
            if path.suffix == card.file.suffix or path.suffix == ".bin":
                msg = f"the model {card.name} lacks its file {path}. Install or export it again."
                raise ModelError(msg)
            continue
        if (found := sha256_of(path)) != expected:
            msg = (
                f"{path} is damaged: its SHA-256 is {found[:12]}..., the card says "
                f"{expected[:12]}.... Install or export the model again."
            )
            raise ModelError(msg)
