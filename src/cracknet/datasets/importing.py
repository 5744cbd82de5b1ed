"""Annotated photographs of any format taken into a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cracknet.datasets.annotations import Source
from cracknet.datasets.upright import png_of_mask, upright_file
from cracknet.errors import ArgumentError, CrackNetError, DatasetError, OutputError
from cracknet.files import write_whole
from cracknet.photo import PHOTO_SUFFIXES


@dataclass(frozen=True)
class Outcome:
    """What became of one annotated photograph.

    Parameters
    ----------
    file
        The annotation's file.
    stem
        Its name in the dataset.
    status
        ``imported``, ``skipped`` (it is in the dataset already), ``changed`` (likewise, but a file
        of the source is newer) or ``failed``.
    error
        Why it failed.
    crack_share
        Share of the photograph's pixels that are crack.
    ignored_px
        Pixels of ignored areas, which became background.
    notes
        What was passed over or assumed.
    """

    file: Path
    stem: str
    status: str
    error: str = ""
    crack_share: float | None = None
    ignored_px: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportResult:
    """What an import did, photograph by photograph."""

    outcomes: tuple[Outcome, ...]

    def count(self, status: str) -> int:
        """Count the photographs of a status."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The photographs that could not be imported."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def ignored_px(self) -> int:
        """Pixels of ignored areas, which became background."""
        return sum(outcome.ignored_px for outcome in self.outcomes)


def import_annotations(
    sources: Sequence[Source],
    root: Path,
    *,
    split: str = "train",
    overwrite: bool = False,
    progress: Callable[[Outcome], None] | None = None,
) -> ImportResult:
    """Write annotated photographs as ``images/<split>/`` and ``masks/<split>/`` of a dataset.

    A photograph's own bytes are copied unchanged where it stands upright; otherwise it is written
    upright as PNG. What is there already is skipped. One that fails is recorded and the import goes
    on. Nothing is deleted, and no photograph or mask is replaced unless `overwrite` says so.

    Parameters
    ----------
    sources : sequence of Source
        As `find_labelme`, `find_coco`, `find_cfd` or `find_folder_pairs` list them.
    root : Path
        The dataset's folder, made if need be.
    split : str
    overwrite : bool
        Import again what is there.
    progress : callable, optional
        Called with each outcome.

    Raises
    ------
    ArgumentError
        When `split` is not a plain name.
    OutputError
        When the dataset cannot be written; what is done stays.
    """
    if not split or split != Path(split).name or split.startswith("."):
        msg = f"a split is a plain folder name, such as train; got {split!r}."
        raise ArgumentError(msg)
    outcomes = []
    for source, stem in zip(sources, _stems(sources), strict=True):
        try:
            outcome = _import_one(source, stem, root, split, overwrite)
        except (ArgumentError, OutputError):
            raise
        except (CrackNetError, MemoryError) as error:
            text = str(error) or "not enough memory for this photograph."
            outcome = Outcome(source.files[0], stem or "", "failed", text)
        outcomes.append(outcome)
        if progress:
            progress(outcome)
    return ImportResult(tuple(outcomes))


def _import_one(
    source: Source, stem: str | None, root: Path, split: str, overwrite: bool
) -> Outcome:
    file = source.files[0]
    if stem is None:
        msg = (
            f"photographs of a split differ in their stems; {file} and another would both become "
            f"{source.relative.name!r}. Rename one."
        )
        raise DatasetError(msg)
    mask_path = root / "masks" / split / f"{stem}.png"
    there = _photos_of_stem(root / "images" / split, stem)
    if there and mask_path.is_file() and not overwrite:
        newest = max(_time(each) for each in source.files)
        status = "changed" if newest > _time(mask_path) else "skipped"
        return Outcome(file, stem, status)
    annotation = source.read()
    suffix, content = upright_file(annotation.photo)
    photo_path = root / "images" / split / f"{stem}{suffix}"
    if others := [path for path in there if path.name != photo_path.name]:
        msg = (
            f"photographs of a split differ in their stems; {file} would become {photo_path.name} "
            f"beside {others[0]}. Remove or rename that one."
        )
        raise DatasetError(msg)
    same = bool(there) and _bytes(photo_path) == content
    if not overwrite and ((there and not same) or mask_path.is_file()):
        msg = (
            f"{photo_path if there else mask_path} is there already and does not come from {file}. "
            "Import into another folder or split, or replace it with --overwrite."
        )
        raise DatasetError(msg)
    # The mask comes last: where it is, its photograph is there, too.
    if not same:
        write_whole(photo_path, content)
    write_whole(mask_path, png_of_mask(annotation.mask))
    return Outcome(
        file,
        stem,
        "imported",
        crack_share=float(annotation.mask.mean()),
        ignored_px=annotation.ignored_px,
        notes=annotation.notes,
    )


def _stems(sources: Sequence[Source]) -> list[str | None]:
    """Name the photographs: by their own stems, and their folders where these are not alone.

    None where that does not tell them apart either.
    """
    own = [source.relative.name for source in sources]
    count = Counter(stem.casefold() for stem in own)
    stems = [
        stem if count[stem.casefold()] == 1 else _with_folders(source.relative)
        for stem, source in zip(own, sources, strict=True)
    ]
    count = Counter(stem.casefold() for stem in stems)
    return [stem if stem.strip(".") and count[stem.casefold()] == 1 else None for stem in stems]


def _with_folders(relative: PurePosixPath) -> str:
    return "_".join(part for part in relative.parts if part not in ("..", "/"))


def _photos_of_stem(folder: Path, stem: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return [
        path
        for suffix in PHOTO_SUFFIXES
        for each in (suffix, suffix.upper())
        if (path := folder / f"{stem}{each}").is_file()
    ]


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Check its permissions."
        raise DatasetError(msg) from error
