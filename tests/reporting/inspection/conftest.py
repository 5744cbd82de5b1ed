"""Output folders as `cracknet segment` leaves them, measured by the rendered truth."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cracknet.measurement.files import SUFFIX, PhotoMeasurement, measurement_json
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.overlay import draw_overlay
from cracknet.synthesis import SceneOptions, render, straight_path

SCALE = Scale(0.1, "marker", "ArUco marker 7 of 50 mm", 0.012)


@pytest.fixture(scope="session")
def measured():
    """Return a function: rendered paths in, their measurement out, a crack for each path."""

    def make(paths, size=(120, 160), scale=SCALE, **more):
        cracks = []
        for number, path in enumerate(paths, 1):
            steps = np.linspace(0, 1, 41)[:, None]
            points = path.points_px[0] * (1 - steps) + path.points_px[-1] * steps
            widths = np.interp(steps[:, 0], [0, 1], path.widths_px[[0, -1]])
            branch = Branch(points, widths, np.zeros(len(points), np.uint8))
            cracks.append(MeasuredCrack(number, (branch,), path.area_px2))
        return Measurement(*size, tuple(cracks), scale, **more)

    return make


@pytest.fixture
def folder(tmp_path, measured):
    """Return an output folder, and a function that adds a photograph to it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text(
        json.dumps(
            {
                "cracknet": "0.1",
                "options": {"model": "cracknet-lite", "threshold": 0.5},
                "status": "finished",
            }
        )
    )

    def add(
        name="wall",
        paths=None,
        *,
        size=(120, 160),
        scale=SCALE,
        about=None,
        measurement=None,
        **row,
    ):
        if paths is None:
            paths = [
                straight_path((10, 20), (140, 20), 3.0),
                straight_path((20, 100), (60, 60), (1.0, 5.0)),
            ]
        photo = render(SceneOptions(height=size[0], width=size[1]), seed=1, cracks=paths)
        file = tmp_path / "in" / f"{Path(name).name}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(cv2.imencode(".png", photo.gray)[1])
        base = out / name
        base.parent.mkdir(parents=True, exist_ok=True)
        overlay = draw_overlay(photo.gray, photo.mask)
        mask = photo.mask.view(np.uint8) * 255
        for suffix, picture in ((".overlay.jpg", overlay), (".mask.png", mask)):
            Path(f"{base}{suffix}").write_bytes(cv2.imencode(suffix[-4:], picture)[1])
        measurement = measurement or measured(paths, size, scale)
        content = measurement_json(PhotoMeasurement(name, str(file), measurement, about or {}))
        Path(f"{base}{SUFFIX}").write_bytes(content)
        row = {"width_px": size[1], "height_px": size[0]} | row
        Journal(out).add(PhotoRow(name, str(file), "done", **row))
        return file

    add.out = out
    return add
