"""From a model in floating point to one in 8-bit integers, calibrated and measured on photographs.

Every convolution takes and gives 8-bit integers, with ranges that NNCF takes from photographs; no
weight is learned. The result is scored beside the model that it was made of. Where it loses too
much, the parts of the net that lose most stay in floating point, one more at a time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cracknet.arrays import Gray
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.errors import ArgumentError, DatasetError, OutputError, TrainingError
from cracknet.scoring.evaluate import score_model
from cracknet.scoring.options import QUICK_SCORES
from cracknet.segmentation import Segmenter
from cracknet.segmentation.models import ModelCard, find_model, sha256_of, write_card
from cracknet.segmentation.openvino import import_openvino
from cracknet.training.calibration import calibration_tiles
from cracknet.training.integers import import_nncf, quantise_net, read_float_net
from cracknet.training.net_parts import net_parts, rank_parts

Sets = Mapping[str, Sequence[AnnotatedPhoto]]
Log = Callable[[str], None]

JUDGED = ("f1", "ods")
"""What must not fall: F1 at 0.5, and the best F1 over thresholds."""
KEPT_SCORES = ("precision", "recall", "f1", "threshold", "ods", "ods_at", "photos", "protocol")
COARSE_SHARE = 1 / 3
"""Of the calibration, where the model makes a second pass at half size."""
RANKED_TILES = 24


@dataclass(frozen=True)
class Quantising:
    """How a model is quantised.

    Attributes
    ----------
    samples : int
        Tiles to calibrate on.
    tolerance : float
        By how much F1 at 0.5 and ODS may fall on each validation set; 0.003 is 0.3 points.
    preset : str
        ``performance``: all ranges lie evenly about 0. ``mixed``: those of activations need not.
    fast_bias : bool
        Correct biases by NNCF's fast rule, rather than by its slow one.
    float_parts : tuple of str
        Parts of the net (`cracknet.training.net_parts`) that stay in floating point in any case.
    most_float_parts : int
        How many more may stay so for the sake of the tolerance.
    seed : int
        The same seed draws the same tiles.
    """

    samples: int = 300
    tolerance: float = 0.003
    preset: str = "performance"
    fast_bias: bool = True
    float_parts: tuple[str, ...] = ()
    most_float_parts: int = 3
    seed: int = 0


@dataclass(frozen=True)
class Quantised:
    """A model that was quantised and measured.

    Attributes
    ----------
    card : ModelCard
        As written.
    before, after : dict of str to dict
        Scores of the model in floating point and in integers, by validation set.
    float_parts : tuple of str
        Parts of the net that stayed in floating point.
    bytes_before, bytes_after : int
        Sizes of the model's files.
    """

    card: ModelCard
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    float_parts: tuple[str, ...]
    bytes_before: int
    bytes_after: int

    @property
    def loss(self) -> float:
        """The largest fall of F1 at 0.5 or ODS on any validation set; below 0 where all rose."""
        return worst(self.before, self.after)[0]


def quantise(
    model: str | Path,
    out: Path,
    calibration: Sets,
    validation: Sets,
    options: Quantising | None = None,
    log: Log = lambda _: None,
) -> Quantised:
    """Quantise a model to 8-bit integers and write it with a card, if it is as good as before.

    Both models are scored with what floating point is left in float32, so that the verdict is
    the same on every machine.

    Parameters
    ----------
    model : str or Path
        A shipped model's name, or a file, in floating point.
    out : Path
        The OpenVINO IR to write, ``.xml``; ``.bin`` and ``.json`` are written beside it.
    calibration : mapping of str to sequences of AnnotatedPhoto
        Photographs that the model may learn from, by set.
    validation : mapping of str to sequences of AnnotatedPhoto
        Photographs to score on, by set; none of them may stand in `calibration`.
    options : Quantising, optional
    log : callable, optional
        Called with a line on each step.

    Raises
    ------
    ArgumentError
        When an option is out of range, or `out` does not end in .xml or is the model itself.
    DatasetError
        When a set is empty, or a photograph stands on both sides.
    ModelError
        When the model is missing, damaged, not in floating point, or has no convolution.
    TrainingError
        When NNCF is not installed or fails, or the result loses more than the tolerance.
    OutputError
        When a file cannot be written.
    """
    options = options or Quantising()
    card = find_model(model)
    _check(card, out, options)
    _check_apart(calibration, validation)
    net = read_float_net(card.file)
    if unknown := set(options.float_parts) - (parts := net_parts(net)).keys():
        msg = f"the net {card.name} has the parts {', '.join(parts)}; got {min(unknown)!r}."
        raise ArgumentError(msg)
    import_nncf()  # before anything that takes long
    half_share = COARSE_SHARE if card.coarse_weight else 0.0
    tiles = calibration_tiles(
        calibration, options.samples, half_share=half_share, seed=options.seed
    )
    before = scores_of(card.file, validation)
    log(f"in floating point: {_told(before)}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent) as folder:
            part = Path(folder) / out.name
            made = _search(card, net, tiles, part, validation, before, options, log)
            done = _card(card, made, calibration, before, options)
            write_card(done, made.file.with_suffix(".json"))
            for suffix in (".bin", ".xml", ".json"):
                made.file.with_suffix(suffix).replace(out.with_suffix(suffix))
    except OutputError:
        raise
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror or error}. Name another file."
        raise OutputError(msg) from error
    done = replace(done, file=out)
    size = sum(out.with_suffix(suffix).stat().st_size for suffix in (".xml", ".bin"))
    return Quantised(done, before, made.scores, made.parts, round(card.size_mb * 1e6), size)


def worst(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> tuple[float, str, str]:
    """Find the largest fall of a judged score: by how much, on which set, of which score.

    >>> before = {"a": {"f1": 0.75, "ods": 0.875}, "b": {"f1": 0.5, "ods": 0.5}}
    >>> worst(before, {"a": {"f1": 0.75, "ods": 0.75}, "b": {"f1": 0.625, "ods": 0.5}})
    (0.125, 'a', 'ods')
    """
    return max(
        (before[name][key] - after[name][key], name, key) for name in before for key in JUDGED
    )


def scores_of(file: Path, sets: Sets) -> dict[str, dict[str, Any]]:
    """Score a model on each set, in float32 where it is not in integers."""
    scores = {}
    with Segmenter(file, precision="f32") as segmenter:
        for name, pairs in sets.items():
            summary = score_model(segmenter, pairs, options=QUICK_SCORES).summary()
            if summary["ods"] is None:
                msg = f"{name} shows no crack, so there is no F1. Validate on sets with cracks."
                raise DatasetError(msg)
            scores[name] = {key: summary[key] for key in KEPT_SCORES}
    return scores


@dataclass(frozen=True)
class _Made:
    file: Path
    parts: tuple[str, ...]
    scores: dict[str, dict[str, Any]]


def _search(
    card: ModelCard,
    net: Any,
    tiles: Sequence[Gray],
    file: Path,
    validation: Sets,
    before: dict[str, dict[str, Any]],
    options: Quantising,
    log: Log,
) -> _Made:
    """Quantise with ever more parts in floating point until the tolerance holds."""
    ov = import_openvino()

    parts, kept, ranking = net_parts(net), options.float_parts, None
    while True:
        names = [name for part in kept for name in parts[part]]
        quantised = quantise_net(
            net, tiles, in_float=names, preset=options.preset, fast_bias=options.fast_bias
        )
        try:
            ov.save_model(quantised, file)
        except RuntimeError as error:
            msg = f"{file.name} cannot be written: {error} Free some space or name another folder."
            raise OutputError(msg) from error
        write_card(replace(card, file=file, sha256={}), file.with_suffix(".json"))
        made = _Made(file, kept, scores_of(file, validation))
        loss, name, key = worst(before, made.scores)
        left = f", but for {', '.join(kept)}" if kept else ""
        log(f"in 8-bit integers{left}: {_told(made.scores)}; loses at most {100 * loss:.2f} points")
        if loss <= options.tolerance:
            return made
        if ranking is None:
            others = {part: held for part, held in parts.items() if part not in kept}
            ranking = rank_parts(net, quantised, others, tiles[:RANKED_TILES])
            del ranking[options.most_float_parts :]
        if not ranking:
            msg = (
                f"quantised, the model may lose {100 * options.tolerance:g} points; on {name} its "
                f"{key.upper()} falls from {before[name][key]:.4f} to {made.scores[name][key]:.4f}"
                f"{left}. Nothing is written. Calibrate on more photographs or samples, or allow "
                "it with --tolerance."
            )
            raise TrainingError(msg)
        kept = (*kept, ranking.pop(0))


def _card(
    card: ModelCard,
    made: _Made,
    calibration: Sets,
    before: dict[str, dict[str, Any]],
    options: Quantising,
) -> ModelCard:
    """Say of the quantised model what it was made of, how, and what it lost."""
    files = [made.file, made.file.with_suffix(".bin")]
    return replace(
        card,
        name=made.file.stem,
        file=made.file,
        sha256={file.name: sha256_of(file) for file in files},
        precision="int8",
        scores=made.scores,
        quantisation={
            "of": card.name,
            "of_sha256": card.sha256,
            "calibrated_on": {name: len(pairs) for name, pairs in calibration.items()},
            "samples": options.samples,
            "half_size_share": COARSE_SHARE if card.coarse_weight else 0.0,
            "preset": options.preset,
            "fast_bias": options.fast_bias,
            "seed": options.seed,
            "float_parts": list(made.parts),
            "scores_before": before,
            "largest_loss": worst(before, made.scores)[0],
            "tolerance": options.tolerance,
        },
    )


def _check(card: ModelCard, out: Path, options: Quantising) -> None:
    if out.suffix != ".xml":
        msg = f"a quantised model is OpenVINO IR, written to a file that ends in .xml; got {out}."
        raise ArgumentError(msg)
    if out.resolve() == card.file.resolve():
        msg = f"{out} is the model to quantise; it would be lost. Name another file."
        raise ArgumentError(msg)
    if not 0 <= options.tolerance <= 1 or options.most_float_parts < 0:
        msg = (
            "the tolerance lies in [0, 1], and the number of float parts is 0 or more; got "
            f"{options.tolerance} and {options.most_float_parts}. 0.003 is 0.3 points of F1."
        )
        raise ArgumentError(msg)
    if options.preset not in ("performance", "mixed"):
        msg = f"the preset must be performance or mixed; got {options.preset!r}."
        raise ArgumentError(msg)


def _check_apart(calibration: Sets, validation: Sets) -> None:
    if not validation or not all(validation.values()):
        empty = ", ".join(name for name, pairs in validation.items() if not pairs) or "no set named"
        msg = f"no photographs to validate on ({empty}). Name sets held out of training."
        raise DatasetError(msg)
    known = {pair for pairs in calibration.values() for pair in pairs}
    for name, pairs in validation.items():
        if both := sorted(pair.stem for pair in pairs if pair in known):
            msg = (
                f"photographs to validate on must not be calibrated on; {both[0]!r} of {name} is "
                f"on both sides ({len(both)} in all). Leave them out with --without."
            )
            raise DatasetError(msg)


def _told(scores: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{name} F1 {found['f1']:.4f} ODS {found['ods']:.4f}" for name, found in scores.items()
    )
