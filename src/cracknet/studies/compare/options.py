"""What a comparison spends, and which systems it compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cracknet.baselines.narrowest import WIDTHS_PX
from cracknet.errors import ArgumentError

EDGES = ("roberts", "prewitt", "sobel", "log", "butterworth", "gaussian")
NET_SYSTEMS = ("fcn-8s", "deeplab-v2", "deeplab-v2-fine", "resnet-45")
"""Nets of `cracknet.nets.NETS` that learn by the ordinary recipe."""
SHIPPED = "cracknet-lite"
SYSTEMS: dict[str, str] = {
    "roberts": "Roberts (Dorafshan 2018)",
    "prewitt": "Prewitt (Dorafshan 2018)",
    "sobel": "Sobel (Dorafshan 2018)",
    "log": "Laplacian of Gaussian (Dorafshan 2018)",
    "butterworth": "Butterworth high-pass (Dorafshan 2018)",
    "gaussian": "Gaussian high-pass (Dorafshan 2018)",
    "alexnet": "AlexNet on tiles (Dorafshan 2018)",
    "hybrid": "Edges in AlexNet's tiles (Dorafshan 2018)",
    "two-scans": "Two sliding scans (Kim and Cho 2018)",
    "fcn-8s": "FCN-8s (Ye 2019)",
    "deeplab-v2": "DeepLab v2 (Du)",
    "deeplab-v2-fine": "DeepLab v2 for thin cracks (Du)",
    "resnet-45": "ResNet-45, several scales (Hoskere)",
    "two-networks": "ResNet-45 behind VGG19 (Hoskere)",
    "cracknet-lite": "CrackNet-Lite, as shipped",
    "cracknet-lite-gated": "CrackNet-Lite behind VGG19",
}
"""What can be compared, in the order of the table, with the names that are shown."""
CLASSICAL = (*EDGES, SHIPPED)
"""Those that need no training."""


@dataclass(frozen=True)
class CompareBudget:
    """What a comparison spends.

    Attributes
    ----------
    tile_px : int
        Of the classifiers; the originals' are 256 (AlexNet) and 224 (VGG19).
    alexnet_width, vgg19_width : float
        Share of the originals' channels and dense units.
    classifier_steps, classifier_batch : int
    net_steps : dict of str to int
        By the net's name.
    crop_px, net_batch : int
    scored, swept, validated : int, optional
        Most photographs of the test split to score and to distort, and of those held back to
        choose thresholds on, evenly spaced; None takes all.
    walls : int
        Rendered walls to look for the narrowest crack on.
    wall_px : int
        Their height and width.
    widths_px : tuple of float
        Widths of the crack.
    """

    tile_px: int
    alexnet_width: float
    vgg19_width: float
    classifier_steps: int
    classifier_batch: int
    net_steps: dict[str, int]
    crop_px: int
    net_batch: int
    scored: int | None
    swept: int | None
    validated: int | None
    walls: int
    wall_px: int
    widths_px: tuple[float, ...]


BUDGETS: dict[str, CompareBudget] = {
    "smoke": CompareBudget(
        tile_px=96, alexnet_width=0.1, vgg19_width=0.125, classifier_steps=10,
        classifier_batch=8, net_steps=dict.fromkeys(NET_SYSTEMS, 2), crop_px=64, net_batch=2,
        scored=4, swept=2, validated=3, walls=1, wall_px=160, widths_px=(1.0, 4.0),
    ),
    # a step takes 0.2 (AlexNet), 1.1 (VGG19), 4.8 (FCN-8s), 8.5 (DeepLab v2) and 4.5 (ResNet-45)
    # CPU-seconds on a processor with AMX: each stays below an hour
    "small": CompareBudget(
        tile_px=128, alexnet_width=0.5, vgg19_width=0.25, classifier_steps=1500,
        classifier_batch=32,
        net_steps={"fcn-8s": 650, "deeplab-v2": 400, "deeplab-v2-fine": 400, "resnet-45": 750},
        crop_px=224, net_batch=4, scored=None, swept=40, validated=None, walls=3, wall_px=512,
        widths_px=WIDTHS_PX,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class CompareOptions:
    """What `cracknet.studies.compare.compare.compare` may be told.

    Attributes
    ----------
    budget : str
        A name of `BUDGETS`.
    systems : tuple of str
        Names of `SYSTEMS`.
    train_split, test_split : str
    validation : Path, optional
        List of stems of the train split to choose k and thresholds on; by default a tenth of the
        train photographs, cut by source.
    without : tuple of Path
        Lists of stems of the train split to leave out.
    only : Path, optional
        List of stems of the test split to score.
    joints : Path, optional
        A further set with ``planking/train``, masks of joints, for the two sliding scans.
    first_weights : Path, optional
        Of AlexNet (.npz): a transfer.
    seed : int

    Raises
    ------
    ArgumentError
        When a value is outside what is accepted.
    """

    budget: str = "small"
    systems: tuple[str, ...] = tuple(SYSTEMS)
    train_split: str = "train"
    test_split: str = "test"
    validation: Path | None = None
    without: tuple[Path, ...] = ()
    only: Path | None = None
    joints: Path | None = None
    first_weights: Path | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        if self.budget not in BUDGETS:
            msg = f"budget must be one of {', '.join(BUDGETS)}; got {self.budget!r}."
            raise ArgumentError(msg)
        unknown = [name for name in self.systems if name not in SYSTEMS]
        if unknown or not self.systems or len(set(self.systems)) < len(self.systems):
            msg = (
                f"name at least one system, each once, of {', '.join(SYSTEMS)}; got "
                f"{', '.join(self.systems) or 'none'}."
            )
            raise ArgumentError(msg)
        if self.seed < 0:
            msg = f"seed must be at least 0; got {self.seed}."
            raise ArgumentError(msg)

    @property
    def spent(self) -> CompareBudget:
        """The budget of that name."""
        return BUDGETS[self.budget]


def systems_named(words: str | None) -> tuple[str, ...]:
    """Read names with commas; ``classical`` stands for those that need no training.

    >>> systems_named("classical, alexnet")[-2:]
    ('cracknet-lite', 'alexnet')
    """
    if words is None:
        return tuple(SYSTEMS)
    found: list[str] = []
    for word in words.split(","):
        names = CLASSICAL if word.strip() == "classical" else (word.strip(),)
        found += [name for name in names if name not in found]
    return tuple(found)
