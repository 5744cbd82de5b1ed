from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cracknet.datasets.importing import import_annotations
from cracknet.datasets.labelme import (
    LabelmeFile,
    find_labelme,
    labelme_bytes,
    mask_to_labelme,
    paint_shapes,
    read_labelme,
)
from cracknet.datasets.labels import Labels, read_labels
from cracknet.datasets.pairs import Pair
from cracknet.datasets.upright import turn_upright
from cracknet.errors import ArgumentError, DatasetError, PhotoError

HEIGHT, WIDTH = 30, 50
BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def upright_photo():
    """A photograph that differs in all its corners."""
    gray = np.full((HEIGHT, WIDTH), 150, np.uint8)
    gray[:10, :20] = 30
    gray[20:, 40:] = 240
    gray[:10, 35:] = 90
    return gray


def save(path, gray, orientation=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    Image.fromarray(gray).save(path, exif=exif, **options)
    return path


def shape(points, label="crack", kind="polygon", **keys):
    return {"label": label, "points": points, "shape_type": kind} | keys


BOX = shape([[5, 4], [15, 8]], kind="rectangle")
BOX_MASK = np.zeros((HEIGHT, WIDTH), bool)
BOX_MASK[4:9, 5:16] = True


def file_of(*shapes, **keys):
    content = {
        "version": "5.5.0",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": "wall.png",
        "imageData": None,
        "imageHeight": HEIGHT,
        "imageWidth": WIDTH,
    }
    return content | keys


def write(path, *shapes, **keys):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(file_of(*shapes, **keys)), "utf-8")
    return path


def paint(*shapes, labels=None, **options):
    file = LabelmeFile.model_validate(file_of(*shapes))
    return paint_shapes(file, HEIGHT, WIDTH, labels, where="wall.json", **options)


def read_one(path, labels=None, **options):
    (source,) = find_labelme(path, labels, **options)
    return source.read()


# What shapes cover


def test_a_rectangle_covers_the_pixels_of_its_corners():
    assert np.array_equal(paint(BOX).crack, BOX_MASK)
    turned = shape([[15.9, 8.9], [5.1, 4.1]], kind="rectangle")
    assert np.array_equal(paint(turned).crack, BOX_MASK)
    four = [[5, 4], [15, 4], [15, 8], [5, 8]]
    for kind in ("rectangle", "oriented_rectangle", "polygon", None):
        assert np.array_equal(paint(shape(four, kind=kind)).crack, BOX_MASK)


def test_a_polygon_of_one_pixel():
    crack = paint(shape([[7.2, 3.1], [7.8, 3.1], [7.5, 3.9]])).crack
    assert np.argwhere(crack).tolist() == [[3, 7]]


@pytest.mark.parametrize("width_px", [1, 2, 3, 10])
@pytest.mark.parametrize("at", [12, 12.3, 12.5])
def test_a_line_has_its_stated_width(width_px, at):
    crack = paint(shape([[5, at], [45, at]], kind="line"), line_width_px=width_px).crack
    assert crack.sum(axis=0).tolist() == [0] * 5 + [width_px] * 40 + [0] * 5
    crack = paint(shape([[at, 5], [at, 25]], kind="line"), line_width_px=width_px).crack
    assert crack.sum(axis=1).tolist() == [0] * 5 + [width_px] * 20 + [0] * 5


def test_a_slanting_line_covers_its_length_times_its_width():
    file = LabelmeFile.model_validate(file_of(shape([[100, 100], [700, 550]], kind="line")))
    assert paint_shapes(file, 700, 800).crack.sum() == pytest.approx(750 * 10, rel=0.002)
    assert paint_shapes(file, 700, 800, line_width_px=3).crack.sum() == pytest.approx(
        750 * 3, rel=0.002
    )


def test_a_linestrip_is_round_at_its_joints_and_square_at_its_ends():
    strip = shape([[10, 5], [30, 5], [30, 20]], kind="linestrip")
    crack = paint(strip, line_width_px=6).crack
    assert crack[2, 31]  # the outer corner, within 3 px of the joint
    assert not crack[2, 32]
    assert not crack[:, :10].any()
    assert not crack[20:].any()
    again = paint(shape([[10, 5], [10, 5], [30, 5], [30, 20]], kind="linestrip"), line_width_px=6)
    assert (again.crack & crack).sum() == crack.sum()


