"""Annotations of CFD (Shi et al. 2016, CrackForest): MATLAB files beside photographs.

A ``.mat`` holds a structure `groundTruth` with the fields `Segmentation`, 1 where there is no crack
and 2 on cracks, and `Boundaries`. A few files hold further labels (regions enclosed by cracks),
so "above 1" would not do.
"""

from __future__ import annotations

import struct
import zlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.datasets.annotations import Annotation, Source, photo_of_stem, visible_files
from cracknet.datasets.upright import lies_as_stored, read_photo_file, turn_upright
from cracknet.errors import DatasetError

CRACK_LABEL = 2

_PHOTO_FOLDERS = ("image", "images", "img")


def find_cfd(source: Path, *, images: Path | None = None) -> list[Source]:
    """List the annotated photographs of CFD.

    Parameters
    ----------
    source : Path
        A ``.mat`` file, or a folder: every ``.mat`` in and below it.
    images : Path, optional
        Where the photographs lie. By default they are looked for beside the ``.mat``, and in
        folders named image, images or img beside it, beside its folder, or in `source`.

    Raises
    ------
    DatasetError
        When there is no ``.mat``.
    """
    files = [source] if source.is_file() else visible_files(source, [".mat"])
    if not files:
        msg = f"no .mat file at {source}. Name the folder that holds CFD's groundTruth."
        raise DatasetError(msg)
    base = source.parent if source.is_file() else source
    return [
        Source(
            PurePosixPath(path.relative_to(base).with_suffix("").as_posix()),
            (path,),
            partial(_read, path, base, images),
        )
        for path in files
    ]


def read_segmentation(path: Path) -> npt.NDArray[np.uint16]:
    """Read the labels of one file.

    Returns
    -------
    (H, W) uint16
        `CRACK_LABEL` on cracks.

    Raises
    ------
    DatasetError
        When the file cannot be read or holds no such labels.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content: Any = loadmat(path, variable_names=["groundTruth"])["groundTruth"]
        while content.dtype == object and content.dtype.names is None:  # a cell array
            content = content.flat[0]
        labels = np.asarray(content["Segmentation"].flat[0])
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}. Check the path."
        raise DatasetError(msg) from error
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MatReadError,
        MemoryError,
        NotImplementedError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    ) as error:
        msg = (
            f"a .mat of CFD holds groundTruth.Segmentation; {path} does not: "
            f"{type(error).__name__}: {error}. Copy it again from the publisher's archive."
        )
        raise DatasetError(msg) from error
    whole = labels.dtype.kind in "iu" or (
        labels.dtype.kind == "f" and bool((labels == np.floor(labels)).all())
    )
    if labels.ndim != 2 or not labels.size or not whole or labels.min() < 0 or labels.max() > 65535:
        msg = f"groundTruth.Segmentation holds whole labels, (H, W); that of {path} does not."
        raise DatasetError(msg)
    return labels.astype(np.uint16)


def _read(path: Path, base: Path, images: Path | None) -> Annotation:
    if images is not None:
        folders = [images]
    else:
        parents = [path.parent, path.parent.parent, base]
        folders = [path.parent, *(folder / name for folder in parents for name in _PHOTO_FOLDERS)]
    found = next((hit for folder in folders if (hit := photo_of_stem(folder, path.stem))), None)
    if found is None:
        msg = (
            f"no photograph {path.stem!r} for {path} in {folders[0]}"
            f"{' and beside it' if images is None else ''}. Name its folder with --images."
        )
        raise DatasetError(msg)
    labels = read_segmentation(path)
    photo = read_photo_file(found)
    height, width = labels.shape
    mask = labels == CRACK_LABEL
    if lies_as_stored(photo, width, height, where=path, otherwise=True):
        mask = turn_upright(mask, photo.orientation)
    others = sorted(set(np.unique(labels).tolist()) - {0, 1, CRACK_LABEL})
    notes = (f"labels {others} in the ground truth count as background",) if others else ()
    return Annotation(photo, mask, notes=notes)
