"""Files made of a job's results when somebody asks for them: tables, layers, drawings, report.

Run as ``python -m cracknet.web.work.making DATA JOB FILE OUT`` in a process of its own: a report
decodes photographs that strangers may have sent, and tables of long jobs take time and memory. Exit
status 0: the file is there; 3: it cannot be made, and the reason stands on standard output.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cracknet.errors import ArgumentError, CrackNetError
from cracknet.files import write_whole
from cracknet.measurement.files import SUFFIX, PhotoMeasurement, measurement_json, read_measurement
from cracknet.web.queue.folders import job_folder
from cracknet.web.queue.jobs import Job, PhotoRecord
from cracknet.web.work.job_report import write_job_report

REFUSED = 3
NICENESS = 5
"""The page goes first."""
NOTHING_DONE = (
    "No photograph of this job is measured yet, so that there is nothing to put into the file. "
    "Wait until one is done."
)


def make_file(data: Path, job: Job, file: str, out: Path) -> None:
    """Make one file of a job.

    Parameters
    ----------
    data : Path
        The folder of all jobs.
    job : Job
    file : str
        A key of `cracknet.web.work.formats.JOB_FILES` but all.zip, or for a photograph
        ``<number>/labelme.json`` or ``<number>/cracks.json``.
    out : Path
        Where it goes; it appears whole or not at all.

    Raises
    ------
    ArgumentError
        When nothing is measured, or what the format needs is not installed.
    OutputError
        When it cannot be written.
    """
    results = job_folder(data, job.id) / "results"
    done = [photo for photo in job.photos if _is_measured(results, photo)]
    if not done:
        raise ArgumentError(NOTHING_DONE)
    number, _, own = file.partition("/")
    if own:
        _PHOTO_MAKERS[own](results, _numbered(done, number), out)
        return
    with TemporaryDirectory(prefix="making-", dir=out.parent) as folder:
        if file.startswith("report."):
            write_job_report(job, results, Path(folder), out)
        else:
            _MAKERS[file](results, done, Path(folder), out)


def _is_measured(results: Path, photo: PhotoRecord) -> bool:
    return Path(f"{results / photo.name}{SUFFIX}").is_file()


def _numbered(photos: Sequence[PhotoRecord], number: str) -> PhotoRecord:
    for photo in photos:
        if str(photo.number) == number:
            return photo
    raise ArgumentError(NOTHING_DONE)


def _items(results: Path, photos: Sequence[PhotoRecord]) -> Iterator[PhotoMeasurement]:
    """Read measurements, with the photographs' names in place of the server's paths."""
    for photo in photos:
        item = read_measurement(Path(f"{results / photo.name}{SUFFIX}"))
        yield replace(item, file=photo.file_name)


def _written(
    results: Path, photos: Sequence[PhotoRecord], folder: Path, form: str
) -> Callable[[str], Path]:
    """Write a format of `write_outputs` into a folder; give a function that names its files."""
    from cracknet.reporting.outputs import write_outputs

    write_outputs(_items(results, photos), folder, [form], **_bands(results, photos))
    return lambda name: folder / name


def _bands(results: Path, photos: Sequence[PhotoRecord]) -> dict[str, Any]:
    from cracknet.measurement.classes import choice_of

    choice = choice_of(next(_items(results, photos[:1])).about)
    return {} if choice is None else {"bands": choice.bands}


def _move(path: Path, out: Path) -> None:
    path.replace(out)


def _csv(name: str) -> Callable[[Path, Sequence[PhotoRecord], Path, Path], None]:
    def make(results: Path, photos: Sequence[PhotoRecord], folder: Path, out: Path) -> None:
        _move(_written(results, photos, folder, "csv")(name), out)

    return make


def _photos_csv(results: Path, photos: Sequence[PhotoRecord], folder: Path, out: Path) -> None:
    from cracknet.reporting.journal import Journal

    rows = Journal(results).rows
    table = Journal(folder)
    table.rows = {
        photo.name: replace(rows[photo.name], file=photo.file_name)
        for photo in photos
        if photo.name in rows
    }
    table.write_table([photo.name for photo in photos])
    _move(folder / "photos.csv", out)


def _xlsx(results: Path, photos: Sequence[PhotoRecord], folder: Path, out: Path) -> None:
    _move(_written(results, photos, folder, "xlsx")("cracks.xlsx"), out)


def _geojson(results: Path, photos: Sequence[PhotoRecord], folder: Path, out: Path) -> None:
    """One photograph's file as it is; of several, one collection of all their cracks."""
    path = _written(results, photos, folder, "geojson")
    if len(photos) == 1:
        _move(path(f"{photos[0].name}.cracks.geojson"), out)
        return
    whole: dict[str, Any] = {}
    features: list[Any] = []
    for photo in photos:
        content = json.loads(path(f"{photo.name}.cracks.geojson").read_text("utf-8"))
        features += content.pop("features")
        if not whole:
            whole = content
        elif whole.get("coordinate_system", {}).get("unit") != _unit(content):
            whole.pop("crs", None)
            whole["coordinate_system"] = {
                "unit": "mixed",
                "description": "each photograph's own frame: mm where it has a scale, else px",
            }
    whole["name"] = f"cracks of {len(photos)} photographs, each in its own frame"
    text = json.dumps({**whole, "features": features}, ensure_ascii=False, separators=(",", ":"))
    write_whole(out, text.encode())