def test_a_circle_covers_its_area():
    crack = paint(shape([[25, 15], [25, 5]], kind="circle")).crack
    assert crack.sum() == pytest.approx(np.pi * 100, rel=0.02)
    assert np.array_equal(crack, crack[::-1, ::-1])


def test_points_are_passed_over_and_counted():
    painted = paint(
        shape([[3, 3]], kind="point"), shape([[3, 3], [4, 4]], "spall", kind="points"), BOX
    )
    assert np.array_equal(painted.crack, BOX_MASK)
    assert painted.notes == ("2 points passed over: a point covers no area",)


def test_no_shapes_is_no_crack():
    painted = paint()
    assert not painted.crack.any()
    assert painted.crack.shape == (HEIGHT, WIDTH)
    assert painted.notes == ()


def test_all_crack():
    assert paint(shape([[0, 0], [WIDTH, HEIGHT]], kind="rectangle")).crack.all()


# Labels and their order


def test_a_later_background_polygon_makes_a_hole():
    hole = shape([[8, 5], [10, 7]], "_background_", "rectangle")
    expected = BOX_MASK.copy()
    expected[5:8, 8:11] = False
    assert np.array_equal(paint(BOX, hole).crack, expected)
    assert np.array_equal(paint(hole, BOX).crack, BOX_MASK)


def test_ignored_areas_become_background_and_are_counted():
    ignored = shape([[8, 4], [10, 20]], "__ignore__", "rectangle")
    painted = paint(BOX, ignored)
    expected = BOX_MASK.copy()
    expected[4:9, 8:11] = False
    assert np.array_equal(painted.crack, expected)
    assert painted.ignored_px == 3 * 17


@pytest.mark.parametrize("name", ["crack", "Crack", "CRACK", " crack "])
def test_crack_in_any_case(name):
    assert np.array_equal(paint(shape(BOX["points"], name, "rectangle")).crack, BOX_MASK)


def test_labels_are_mapped():
    labels = read_labels(["Riss=crack", "joint=background", "crack=ignore"])
    riss = shape(BOX["points"], "Riss", "rectangle")
    joint = shape([[5, 4], [7, 8]], "joint", "rectangle")
    painted = paint(riss, joint, labels=labels)
    assert painted.crack.sum() == BOX_MASK.sum() - 3 * 5
    assert paint(BOX, labels=labels).ignored_px == BOX_MASK.sum()


def test_a_label_that_is_not_mapped_names_label_file_and_option():
    with pytest.raises(DatasetError) as caught:
        paint(shape(BOX["points"], "spall", "rectangle"))
    assert "'spall'" in str(caught.value)
    assert "wall.json" in str(caught.value)
    assert "--label spall=crack" in str(caught.value)


@pytest.mark.parametrize("word", ["joint", "=crack", "joint=", "joint=hole"])
def test_mappings_that_are_refused(word):
    with pytest.raises(ArgumentError, match="NAME=crack"):
        read_labels([word])


def test_a_label_with_two_meanings():
    with pytest.raises(ArgumentError, match="one meaning"):
        read_labels(["a=crack", "a=ignore"])
    assert read_labels(["a=crack", "a=CRACK", "b=c=ignore"]).meaning("b=c") == "ignore"
    with pytest.raises(ArgumentError, match="'hole'"):
        Labels({"a": "hole"})


# Beyond the photograph


def test_a_polygon_is_cut_at_the_border_and_it_is_said():
    beyond = shape([[40, 20], [1e6, 20], [1e6, 1e6], [40, 1e6]])
    painted = paint(beyond)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[20:, 40:] = True
    assert np.array_equal(painted.crack, expected)
    assert painted.notes == ("1 shapes reach beyond the photograph and were cut at its border",)


