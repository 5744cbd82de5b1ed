"""Rendered photographs on disk, as a data set with its truth."""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError, OutputError
from cracknet.files import write_whole
from cracknet.photo import find_photos
from cracknet.synthesis.backgrounds import draw_surface, grain_contrast
from cracknet.synthesis.distractors import DISTRACTORS
from cracknet.synthesis.options import SceneOptions, random_options
from cracknet.synthesis.scene import Rendered, render

if TYPE_CHECKING:
    from cracknet.synthesis.paths import Crack, CrackPath

TRUTH_SCHEMA = "cracknet/rendered-truth/1"
JPEG_QUALITY = 95
FORMATS = ("png", "jpg")
CONVENTION = (
    "x to the right, y down; pixel centres at integer coordinates; pixel (row r, column c) covers "
    "[c - 0.5, c + 0.5] x [r - 0.5, r + 0.5]; widths are full widths at right angles to the "
    "centreline, linear between points; geometry outside the photograph is included"
)


@dataclass(frozen=True)
class WrittenCounts:
    """How many photographs were written, and how many were there already."""

    written: int
    skipped: int


def photo_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """Source of chance of one photograph: it depends on seed, split and index only."""
    key = (zlib.crc32(split.encode()), index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def write_rendered_set(
    folder: str | os.PathLike[str],
    count: int,
    options: SceneOptions | None = None,
    *,
    seed: int = 0,
    split: str = "train",
    vary: bool = True,
    file_format: str = "png",
    overwrite: bool = False,
    stem: str = "rendered",
    backgrounds: Sequence[str | os.PathLike[str]] = (),
) -> WrittenCounts:
    """Write a data set of rendered photographs.

    The files are ``images/<split>/<stem>_00000.<png|jpg>``, ``masks/<split>/<stem>_00000.png``
    (0/255) and ``truth/<split>/<stem>_00000.json``, each written to a temporary name and renamed.
    Photograph k depends on seed, split and k only, not on the count, so a longer run extends a
    shorter one.

    Parameters
    ----------
    folder : path
        Folder of the data set; made if missing.
    count : int
        Number of photographs.
    options : SceneOptions, optional
        The scene; by default the standard one with all distractors to choose from.
    seed : int
        Seed, not negative.
    split : str
        Name of the split.
    vary : bool
        Vary the look from photograph to photograph by `random_options`.
    file_format : {"png", "jpg"}
        Format of the photographs; JPEG at quality 95. Masks are always PNG.
    overwrite : bool
        Render again what is there; otherwise a photograph whose three files exist is skipped.
    stem : str
        How the file names begin.
    backgrounds : sequence of path
        Photographs without cracks, or folders of them, for surfaces in place of rendered concrete;
        which one it was stands in the truth.

    Returns
    -------
    WrittenCounts

    Raises
    ------
    ArgumentError
        A negative count or seed, an unknown format, or a split or stem that is no file name.
    OutputError
        A file cannot be written.
    PhotoError
        A background cannot be read, or there is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_rendered_set(folder, 2, SceneOptions(height=32, width=32), seed=3)
    WrittenCounts(written=2, skipped=0)
    """
    _check(count, seed, split, file_format, stem)
    if options is None:
        options = standard_scene()
    root = Path(folder)
    named = [Path(path) for path in backgrounds]
    photos = [found.path for found in find_photos(named)] if named else []
    written = skipped = 0
    for index in range(count):
        name = f"{stem}_{index:05d}"
        image = root / "images" / split / f"{name}.{file_format}"
        mask = root / "masks" / split / f"{name}.png"
        truth = root / "truth" / split / f"{name}.json"
        if not overwrite and image.exists() and mask.exists() and truth.exists():
            skipped += 1
            continue
        rng = photo_rng(seed, split, index)
        scene = random_options(rng, options) if vary else options
        words: dict[str, object] = {
            "seed": seed, "split": split, "index": index, "image": image.name,
        }  # fmt: skip
        surface = None
        if photos:
            surface, background = draw_surface(photos, scene, rng)
            scene = dataclasses.replace(scene, contrast=grain_contrast(surface))
            words["background"] = background.name
        rendered = render(scene, rng, surface=surface)
        write_whole(mask, _encode(".png", np.where(rendered.mask, 255, 0).astype(np.uint8)))
        write_whole(truth, truth_json({**truth_of(rendered), **words}))
        # The photograph comes last: where it is, mask and truth are there, too.
        write_whole(image, _encode(f".{file_format}", rendered.gray))
        written += 1
    return WrittenCounts(written, skipped)


def standard_scene() -> SceneOptions:
    """Return the scene that data sets vary: natural cracks of all kinds, all distractors."""
    return SceneOptions(
        kinds=(*["natural"] * 4, *["branched"] * 4, "map"),
        distractors=frozenset(DISTRACTORS),
    )


def truth_of(rendered: Rendered) -> dict[str, object]:
    """Truth of a rendered photograph as plain values: geometry in px, and in mm if known."""
    height, width = rendered.gray.shape
    scale = rendered.mm_per_px
    return {
        "schema": TRUTH_SCHEMA,
        "convention": CONVENTION,
        "height_px": height,
        "width_px": width,
        "mm_per_px": scale,
        "mask_area_px2": int(rendered.mask.sum()),
        "coverage_area_px2": round(float(rendered.coverage.sum(dtype=np.float64)), 4),
        "cracks": [_crack_truth(crack, scale) for crack in rendered.cracks],
        "options": rendered.options.as_dict(),
    }


def truth_json(truth: dict[str, object]) -> bytes:
    """JSON of a truth, stable to the byte."""
    return (json.dumps(truth, separators=(",", ":"), allow_nan=False) + "\n").encode()


def _crack_truth(crack: Crack, mm_per_px: float | None) -> dict[str, object]:
    return {
        **_lengths(crack, mm_per_px),
        "junctions_px": np.round(crack.junctions_px, 4).tolist(),
        "paths": [_path_truth(path, mm_per_px) for path in crack.paths],
    }


def _path_truth(path: CrackPath, mm_per_px: float | None) -> dict[str, object]:
    return {
        **_lengths(path, mm_per_px),
        "depth": round(path.depth, 5),
        "points_px": np.round(path.points_px, 4).tolist(),
        "widths_px": np.round(path.widths_px, 4).tolist(),
    }


def _lengths(item: Crack | CrackPath, mm_per_px: float | None) -> dict[str, float | None]:
    px = {
        "length": item.length_px,
        "width_mean": item.width_mean_px,
        "width_max": item.width_max_px,
    }
    in_px: dict[str, float | None] = {f"{key}_px": round(v, 5) for key, v in px.items()}
    in_mm = {
        f"{key}_mm": None if mm_per_px is None else round(v * mm_per_px, 6) for key, v in px.items()
    }
    return in_px | in_mm


def _check(count: int, seed: int, split: str, file_format: str, stem: str) -> None:
    for name, value in (("count", count), ("seed", seed)):
        if value < 0:
            message = f"{name} must not be negative; got {value}"
            raise ArgumentError(message)
    for name, text in (("split", split), ("stem", stem)):
        if not text or text != Path(text).name or text.startswith("."):
            message = f"{name} must be a plain file name; got {text!r}"
            raise ArgumentError(message)
    if file_format not in FORMATS:
        message = f"file_format must be png or jpg; got {file_format!r}"
        raise ArgumentError(message)


def _encode(suffix: str, array: npt.NDArray[np.uint8]) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else []
    done, code = cv2.imencode(suffix, array, flags)
    if not done:
        message = f"a {suffix} file cannot hold {array.shape} pixels"
        raise OutputError(message)
    return code.tobytes()
