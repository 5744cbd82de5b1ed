"""Which bands of a raster make its gray: one band, a palette, or red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from cracknet.arrays import Gray, Mask
from cracknet.errors import PhotoError
from cracknet.photo.gray import gray_from_image


@dataclass(frozen=True, eq=False)
class Bands:
    """The bands that are read; numbers count from 1, as GDAL's.

    Attributes
    ----------
    colours : tuple of int
        One band of gray or palette indices, or red, green and blue.
    alpha : int or None
    palette : (N,) uint8, optional
        Gray of each index.
    opaque : (N,) bool, optional
        Which indices are not transparent.
    """

    colours: tuple[int, ...]
    alpha: int | None = None
    palette: Gray | None = None
    opaque: Mask | None = None

    @property
    def read(self) -> list[int]:
        """The colours, then alpha where there is one."""
        return [*self.colours, *([] if self.alpha is None else [self.alpha])]


def choose_bands(dataset: Any) -> Bands:
    """Choose the bands of an open rasterio dataset, by their colour interpretation and number.

    Bands that are named red, green and blue are taken wherever they stand. Else one band is gray
    or a palette, and three, or four without alpha, are red, green, blue and a fourth that is not
    used, as near infrared.

    Raises
    ------
    PhotoError
        When it cannot be told which bands are meant.
    """
    names = [interpretation.name for interpretation in dataset.colorinterp]
    alpha = names.index("alpha") + 1 if "alpha" in names else None
    others = [k for k in range(1, dataset.count + 1) if k != alpha]
    if all(name in names for name in ("red", "green", "blue")):
        red, green, blue = (names.index(name) + 1 for name in ("red", "green", "blue"))
        return Bands((red, green, blue), alpha)
    if len(others) == 1:
        band = others[0]
        if names[band - 1] == "palette":
            palette, opaque = _palette(dataset.colormap(band))
            return Bands((band,), alpha, palette, opaque)
        return Bands((band,), alpha)
    if len(others) in (3, 4):
        return Bands((others[0], others[1], others[2]), alpha)
    msg = (
        "a raster has one band (gray or palette), or three or four (red, green, blue), and alpha; "
        f"this one has {dataset.count} ({', '.join(names) or 'none'}). Choose three with "
        "`gdal_translate -b 1 -b 2 -b 3 -colorinterp red,green,blue`"
    )
    raise PhotoError(msg)


def _palette(colours: dict[int, tuple[int, int, int, int]]) -> tuple[Gray, Mask]:
    table = np.zeros((max(colours) + 1, 4), np.uint8)
    for index, colour in colours.items():
        table[index] = colour
    gray = gray_from_image(Image.fromarray(table[None, :, :3].copy()))[0]
    opaque = np.asarray(table[:, 3] > 0)
    gray[~opaque] = 255
    return gray, opaque