def test_cutting_keeps_the_slope():
    """A vertex moved to the border would turn the edge; the part within must not change."""
    beyond = shape([[-1000, 0], [20, 0], [40, 20], [40, 1020], [-1000, 1020]])
    crack = paint(beyond).crack
    columns = crack.sum(axis=1)
    assert columns[:21].tolist() == list(range(21, 42))


@pytest.mark.parametrize(
    "away",
    [
        shape([[60, 5], [70, 5], [65, 9]]),
        shape([[-5, -5], [-1, -2]], kind="rectangle"),
        shape([[500, 5], [700, 5]], kind="line"),
        shape([[500, 5], [502, 5]], kind="circle"),
        shape([[10, -50], [10, -20], [40, -20]], kind="linestrip"),
    ],
    ids=lambda each: each["shape_type"],
)
def test_shapes_wholly_outside_cover_nothing(away):
    painted = paint(BOX, away)
    assert np.array_equal(painted.crack, BOX_MASK)
    assert "1 shapes cover no pixel of the photograph" in painted.notes


def test_a_circle_around_everything():
    assert paint(shape([[25, 15], [1e8, 15]], kind="circle")).crack.all()


# Shapes that are refused


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("polygon", [[1, 1], [5, 5]]),
        ("polygon", [[1, 1]]),
        ("line", [[1, 1], [5, 5], [9, 9]]),
        ("linestrip", [[1, 1]]),
        ("rectangle", [[1, 1], [2, 2], [3, 3]]),
        ("circle", [[1, 1]]),
        ("oriented_rectangle", [[1, 1], [5, 5]]),
    ],
)
def test_a_wrong_number_of_points(kind, points):
    with pytest.raises(DatasetError) as caught:
        paint(BOX, shape(points, kind=kind))
    assert "shape 1 ('crack') of wall.json" in str(caught.value)
    assert f"has {len(points)}" in str(caught.value)


def test_an_unknown_type_of_shape():
    with pytest.raises(DatasetError, match="'spline'"):
        paint(shape([[1, 1], [5, 5]], kind="spline"))


@pytest.mark.parametrize("width_px", [0, -3, 0.5, 1001, float("nan")])
def test_an_impossible_line_width(width_px, tmp_path):
    with pytest.raises(ArgumentError, match="1 to 1000"):
        paint(BOX, line_width_px=width_px)


# Files that are refused


@pytest.mark.parametrize("text", ["", "not JSON", '{"shapes": [', "[" * 100_000, "\xff"])
def test_not_json(tmp_path, text):
    path = tmp_path / "wall.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetError, match="is JSON in UTF-8") as caught:
        read_labelme(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"wall"'])
def test_json_of_something_else(tmp_path, text):
    path = tmp_path / "wall.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"wall\.json, the file"):
        read_labelme(path)


@pytest.mark.parametrize("key", ["shapes", "imagePath"])
def test_a_missing_key_is_named(tmp_path, key):
    content = file_of(BOX)
    del content[key]
    path = tmp_path / "wall.json"
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=rf"wall\.json, {key}: Field required"):
        read_labelme(path)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"points": [[1, 2]]}, "shapes.1.label"),
        ({"label": "crack"}, "shapes.1.points"),
        ({"label": "crack", "points": []}, "shapes.1.points"),
        ({"label": "crack", "points": [[1]]}, r"shapes.1.points.0"),
        ({"label": "crack", "points": [[1, "x"]]}, "shapes.1.points.0.1"),
        ({"label": "crack", "points": [[1, float("nan")]]}, "shapes.1.points.0.1"),
        ({"label": "crack", "points": [[1, 1e300]]}, "shapes.1.points.0.1"),
        ({"label": 3, "points": [[1, 1]]}, "shapes.1.label"),
    ],
)
def test_a_wrong_shape_is_named(tmp_path, wrong, place):
    with pytest.raises(DatasetError) as caught:
        read_labelme(write(tmp_path / "wall.json", BOX, wrong))
    assert f"wall.json, {place}" in str(caught.value)


