"""Tiles of a class each, drawn at random from photographs to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.datasets.crops import relight
from cracknet.datasets.pairs import AnnotatedPhoto, read_mask
from cracknet.errors import DatasetError
from cracknet.segmentation.scanning import CRACK, Tiles

CLASSES = ("intact", "crack", "joint")
"""What a tile may be; those who know no joints take the first two."""


@dataclass(frozen=True, eq=False)
class TilePhoto:
    """A photograph that tiles are drawn of.

    Attributes
    ----------
    gray : (H, W) uint8
    crack : (H, W) bool
    joint : (H, W) bool, optional
        Joints that are no cracks, where they are marked.
    """

    gray: Gray
    crack: Mask
    joint: Mask | None = None


def read_tile_photos(
    pairs: Sequence[AnnotatedPhoto], joints: Path | None = None
) -> list[TilePhoto]:
    """Read photographs to draw tiles of.

    Parameters
    ----------
    pairs : sequence of AnnotatedPhoto
    joints : Path, optional
        Folder of masks ``<stem>.png`` of joints; not every photograph needs one.

    Raises
    ------
    DatasetError, PhotoError
        When a file cannot be read, or a mask of joints is not of its photograph's size.
    """
    photos = []
    for pair in pairs:
        gray, crack = pair.read()
        path = joints / f"{pair.stem}.png" if joints else None
        joint = read_mask(path) if path and path.is_file() else None
        if joint is not None and joint.shape != gray.shape:
            msg = f"{path} must have its photograph's size {gray.shape}; it has {joint.shape}."
            raise DatasetError(msg)
        photos.append(TilePhoto(gray, crack, joint))
    return photos


@dataclass(eq=False)
class TileDraw:
    """Batches of tiles at random, the classes in equal shares: a pure function of the step.

    A tile is crack from `least_px` pixels of crack on, else joint from as many of joint. Tiles are
    flipped, turned by quarters, and relit.

    Attributes
    ----------
    photos : sequence of TilePhoto
    tile_px : int
    classes : int
        2 for intact and crack, 3 with joints.
    batch_size, seed : int
    least_px : int
        A quarter of the tile's side by default: that of a hairline crossing a quarter of it.
    light : float
        Strength of the changes of light; 0 leaves the gray values.

    Raises
    ------
    DatasetError
        When the photographs do not hold all classes.
    """

    photos: Sequence[TilePhoto]
    tile_px: int
    classes: int = 2
    batch_size: int = 32
    seed: int = 0
    least_px: int = 0
    light: float = 0.5
    _places: list[list[tuple[int, npt.NDArray[np.int64]]]] = field(
        default_factory=list, init=False, repr=False
    )

    def __post_init__(self) -> None:
        if self.least_px <= 0:
            self.least_px = max(1, self.tile_px // 4)
        enough = [_at_least(photo, self.tile_px) for photo in self.photos]
        self.photos = enough
        for name in CLASSES[1 : self.classes]:
            masks = [photo.crack if name == "crack" else photo.joint for photo in enough]
            self._places.append(
                [
                    (index, np.flatnonzero(mask))
                    for index, mask in enumerate(masks)
                    if mask is not None and np.count_nonzero(mask) >= self.least_px
                ]
            )
            if not self._places[-1]:
                msg = (
                    f"no photograph has {self.least_px} pixels of {name} to learn from. Add "
                    "photographs, or choose smaller tiles."
                )
                raise DatasetError(msg)

    def __call__(self, step: int) -> tuple[Tiles, npt.NDArray[np.int64]]:
        """Return the tiles of a step and their classes, (N,) int64."""
        drawn = [
            self._draw(np.random.default_rng([self.seed, step, index]))
            for index in range(self.batch_size)
        ]
        return (
            np.stack([tile for tile, _ in drawn])[..., None].astype(np.float32),
            np.array([kind for _, kind in drawn], np.int64),
        )

    def label(self, photo: TilePhoto, top: int, left: int) -> int:
        """Say the class of a tile of a photograph by its upper left pixel."""
        window = np.s_[top : top + self.tile_px, left : left + self.tile_px]
        if np.count_nonzero(photo.crack[window]) >= self.least_px:
            return CRACK
        joint = photo.joint if self.classes > 2 else None
        if joint is not None and np.count_nonzero(joint[window]) >= self.least_px:
            return CLASSES.index("joint")
        return 0

    def _draw(self, rng: np.random.Generator) -> tuple[Gray, int]:
        wanted = int(rng.integers(self.classes))
        for _ in range(20):  # else what was drawn last, by its own class
            photo, top, left = self._place(wanted, rng)
            kind = self.label(photo, top, left)
            if kind == wanted:
                break
        tile = photo.gray[top : top + self.tile_px, left : left + self.tile_px]
        tile = np.rot90(tile, int(rng.integers(4)))
        if rng.random() < 0.5:
            tile = tile[:, ::-1]
        tile = np.ascontiguousarray(tile)
        return (relight(tile, rng, self.light) if self.light > 0 else tile), kind

    def _place(self, wanted: int, rng: np.random.Generator) -> tuple[TilePhoto, int, int]:
        """Choose a photograph and the upper left pixel of a tile that may be of a class."""
        if wanted == 0:
            photo = self.photos[int(rng.integers(len(self.photos)))]
            top, left = (int(rng.integers(n - self.tile_px + 1)) for n in photo.gray.shape)
            return photo, top, left
        kept = self._places[wanted - 1]
        index, pixels = kept[int(rng.integers(len(kept)))]
        photo = self.photos[index]
        inside = divmod(int(pixels[rng.integers(len(pixels))]), photo.gray.shape[1])
        top, left = (
            int(rng.integers(max(0, at - self.tile_px + 1), min(at, n - self.tile_px) + 1))
            for at, n in zip(inside, photo.gray.shape, strict=True)
        )
        return photo, top, left


def _at_least(photo: TilePhoto, tile_px: int) -> TilePhoto:
    """Mirror a photograph out to the size of a tile."""
    missing = [(0, max(0, tile_px - length)) for length in photo.gray.shape]
    if not any(after for _, after in missing):
        return photo

    def wide(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.pad(values, missing, mode="symmetric")

    joint = None if photo.joint is None else wide(photo.joint)
    return TilePhoto(wide(photo.gray), wide(photo.crack), joint)
