"""Labelme's JSON, version by version, as its own code reads and draws it."""

from __future__ import annotations

import base64
import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from cracknet.datasets.importing import import_annotations
from cracknet.datasets.labelme import (
    LabelmeFile,
    find_labelme,
    labelme_bytes,
    mask_to_labelme,
    paint_shapes,
    read_labelme,
)
from cracknet.datasets.pairs import find_pairs, read_mask
from cracknet.errors import DatasetError

TRIANGLE = [[2.0, 2.0], [30.5, 4.0], [10.0, 20.9]]


def png(values):
    return base64.b64encode(cv2.imencode(".png", values)[1].tobytes()).decode()


def content(version="5.5.0", shapes=None, **keys):
    """Give a file as Labelme of that version writes it."""
    major = int(version.split(".")[0])
    shape = {"label": "crack", "points": TRIANGLE, "group_id": None, "shape_type": "polygon"}
    shape["flags"] = {}
    if major == 3:
        del shape["group_id"], shape["shape_type"]
        shape |= {"line_color": None, "fill_color": None}
    if major >= 5:
        shape |= {"description": "", "mask": None}
    file = {
        "version": version,
        "flags": {},
        "shapes": [shape] if shapes is None else shapes,
        "imagePath": "wall.png",
        "imageData": None,
        "imageHeight": 24,
        "imageWidth": 40,
    }
    if major == 3:
        del file["imageHeight"], file["imageWidth"]
        file |= {"lineColor": [0, 255, 0, 128], "fillColor": [255, 0, 0, 128]}
    return file | keys


def write(folder, file, name="wall.json"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(file), "utf-8")
    return path


def labelme_polygon(points, height=24, width=40):
    """Draw as Labelme's shape_to_mask: Pillow, with outline and fill."""
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).polygon([tuple(point) for point in points], outline=1, fill=1)
    return np.asarray(image) > 0


@pytest.mark.parametrize(
    "version", ["3.16.7", "4.0.0", "4.5.6", "5.0.1", "5.5.0", "6.0.0", "7.1.2"]
)
def test_every_version_is_read_and_painted_as_labelme_does(tmp_path, version):
    file = read_labelme(write(tmp_path, content(version)))
    painted = paint_shapes(file, 24, 40)
    assert np.array_equal(painted.crack, labelme_polygon(TRIANGLE))
    assert painted.crack[20, 10]  # a vertex stands for the whole pixel it lies in
    assert not painted.crack[21].any()


def test_the_keys_of_a_written_file():
    mask = np.zeros((24, 40), bool)
    mask[5:9, 4:30] = True
    file = json.loads(labelme_bytes(mask_to_labelme(mask, "wall.jpg")))
    assert set(file) == {
        "version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth",
    }  # fmt: skip
    assert (file["imageHeight"], file["imageWidth"], file["imageData"]) == (24, 40, None)
    (shape,) = file["shapes"]
    assert set(shape) == {
        "label", "points", "group_id", "description", "shape_type", "flags", "mask",
    }  # fmt: skip
    assert shape["points"] == [[4.5, 5.5], [4.5, 8.5], [29.5, 8.5], [29.5, 5.5]]
    assert np.array_equal(labelme_polygon(shape["points"]), mask)


def test_a_file_survives_a_round_trip_with_all_its_keys(tmp_path):
    shape = {
        "label": "Crack",
        "points": TRIANGLE,
        "group_id": 3,
        "shape_type": "polygon",
        "flags": {"hairline": True},
        "description": "Ost",
        "mask": None,
        "severity": [1, {"of": "three"}],
    }
    original = content(shapes=[shape], inspector="Jürgen", flags={"wet": False}, camera={"f": 35.5})
    path = write(tmp_path, original)
    assert json.loads(labelme_bytes(read_labelme(path))) == original
    bare = {"version": "3.1.0", "shapes": [], "imagePath": "a.png"}
    path = write(tmp_path, bare)
    assert json.loads(labelme_bytes(read_labelme(path))) == bare


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(content()).encode())
    assert len(read_labelme(path).shapes) == 1


