from __future__ import annotations

import base64
import csv
import json

import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.coco import find_coco
from cracknet.datasets.exporting import export_coco, export_labelme
from cracknet.datasets.importing import import_annotations
from cracknet.datasets.labelme import find_labelme, read_labelme
from cracknet.datasets.masked import find_masked
from cracknet.datasets.pairs import find_pairs
from cracknet.errors import ArgumentError, DatasetError, OutputError

RNG = np.random.default_rng(0)
GRAY = RNG.integers(60, 200, (24, 40)).astype(np.uint8)
MASK = np.zeros((24, 40), bool)
MASK[8:11, 4:25] = True
MASK[15:20, 30] = True


def save(path, values, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def stored(mask):
    return np.where(mask, 255, 0).astype(np.uint8)


def write_pair(root, split, name, mask=MASK, **options):
    save(root / "images" / split / name, GRAY, **options)
    save(root / "masks" / split / f"{name.rsplit('.', 1)[0]}.png", stored(mask))


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "set"
    write_pair(root, "train", "a.jpg")
    write_pair(root, "train", "b.png", np.zeros_like(MASK))
    write_pair(root, "test", "c.jpg", ~MASK)
    return root


def turned(path, orientation=6):
    """Save a photograph that EXIF turns into GRAY."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save(path, np.rot90(GRAY), exif=exif, quality=95)


def masks_of(root, split):
    return {pair.stem: pair.read()[1] for pair in find_pairs(root, split)}


# What is exported


def test_all_splits_or_one(dataset):
    assert [(item.group, str(item.name)) for item in find_masked(dataset)] == [
        ("test", "c"), ("train", "a"), ("train", "b"),
    ]  # fmt: skip
    assert [str(item.name) for item in find_masked(dataset, split="train")] == ["a", "b"]
    with pytest.raises(DatasetError, match="no folder"):
        find_masked(dataset, split="val")


def test_a_folder_that_segment_wrote(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    for name in ("north/1.jpg", "2.jpg", "3.jpg", "3.png"):
        save(photos / name, GRAY)
    for name in ("north/1", "2", "3.jpg", "3.png"):
        save(out / f"{name}.mask.png", stored(MASK))
        save(out / f"{name}.probability.png", GRAY)
    found = {str(item.name): item.photo for item in find_masked(out, images=photos)}
    assert found == {
        "north/1": photos / "north/1.jpg",
        "2": photos / "2.jpg",
        "3.jpg": photos / "3.jpg",
        "3.png": photos / "3.png",
    }


def test_photographs_by_the_table_of_the_run(tmp_path):
    photo = save(tmp_path / "photos/a.jpg", GRAY)
    save(tmp_path / "out/a.mask.png", stored(MASK))
    save(tmp_path / "out/b.mask.png", stored(MASK))
    with (tmp_path / "out/photos.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["photo", "file"], ["a", photo], ["b", tmp_path / "gone.jpg"]])
    first, second = find_masked(tmp_path / "out")
    assert first.photo == photo
    assert second.photo is None
    with pytest.raises(DatasetError, match="--images"):
        second.read()
    (tmp_path / "out/photos.csv").write_text("something,else\n1,2\n")
    with pytest.raises(DatasetError, match=r"photos\.csv is not a table"):
        find_masked(tmp_path / "out")


def test_photographs_that_were_segmented_one_by_one(tmp_path):
    """Then the results lie in one folder, and the photographs need not."""
    save(tmp_path / "photos/north/1.jpg", GRAY)
    save(tmp_path / "photos/north/2.jpg", GRAY)
    save(tmp_path / "photos/south/2.jpg", GRAY)
    for name in ("1", "2"):
        save(tmp_path / f"out/{name}.mask.png", stored(MASK))
    first, second = find_masked(tmp_path / "out", images=tmp_path / "photos")
    assert first.photo == tmp_path / "photos/north/1.jpg"
    assert second.photo is None  # there are two of them


def test_other_masks_named_like_their_photographs(tmp_path):
    photo = save(tmp_path / "photos/a.jpg", GRAY)
    save(tmp_path / "masks/a.png", stored(MASK))
    (item,) = find_masked(tmp_path / "masks", images=tmp_path / "photos")
    assert item.photo == photo


def test_nothing_to_export(tmp_path):
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(DatasetError, match="no masks"):
            find_masked(folder)
    with pytest.raises(DatasetError, match="--split"):
        find_masked(tmp_path, split="train")


# As Labelme's files


def test_labelme_and_back(dataset, tmp_path):
    result = export_labelme(find_masked(dataset), tmp_path / "json", tolerance_px=0)
    assert result.count("exported") == 3
    assert sorted(path.name for path in (tmp_path / "json/train").iterdir()) == [
        "a.jpg", "a.json", "b.json", "b.png",
    ]  # fmt: skip
    file = read_labelme(tmp_path / "json/train/a.json")
    assert (file.image_path, file.image_width, file.image_height) == ("a.jpg", 40, 24)
    for split in ("train", "test"):
        back = tmp_path / "back"
        assert not import_annotations(
            find_labelme(tmp_path / "json" / split), back, split=split
        ).failed
        before, after = masks_of(dataset, split), masks_of(back, split)
        assert before.keys() == after.keys()
        assert all(np.array_equal(before[stem], after[stem]) for stem in before)
        for pair in find_pairs(back, split):
            original = dataset / "images" / split / pair.image.name
            assert pair.image.read_bytes() == original.read_bytes()


def test_corrections_are_not_written_over(dataset, tmp_path):
    items = find_masked(dataset, split="train")
    export_labelme(items, tmp_path / "json")
    corrected = tmp_path / "json/train/a.json"
    content = json.loads(corrected.read_text()) | {"shapes": []}
    corrected.write_text(json.dumps(content))
    assert export_labelme(items, tmp_path / "json").count("skipped") == 2
    assert read_labelme(corrected).shapes == []
    assert export_labelme(items, tmp_path / "json", overwrite=True).count("exported") == 2
    assert len(read_labelme(corrected).shapes) == 2


def test_embedded_photographs(dataset, tmp_path):
    export_labelme(find_masked(dataset, split="test"), tmp_path / "json", embed=True)
    assert [path.name for path in (tmp_path / "json/test").iterdir()] == ["c.json"]
    file = read_labelme(tmp_path / "json/test/c.json")
    original = (dataset / "images/test/c.jpg").read_bytes()
    assert base64.b64decode(file.image_data) == original


def test_earlier_files_keep_their_keys(dataset, tmp_path):
    note = {"label": "look here", "points": [[3, 3]], "shape_type": "point"}
    crack = {"label": "crack", "points": [[1, 1], [5, 1], [5, 5]], "shape_type": "polygon"}
    earlier = {
        "version": "5.4.1", "shapes": [crack, note], "imagePath": "a.jpg", "imageData": None,
        "imageHeight": 24, "imageWidth": 40, "inspector": "Anna",
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(earlier))
    items = find_masked(dataset, split="train")
    export_labelme(items, tmp_path / "json", originals=tmp_path)
    file = json.loads((tmp_path / "json/train/a.json").read_text())
    assert file["inspector"] == "Anna"
    assert [shape["label"] for shape in file["shapes"]] == ["crack", "crack", "look here"]


@pytest.mark.parametrize("embed", [False, True], ids=["beside", "embedded"])
def test_a_photograph_that_exif_turns(tmp_path, embed):
    """Labelme turns a JPEG that it opens, and shows as stored what is embedded."""
    photo = turned(tmp_path / "photos/a.jpg")
    save(tmp_path / "out/a.mask.png", stored(MASK))
    items = find_masked(tmp_path / "out", images=tmp_path / "photos")
    assert not export_labelme(items, tmp_path / "json", tolerance_px=0, embed=embed).failed
    path = tmp_path / "json/a.json"
    file = read_labelme(path)
    assert (file.image_width, file.image_height) == (40, 24)
    if embed:
        content = base64.b64decode(file.image_data)
        assert content.startswith(b"\x89PNG")
    else:
        assert (tmp_path / "json/a.jpg").read_bytes() == photo.read_bytes()
    (source,) = find_labelme(path)
    assert np.array_equal(source.read().mask, MASK)
    assert source.read().photo.gray.shape == (24, 40)


def test_failures_are_listed_and_the_rest_is_done(tmp_path):
    for name in ("a", "b", "c"):
        save(tmp_path / f"out/{name}.mask.png", stored(MASK))
    save(tmp_path / "photos/a.jpg", GRAY[:20])
    save(tmp_path / "photos/b.jpg", GRAY)
    items = find_masked(tmp_path / "out", images=tmp_path / "photos")
    for export in (export_labelme, export_coco):
        seen = []
        result = export(items, tmp_path / export.__name__, progress=seen.append)
        assert [outcome.status for outcome in seen] == ["failed", "exported", "failed"]
        assert "40x20" in result.failed[0].error
        assert "c.mask.png" in result.failed[1].error


def test_another_photograph_of_that_name_is_kept(dataset, tmp_path):
    other = save(tmp_path / "json/train/a.jpg", 255 - GRAY)
    before = other.read_bytes()
    result = export_labelme(find_masked(dataset, split="train"), tmp_path / "json")
    assert [outcome.status for outcome in result.outcomes] == ["failed", "exported"]
    assert other.read_bytes() == before


def test_wrong_use_and_full_disks_end_the_export(dataset, tmp_path):
    items = find_masked(dataset)
    with pytest.raises(ArgumentError, match="tolerance"):
        export_labelme(items, tmp_path / "json", tolerance_px=-1)
    (tmp_path / "file").write_text("")
    for export in (export_labelme, export_coco):
        with pytest.raises(OutputError, match="cannot be written"):
            export(items, tmp_path / "file")


# As COCO's


@pytest.mark.parametrize("shapes", ["rle", "polygon"])
def test_coco_and_back(dataset, tmp_path, shapes):
    result = export_coco(find_masked(dataset), tmp_path / "coco", shapes=shapes)
    assert result.count("exported") == 3
    for split in ("train", "test"):
        sources = find_coco(tmp_path / f"coco/annotations/{split}.json")
        assert not import_annotations(sources, tmp_path / "back", split=split).failed
        before, after = masks_of(dataset, split), masks_of(tmp_path / "back", split)
        assert before.keys() == after.keys()
        assert all(np.array_equal(before[stem], after[stem]) for stem in before)


def test_the_keys_of_coco(dataset, tmp_path):
    export_coco(find_masked(dataset, split="train"), tmp_path / "coco")
    content = json.loads((tmp_path / "coco/annotations/train.json").read_text())
    assert content["images"] == [
        {"id": 1, "file_name": "images/train/a.jpg", "width": 40, "height": 24},
        {"id": 2, "file_name": "images/train/b.png", "width": 40, "height": 24},
    ]
    assert [each["id"] for each in content["annotations"]] == [1, 2]
    assert {each["image_id"] for each in content["annotations"]} == {1}
    assert content["annotations"][0]["bbox"] == [4, 8, 21, 3]
    assert content["categories"] == [{"id": 1, "name": "crack", "supercategory": "defect"}]


def test_a_split_that_is_there_is_skipped(dataset, tmp_path):
    items = find_masked(dataset)
    (tmp_path / "coco/annotations").mkdir(parents=True)
    path = tmp_path / "coco/annotations/train.json"
    path.write_text("corrected elsewhere")
    result = export_coco(items, tmp_path / "coco")
    assert (result.count("skipped"), result.count("exported")) == (2, 1)
    assert path.read_text() == "corrected elsewhere"
    assert export_coco(items, tmp_path / "coco", overwrite=True).count("exported") == 3


def test_a_split_may_be_named_all(tmp_path):
    write_pair(tmp_path / "set", "all", "a.jpg")
    items = find_masked(tmp_path / "set")
    export_labelme(items, tmp_path / "json")
    assert (tmp_path / "json/all/a.json").is_file()


def test_coco_photographs_stand_upright(tmp_path):
    turned(tmp_path / "photos/a.jpg")
    save(tmp_path / "out/sub/a.mask.png", stored(MASK))
    turned(tmp_path / "photos/sub/a.jpg")
    items = find_masked(tmp_path / "out", images=tmp_path / "photos")
    export_coco(items, tmp_path / "coco")
    with Image.open(tmp_path / "coco/images/sub/a.png") as image:
        assert image.size == (40, 24)
    (source,) = find_coco(tmp_path / "coco/annotations/all.json")
    assert np.array_equal(source.read().mask, MASK)
