"""Each system, trained where need be, with its k or threshold chosen on validation photographs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.baselines.alexnet import alexnet
from cracknet.baselines.baseline import Baseline, at_half
from cracknet.baselines.edges import EdgeDetector, choose_k
from cracknet.baselines.gate import Gate, MultiScale
from cracknet.baselines.learning import LearningOptions, learn, load_trained
from cracknet.baselines.nets import NetBaseline, net_of_run
from cracknet.baselines.patches import Hybrid, PatchClassifier, classifier_of
from cracknet.baselines.sliding import TwoScans
from cracknet.baselines.tiles import TileDraw, TilePhoto, read_tile_photos
from cracknet.baselines.vgg19 import vgg19
from cracknet.datasets.pairs import AnnotatedPhoto, find_pairs
from cracknet.errors import DatasetError
from cracknet.files import write_whole
from cracknet.scoring.counts import PooledCounts
from cracknet.segmentation import Segmenter
from cracknet.segmentation.gate import DamageMap
from cracknet.studies.compare.options import EDGES, NET_SYSTEMS, SHIPPED, CompareOptions
from cracknet.studies.machine import sha256_of
from cracknet.studies.scored import read_json
from cracknet.training.loop import Log, Progress, train
from cracknet.training.recipe import Recipe
from cracknet.training.validation import predict

HYBRID_EDGES = "log"
"""Dorafshan's best: the Laplacian of Gaussian."""
JOINTS = "planking/train"


@dataclass(eq=False)
class Setting:
    """What systems learn and choose from, and where their runs lie.

    Attributes
    ----------
    data, out : Path
    options : CompareOptions
    pairs : sequence of AnnotatedPhoto
        To learn from.
    left_out : tuple of Path
        Lists of stems that are not learned from, that of the validation photographs among them.
    held_back : Path
        The list of those that thresholds are chosen on.
    validation : sequence of (gray, mask)
        To choose k and thresholds on.
    log, progress : callable
    """

    data: Path
    out: Path
    options: CompareOptions
    pairs: Sequence[AnnotatedPhoto]
    left_out: tuple[Path, ...]
    held_back: Path
    validation: Sequence[tuple[Gray, Mask]]
    log: Log
    progress: Progress | None = None
    stack: ExitStack = field(default_factory=ExitStack)
    _built: dict[str, Baseline] = field(default_factory=dict)
    _photos: list[TilePhoto] = field(default_factory=list)

    def system(self, name: str) -> Baseline:
        """Return a system of `SYSTEMS`, built at first and kept."""
        if name not in self._built:
            self._built[name] = _BUILDERS[name](self)
        return self._built[name]

    def tile_photos(self) -> list[TilePhoto]:
        """Return the photographs to draw tiles of, read at first and kept."""
        if not self._photos:
            self._photos = read_tile_photos(self.pairs)
        return self._photos


@dataclass(frozen=True)
class Shipped:
    """A shipped model as a baseline.

    Attributes
    ----------
    segmenter : Segmenter
    threshold : float
    """

    segmenter: Segmenter
    threshold: float = 0.5

    @property
    def name(self) -> str:
        """The model's name."""
        return self.segmenter.card.name

    @property
    def parameters(self) -> int:
        """As its card says."""
        return self.segmenter.card.parameters

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32."""
        return at_half(self.segmenter.probability(gray), self.threshold)


def best_threshold(system: Baseline, photos: Sequence[tuple[Gray, Mask]]) -> float:
    """Return the threshold, a hundredth, of the best F1 of all photographs' pixels together."""
    counts = PooledCounts()
    for gray, mask in photos:
        counts.add(system.predict(gray), mask)
    return float(counts.scores().ods_threshold)


def _edges(setting: Setting, *, name: str) -> Baseline:
    return EdgeDetector(name, choose_k(name, setting.validation))


def _alexnet(setting: Setting) -> Baseline:
    net = _classifier(setting, "alexnet", setting.tile_photos(), 2)
    tile = setting.options.spent.tile_px
    system = PatchClassifier(classifier_of(net), tile, parameters=int(net.count_params()))
    return replace(system, threshold=best_threshold(system, setting.validation))


def _hybrid(setting: Setting) -> Baseline:
    return Hybrid(setting.system("alexnet"), setting.system(HYBRID_EDGES))


def _two_scans(setting: Setting) -> Baseline:
    photos, classes = setting.tile_photos(), 2
    if setting.options.joints:
        root = setting.options.joints
        photos = [*photos, *read_tile_photos(find_pairs(root, "train"), root / JOINTS)]
        classes = 3
        if all(photo.joint is None for photo in photos):
            msg = f"{root / JOINTS} holds no masks of joints of the photographs in {root}."
            raise DatasetError(msg)
    net = _classifier(setting, "two-scans", photos, classes)
    tile = setting.options.spent.tile_px
    system = TwoScans(classifier_of(net), tile, parameters=int(net.count_params()))
    return replace(system, threshold=best_threshold(system, setting.validation))


