from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cracknet.datasets.coco import (
    annotations_of,
    fill_polygon,
    find_coco,
    mask_of,
    polygons_of,
    runs_of,
    runs_of_text,
    text_of,
)
from cracknet.datasets.labels import read_labels
from cracknet.datasets.pairs import read_mask
from cracknet.errors import DatasetError

HEIGHT, WIDTH = 24, 40
masks = arrays(bool, st.tuples(st.integers(1, 16), st.integers(1, 16)))


def known_mask():
    mask = np.zeros((7, 9), bool)
    mask[2:5, 3:7] = True
    mask[3, 4] = False
    mask[6, 8] = True
    return mask


# Run lengths. The texts are pycocotools 2.0.10's, of `mask.encode(np.asfortranarray(mask))`.


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (known_mask(), "g034NM03200;N"),
        (np.zeros((3, 2), bool), "6"),
        (np.ones((3, 2), bool), "06"),
    ],
    ids=["crack with a hole", "empty", "full"],
)
def test_known_texts(mask, text):
    assert text_of(runs_of(mask)) == text
    assert np.array_equal(mask_of(runs_of_text(text), *mask.shape), mask)


def test_known_text_of_large_numbers():
    mask = np.zeros((3000, 4000), bool)
    mask[1000:2000, 1500:1503] = True
    assert text_of(runs_of(mask)) == "X`[Y4Xo0`n1000`^bT7"
    assert np.array_equal(mask_of(runs_of_text("X`[Y4Xo0`n1000`^bT7"), 3000, 4000), mask)


def test_runs_go_down_the_columns():
    mask = np.array([[0, 1], [1, 1], [0, 0]], bool)
    assert runs_of(mask) == [1, 1, 1, 2, 1]


@settings(deadline=None)
@given(masks)
def test_runs_and_text_give_the_mask_back(mask):
    runs = runs_of(mask)
    assert sum(runs) == mask.size
    assert all(run > 0 for run in runs[1:])
    assert runs_of_text(text_of(runs)) == runs
    assert np.array_equal(mask_of(runs, *mask.shape), mask)


@given(st.lists(st.integers(0, 2**40), max_size=12))
def test_any_lengths_survive_the_text(runs):
    assert runs_of_text(text_of(runs)) == runs


@pytest.mark.parametrize("text", ["6 ", "6p", "6\u20ac", "X", "o" * 40])
def test_texts_that_are_refused(text):
    with pytest.raises(DatasetError, match="run-length code"):
        runs_of_text(text)


@pytest.mark.parametrize("runs", [[5], [7], [3, -3, 6], [], [2**62, 2**62]])
def test_runs_that_do_not_add_up(runs):
    with pytest.raises(DatasetError, match="add up to 6"):
        mask_of(runs, 3, 2)


# Polygons


def test_a_square_covers_its_pixels():
    mask = fill_polygon([10, 5, 30, 5, 30, 15, 10, 15], HEIGHT, WIDTH)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[5:15, 10:30] = True
    assert np.array_equal(mask, expected)


def test_half_a_pixel_decides():
    assert fill_polygon([0.4, 0, 2.6, 0, 2.6, 1, 0.4, 1], 1, 4).tolist() == [[1, 1, 1, 0]]
    assert fill_polygon([0.6, 0, 2.4, 0, 2.4, 1, 0.6, 1], 1, 4).tolist() == [[0, 1, 0, 0]]


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_triangle_has_half_its_box(turn):
    corners = np.roll(np.array([[0, 0], [40, 0], [0, 24]]), turn, axis=0)
    assert fill_polygon(corners.ravel().tolist(), HEIGHT, WIDTH).sum() == pytest.approx(480, abs=5)
    backwards = corners[::-1].ravel().tolist()
    assert fill_polygon(backwards, HEIGHT, WIDTH).sum() == pytest.approx(480, abs=5)


def test_what_reaches_beyond_is_cut():
    far = fill_polygon([-1e8, 3, 1e8, 3, 1e8, 6, -1e8, 6], HEIGHT, WIDTH)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[3:6] = True
    assert np.array_equal(far, expected)
    assert not fill_polygon([50, 3, 60, 3, 60, 9], HEIGHT, WIDTH).any()
    assert fill_polygon([-9, -9, 99, -9, 99, 99, -9, 99], HEIGHT, WIDTH).all()