@pytest.mark.parametrize("version", ["2.0", "8.0.0", "latest", "", None])
def test_an_unknown_version_is_refused_unless_asked_for(tmp_path, version):
    save(tmp_path / "wall.png", upright_photo())
    path = write(tmp_path / "wall.json", BOX, version=version)
    with pytest.raises(DatasetError, match="--any-version") as caught:
        read_labelme(path)
    assert str(path) in str(caught.value)
    assert np.array_equal(read_one(path, any_version=True).mask, BOX_MASK)


def test_nothing_to_import(tmp_path):
    for path in (tmp_path, tmp_path / "gone.json"):
        with pytest.raises(DatasetError, match="no Labelme file"):
            find_labelme(path)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_labelme(tmp_path / "gone.json")


# The photograph


def test_the_photograph_beside_the_file(tmp_path):
    photo = save(tmp_path / "wall.png", upright_photo())
    annotation = read_one(write(tmp_path / "wall.json", BOX))
    assert annotation.photo.name == str(photo)
    assert annotation.photo.content == photo.read_bytes()


@pytest.mark.parametrize(
    "image_path",
    [
        "../original/wall_7.png",
        "..\\original\\wall_7.png",
        "D:\\survey\\2024\\wall_9.png",
        "/home/anna/wall_9.png",
        "elsewhere/wall_9.png",
        "renamed.png",
    ],
)
def test_paths_of_both_worlds_and_what_lies_near(tmp_path, image_path):
    save(tmp_path / "original/wall_7.png", upright_photo())
    save(tmp_path / "json/wall_9.png", upright_photo())
    save(tmp_path / "json/wall.PNG", upright_photo())
    annotation = read_one(write(tmp_path / "json/wall.json", BOX, imagePath=image_path))
    expected = {"wall_7.png": "wall_7.png", "renamed.png": "wall.PNG"}
    name = image_path.replace("\\", "/").rsplit("/", 1)[-1]
    assert annotation.photo.name.endswith(expected.get(name, "json/wall_9.png"))


def test_a_folder_of_photographs(tmp_path):
    save(tmp_path / "photos/wall.png", upright_photo())
    path = write(tmp_path / "json/wall.json", BOX, imagePath="gone/wall.png")
    with pytest.raises(DatasetError, match="--images") as caught:
        read_one(path)
    assert "gone/wall.png" in str(caught.value)
    annotation = read_one(path, images=tmp_path / "photos")
    assert np.array_equal(annotation.mask, BOX_MASK)


def embedded(gray, form="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, form, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def test_an_embedded_photograph(tmp_path):
    data = embedded(upright_photo(), "JPEG", quality=75)
    annotation = read_one(write(tmp_path / "wall.json", BOX, imageData=data))
    assert annotation.photo.suffix == ".jpg"
    assert annotation.photo.content == base64.b64decode(data)
    assert np.array_equal(annotation.mask, BOX_MASK)


def test_the_own_file_is_better_than_the_embedded_copy(tmp_path):
    photo = save(tmp_path / "wall.png", upright_photo())
    data = embedded(upright_photo(), "JPEG", quality=75)
    annotation = read_one(write(tmp_path / "wall.json", BOX, imageData=data))
    assert annotation.photo.content == photo.read_bytes()
    assert annotation.notes == ()


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        (255 - upright_photo(), "something else"),
        (upright_photo()[:20], "50x20"),
        (None, "not an image"),
    ],
    ids=["another photograph", "another size", "damaged"],
)
def test_the_embedded_copy_where_the_file_is_not_its_photograph(tmp_path, beside, said):
    if beside is None:
        (tmp_path / "wall.png").write_bytes(b"garbage")
    else:
        save(tmp_path / "wall.png", beside)
    data = embedded(upright_photo())
    annotation = read_one(write(tmp_path / "wall.json", BOX, imageData=data))
    assert annotation.photo.content == base64.b64decode(data)
    assert len(annotation.notes) == 1
    assert said in annotation.notes[0]


@pytest.mark.parametrize("data", ["no base64", base64.b64encode(b"no photograph").decode()])
def test_embedded_rubbish(tmp_path, data):
    path = write(tmp_path / "wall.json", BOX, imageData=data)
    with pytest.raises((DatasetError, PhotoError), match="imageData") as caught:
        read_one(path)
    assert str(path) in str(caught.value)


