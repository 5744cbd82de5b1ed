"""The photographs that a recipe names, found and checked before the first step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from cracknet.arrays import Gray, Mask
from cracknet.datasets.batches import Cut, Plan, Source
from cracknet.datasets.crops import CropOptions, random_crop
from cracknet.datasets.expansion import expanded_crop
from cracknet.datasets.pairs import AnnotatedPhoto, Pair, find_pairs
from cracknet.datasets.splits import read_stems
from cracknet.errors import DatasetError
from cracknet.training.recipe import Recipe, SetSection


def training_plan(recipe: Recipe) -> Plan:
    """Find the photographs of a recipe's sets and say which of them each step sees.

    Raises
    ------
    DatasetError
        When a set is missing or empty, or a photograph's mask is missing or of another size.
    """
    sources = [
        Source(_checked(find_set(section)), section.share, _cut(section, recipe))
        for section in recipe.data
    ]
    return Plan(sources, recipe.run.batch_size, recipe.run.seed, recipe.run.epochs is not None)


def validation_sets(recipe: Recipe) -> dict[str, Sequence[AnnotatedPhoto]]:
    """Find the photographs of a recipe's validation sets, by the name of the set's folder.

    Raises
    ------
    DatasetError
        As `training_plan`; also when two sets have one name.
    """
    sets: dict[str, Sequence[AnnotatedPhoto]] = {}
    for section in recipe.validation:
        if section.root.name in sets:
            msg = (
                f"two validation sets have the name {section.root.name!r}; their scores would mix. "
                "Rename a folder, or join them into one set."
            )
            raise DatasetError(msg)
        sets[section.root.name] = _checked(find_set(section))
    return sets


def find_set(section: SetSection) -> Sequence[AnnotatedPhoto]:
    """List the photographs of one set of a recipe.

    Raises
    ------
    DatasetError
        When there are none, a mask is missing, or a list of stems does not fit.
    """
    pairs = find_pairs(
        section.root,
        section.split,
        only=read_stems(section.only) if section.only else None,
        without={stem for path in section.without for stem in read_stems(path)},
    )
    if not pairs:
        msg = f"{section.root} has no photographs in split {section.split!r}."
        raise DatasetError(msg)
    return pairs


def _cut(section: SetSection, recipe: Recipe) -> Cut:
    crops = recipe.crops
    if recipe.expansion:
        return partial(_with_options, expanded_crop, recipe.expansion.options(crops.size_px))
    options = CropOptions(
        size_px=crops.size_px,
        scale=section.scale or crops.scale,
        stretch=crops.stretch,
        empty_share=crops.empty_share if section.empty_share is None else section.empty_share,
        light=crops.light,
    )
    return partial(_with_options, random_crop, options)


def _with_options(
    cut: Callable[[Gray, Mask, Any, np.random.Generator], tuple[Gray, Mask]],
    options: Any,
    gray: Gray,
    mask: Mask,
    rng: np.random.Generator,
) -> tuple[Gray, Mask]:
    return cut(gray, mask, options, rng)


def _checked(pairs: Sequence[AnnotatedPhoto]) -> Sequence[AnnotatedPhoto]:
    """Compare each photograph's size with its mask's, from the files' first bytes.

    A run of days must not end in its third hour over a mask of the wrong size.
    """
    for pair in pairs:
        if not isinstance(pair, Pair):
            continue  # packed: checked when it was packed
        try:
            with Image.open(pair.image) as image, Image.open(pair.mask) as mask:
                sizes = image.size, mask.size
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
            continue  # not for Pillow to say: reading it will tell
        if sizes[1] not in (sizes[0], sizes[0][::-1]):  # turned by its EXIF
            msg = (
                f"a mask must have its photograph's size; {pair.mask} is "
                f"{sizes[1][0]}x{sizes[1][1]}, {pair.image} {sizes[0][0]}x{sizes[0][1]}. Run "
                "`cracknet dataset check` on the set."
            )
            raise DatasetError(msg)
    return pairs
