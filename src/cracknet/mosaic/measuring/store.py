"""What measuring a raster has found so far: parts on the disk, and layers that grow with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from cracknet.errors import OutputError
from cracknet.files import write_whole
from cracknet.measurement.files import PhotoMeasurement, measurement_json, read_measurement
from cracknet.mosaic.parts import Parts
from cracknet.reporting.layers import Georeference
from cracknet.reporting.layers.geopackage import add_to_geopackage
from cracknet.reporting.measuring import ABOUT_PARTS, parts_folder
from cracknet.reporting.tables.rows import measured_rows

LAYERS = "layers.gpkg"


class Store:
    """Parts of a raster's measurement.

    They lie in ``OUT/.NAME.measuring`` until all are there; then the folder becomes
    ``OUT/NAME.cracks``, and the layers ``OUT/NAME.gpkg``. Each part is a file as a photograph's
    measurement is, with the cracks of some windows. The journal says which are finished. The
    layers get the cracks of each part as it is found; where a run goes on they are written anew
    from the finished parts, so that none is in them twice.

    Parameters
    ----------
    out : Path
    name : str
        Of the raster's results.
    header : dict
        Of the raster's state and the options, as JSON has them. Parts of others are dropped.
    place : Georeference, optional
    """

    def __init__(
        self, out: Path, name: str, header: dict[str, Any], place: Georeference | None
    ) -> None:
        self.layers = Path(f"{out / name}.gpkg")
        self._out, self._name, self._header, self._place = out, name, header, place
        self._final = parts_folder(out, name)
        self._folder = self._final.with_name(f".{Path(name).name}.measuring")

    @property
    def finished(self) -> dict[str, Any] | None:
        """What is known of a measurement that is finished; None where there is none like this."""
        try:
            about = json.loads((self._final / ABOUT_PARTS).read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(about, dict) or about.get("header") != self._header:
            return None
        return about if self.layers.is_file() else None

    def open(self) -> None:
        """Take up the parts that an earlier run has left."""
        self._parts = Parts(self._folder, self._header, overwrite=True)
        (self._folder / LAYERS).unlink(missing_ok=True)
        for number in range(1, self.count + 1):
            self._draw(read_measurement(self._path(number)))

    @property
    def count(self) -> int:
        """How many parts are finished; they are done in order."""
        return sum(key.isdigit() for key in self._parts.windows)

    def told(self, key: str) -> dict[str, Any] | None:
        """Return what `tell` has kept."""
        return self._parts.windows.get(key)

    def tell(self, key: str, values: dict[str, Any]) -> None:
        """Keep values besides the parts."""
        self._parts.finish(key, values)

    def totals(self) -> dict[str, float]:
        """Sum up the figures of all finished parts."""
        total: dict[str, float] = {}
        for key, line in self._parts.windows.items():
            if key.isdigit():
                for name in line.keys() - {"window"}:
                    total[name] = total.get(name, 0) + line[name]
        return total

    def add(self, number: int, item: PhotoMeasurement, figures: dict[str, float]) -> None:
        """Keep a part, from 1 on, with figures that are summed up."""
        write_whole(self._path(number), measurement_json(item))
        self._draw(item)
        self._parts.finish(f"{number:05}", figures)

    def finish(self, about: dict[str, Any]) -> None:
        """Give parts and layers their names."""
        content = {"header": self._header, **about}
        write_whole(self._folder / ABOUT_PARTS, (json.dumps(content) + "\n").encode())
        try:
            (self._folder / LAYERS).replace(self.layers)
            if self._final.is_dir():
                shutil.rmtree(self._final)
            self._folder.rename(self._final)
        except OSError as error:
            msg = f"{self._final} cannot be written: {error.strerror}. Run again."
            raise OutputError(msg) from error

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:05}.json"

    def _draw(self, item: PhotoMeasurement) -> None:
        add_to_geopackage(self._folder / LAYERS, measured_rows(item), self._place)