def test_lines_lie_where_labelme_draws_them():
    """To a pixel: Labelme cuts their ends to whole pixels, here they stay where they are."""
    box = np.ones((3, 3), np.uint8)
    for points in ([[5, 12], [35, 12]], [[20.5, 2.2], [20.5, 22]], [[4, 4], [34, 20]]):
        shape = {"label": "crack", "points": points, "shape_type": "line"}
        file = LabelmeFile.model_validate(content(shapes=[shape]))
        ours = paint_shapes(file, 24, 40).crack
        image = Image.new("L", (40, 24))
        ImageDraw.Draw(image).line([tuple(p) for p in points], fill=1, width=10)
        theirs = np.asarray(image) > 0
        assert ours.sum() == pytest.approx(theirs.sum(), rel=0.08)
        assert not (ours & (cv2.dilate(theirs.astype(np.uint8), box) == 0)).any()
        assert not (theirs & (cv2.dilate(ours.astype(np.uint8), box) == 0)).any()


def test_mask_shapes(tmp_path):
    stored = np.array([[1, 0, 1], [0, 1, 0]], np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(stored.astype(bool)).save(buffer, "PNG")  # one bit, as Labelme writes it
    code = base64.b64encode(buffer.getvalue()).decode()
    for points in ([[5, 7], [7, 8]], [[4.6, 7.4], [7.0, 8.0]]):
        shape = {"label": "crack", "points": points, "shape_type": "mask", "mask": code}
        file = read_labelme(write(tmp_path, content(shapes=[shape])))
        expected = np.zeros((24, 40), bool)
        expected[7:9, 5:8] = stored
        assert np.array_equal(paint_shapes(file, 24, 40).crack, expected)


@pytest.mark.parametrize("corner", [[-1, -1], [38, 23], [1e6, 3], [-1e6, 3]])
def test_a_mask_shape_is_cut_at_the_border(corner):
    points = [corner, [corner[0] + 2, corner[1] + 1]]
    shape = {"label": "crack", "points": points, "shape_type": "mask"}
    shape["mask"] = png(np.full((2, 3), 255, np.uint8))
    painted = paint_shapes(LabelmeFile.model_validate(content(shapes=[shape])), 24, 40)
    expected = np.zeros((24, 40), bool)
    expected[
        max(corner[1], 0) : corner[1] + 2, int(max(corner[0], 0)) : int(max(corner[0] + 3, 0))
    ] = 1
    assert np.array_equal(painted.crack, expected)


@pytest.mark.parametrize("code", [None, "no base64!", base64.b64encode(b"no PNG").decode()])
def test_a_mask_shape_without_pixels(code):
    shape = {"label": "crack", "points": [[0, 0], [2, 2]], "shape_type": "mask", "mask": code}
    with pytest.raises(DatasetError, match=r"shape 0 \('crack'\) of wall\.json"):
        paint_shapes(LabelmeFile.model_validate(content(shapes=[shape])), 24, 40, where="wall.json")


@pytest.mark.shared
def test_real_files_import_onto_their_photographs(data_folder, tmp_path):
    """Twelve files of Labelme 5.5 with Windows paths and a photograph inside."""
    sources = find_labelme(data_folder / "labelme")
    result = import_annotations(sources, tmp_path)
    assert [outcome.error for outcome in result.failed] == []
    assert result.count("imported") == 12
    pairs = find_pairs(tmp_path, "train")
    darker = 0
    for pair in pairs:
        original = data_folder / "labelme/original_images" / pair.image.name
        assert pair.image.read_bytes() == original.read_bytes()
        gray, mask = pair.read()
        assert 0.01 < mask.mean() < 0.4
        around = cv2.dilate(mask.astype(np.uint8), np.ones((25, 25), np.uint8)).astype(bool) & ~mask
        darker += float(gray[mask].mean()) < float(gray[around].mean())
    assert darker >= 11  # cracks are dark: the masks lie on them


@pytest.mark.shared
def test_real_masks_come_back_from_labelme(data_folder, tmp_path):
    """Of the crack pixels of deepcrack's test masks, at least 99 % come back within 1 px."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    kept = crack = near = drawn = 0
    paths = sorted((data_folder / "deepcrack/masks/test").glob("*.png"))
    assert len(paths) == 237
    for path in paths:
        mask = read_mask(path)
        file = mask_to_labelme(mask, "photo.jpg")
        again = paint_shapes(
            LabelmeFile.model_validate_json(labelme_bytes(file)), *mask.shape
        ).crack
        kept += int((mask & (cv2.dilate(again.astype(np.uint8), cross) > 0)).sum())
        near += int((again & (cv2.dilate(mask.astype(np.uint8), cross) > 0)).sum())
        crack, drawn = crack + int(mask.sum()), drawn + int(again.sum())
    assert kept > 0.9999 * crack
    assert near > 0.9999 * drawn