@pytest.mark.parametrize(
    "points", [[], [1, 1, 5, 5], [1, 1, 5, 5, 9], [1, 1, 5, 5, 9, float("nan")], [1e10] * 6]
)
def test_polygons_that_are_refused(points):
    with pytest.raises(DatasetError, match="at least three points"):
        fill_polygon(points, HEIGHT, WIDTH)


@settings(deadline=None, max_examples=150)
@given(masks)
def test_polygons_fill_exactly_the_mask_without_overlap(mask):
    count = np.zeros(mask.shape, int)
    for polygon in polygons_of(mask):
        count += fill_polygon(polygon, *mask.shape)
    assert np.array_equal(count, mask.astype(int))


def test_a_ring_is_cut_through_its_hole():
    ring = np.ones((9, 9), bool)
    ring[3:6, 3:6] = False
    polygons = polygons_of(ring)
    assert len(polygons) == 2
    assert all(len(polygon) == 16 for polygon in polygons)  # each a C of eight corners


# Out


@pytest.mark.parametrize("shapes", ["rle", "polygon"])
def test_one_annotation_for_each_connected_crack(shapes):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[2:4, 5:20] = True
    mask[4, 20] = True  # touches at a corner
    mask[15:20, 30] = True
    first, second = annotations_of(mask, 7, 100, shapes)
    assert (first["id"], second["id"], first["image_id"]) == (100, 101, 7)
    assert (first["bbox"], first["area"]) == ([5, 2, 16, 3], 31)
    assert (second["bbox"], second["area"]) == ([30, 15, 1, 5], 5)
    assert {first["iscrowd"], first["category_id"]} == {0, 1}


def test_an_empty_mask_has_no_annotation():
    assert list(annotations_of(np.zeros((4, 5), bool), 1, 1)) == []


# In


def coco(images=None, annotations=(), categories=({"id": 1, "name": "crack"},)):
    if images is None:
        images = [{"id": 5, "file_name": "wall.png", "width": WIDTH, "height": HEIGHT}]
    return {
        "info": {},
        "images": list(images),
        "annotations": [
            {"id": k, "image_id": 5, "category_id": 1, "iscrowd": 0} | annotation
            for k, annotation in enumerate(annotations)
        ],
        "categories": list(categories),
    }


@pytest.fixture
def folder(tmp_path):
    gray = np.arange(HEIGHT * WIDTH, dtype=np.uint32).reshape(HEIGHT, WIDTH) % 251
    Image.fromarray(gray.astype(np.uint8)).save(tmp_path / "wall.png")
    return tmp_path


def read(folder, content, labels=(), **options):
    path = folder / "annotations.json"
    path.write_text(json.dumps(content))
    return [source.read() for source in find_coco(path, read_labels(labels), **options)]


BOX = [10, 5, 30, 5, 30, 15, 10, 15]


def box_mask():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[5:15, 10:30] = True
    return mask


def test_polygons_and_both_kinds_of_run_lengths(folder):
    runs = runs_of(box_mask())
    size = [HEIGHT, WIDTH]
    for segmentation in (
        [BOX],
        [[10, 5, 20, 5, 20, 15, 10, 15], [18, 5, 30, 5, 30, 15, 18, 15]],
        {"size": size, "counts": runs},
        {"size": size, "counts": text_of(runs)},
    ):
        (annotation,) = read(folder, coco(annotations=[{"segmentation": segmentation}]))
        assert np.array_equal(annotation.mask, box_mask())


def test_a_crowd_is_crack_as_well(folder):
    crowd = {"segmentation": {"size": [HEIGHT, WIDTH], "counts": runs_of(box_mask())}}
    (annotation,) = read(folder, coco(annotations=[crowd | {"iscrowd": 1}]))
    assert np.array_equal(annotation.mask, box_mask())


def test_categories_are_mapped(folder):
    categories = [
        {"id": 1, "name": "Crack"},
        {"id": 2, "name": "joint"},
        {"id": 3, "name": "ignore"},
        {"id": 4, "name": "never used"},
    ]
    hole = [12, 7, 14, 7, 14, 9, 12, 9]
    content = coco(
        annotations=[
            {"segmentation": [BOX]},
            {"segmentation": [hole], "category_id": 2},
            {"segmentation": [[20, 5, 22, 5, 22, 15, 20, 15]], "category_id": 3},
        ],
        categories=categories,
    )
    with pytest.raises(DatasetError, match="--label joint=crack"):
        read(folder, content)
    (annotation,) = read(folder, content, ["joint=background"])
    expected = box_mask()
    expected[7:9, 12:14] = False
    expected[5:15, 20:22] = False
    assert np.array_equal(annotation.mask, expected)
    assert annotation.ignored_px == 20