def _unit(content: dict[str, Any]) -> Any:
    return content.get("coordinate_system", {}).get("unit")


def _gpkg(results: Path, photos: Sequence[PhotoRecord], folder: Path, out: Path) -> None:
    """One photograph's file as it is; of several, one with layers named after each."""
    path = _written(results, photos, folder, "gpkg")
    if len(photos) == 1:
        _move(path(f"{photos[0].name}.gpkg"), out)
        return
    import pyogrio

    whole = folder / ".all.gpkg"
    for photo in photos:
        own = path(f"{photo.name}.gpkg")
        for layer in ("cracks", "branches"):
            meta, _, geometry, values = pyogrio.raw.read(own, layer=layer)
            pyogrio.raw.write(
                whole,
                geometry,
                values,
                meta["fields"],
                layer=f"{photo.name} {layer}",
                driver="GPKG",
                geometry_type=meta["geometry_type"],
                crs=meta["crs"],
                append=whole.exists(),
            )
    _move(whole, out)


def _drawings(results: Path, photos: Sequence[PhotoRecord], folder: Path, out: Path) -> None:
    path = _written(results, photos, folder, "dxf")
    whole = folder / ".all.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for photo in photos:
            name = f"{photo.name}.dxf"
            archive.write(path(name), name)
    _move(whole, out)


def _coco(results: Path, photos: Sequence[PhotoRecord], _: Path, out: Path) -> None:
    from cracknet.datasets.coco import CATEGORY, annotations_of
    from cracknet.datasets.pairs import read_mask

    images: list[dict[str, Any]] = []
    areas: list[dict[str, Any]] = []
    for photo in photos:
        mask = read_mask(Path(f"{results / photo.name}.mask.png"))
        height, width = mask.shape
        areas += annotations_of(mask, photo.number, len(areas) + 1)
        images.append(
            {"id": photo.number, "file_name": photo.file_name, "width": width, "height": height}
        )
    content = {
        "info": {"description": "cracks", "contributor": "CrackNet"},
        "licenses": [],
        "images": images,
        "annotations": areas,
        "categories": [CATEGORY],
    }
    write_whole(out, (json.dumps(content, separators=(",", ":")) + "\n").encode())


def _labelme(results: Path, photo: PhotoRecord, out: Path) -> None:
    from cracknet.datasets.labelme import labelme_bytes, mask_to_labelme
    from cracknet.datasets.pairs import read_mask

    mask = read_mask(Path(f"{results / photo.name}.mask.png"))
    write_whole(out, labelme_bytes(mask_to_labelme(mask, photo.file_name)))


def _measurement(results: Path, photo: PhotoRecord, out: Path) -> None:
    write_whole(out, measurement_json(next(_items(results, [photo]))))


_PHOTO_MAKERS: dict[str, Callable[[Path, PhotoRecord, Path], None]] = {
    "labelme.json": _labelme,
    "cracks.json": _measurement,
}
_MAKERS: dict[str, Callable[[Path, Sequence[PhotoRecord], Path, Path], None]] = {
    "cracks.csv": _csv("cracks.csv"),
    "branches.csv": _csv("branches.csv"),
    "photos.csv": _photos_csv,
    "cracks.xlsx": _xlsx,
    "cracks.geojson": _geojson,
    "cracks.gpkg": _gpkg,
    "drawings.zip": _drawings,
    "coco.json": _coco,
}


def main(words: Sequence[str]) -> int:
    """Make the file that the command line names."""
    from cracknet.web.queue.store import Store

    if hasattr(os, "nice"):
        os.nice(NICENESS)
    data, job_id, file, out = words
    store = Store(Path(data))
    try:
        job = store.job(job_id)
        if job is None:
            msg = "There is no such job any more."
            raise ArgumentError(msg)
        make_file(Path(data), job, file, Path(out))
    except CrackNetError as error:
        sys.stdout.write(str(error))
        return REFUSED
    except MemoryError:
        sys.stdout.write("There is not enough memory to make it. Ask for fewer photographs.")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
