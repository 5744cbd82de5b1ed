"""Scores of a trained net on sets of photographs, kept beside its run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt

from cracknet.datasets.pairs import AnnotatedPhoto, find_pairs
from cracknet.errors import ArgumentError, DatasetError, TrainingError
from cracknet.files import write_whole
from cracknet.nets import NETS
from cracknet.scoring.matches import Matches
from cracknet.scoring.scorer import Scorer
from cracknet.scoring.tables import as_json
from cracknet.studies.borders import BAND_PX, BOUNDARY_RADII_PX, match_band, match_boundaries
from cracknet.training.devices import dtype_policy
from cracknet.training.loop import Log
from cracknet.training.validation import predict
from cracknet.training.weights import load_weights

SCHEMA = "cracknet/study-scores/2"
THRESHOLD = 0.5


@dataclass(frozen=True)
class ScoredSet:
    """Photographs to score nets on.

    Attributes
    ----------
    name : str
        The folder's name and the split.
    root : Path
    split : str
    pairs : sequence of AnnotatedPhoto
    of : int
        Photographs of the whole split, of which `pairs` may be a part.
    """

    name: str
    root: Path
    split: str
    pairs: Sequence[AnnotatedPhoto]
    of: int


@dataclass(frozen=True)
class Sample:
    """A test photograph that pictures are made of.

    Attributes
    ----------
    pair : AnnotatedPhoto
    crack_share : float
    quantile : float
        Of the test photographs' crack share.
    """

    pair: AnnotatedPhoto
    crack_share: float
    quantile: float


def find_scored_set(root: Path, split: str, limit: int | None = None) -> ScoredSet:
    """Find the photographs of a split, or `limit` of them, evenly spaced by name.

    Raises
    ------
    DatasetError
        When there is no such split, or it holds no photographs.
    """
    pairs = find_pairs(root, split)
    if not pairs:
        msg = f"{root} has no photographs in split {split!r} to score. Name another split."
        raise DatasetError(msg)
    chosen = pairs
    if limit is not None and limit < len(pairs):
        chosen = [pairs[i] for i in np.linspace(0, len(pairs) - 1, limit).round().astype(int)]
    return ScoredSet(f"{root.resolve().name} {split}", root, split, chosen, len(pairs))


def choose_samples(found: ScoredSet, quantiles: Sequence[float] = (0.75, 0.25)) -> list[Sample]:
    """Choose photographs by their place in the order of crack share; those without are left out.

    The choice looks at the masks alone, never at what a net predicts.

    Raises
    ------
    DatasetError
        When no mask has a crack.
    """
    shares = [(float(pair.read_mask().mean()), pair) for pair in found.pairs]
    cracked = sorted(((s, p) for s, p in shares if s), key=lambda one: (one[0], one[1].stem))
    if not cracked:
        msg = f"no mask of {found.name} has a crack; there is nothing to compare nets by."
        raise DatasetError(msg)
    return [
        Sample(cracked[index][1], cracked[index][0], quantile)
        for quantile in quantiles
        for index in [round(quantile * (len(cracked) - 1))]
    ]


class TrainedNet:
    """A net with the weights of a run's last step, built when it is first needed.

    Parameters
    ----------
    name : str
    folder : Path
        The run's.
    sha256 : str
        Checksum of the weights.
    """

    def __init__(self, name: str, folder: Path, sha256: str) -> None:
        self.name = name
        self.folder = folder
        self.sha256 = sha256
        self._weights = folder / "average.weights.h5"
        self._net: keras.Model | None = None

    @property
    def has_weights(self) -> bool:
        """Whether they are still there; what was taken from them serves without them."""
        return self._weights.is_file()

    @property
    def net(self) -> keras.Model:
        """The net in float32.

        Raises
        ------
        TrainingError
            When its weights cannot be read, or were deleted after it was trained.
        """
        if self._net is None:
            if not self.has_weights:
                msg = (
                    f"{self.folder} was trained, but has no {self._weights.name} any more, and not "
                    "all that is asked for was taken from it before. Put that file back, or "
                    f"delete {self.folder / 'study.json'} to train the net again."
                )
                raise TrainingError(msg)
            with dtype_policy("float32"):
                self._net = NETS[self.name]()
            load_weights(self._net, self._weights)
        return self._net


def score_net(
    trained: TrainedNet, found: ScoredSet, samples: Sequence[Sample], tile_px: int, log: Log
) -> dict[str, Any]:
    """Score a net on photographs at their own resolution; what is there is kept.

    The paper's test images have the size of its training images. So photographs are cut into tiles
    of that size: a net that depends on the size of its input is scored at the size that it has
    learned at. The FCNs' top of 7x7 at stride 32 spans 224 px: on small crops it learns from what
    is mostly padding, and on a whole photograph, where there is none, it marks next to nothing.

    Parameters
    ----------
    trained : TrainedNet
    found : ScoredSet
    tile_px : int
        As of `cracknet.training.validation.predict`.
    samples : sequence of Sample
        Photographs of the set whose predicted mask is kept in ``samples/<stem>.mask.png``.
    log : callable
        Takes a line of progress.

    Returns
    -------
    dict
        Also in ``scores-<set>-<split>.json`` of the run's folder: the weights' checksum,
        ``scores`` as `cracknet.scoring.tables.as_json` gives them, ``band`` and ``boundary`` (see
        `cracknet.studies.borders`) of all photographs pooled.

    Raises
    ------
    DatasetError, PhotoError, TrainingError
        When photographs or weights cannot be read.
    """
    path = trained.folder / f"scores-{found.name.replace(' ', '-')}.json"
    about = {
        "schema": SCHEMA,
        "net": trained.name,
        "weights_sha256": trained.sha256,
        "set": found.name,
        "root": str(found.root),
        "photos": [pair.stem for pair in found.pairs],
        "photos_of_split": found.of,
        "threshold": THRESHOLD,
        "tile_px": tile_px,
    }
    pictures = [sample_mask_path(trained.folder, sample) for sample in samples]
    kept = read_json(path)
    if all(kept.get(key) == value for key, value in about.items()) and all(
        picture.is_file() for picture in pictures
    ):
        return kept
    scorer = Scorer(THRESHOLD)
    band, edges = Matches(), dict.fromkeys(BOUNDARY_RADII_PX, Matches())
    wanted = {sample.pair.stem: file for sample, file in zip(samples, pictures, strict=True)}
    for pair in found.pairs:
        gray, truth = pair.read()
        probability = predict(trained.net, gray, tile_px)
        try:
            scorer.add(probability, truth, stem=pair.stem)
        except ArgumentError as error:
            msg = f"{trained.name} on {found.name}, {pair.stem!r}: {error}"
            raise DatasetError(msg) from error
        mask = np.asarray(probability >= np.float32(THRESHOLD))
        band += match_band(mask, truth)
        edges = {px: sums + match_boundaries(mask, truth, px) for px, sums in edges.items()}
        if pair.stem in wanted:
            write_whole(wanted[pair.stem], encode_png(mask.view(np.uint8) * np.uint8(255)))
    scores = as_json(scorer.result())
    tiles = f"photographs in tiles of at most {tile_px} px"
    scores["protocol"] = scores["protocol"].replace("whole photographs", tiles)
    result = {
        **about,
        "scores": scores,
        "band": {"radius_px": BAND_PX, **_ratios(band)},
        "boundary": {f"{px}px": _ratios(sums) for px, sums in edges.items()},
    }
    write_whole(path, (json.dumps(result, indent=1) + "\n").encode())
    log(f"{trained.name} on {found.name}: {len(found.pairs)} photographs scored")
    return result


def sample_mask_path(folder: Path, sample: Sample) -> Path:
    """Say where a run keeps what it predicts for a sample."""
    return folder / "samples" / f"{sample.pair.stem}.mask.png"


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that a study wrote; empty where it is not there or damaged."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def encode_png(image: npt.NDArray[np.uint8]) -> bytes:
    """Encode gray, (H, W), or BGR, (H, W, 3), as PNG."""
    code: npt.NDArray[np.uint8] = cv2.imencode(".png", image)[1]
    return code.tobytes()


def _ratios(counts: Matches) -> dict[str, float | None]:
    return {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
