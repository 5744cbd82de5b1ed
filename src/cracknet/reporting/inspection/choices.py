"""What a report's caller may leave open: where it goes, and by which standard it sorts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cracknet.errors import ArgumentError
from cracknet.measurement.classes import ClassChoice
from cracknet.reporting.inspection.bands import WidthClasses, classes_of
from cracknet.reporting.inspection.folder import read_run


def report_files(
    out: Path, file: Path | None = None, *, pdf: bool = False
) -> tuple[Path | None, Path | None]:
    """Name the HTML and the PDF of a report; None for one that is not wanted.

    Parameters
    ----------
    out : Path
        The folder reported on; gets ``report.html`` where no file is named.
    file : Path, optional
        Ends in .html or .htm, or in .pdf for a PDF alone.
    pdf : bool
        Whether a PDF goes beside the HTML.

    Raises
    ------
    ArgumentError
        When the file ends otherwise.

    Examples
    --------
    >>> [str(path) for path in report_files(Path("out"), pdf=True)]
    ['out/report.html', 'out/report.pdf']
    """
    file = out / "report.html" if file is None else file
    suffix = file.suffix.lower()
    if suffix == ".pdf":
        return None, file
    if suffix not in (".html", ".htm"):
        msg = f"a report ends in .html or .pdf; got {file}."
        raise ArgumentError(msg)
    return file, file.with_suffix(".pdf") if pdf else None


def choose_classes(out: Path, choice: ClassChoice | None = None) -> WidthClasses:
    """Sort widths by the standard that is named, else by the run's own, else by plain bands.

    Parameters
    ----------
    out : Path
        The folder reported on; its run.json holds the standard that it was measured by.
    choice : ClassChoice, optional

    Raises
    ------
    ArgumentError
        When the folder is no run's, or its standard is damaged.
    """
    if choice is None:
        found: Any = read_run(out)
        for name in ("options", "measure", "classes"):
            found = found.get(name) if isinstance(found, dict) else None
        choice = ClassChoice.from_dict(found) if isinstance(found, dict) else None
    return WidthClasses() if choice is None else classes_of(choice)
