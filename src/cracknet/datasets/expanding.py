"""A data set expanded to a number of photographs, on disk: the paper's 3000, 2500 and 500.

Source photographs are divided between the splits first and expanded then, so that no photograph
and none of its copies stands on both sides. Each file is a pure function of the seed, its
photograph's stem and the number of the copy: a run that was stopped goes on, and any one file can
be made again from what ``expansion.json`` says.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.datasets.expansion import (
    PRESETS,
    ExpandOptions,
    Expansion,
    Fit,
    expand_pair,
    expanded_crop,
)
from cracknet.datasets.expansion_plan import (
    Output,
    divide_by_source,
    keep_plan,
    plan_expansion,
    refuse_copies,
    source_by,
)
from cracknet.datasets.pairs import AnnotatedPhoto, find_pairs
from cracknet.errors import ArgumentError, OutputError
from cracknet.files import write_whole

SCHEMA = "cracknet/expansion/1"
JPEG_QUALITY = 95
FORMATS = ("png", "jpg")


@dataclass(frozen=True)
class ExpandedSplit:
    """What became of one split.

    Attributes
    ----------
    sources, photos : int
        Source photographs, and photographs cut from them, that the split was given.
    left_out : int
        Photographs that it has no room for.
    written, skipped : int
        Files made by this call, and those that were there.
    empty : int
        Masks without any crack among the written.
    """

    sources: int
    photos: int
    left_out: int
    written: int
    skipped: int
    empty: int


def make_output(
    gray: Gray,
    mask: Mask,
    output: Output,
    expansion: Expansion,
    *,
    seed: int = 0,
    size_px: int | None = None,
    fit: Fit = "crop",
) -> tuple[Gray, Mask]:
    """Make one photograph of the plan.

    Parameters
    ----------
    gray : (H, W) uint8
    mask : (H, W) bool
    output : Output
        An original is only brought to size.
    expansion : Expansion
    seed : int
        That of the set.
    size_px : int, optional
        Height and width of the result; by default the photograph's own.
    fit : {"crop", "resize"}
        See `ExpandOptions`.

    Returns
    -------
    gray : (H, W) or (size_px, size_px) uint8
    mask : bool, of the same shape
    """
    rng = np.random.default_rng(output.seed(seed))
    acting = expansion if output.copy else PRESETS["none"]
    if size_px is None:
        return expand_pair(gray, mask, acting, rng)
    return expanded_crop(gray, mask, ExpandOptions(acting, size_px, fit), rng)


def expand_set(
    root: str | os.PathLike[str],
    out: str | os.PathLike[str],
    counts: Mapping[str, int],
    *,
    expansion: str | Expansion = "paper",
    from_split: str = "train",
    without: Collection[str] = (),
    size_px: int | None = None,
    fit: Fit = "crop",
    seed: int = 0,
    source_pattern: str | None = None,
    file_format: str = "png",
    jobs: int | None = None,
    progress: Callable[[], None] | None = None,
) -> dict[str, ExpandedSplit]:
    """Expand a split of a data set into a new data set with splits of its own.

    Photographs are written in gray, as every net reads them. What is there is kept, so that the
    same call again does the rest.

    Parameters
    ----------
    root, out : path
        Folders of the data set and of the new one.
    counts : mapping of str to int
        Splits of the new set and how many photographs each is to have.
    expansion : str or Expansion
        A preset's name, or what to do.
    from_split : str
        Which split of `root` to expand.
    without : collection of str
        Stems to leave out, such as those held back for validation.
    size_px, fit
        See `make_output`.
    seed : int
        Not negative.
    source_pattern : str, optional
        See `cracknet.datasets.expansion_plan.source_by`.
    file_format : {"png", "jpg"}
        Of the photographs; JPEG at quality 95. Masks are always PNG.
    jobs : int, optional
        Threads; by default one a core.
    progress : callable, optional
        Called after each photograph, made or skipped.

    Returns
    -------
    dict of str to ExpandedSplit

    Raises
    ------
    ArgumentError
        When a value is outside what is accepted.
    DatasetError, PhotoError
        When the set cannot be read, has fewer sources than splits, is an expanded one already, or
        `out` holds anything but this very expansion. A damaged photograph is named; the others
        that were made are kept.
    OutputError
        When a file cannot be written.
    """
    root, out = Path(root), Path(out)
    acting, preset = _expansion(expansion)
    _check_splits(counts)
    _check(seed, file_format, jobs, size_px, fit)
    source = source_by(source_pattern)
    pairs = {pair.stem: pair for pair in find_pairs(root, from_split, without=without)}
    refuse_copies(pairs, root / "images" / from_split)
    divided = divide_by_source(pairs, counts, seed, source)
    plan = plan_expansion(divided, counts, seed)
    keep_plan(
        out,
        {
            "schema": SCHEMA,
            "version": version("cracknet"),
            "set": str(root),
            "from": from_split,
            "seed": seed,
            "preset": preset,
            "expansion": asdict(acting),
            "size_px": size_px,
            "fit": fit,
            "format": file_format,
            "source_pattern": source_pattern,
            "counts": dict(counts),
            "outputs": [
                {
                    "split": output.split,
                    "name": output.name,
                    "stem": output.stem,
                    "source": source(output.stem),
                    "copy": output.copy,
                    "seed": list(output.seed(seed)),
                }
                for output in plan
            ],
        },
        root,
    )
    missing: dict[str, list[Output]] = defaultdict(list)
    skipped: Counter[str] = Counter()
    for output in plan:
        if all(path.is_file() for path in _files(out, output, file_format)):
            skipped[output.split] += 1
            if progress:
                progress()
        else:
            missing[output.stem].append(output)

    def make(output: Output, gray: Gray, mask: Mask) -> bool:
        image, crack = make_output(gray, mask, output, acting, seed=seed, size_px=size_px, fit=fit)
        image_file, mask_file = _files(out, output, file_format)
        write_whole(mask_file, _encode(".png", crack.view(np.uint8) * np.uint8(255)))
        # The photograph comes last: where it is, the mask is there, too.
        write_whole(image_file, _encode(image_file.suffix, image))
        return not crack.any()

    written, empty = _make_all(pairs, missing, make, jobs or os.cpu_count() or 1, progress)
    return {
        split: ExpandedSplit(
            sources=len(set(map(source, stems))),
            photos=len(stems),
            left_out=max(len(stems) - counts[split], 0),
            written=written[split],
            skipped=skipped[split],
            empty=empty[split],
        )
        for split, stems in divided.items()
    }


def _make_all(
    pairs: Mapping[str, AnnotatedPhoto],
    missing: Mapping[str, Sequence[Output]],
    make: Callable[[Output, Gray, Mask], bool],
    jobs: int,
    progress: Callable[[], None] | None,
) -> tuple[Counter[str], Counter[str]]:
    """Read each photograph once and make its outputs, many photographs at a time."""
    written: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    stop, turn = threading.Event(), threading.Lock()

    def work(pair: AnnotatedPhoto, outputs: Sequence[Output]) -> None:
        if stop.is_set():
            return
        gray, mask = pair.read()
        for output in outputs:
            if stop.is_set():
                return
            bare = make(output, gray, mask)
            with turn:
                written[output.split] += 1
                empty[output.split] += bare
                if progress:
                    progress()

    with ThreadPoolExecutor(jobs, thread_name_prefix="expand") as pool:
        try:
            tasks = [pool.submit(work, pairs[stem], todo) for stem, todo in missing.items()]
            for task in as_completed(tasks):
                task.result()
        except BaseException:  # an interrupt, too: what is begun is finished, the rest is left
            stop.set()
            raise
    return written, empty


def _expansion(expansion: str | Expansion) -> tuple[Expansion, str | None]:
    if isinstance(expansion, Expansion):
        names = [name for name, preset in PRESETS.items() if preset == expansion]
        return expansion, names[0] if names else None
    if expansion not in PRESETS:
        msg = f"an expansion is one of {', '.join(PRESETS)}; got {expansion!r}."
        raise ArgumentError(msg)
    return PRESETS[expansion], expansion


def _check_splits(counts: Mapping[str, int]) -> None:
    if not counts:
        msg = "an expanded set needs at least one split; got none."
        raise ArgumentError(msg)
    for split, count in counts.items():
        if not split or split != Path(split).name or split.startswith("."):
            msg = f"a split must be a plain folder name; got {split!r}."
            raise ArgumentError(msg)
        if count < 1:
            msg = f"each split must get at least 1 photograph; got {count} for {split}."
            raise ArgumentError(msg)


def _check(seed: int, file_format: str, jobs: int | None, size_px: int | None, fit: str) -> None:
    least = {"seed": (seed, 0), "jobs": (jobs, 1), "size_px": (size_px, 1)}
    for name, (value, low) in least.items():
        if value is not None and value < low:
            msg = f"{name} must be at least {low}; got {value}."
            raise ArgumentError(msg)
    if file_format not in FORMATS:
        msg = f"the format must be png or jpg; got {file_format!r}."
        raise ArgumentError(msg)
    if fit not in get_args(Fit):
        msg = f"fit must be crop or resize; got {fit!r}."
        raise ArgumentError(msg)
    if fit == "resize" and size_px is None:
        msg = "fit is resize, and no size was given. Give one, such as 448."
        raise ArgumentError(msg)


def _files(out: Path, output: Output, file_format: str) -> tuple[Path, Path]:
    return (
        out / "images" / output.split / f"{output.name}.{file_format}",
        out / "masks" / output.split / f"{output.name}.png",
    )


def _encode(suffix: str, array: npt.NDArray[np.uint8]) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else []
    done, code = cv2.imencode(suffix, array, flags)
    if not done:
        msg = f"a {suffix} file cannot hold {array.shape} pixels."
        raise OutputError(msg)
    return code.tobytes()
