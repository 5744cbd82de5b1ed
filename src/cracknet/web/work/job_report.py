"""The report of a job: that of its folder of results, with the senders' names for photographs."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from cracknet.files import write_whole
from cracknet.measurement.files import SUFFIX, measurement_json, read_measurement
from cracknet.reporting.inspection.choices import choose_classes
from cracknet.reporting.inspection.heading import Heading
from cracknet.reporting.inspection.report import write_report
from cracknet.reporting.journal import JOURNAL, Journal
from cracknet.web.queue.jobs import Job


def write_job_report(job: Job, results: Path, folder: Path, out: Path) -> None:
    """Write a report of a job.

    A report names the files that its folder's measurements name, and those are this server's
    paths. So it is made of a folder of links, in which photographs are called as by their senders.
    The working directory of the process changes meanwhile.

    Parameters
    ----------
    job : Job
    results : Path
        Its folder of results.
    folder : Path
        An empty one, on the same disk as `out`.
    out : Path
        Ends in .html or .pdf.

    Raises
    ------
    ArgumentError
        When nothing is measured.
    OutputError
        When it cannot be written, or what makes PDFs is not installed.
    """
    results, out, folder = results.resolve(), out.resolve(), folder.resolve()
    shown = folder / "results"
    shown.mkdir()
    for path in results.iterdir():
        if path.is_file() and path.name != JOURNAL and not path.name.endswith(SUFFIX):
            (shown / path.name).symlink_to(path)
    rows, journal = Journal(results).rows, Journal(shown)
    for photo in job.photos:
        file = Path(photo.file_name)
        if (folder / file).exists():
            file = Path(str(photo.number), photo.file_name)
            (folder / file).parent.mkdir()
        measured = Path(f"{results / photo.name}{SUFFIX}")
        if measured.is_file():
            item = read_measurement(measured)
            (folder / file).symlink_to(item.file)
            content = measurement_json(replace(item, file=str(file)))
            write_whole(Path(f"{shown / photo.name}{SUFFIX}"), content)
        if photo.name in rows:
            row = rows[photo.name]
            error = photo.error if row.status == "failed" else row.error
            journal.add(replace(row, file=str(file), error=error))
    path = folder / f"report{out.suffix}"
    heading = Heading(structure=job.title)
    with chdir(folder):
        here = Path("results")
        if out.suffix == ".pdf":
            write_report(here, pdf=path, heading=heading, classes=choose_classes(here))
        else:
            write_report(here, html=path, heading=heading, classes=choose_classes(here))
    path.replace(out)
