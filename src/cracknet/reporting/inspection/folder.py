"""What an output folder holds that a report can tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cracknet.errors import ArgumentError
from cracknet.measurement.files import SUFFIX
from cracknet.photo import natural_key
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.measuring import ABOUT_PARTS, parts_folder

NOT_MEASURED = "segmented, but not measured. Run `cracknet measure` on the folder."
RASTER = "a raster, which has no page: its cracks are in {name}.gpkg and in cracks.csv."


@dataclass(frozen=True)
class ReportItem:
    """A photograph of the run.

    Attributes
    ----------
    photo : str
        Name of its results below the folder, without suffix.
    base : Path
        The same with the folder: ``<base>.overlay.jpg`` is its overlay.
    row : PhotoRow or None
        What the run's journal says of it.
    failed : str
        Why it has no measurement; empty where it has one.
    """

    photo: str
    base: Path
    row: PhotoRow | None
    failed: str = ""

    def result(self, suffix: str) -> Path:
        """Path of one of its results."""
        return Path(f"{self.base}{suffix}")

    @property
    def element(self) -> str:
        """The folder that it lies in, an inspector's element; empty for none."""
        folder = str(PurePosixPath(self.photo).parent)
        return "" if folder == "." else folder


@dataclass(frozen=True)
class ReportFolder:
    """An output folder.

    Attributes
    ----------
    out : Path
    run : dict
        What run.json says.
    items : tuple of ReportItem
        By element, then by name, numbers by their value.
    """

    out: Path
    run: dict[str, Any]
    items: tuple[ReportItem, ...]


def read_folder(out: Path) -> ReportFolder:
    """List the photographs of a folder that `cracknet segment` or `cracknet measure` wrote.

    Raises
    ------
    ArgumentError
        When it is no such folder, or no photograph in it is measured.
    """
    run = read_run(out)
    rows = Journal(out).rows
    measured = {
        path.relative_to(out).as_posix().removesuffix(SUFFIX) for path in out.rglob(f"*{SUFFIX}")
    }
    if not measured and any((parts_folder(out, name) / ABOUT_PARTS).is_file() for name in rows):
        msg = (
            f"{out} holds rasters only, and a report has pages of photographs. Their cracks are "
            "in the GeoPackage of each, for QGIS and others, and in cracks.csv."
        )
        raise ArgumentError(msg)
    if not measured:
        msg = (
            f"{out} holds no measurement (*{SUFFIX}), as after `segment --no-measure`. Run "
            f"`cracknet measure {out}` first."
        )
        raise ArgumentError(msg)
    items = [
        ReportItem(name, out / name, rows.get(name), _reason(out, rows.get(name), name in measured))
        for name in measured | rows.keys()
    ]
    items.sort(key=lambda item: natural_key(PurePosixPath(item.photo)))
    return ReportFolder(out, run, tuple(items))


def _reason(out: Path, row: PhotoRow | None, measured: bool) -> str:
    if row is not None and row.status == "failed":
        return row.error or "failed; the run does not say why."
    if row is not None and (parts_folder(out, row.photo) / ABOUT_PARTS).is_file():
        return RASTER.format(name=row.photo)
    return "" if measured else NOT_MEASURED


def read_run(out: Path) -> dict[str, Any]:
    """Read run.json.

    Raises
    ------
    ArgumentError
        When there is none, or it is none.
    """
    path = out / "run.json"
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = (
            f"a report is made of a folder that `cracknet segment` or `cracknet measure` wrote, "
            f"with a run.json in it; {out} has none. Check the folder's name."
        )
        raise ArgumentError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read ({error}). Run `cracknet segment` again."
        raise ArgumentError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path} is not a run of CrackNet. Check the folder's name."
        raise ArgumentError(msg)
    return content
