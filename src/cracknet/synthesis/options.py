"""What a scene is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from cracknet.errors import ArgumentError
from cracknet.synthesis.distractors import DISTRACTORS
from cracknet.synthesis.surface import SURFACES

CRACK_KINDS = ("straight", "arc", "natural", "branched", "map")
"""Kinds of crack a scene may hold."""

SELDOM = ("masonry", "tiles", "aggregate")
"""Distractors that change the whole surface; `random_options` takes them less often."""

LARGEST_SIDE = 32768
"""Longest side of a rendered photograph, px."""


@dataclass(frozen=True)
class SceneOptions:
    """What to render. Every value is checked; a frozen value, made anew by `dataclasses.replace`.

    Parameters
    ----------
    height, width : int
        Size of the photograph in pixels.
    cracks : (int, int)
        Fewest and most cracks.
    kinds : tuple of str
        Kinds of crack to choose from, see `CRACK_KINDS`.
    width_px : (float, float)
        Narrowest and widest crack; tapering ends go below. Drawn evenly in the logarithm.
    depth : (float, float)
        Least and most contrast of a crack, in [0, 1]: the share of the light it takes away.
        Wide cracks tend to the most, and so do thin ones on a surface of much contrast.
    fill_variation : float
        How unevenly a crack is dark along itself, in [0, 1]; 0 keeps its contrast exact.
    lit_edge : float
        Strength of the bright and dark rim that grazing light draws along a crack; 0 for none.
    mm_per_px : float or None
        Millimetres per pixel, passed on to the truth.
    surface : str
        A key of `SURFACES`.
    brightness : float
        Median reflectance of the bare surface, in (0, 1].
    contrast : float
        Deviation of the logarithm of the reflectance; 0 is a blank sheet.
    light_gradient, vignette : float
        Brightest minus darkest side, and loss in the corners, as shares.
    psf_sigma_px : float
        Sigma of the Gaussian point-spread function.
    noise_percent, shot_noise_percent : float
        Sensor noise in % of full scale: constant part, and shot noise at full scale.
    noise_grain_px : float
        Sigma of the blur of the noise, 0 for independent pixels.
    jpeg_quality : int or None
        Quality of a JPEG round trip; None for none.
    distractors : collection of str, or mapping of str to float
        Names from `DISTRACTORS`, or names with amounts (1 is usual).

    Raises
    ------
    ArgumentError
        A value outside its range, or an unknown name.

    Examples
    --------
    >>> SceneOptions(width_px=(2, 5), distractors={"pores", "joints"}).amounts
    {'joints': 1.0, 'pores': 1.0}
    """

    height: int = 512
    width: int = 512
    cracks: tuple[int, int] = (1, 3)
    kinds: tuple[str, ...] = ("natural", "branched")
    width_px: tuple[float, float] = (1.0, 12.0)
    depth: tuple[float, float] = (0.3, 0.9)
    fill_variation: float = 0.0
    lit_edge: float = 0.0
    mm_per_px: float | None = 0.2
    surface: str = "smooth"
    brightness: float = 0.6
    contrast: float = 0.1
    light_gradient: float = 0.1
    vignette: float = 0.05
    psf_sigma_px: float = 0.7
    noise_percent: float = 0.6
    shot_noise_percent: float = 0.8
    noise_grain_px: float = 0.0
    jpeg_quality: int | None = None
    distractors: Collection[str] | Mapping[str, float] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        _check_size("height", self.height)
        _check_size("width", self.width)
        _check_pair("cracks", self.cracks, 0, 10000)
        _check_pair("width_px", self.width_px, 0.05, 1000)
        _check_pair("depth", self.depth, 0, 1)
        for name, low, high in _RANGES:
            _check_range(name, getattr(self, name), low, high)
        if self.mm_per_px is not None:
            _check_range("mm_per_px", self.mm_per_px, 1e-6, 1e6)
        if self.jpeg_quality is not None:
            _check_range("jpeg_quality", self.jpeg_quality, 1, 100)
        _check_names("kinds", self.kinds, CRACK_KINDS)
        if not self.kinds and self.cracks[1] > 0:
            message = f"kinds must name at least one of {', '.join(CRACK_KINDS)}; got none"
            raise ArgumentError(message)
        _check_names("surface", (self.surface,), SURFACES)
        if isinstance(self.distractors, str):
            message = f"distractors must be a collection of names; got {self.distractors!r}"
            raise ArgumentError(message)
        _check_names("distractors", self.distractors, DISTRACTORS)
        for name, amount in self.amounts.items():
            _check_range(f"distractors[{name!r}]", amount, 0, 5)

    @property
    def amounts(self) -> dict[str, float]:
        """Distractors with their amounts, in the order of painting."""
        chosen = self.distractors
        if isinstance(chosen, Mapping):
            return {name: float(chosen[name]) for name in DISTRACTORS if name in chosen}
        return {name: 1.0 for name in DISTRACTORS if name in chosen}

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {
            **{key: list(v) if isinstance(v, tuple) else v for key, v in values.items()},
            "distractors": self.amounts,
        }


def random_options(
    rng: np.random.Generator, base: SceneOptions | None = None, *, most_distractors: int = 5
) -> SceneOptions:
    """Vary the look of a scene: surface, light, camera, depth, and which distractors.

    Size, number of cracks, ranges of width and depth, and scale stay as in `base`; where its
    cracks are faint, so is the surface, lest it drown them all. Of the distractors of `base` up to
    `most_distractors` are kept; a scene that can hold no crack keeps at least one.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    base : SceneOptions, optional
        What to vary; by default the standard scene with all distractors.
    most_distractors : int
        Most distractors at once.

    Returns
    -------
    SceneOptions

    Examples
    --------
    >>> random_options(np.random.default_rng(0), SceneOptions(height=64, width=96)).width
    96
    """
    if base is None:
        base = SceneOptions(distractors=frozenset(DISTRACTORS))
    pool = base.amounts
    fewest = 1 if base.cracks[1] == 0 else 0
    most = min(most_distractors, len(pool))
    count = int(rng.integers(min(fewest, most), most + 1)) if most else 0
    weights = np.array([0.4 if name in SELDOM else 1.0 for name in pool])
    chosen: list[str] = []
    if count:
        chosen = rng.choice(list(pool), count, replace=False, p=weights / weights.sum()).tolist()
    surface = str(rng.choice(list(SURFACES)))
    # A crack of middle width at its darkest must stand out.
    visible = base.depth[1] / least_depth(1.0, float(np.sqrt(np.prod(base.width_px))))
    strongest = SURFACES[surface].contrast_max
    if base.cracks[1] > 0:
        strongest = max(min(strongest, visible), 0.02)
    contrast = float(np.exp(rng.uniform(np.log(min(0.04, strongest)), np.log(strongest))))
    return dataclasses.replace(
        base,
        fill_variation=float(rng.choice([0.0, rng.uniform(0.1, 0.6)])),
        lit_edge=float(rng.choice([0.0, rng.uniform(0.05, 0.5)])),
        surface=surface,
        brightness=float(np.clip(rng.normal(0.55, 0.13), 0.28, 0.85)),
        contrast=contrast,
        light_gradient=float(rng.uniform(0, 0.35)),
        vignette=float(rng.uniform(0, 0.25)),
        psf_sigma_px=float(np.exp(rng.normal(np.log(0.8), 0.35))),
        noise_percent=float(rng.uniform(0.2, 1.6)),
        shot_noise_percent=float(rng.uniform(0.3, 2.0)),
        noise_grain_px=float(rng.choice([0.0, 0.5, 0.8])),
        jpeg_quality=None if rng.random() < 0.4 else int(rng.integers(60, 98)),
        distractors={name: pool[name] * float(rng.uniform(0.5, 1.5)) for name in chosen},
    )


def least_depth(contrast: float, width_px: float) -> float:
    """Return the depth from which a crack stands out of a surface of this contrast.

    What the surface drowns is no crack that a person could have marked. The figures are by eye.
    """
    return 1.3 * contrast * (1 + 1.5 / width_px)


_RANGES = (
    ("fill_variation", 0.0, 1.0),
    ("lit_edge", 0.0, 2.0),
    ("brightness", 0.01, 1.0),
    ("contrast", 0.0, 1.0),
    ("light_gradient", 0.0, 1.5),
    ("vignette", 0.0, 0.9),
    ("psf_sigma_px", 0.0, 50.0),
    ("noise_percent", 0.0, 50.0),
    ("shot_noise_percent", 0.0, 50.0),
    ("noise_grain_px", 0.0, 10.0),
)


def _check_size(name: str, value: int) -> None:
    if int(value) != value or not 1 <= value <= LARGEST_SIDE:
        message = f"{name} must be a whole number in [1, {LARGEST_SIDE}]; got {value}"
        raise ArgumentError(message)


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        message = f"{name} must be in [{low:g}, {high:g}]; got {value}"
        raise ArgumentError(message)


def _check_pair(name: str, pair: tuple[float, float], low: float, high: float) -> None:
    if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
        message = f"{name} must be (least, most) within [{low:g}, {high:g}]; got {pair}"
        raise ArgumentError(message)


def _check_names(argument: str, names: Collection[str], known: Collection[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"{argument} must be among {', '.join(known)}; got {', '.join(map(str, unknown))}"
        raise ArgumentError(message)
