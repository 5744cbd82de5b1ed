"""Predictions on disk, as `cracknet segment` or another tool wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from cracknet.arrays import Probability
from cracknet.datasets.pairs import AnnotatedPhoto, read_mask
from cracknet.errors import DatasetError

_ENDINGS = (".probability.png", ".mask.png", ".png")


@dataclass(frozen=True)
class Predictions:
    """The predictions of a folder, one kind of file for all photographs.

    Attributes
    ----------
    files : dict of str to Path
        By the photograph's stem.
    values : str
        What the files hold, for the protocol's name: ``8-bit probabilities``,
        ``16-bit probabilities`` or ``masks``.
    """

    files: dict[str, Path]
    values: str

    def read(self, pair: AnnotatedPhoto) -> Probability:
        """Read the prediction of one photograph.

        Returns
        -------
        (H, W) float32
            In [0, 1]; a mask gives 0 and 1.

        Raises
        ------
        DatasetError
            When it cannot be read or is not gray.
        """
        path = self.files[pair.stem]
        if self.values == "masks":
            return read_mask(path).astype(np.float32)
        levels = _read_gray(path)
        return levels.astype(np.float32) / np.float32(np.iinfo(levels.dtype).max)


def find_predictions(folder: Path, pairs: Sequence[AnnotatedPhoto]) -> Predictions:
    """Find the predictions of photographs.

    They are ``<stem>.probability.png``, as `cracknet segment` writes. Where no photograph has
    one, ``<stem>.mask.png``; then ``<stem>.png``, as other tools write: masks where all files
    hold 0 and 255 only, or 0 and 1 only; otherwise probabilities, 0 to 255 (8 bits) or 0 to
    65535 (16 bits).

    Parameters
    ----------
    folder : Path
    pairs : sequence of AnnotatedPhoto

    Raises
    ------
    DatasetError
        When a photograph has no prediction, or a file cannot be read.
    """
    found: dict[str, dict[str, Path]] = {
        ending: {
            pair.stem: path for pair in pairs if (path := folder / (pair.stem + ending)).is_file()
        }
        for ending in _ENDINGS
    }
    ending = next((ending for ending in _ENDINGS if found[ending]), _ENDINGS[0])
    files = found[ending]
    missing = [pair.stem for pair in pairs if pair.stem not in files]
    if missing:
        expected = (
            f"expected {folder / (missing[0] + ending)}"
            if files
            else f"{folder} has no {' or '.join(missing[0] + ending for ending in _ENDINGS)}"
        )
        msg = (
            f"no prediction of the photograph {missing[0]!r} ({len(missing)} of {len(pairs)} are "
            f"missing): {expected}. Run `cracknet segment` on the folder of the photographs, or "
            "score fewer of them with --only."
        )
        raise DatasetError(msg)
    if ending == ".mask.png":
        return Predictions(files, "masks")
    if ending == ".probability.png":
        return Predictions(files, "8-bit probabilities")
    return Predictions(files, _kind_of_plain(list(files.values())))


def _kind_of_plain(files: Sequence[Path]) -> str:
    """Tell masks from probabilities by the values of all files together."""
    depths, levels = set[str](), set[int]()
    for path in files:
        values = _read_gray(path)
        depths.add(values.dtype.name)
        if len(levels) < 3:
            levels.update(np.unique(values)[:3].tolist())
    if len(depths) > 1:
        msg = f"predictions must all have 8 bits or all 16; {files[0].parent} holds both."
        raise DatasetError(msg)
    if levels <= {0, 1} or levels <= {0, 255}:
        return "masks"
    return "8-bit probabilities" if "uint8" in depths else "16-bit probabilities"


def _read_gray(path: Path) -> npt.NDArray[Any]:
    """Read a gray picture, (H, W) uint8 or uint16; colour is accepted where it is gray."""
    try:
        with Image.open(path) as image:
            values = np.asarray(image)
            mode = image.mode
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        msg = f"the prediction {path} cannot be read: {error}. Write it again as 8-bit gray PNG."
        raise DatasetError(msg) from error
    if mode == "1":
        return values.astype(np.uint8)
    if mode in ("RGB", "RGBA") and (values[..., :1] == values[..., :3]).all():
        values = values[..., 0]
    if values.ndim != 2 or mode == "P" or values.dtype not in (np.uint8, np.uint16):
        msg = (
            f"a prediction must be a gray PNG of 8 or 16 bits, 0 to the highest level; {path} is "
            f"of mode {mode}. Convert it."
        )
        raise DatasetError(msg)
    return values
