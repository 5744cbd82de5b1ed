from __future__ import annotations

import math

import ezdxf
import numpy as np
import pytest

from cracknet.errors import OutputError
from cracknet.measurement.classes import WidthBand
from cracknet.measurement.files import PhotoMeasurement
from cracknet.measurement.results import MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.layers.bands import DEFAULT_BANDS
from cracknet.reporting.layers.drawing import (
    FRAME,
    LABELS,
    OTHER,
    OUTLINES,
    UNSCALED,
    drawings,
    layer_names,
)
from cracknet.reporting.tables.rows import measured_rows

from ..measured import HOSTILE, line, photo


def drawn(out, item, bands=DEFAULT_BANDS):
    with drawings(out, bands) as add:
        add(measured_rows(item))
    document = ezdxf.readfile(out / f"{item.photo}.dxf")
    audit = document.audit()
    assert (audit.errors, audit.fixes) == ([], [])
    return document


def on(document, layer):
    return list(document.modelspace().query(f'*[layer=="{layer}"]'))


def test_branches_lie_on_the_layer_of_their_width(tmp_path):
    document = drawn(tmp_path, photo())
    assert document.dxfversion == "AC1024"  # R2010
    assert document.header["$INSUNITS"] == 4  # mm
    names = layer_names(DEFAULT_BANDS)
    counts = {name: len(on(document, name)) for name in names}
    assert counts == dict(zip(names, [0, 2, 0, 1, 0, 0], strict=True))
    colours = [document.layers.get(name).rgb for name in names]
    assert len(set(colours)) == len(names)
    (main,) = on(document, names[3])
    assert main.dxftype() == "LWPOLYLINE"
    points = np.array(main.get_points("xy"))
    np.testing.assert_allclose(points[[0, -1]], [(5.05, -6.05), (15.05, -6.05)])
    ring = next(entity for entity in on(document, names[1]) if entity.closed)
    assert len(ring.get_points()) == 94  # the first point is not repeated


def test_labels_outlines_and_frame(tmp_path):
    document = drawn(tmp_path, photo(HOSTILE))
    assert [text.dxf.text for text in on(document, LABELS)] == ["1: 0.40 mm", "2: 0.15 mm"]
    assert len(on(document, OUTLINES)) == 3
    assert all(entity.closed for entity in on(document, OUTLINES))
    frame, name = on(document, FRAME)
    np.testing.assert_allclose(
        np.array(frame.get_points("xy")), [(0, 0), (30, 0), (30, -20), (0, -20)]
    )
    assert name.dxf.text.startswith(HOSTILE)


def test_without_scale_it_is_in_pixels(tmp_path):
    document = drawn(tmp_path, photo(scale=None))
    assert document.header["$INSUNITS"] == 0
    assert len(on(document, UNSCALED)) == 3
    assert on(document, LABELS)[0].dxf.text == "1: 4.0 px"
    assert on(document, FRAME)[0].get_points("xy")[2] == (300, -200)


def test_bands_of_the_user(tmp_path):
    bands = (WidthBand("fine: <0.3", 0.0, 0.3), WidthBand("wide", 1.0, math.inf))
    document = drawn(tmp_path, photo(), bands)
    assert len(on(document, "CRACK 1 fine_ _0.3")) == 2
    assert len(on(document, OTHER)) == 1
    assert "CRACK 2 wide" in document.layers


@pytest.mark.parametrize("name", ['a<>/\\":;?*|=`,b', "ä\n", "x" * 400, ""])
def test_names_of_layers_are_allowed(tmp_path, name):
    document = drawn(tmp_path, photo(), (WidthBand(name, 0.0, math.inf),))
    (layer,) = layer_names([WidthBand(name, 0.0, math.inf)])
    assert len(on(document, layer)) == 3
    assert len(layer) <= 255


@pytest.mark.parametrize("size", [(200, 300), (1, 1)])
def test_no_cracks(tmp_path, size):
    document = drawn(tmp_path, PhotoMeasurement("wall", "wall.jpg", Measurement(*size, ())))
    assert len(on(document, FRAME)) == 2
    assert len(document.modelspace()) == 2


def test_a_view_that_shows_the_horizon_has_no_frame(tmp_path):
    matrix = np.array([[0.1, 0, 0], [0, 0.1, 0], [0, -0.0075, 1.0]])
    scale = Scale(0.1, "marker", "marker 7", None, matrix)
    (text,) = on(drawn(tmp_path, photo(scale=scale)), FRAME)
    assert text.dxftype() == "TEXT"


def test_thousands_of_cracks(tmp_path):
    places = [(k % 60 * 50, k // 60 * 50) for k in range(1000)]
    found = tuple(
        MeasuredCrack(number, (line((x, y), (x + 20, y), 2.0),), 40.0)
        for number, (x, y) in enumerate(places, 1)
    )
    item = PhotoMeasurement("many", "many.jpg", Measurement(900, 3000, found))
    document = drawn(tmp_path, item)
    assert len(on(document, UNSCALED)) == len(on(document, LABELS)) == 1000


@pytest.mark.parametrize("name", ["a%%ub", "wall\udce4", "a\tb"])
def test_names_hold_no_codes(tmp_path, name):
    item = photo(name)
    with drawings(tmp_path, DEFAULT_BANDS) as add:
        add(measured_rows(item))
    document = ezdxf.readfile(next(tmp_path.iterdir()))
    assert not document.audit().has_errors
    text = on(document, FRAME)[1].dxf.text
    assert "%%" not in text
    assert text.isprintable()


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        drawn(tmp_path / "out", photo())