def test_a_photograph_without_annotations_is_free_of_cracks(folder):
    (annotation,) = read(folder, coco())
    assert annotation.mask.shape == (HEIGHT, WIDTH)
    assert not annotation.mask.any()


@pytest.mark.parametrize(
    ("place", "file_name"),
    [
        ("wall.png", "wall.png"),
        ("../wall.png", "wall.png"),
        ("images/wall.png", "wall.png"),
        ("../images/val/wall.png", "val\\wall.png"),
        ("../images/val/wall.png", "images/val/wall.png"),
        ("wall.png", "/data/elsewhere/wall.png"),
    ],
)
def test_layouts(folder, place, file_name):
    target = folder / "annotations" / place
    target.resolve().parent.mkdir(parents=True, exist_ok=True)
    (folder / "annotations").mkdir(exist_ok=True)
    (folder / "wall.png").rename(target)
    path = folder / "annotations/instances.json"
    image = {"id": 5, "file_name": file_name, "width": WIDTH, "height": HEIGHT}
    path.write_text(json.dumps(coco([image])))
    (source,) = find_coco(folder / "annotations")
    assert source.relative.name == "wall"
    assert source.read().mask.shape == (HEIGHT, WIDTH)


def test_a_missing_photograph(folder):
    (folder / "wall.png").unlink()
    with pytest.raises(DatasetError, match=r"'wall.png'.*--images"):
        read(folder, coco())
    with pytest.raises(DatasetError, match="elsewhere"):
        read(folder, coco(), images=folder / "elsewhere")


def test_a_wrong_size(folder):
    image = {"id": 5, "file_name": "wall.png", "width": WIDTH + 1, "height": HEIGHT}
    with pytest.raises(DatasetError, match="40x24"):
        read(folder, coco([image]))


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ([], "a box does not say"),
        ([[1, 1, 2, 2]], "at least three points"),
        ({"size": [WIDTH, HEIGHT], "counts": [HEIGHT * WIDTH]}, "24x40, not 40x24"),
        ({"size": [HEIGHT, WIDTH], "counts": [5]}, "add up"),
        ({"size": [HEIGHT, WIDTH], "counts": "#"}, "run-length code"),
    ],
)
def test_areas_that_cannot_be_painted(folder, segmentation, said):
    content = coco(annotations=[{"id": 17, "segmentation": segmentation}])
    with pytest.raises(DatasetError, match=f"annotation 17 of .*{said}"):
        read(folder, content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image_id": 6}, "image_id 6"),
        ({"category_id": 2}, "category_id 2"),
    ],
)
def test_annotations_of_nothing(folder, change, said):
    content = coco(annotations=[{"segmentation": [BOX]} | change])
    with pytest.raises(DatasetError, match=said):
        read(folder, content)


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
def test_a_missing_key(folder, key):
    content = coco()
    del content[key]
    with pytest.raises(DatasetError, match=f"{key}: Field required"):
        read(folder, content)


def test_not_json_and_not_one_file(folder):
    with pytest.raises(DatasetError, match="holds 0: none"):
        find_coco(folder)
    (folder / "a.json").write_text("{")
    with pytest.raises(DatasetError, match="is JSON in UTF-8"):
        find_coco(folder)
    (folder / "b.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"holds 2: a\.json, b\.json"):
        find_coco(folder)
    with pytest.raises(DatasetError, match="cannot be read"):
        find_coco(folder / "gone.json")


@pytest.mark.shared
@pytest.mark.parametrize("shapes", ["rle", "polygon"])
def test_real_masks_come_back_exactly(data_folder, shapes):
    for path in sorted((data_folder / "deepcrack/masks/test").glob("*.png"))[:30]:
        mask = read_mask(path)
        again = np.zeros_like(mask)
        for annotation in annotations_of(mask, 1, 1, shapes):
            segmentation = annotation["segmentation"]
            if shapes == "rle":
                crack = mask_of(runs_of_text(segmentation["counts"]), *mask.shape)
            else:
                crack = np.any([fill_polygon(each, *mask.shape) for each in segmentation], axis=0)
            assert crack.sum() == annotation["area"]
            again |= crack
        assert np.array_equal(again, mask)
