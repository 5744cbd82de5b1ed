"""Which files can be fetched of a job, and of one of its photographs."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class ResultFormat:
    """A file that can be fetched.

    Attributes
    ----------
    media_type : str
    words : str
        What it is, for a list of downloads.
    extra : str
        Of the package, that brings what it needs; empty for none.
    modules : tuple of str
        What it imports from there.
    suffix : str
        Of a photograph's result: the ending of its file in the folder of results; empty for one
        that is made when it is asked for.
    """

    media_type: str
    words: str
    extra: str = ""
    modules: tuple[str, ...] = ()
    suffix: str = ""

    @property
    def needs(self) -> str:
        """What to install before it can be made; empty when all is there."""
        if all(importlib.util.find_spec(module) is not None for module in self.modules):
            return ""
        return f'pip install "cracknet[{self.extra}]"'


JOB_FILES = {
    "cracks.csv": ResultFormat("text/csv; charset=utf-8", "Table of cracks"),
    "branches.csv": ResultFormat("text/csv; charset=utf-8", "Table of branches"),
    "photos.csv": ResultFormat("text/csv; charset=utf-8", "Table of photographs"),
    "cracks.xlsx": ResultFormat(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Workbook: cracks, branches, photographs",
        "tables",
        ("xlsxwriter",),
    ),
    "cracks.geojson": ResultFormat(
        "application/geo+json", "Map layer of cracks", "geo", ("shapely", "pyproj")
    ),
    "cracks.gpkg": ResultFormat(
        "application/geopackage+sqlite3",
        "GeoPackage: cracks and branches",
        "geo",
        ("pyogrio", "shapely", "pyproj"),
    ),
    "drawings.zip": ResultFormat(
        "application/zip", "Drawings, a DXF for each photograph", "cad", ("ezdxf",)
    ),
    "coco.json": ResultFormat("application/json", "Masks as COCO annotations"),
    "report.html": ResultFormat("text/html; charset=utf-8", "Report, one HTML file"),
    "report.pdf": ResultFormat("application/pdf", "Report as PDF", "report", ("weasyprint",)),
    "all.zip": ResultFormat("application/zip", "All results"),
}
"""Of a whole job, by the file's name."""

PHOTO_FILES = {
    "mask.png": ResultFormat("image/png", "Mask, 0 and 255", suffix=".mask.png"),
    "probability.png": ResultFormat(
        "image/png", "Probability, 0 to 255", suffix=".probability.png"
    ),
    "overlay.jpg": ResultFormat("image/jpeg", "Cracks drawn in red", suffix=".overlay.jpg"),
    "widths.jpg": ResultFormat("image/jpeg", "Cracks coloured by width", suffix=".widths.jpg"),
    "cracks.json": ResultFormat("application/json", "Measurement"),
    "labelme.json": ResultFormat("application/json", "Mask as Labelme polygons"),
    "photo": ResultFormat("application/octet-stream", "Photograph as it was sent"),
}
"""Of one photograph."""
