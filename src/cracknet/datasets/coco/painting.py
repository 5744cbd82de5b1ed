"""COCO's areas painted as masks."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from cracknet.arrays import Mask
from cracknet.datasets.annotations import Annotation, Source, visible_files
from cracknet.datasets.coco.files import CocoAnnotation, CocoImage, CocoRuns, read_coco
from cracknet.datasets.coco.polygons import fill_polygon
from cracknet.datasets.coco.rle import mask_of, runs_of_text
from cracknet.datasets.labels import Labels, Meaning
from cracknet.datasets.upright import lies_as_stored, read_photo_file, turn_upright
from cracknet.errors import DatasetError


def find_coco(
    source: Path, labels: Labels | None = None, *, images: Path | None = None
) -> list[Source]:
    """List the annotated photographs of a COCO file.

    Photographs without annotations are taken as free of cracks. Areas are painted in the file's
    order, later ones over earlier ones, so that a later area of a background category makes a hole.
    An area marked `iscrowd` (many cracks drawn as one) is painted like any other.

    Parameters
    ----------
    source : Path
        The JSON file, or a folder that holds just one.
    labels : Labels, optional
        What the categories' names mean. Categories that no area uses need no meaning.
    images : Path, optional
        The folder that `file_name` starts from. By default the JSON's folder, the one above, or the
        folder ``images`` in either.

    Raises
    ------
    DatasetError
        When the file is not COCO's, a category is not mapped, or an annotation is of no photograph
        or category in it.
    """
    path = _the_file(source)
    file = read_coco(path)
    labels = labels or Labels()
    names = {category.id: category.name for category in file.categories}
    known = {image.id for image in file.images}
    areas: dict[int | str, list[tuple[CocoAnnotation, Meaning]]] = defaultdict(list)
    for annotation in file.annotations:
        for what, value, values in (
            ("image_id", annotation.image_id, known),
            ("category_id", annotation.category_id, names),
        ):
            if value not in values:
                msg = (
                    f"an annotation is of a photograph and a category in its file; annotation "
                    f"{annotation.id} of {path} has {what} {value!r}. Export it again."
                )
                raise DatasetError(msg)
        meaning = labels.require(names[annotation.category_id], path)
        areas[annotation.image_id].append((annotation, meaning))
    if images is not None:
        folders = [images]
    else:
        tops = (path.parent, path.parent.parent)
        folders = [*tops, *(top / "images" for top in tops)]
    return [
        Source(
            PurePosixPath(_portable(image.file_name).with_suffix("")),
            (path,),
            partial(_read, image, areas.get(image.id, []), folders, path),
        )
        for image in file.images
    ]


def area_mask(annotation: CocoAnnotation, height: int, width: int, where: object) -> Mask:
    """Paint one area.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    DatasetError
        When the annotation is a box only, or its polygons or run lengths are not valid.
    """
    try:
        return _paint(annotation.segmentation, height, width)
    except DatasetError as error:
        msg = f"annotation {annotation.id} of {where} cannot be painted: {error}. Draw it again."
        raise DatasetError(msg) from error


def _paint(shape: CocoRuns | list[list[float]], height: int, width: int) -> Mask:
    if isinstance(shape, CocoRuns):
        if shape.size != (height, width):
            msg = f"its run lengths are of {shape.size[1]}x{shape.size[0]}, not {width}x{height}"
            raise DatasetError(msg)
        runs = runs_of_text(shape.counts) if isinstance(shape.counts, str) else shape.counts
        return mask_of(runs, height, width)
    if not shape:
        msg = "it has no segmentation; a box does not say which pixels are crack"
        raise DatasetError(msg)
    mask = np.zeros((height, width), np.bool_)
    for polygon in shape:
        mask |= fill_polygon(polygon, height, width)
    return mask


def _read(
    image: CocoImage,
    areas: list[tuple[CocoAnnotation, Meaning]],
    folders: list[Path],
    path: Path,
) -> Annotation:
    name = _portable(image.file_name)
    candidates = [folder / name for folder in folders] + [folder / name.name for folder in folders]
    found = next((each for each in candidates if each.is_file()), None)
    if found is None:
        msg = (
            f"a COCO file names its photographs; {path} names {image.file_name!r}, which is not in "
            f"{folders[0]}. Name the folder with --images."
        )
        raise DatasetError(msg)
    photo = read_photo_file(found)
    stored = lies_as_stored(photo, image.width, image.height, where=path, otherwise=False)
    values = np.zeros((image.height, image.width), np.uint8)
    for annotation, meaning in areas:
        covered = area_mask(annotation, image.height, image.width, path)
        values[covered] = {"background": 0, "crack": 1, "ignore": 2}[meaning]
    mask = values == 1
    return Annotation(
        photo,
        turn_upright(mask, photo.orientation) if stored else mask,
        ignored_px=int(np.count_nonzero(values == 2)),
    )


def _the_file(source: Path) -> Path:
    if not source.is_dir():
        return source
    files = visible_files(source, [".json"])
    if len(files) != 1:
        listed = ", ".join(str(file.relative_to(source)) for file in files[:4]) or "none"
        msg = f"a COCO set is one JSON file; {source} holds {len(files)}: {listed}. Name the one."
        raise DatasetError(msg)
    return files[0]


def _portable(file_name: str) -> PurePosixPath:
    path = PureWindowsPath(file_name)
    return PurePosixPath(path.name if path.anchor else path.as_posix())
