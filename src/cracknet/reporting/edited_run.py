"""A photograph of a run measured anew after its mask was corrected by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cracknet.arrays import Mask
from cracknet.datasets.masked import MASK_ENDING
from cracknet.errors import ArgumentError
from cracknet.files import write_whole
from cracknet.measurement.files import PhotoMeasurement
from cracknet.photo import DEFAULT_MAX_PIXELS, read_photo
from cracknet.reporting.edits import Edits, edited_mask, edited_probability
from cracknet.reporting.journal import Journal, PhotoRow, photo_facts, with_measured
from cracknet.reporting.measured_run import read_mask_or_probability
from cracknet.reporting.measuring import (
    Measuring,
    measure_photo,
    write_measurement,
    write_run_outputs,
)
from cracknet.reporting.naming import OVERLAY_ENDING, PROBABILITY_ENDING
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.photo_run import stamp, write_run
from cracknet.reporting.writing import jpeg_of, png_of_mask

PAINTED = (
    "cracks were added with a brush: where the photograph shows no line of about the brush's "
    "width, they are as wide as the brush."
)


@dataclass(frozen=True, eq=False)
class Corrected:
    """A photograph measured after corrections.

    Attributes
    ----------
    row : PhotoRow
        Of photos.csv.
    measured : PhotoMeasurement
    mask : (H, W) bool
        As corrected.
    """

    row: PhotoRow
    measured: PhotoMeasurement
    mask: Mask


def measure_edits(
    out: Path,
    name: str,
    edits: Edits,
    measuring: Measuring,
    *,
    threshold: float | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    called: Path | None = None,
) -> Corrected:
    """Correct the mask of a photograph that `cracknet segment` wrote, and measure it anew.

    Mask, overlay, picture of widths and measurement are written anew. The probability on disk
    never changes, so that edits can be taken back: each call begins from it. As it is kept to
    1/255, no edits give the mask of `cracknet segment` to the pixel at a threshold of 0.5, and
    elsewhere but for pixels within 1/510 of the threshold.

    Widths follow the corrected mask: where the photograph shows a line about as wide as the brush
    (`cracknet.measurement.widths.WidthOptions.agreement`), its gray profile gives the exact width,
    as for any other crack. Where it shows none, or one much thinner or wider, the crack is as wide
    as it was painted, and a note of the measurement says so.

    Parameters
    ----------
    out : Path
        The run's folder.
    name : str
        Of the photograph's results.
    edits : Edits
        Its scale does not count here: `measuring` has the one to be used.
    measuring : Measuring
    threshold : float, optional
        Of the run, where the edits name none; as run.json has it by default.
    max_pixels : int
        Of the photograph, checked before it is decoded.
    called : Path, optional
        What the photograph is called in messages, in place of its path.

    Returns
    -------
    Corrected
        Its measurement's ``about`` holds ``edits`` and the ``threshold`` in effect.

    Raises
    ------
    ArgumentError
        When the folder holds no such photograph.
    DatasetError, PhotoError
        When its probability or the photograph cannot be read.
    OutputError
        When a result cannot be written.
    """
    journal, options = Journal(out), _run(out)["options"]
    row, stored = journal.rows.get(name), Path(f"{out / name}{PROBABILITY_ENDING}")
    probability = read_mask_or_probability(stored)[1] if stored.is_file() else None
    if row is None or probability is None:
        msg = (
            f"{out} holds no probability of a photograph {name!r}: its mask cannot be corrected. "
            "Segment the photograph first."
        )
        raise ArgumentError(msg)
    cut = float(options["threshold"] if threshold is None else threshold)
    if edits.of_mask:
        mask, probability = edited_probability(probability, cut, edits)
    else:
        mask = edited_mask(probability, cut, edits)
    photo, file, gone = None, Path(row.file), ""
    if stamp(file) == (row.bytes, row.modified_ns):
        photo = read_photo(file, max_pixels=max_pixels)
        photo = photo if called is None else replace(photo, path=called)
    else:
        gone = (
            f"the photograph {called or file} is gone or has changed: widths are from the "
            "probability."
        )
    base = str(out / name)
    write_whole(Path(base + MASK_ENDING), png_of_mask(mask))
    if photo is not None:
        write_whole(Path(base + OVERLAY_ENDING), jpeg_of(draw_overlay(photo.gray, mask)))
    about: dict[str, Any] = {
        **photo_facts(row),
        "model": options["model"],
        "threshold": cut if edits.threshold is None else edits.threshold,
        "mask": list(stamp(Path(base + MASK_ENDING))),
    }
    if edits != Edits():
        about["edits"] = edits.as_dict()
    item = measure_photo(name, file, photo, mask, probability, measuring, about)
    notes = [gone] if gone else []
    if any(stroke.kind == "add" for stroke in edits.strokes):
        notes.append(PAINTED)
    if notes:
        notes = [*item.measurement.notes, *notes]
        item = replace(item, measurement=replace(item.measurement, notes=tuple(notes)))
    write_measurement(out, item, None if photo is None else photo.gray)
    row = replace(row, status="done", error="", crack_share=float(mask.mean()))
    row = with_measured(row, item)
    journal.add(row)
    return Corrected(row, item, mask)


def write_tables(
    out: Path,
    measuring: Measuring,
    order: Sequence[str] = (),
    *,
    threshold: float | None = None,
) -> None:
    """Write photos.csv, the tables of all cracks and run.json of a folder, as it now is.

    Parameters
    ----------
    out : Path
    measuring : Measuring
        Of the run; single photographs may have had a scale of their own.
    order : sequence of str
        Names of photographs, in the order of rows.
    threshold : float, optional
        Of the run, where it has changed.

    Raises
    ------
    ArgumentError
        When the folder is not one that `cracknet segment` wrote.
    PhotoError
        When a measurement is damaged.
    OutputError
        When a file cannot be written.
    """
    run, journal = _run(out), Journal(out)
    journal.write_table(list(order))
    write_run_outputs(out, measuring, journal, order)
    options = {**run["options"], "measure": measuring.as_dict()}
    if threshold is not None:
        options["threshold"] = threshold
    rows = journal.rows.values()
    pixels = sum((row.width_px or 0) * (row.height_px or 0) for row in rows)
    write_run(
        out,
        options,
        {
            "status": "finished",
            "photos": len(rows),
            "failed": sum(row.status == "failed" for row in rows),
            "megapixels": round(pixels / 1e6, 3),
        },
    )


def _run(out: Path) -> dict[str, Any]:
    try:
        run = json.loads((out / "run.json").read_text("utf-8"))
        run["options"]["model"], run["options"]["threshold"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{out} is not a folder that `cracknet segment` wrote: it has no such run.json."
        raise ArgumentError(msg) from error
    return dict(run)