def _net(setting: Setting, *, name: str) -> Baseline:
    folder = train_net(setting, name)
    net = net_of_run(folder, "average.weights.h5")
    tile_px = setting.options.spent.crop_px
    system: Any = NetBaseline(net, name, tile_px=tile_px)
    if name == "resnet-45":
        segment = partial(predict, net, tile_px=tile_px)
        system = MultiScale(segment, parameters=int(net.count_params()))
    chosen: Baseline = replace(system, threshold=best_threshold(system, setting.validation))
    return chosen


def _damage(setting: Setting) -> DamageMap:
    net = _classifier(setting, "vgg19", setting.tile_photos(), 2)
    return DamageMap(
        classifier_of(net), setting.options.spent.tile_px, parameters=int(net.count_params())
    )


def _gated(setting: Setting, *, name: str, within: str) -> Baseline:
    damage, inner = _damage(setting), setting.system(within)
    return Gate(damage.seen, inner.predict, name, damage.parameters + inner.parameters)


def _shipped(setting: Setting) -> Baseline:
    system = Shipped(setting.stack.enter_context(Segmenter(SHIPPED)))
    return replace(system, threshold=best_threshold(system, setting.validation))


_BUILDERS: dict[str, Callable[[Setting], Baseline]] = {
    **{name: partial(_edges, name=name) for name in EDGES},
    "alexnet": _alexnet,
    "hybrid": _hybrid,
    "two-scans": _two_scans,
    **{name: partial(_net, name=name) for name in NET_SYSTEMS},
    "two-networks": partial(_gated, name="two-networks", within="resnet-45"),
    SHIPPED: _shipped,
    "cracknet-lite-gated": partial(_gated, name="cracknet-lite-gated", within=SHIPPED),
}


def _classifier(
    setting: Setting, name: str, photos: Sequence[TilePhoto], classes: int
) -> keras.Model:
    """Teach a classifier of tiles, unless it is taught, and return it."""
    spent, options = setting.options.spent, setting.options
    builds = {
        "vgg19": partial(vgg19, classes, spent.tile_px, spent.vgg19_width),
        "alexnet": partial(alexnet, classes, spent.tile_px, spent.alexnet_width),
    }
    build = builds.get(name, builds["alexnet"])
    learning = LearningOptions(
        steps=spent.classifier_steps, batch_size=spent.classifier_batch, seed=options.seed
    )
    draw = TileDraw(photos, spent.tile_px, classes, spent.classifier_batch, options.seed)
    about = {
        "classifier": name,
        "data": str(setting.data),
        "photos": len(photos),
        "classes": classes,
        "tile_px": spent.tile_px,
        "width": spent.vgg19_width if name == "vgg19" else spent.alexnet_width,
    }
    folder = setting.out / "runs" / name
    first = options.first_weights if name != "vgg19" else None
    weights = learn(
        build, draw, learning, folder, about=about, log=setting.log, first_weights=first
    )
    return load_trained(build, weights)


def recipe_of(setting: Setting, name: str) -> Recipe:
    """Return the recipe of a net: one for all."""
    spent, options = setting.options.spent, setting.options
    return Recipe.model_validate(
        {
            "net": {"name": name},
            "data": [
                {
                    "root": setting.data,
                    "split": options.train_split,
                    "without": list(setting.left_out),
                }
            ],
            "validation": [
                {"root": setting.data, "split": options.train_split, "only": setting.held_back}
            ],
            "crops": {"size_px": spent.crop_px, "scale": (0.5, 1.7), "light": 0.8},
            "optimizer": {
                "learning_rate": 5e-4,
                "warmup_steps": min(50, spent.net_steps[name] // 8),
                "average": 0.99,
            },
            "run": {
                "steps": spent.net_steps[name],
                "batch_size": spent.net_batch,
                "seed": options.seed,
                "dtype": "mixed_bfloat16" if options.budget != "smoke" else "float32",
                "validate_every": spent.net_steps[name],
                "validate_tile_px": spent.crop_px,
                "checkpoint_every": 50,
            },
        }
    )


def train_net(setting: Setting, name: str) -> Path:
    """Train a net by the ordinary loop, unless it is trained, and return its run's folder."""
    folder = setting.out / "runs" / name
    weights, path = folder / "average.weights.h5", folder / "trained.json"
    recipe = recipe_of(setting, name)
    kept = read_json(path)
    if weights.is_file() and kept == _trained(recipe, weights):
        setting.log(f"{name}: trained already")
        return folder
    setting.log(f"{name}: training")
    train(recipe, folder, setting.log, progress=setting.progress)
    write_whole(path, (json.dumps(_trained(recipe, weights), indent=1) + "\n").encode())
    return folder


def _trained(recipe: Recipe, weights: Path) -> dict[str, Any]:
    return {"recipe": recipe.model_dump(mode="json"), "weights_sha256": sha256_of(weights)}


def chosen_of(system: Baseline) -> dict[str, float]:
    """Return what was chosen on validation photographs, by name."""
    if isinstance(system, EdgeDetector):
        return {"k": system.options.k}
    threshold = getattr(system, "threshold", None)
    return {} if threshold is None else {"threshold": float(np.round(threshold, 4))}