def test_a_wrong_image_size(tmp_path):
    save(tmp_path / "wall.png", upright_photo())
    path = write(tmp_path / "wall.json", BOX, imageHeight=HEIGHT + 1)
    with pytest.raises(DatasetError, match="50x30") as caught:
        read_one(path)
    assert f"{path} says 50x31" in str(caught.value)


def test_files_without_a_size(tmp_path):
    save(tmp_path / "wall.png", upright_photo())
    path = write(tmp_path / "wall.json", BOX, imageHeight=None, imageWidth=None)
    assert np.array_equal(read_one(path).mask, BOX_MASK)


# Photographs that EXIF turns


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_shapes_drawn_on_a_photograph_that_labelme_turned(tmp_path, orientation, suffix):
    """Labelme turns the file upright when it opens it; so is the size that it writes."""
    stored = turn_upright(upright_photo(), BACK[orientation])
    options = {"quality": 95} if suffix == ".jpg" else {}
    photo = save(tmp_path / f"wall{suffix}", stored, orientation, **options)
    path = write(tmp_path / "wall.json", BOX, imagePath=photo.name)
    result = import_annotations(find_labelme(path), tmp_path / "set")
    assert result.count("imported") == 1
    image = next((tmp_path / "set/images/train").iterdir())
    assert image.suffix == (suffix if orientation == 1 else ".png")
    assert (image.read_bytes() == photo.read_bytes()) == (orientation == 1)
    gray, mask = Pair("wall", image, tmp_path / "set/masks/train/wall.png").read()
    assert np.array_equal(mask, BOX_MASK)
    assert np.abs(gray.astype(int) - upright_photo()).mean() < 1
    with Image.open(image) as written:
        assert written.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
@pytest.mark.parametrize("inside", [True, False], ids=["embedded", "beside"])
def test_shapes_drawn_on_the_pixels_as_stored(tmp_path, orientation, inside):
    """Tools that pass over EXIF write the stored size, and draw on the stored pixels."""
    back = BACK[orientation]
    stored = turn_upright(upright_photo(), back)
    photo = save(tmp_path / "else/wall.png", stored, orientation)
    data = base64.b64encode(photo.read_bytes()).decode()
    y, x = np.nonzero(turn_upright(BOX_MASK, back))
    box = shape([[int(x.min()), int(y.min())], [int(x.max()), int(y.max())]], kind="rectangle")
    path = write(
        tmp_path / "wall.json",
        box,
        imageHeight=stored.shape[0],
        imageWidth=stored.shape[1],
        imagePath="else/wall.png" if not inside else "gone.png",
        imageData=data if inside else None,
    )
    annotation = read_one(path)
    assert annotation.photo.gray.shape == (HEIGHT, WIDTH)
    assert np.array_equal(annotation.mask, BOX_MASK)


@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
def test_a_square_photograph_lies_as_its_embedded_copy_does(tmp_path, orientation):
    """Where the size does not tell upright from stored, the embedded pixels do."""
    square = np.ascontiguousarray(upright_photo()[:, :HEIGHT])
    square[20:, 20:] = 255
    stored = turn_upright(square, BACK[orientation])
    save(tmp_path / "wall.png", stored, orientation)
    for copy, drawn in ((square, BOX_MASK[:, :HEIGHT]), (stored, None)):
        path = write(tmp_path / "wall.json", BOX, imageData=embedded(copy), imageWidth=HEIGHT)
        expected = turn_upright(BOX_MASK[:, :HEIGHT], orientation) if drawn is None else drawn
        annotation = read_one(path)
        assert annotation.photo.name.endswith("wall.png")
        assert annotation.notes == ()
        assert np.array_equal(annotation.mask, expected)


# Out again


def again(mask, **options):
    file = mask_to_labelme(mask, "wall.png", **options)
    file = LabelmeFile.model_validate_json(labelme_bytes(file))
    return paint_shapes(file, *mask.shape).crack


@settings(max_examples=150, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14))))
def test_without_tolerance_every_mask_comes_back_exactly(mask):
    assert np.array_equal(again(mask, tolerance_px=0), mask)


@pytest.mark.parametrize("value", [False, True])
def test_empty_and_full(value):
    mask = np.full((5, 7), value)
    file = mask_to_labelme(mask, "wall.png")
    assert len(file.shapes) == value
    assert np.array_equal(again(mask), mask)


def test_every_polygon_has_three_points():
    mask = np.zeros((20, 20), bool)
    mask[3, 3] = mask[8, 2:15] = mask[10, 4] = mask[11, 5] = True
    file = mask_to_labelme(mask, "wall.png")
    assert len(file.shapes) == 3
    assert all(len(set(each.points)) >= 3 for each in file.shapes)
    assert np.array_equal(again(mask), mask)


def test_cracks_within_holes():
    mask = np.ones((21, 21), bool)
    mask[2:-2, 2:-2] = False
    mask[5:-5, 5:-5] = True
    mask[8:-8, 8:-8] = False
    mask[10, 10] = True
    labels = [each.label for each in mask_to_labelme(mask, "wall.png").shapes]
    assert labels == ["crack", "background", "crack", "background", "crack"]
    assert np.array_equal(again(mask), mask)


def test_tolerance_trades_points_for_faithfulness():
    y, x = np.mgrid[:200, :200]
    mask = np.abs(y - 100 - 40 * np.sin(x / 20)) < 4
    counts, wrong = [], []
    for tolerance_px in (0, 0.5, 1, 2):
        file = mask_to_labelme(mask, "wall.png", tolerance_px=tolerance_px)
        counts.append(sum(len(each.points) for each in file.shapes))
        wrong.append(int((paint_shapes(file, 200, 200).crack != mask).sum()))
    assert counts == sorted(counts, reverse=True)
    assert wrong == sorted(wrong)
    assert wrong[0] == 0 < wrong[1]
    assert counts[2] < counts[0] / 4


def test_an_earlier_file_keeps_what_is_not_crack():
    spall = shape([[1, 1], [4, 1], [4, 4]], "spall", severity=2)
    note = shape([[3, 3]], "crack", "point")
    ignored = shape([[40, 20], [45, 25]], "__ignore__", "rectangle")
    hole = shape([[6, 5], [7, 6]], "background", "rectangle")
    original = LabelmeFile.model_validate(
        file_of(BOX, hole, spall, note, ignored, inspector="Anna", version="4.2.0")
    )
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[20:22, 5:30] = True
    file = json.loads(labelme_bytes(mask_to_labelme(mask, "x\\wall.png", original=original)))
    assert file["inspector"] == "Anna"
    assert file["version"] == "4.2.0"
    assert [each["label"] for each in file["shapes"]] == ["crack", "spall", "crack", "__ignore__"]
    assert file["shapes"][1] == spall | {"points": [[1.0, 1.0], [4.0, 1.0], [4.0, 4.0]]}
    labels = read_labels(["spall=crack"])
    file = mask_to_labelme(mask, "wall.png", original=original, labels=labels)
    assert [each.label for each in file.shapes] == ["crack", "crack", "__ignore__"]


def test_an_earlier_file_of_another_size():
    original = LabelmeFile.model_validate(file_of(imageWidth=51))
    with pytest.raises(DatasetError, match="51x30"):
        mask_to_labelme(BOX_MASK, "wall.png", original=original)


@pytest.mark.parametrize(
    "mask", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 1), bool), np.zeros((0, 4), bool)]
)
def test_what_is_no_mask(mask):
    with pytest.raises(ArgumentError, match="bool array"):
        mask_to_labelme(mask, "wall.png")


@pytest.mark.parametrize("tolerance_px", [-0.1, 101, float("nan")])
def test_an_impossible_tolerance(tolerance_px):
    with pytest.raises(ArgumentError, match="0 to 100"):
        mask_to_labelme(BOX_MASK, "wall.png", tolerance_px=tolerance_px)
