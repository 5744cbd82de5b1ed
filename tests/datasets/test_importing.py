from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.annotations import Annotation, Source
from cracknet.datasets.folders import MaskReading, find_folder_pairs
from cracknet.datasets.importing import import_annotations
from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.upright import read_photo_file
from cracknet.errors import ArgumentError, DatasetError, OutputError

GRAY = np.random.default_rng(0).integers(60, 200, (20, 30)).astype(np.uint8)
MASK = np.zeros((20, 30), bool)
MASK[8:11, 4:25] = True
STORED = np.where(MASK, 255, 0).astype(np.uint8)


def save(path, values, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def source_of(path, mask=MASK, relative=None):
    def read():
        return Annotation(read_photo_file(path), mask, ignored_px=3, notes=("a note",))

    name = PurePosixPath(relative or path.with_suffix("").name)
    return Source(name, (path,), read)


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Into a dataset


def test_photographs_are_copied_and_masks_written(tmp_path):
    photos = [save(tmp_path / name, GRAY) for name in ("a.png", "b.JPG", "c.tif")]
    seen = []
    result = import_annotations(
        [source_of(photo) for photo in photos], tmp_path / "set", progress=seen.append
    )
    assert tree(tmp_path / "set") == [
        "images/train/a.png", "images/train/b.JPG", "images/train/c.tif",
        "masks/train/a.png", "masks/train/b.png", "masks/train/c.png",
    ]  # fmt: skip
    assert tuple(seen) == result.outcomes
    assert result.ignored_px == 9
    assert result.outcomes[0].crack_share == pytest.approx(63 / 600)
    assert result.outcomes[0].notes == ("a note",)
    for pair, photo in zip(find_pairs(tmp_path / "set", "train"), photos, strict=True):
        assert pair.image.read_bytes() == photo.read_bytes()
        assert np.array_equal(pair.read()[1], MASK)
        with Image.open(pair.mask) as stored:
            assert (stored.mode, stored.getextrema()) == ("L", (0, 255))


def test_what_is_there_is_skipped(tmp_path):
    photo = save(tmp_path / "a.png", GRAY)
    root = tmp_path / "set"
    import_annotations([source_of(photo)], root)
    mask = root / "masks/train/a.png"
    corrected = save(mask, STORED[::-1])
    kept = corrected.read_bytes()
    result = import_annotations([source_of(photo)], root)
    assert (result.count("skipped"), result.count("imported")) == (1, 0)
    assert mask.read_bytes() == kept
    os.utime(photo, (mask.stat().st_mtime + 10,) * 2)
    result = import_annotations([source_of(photo)], root)
    assert result.count("changed") == 1
    assert mask.read_bytes() == kept
    result = import_annotations([source_of(photo)], root, overwrite=True)
    assert result.count("imported") == 1
    assert np.array_equal(find_pairs(root, "train")[0].read()[1], MASK)


def test_a_broken_off_import_goes_on(tmp_path):
    """The photograph is written first: where a kill came between, the mask follows."""
    photo = save(tmp_path / "a.png", GRAY)
    save(tmp_path / "set/images/train/a.png", GRAY)
    assert import_annotations([source_of(photo)], tmp_path / "set").count("imported") == 1


@pytest.mark.parametrize("there", ["images/train/a.png", "masks/train/a.png", "images/train/a.jpg"])
def test_nothing_foreign_is_replaced(tmp_path, there):
    photo = save(tmp_path / "a.png", GRAY)
    foreign = save(tmp_path / "set" / there, 255 - GRAY)
    before = foreign.read_bytes()
    (outcome,) = import_annotations([source_of(photo)], tmp_path / "set").outcomes
    assert outcome.status == "failed"
    assert str(foreign) in outcome.error
    assert foreign.read_bytes() == before
    assert tree(tmp_path / "set") == [there]


def test_a_second_suffix_is_refused_even_with_overwrite(tmp_path):
    photo = save(tmp_path / "a.png", GRAY)
    save(tmp_path / "set/images/train/a.jpg", GRAY)
    (outcome,) = import_annotations([source_of(photo)], tmp_path / "set", overwrite=True).outcomes
    assert "differ in their stems" in outcome.error


def test_one_that_fails_does_not_stop_the_others(tmp_path):
    good = save(tmp_path / "good.png", GRAY)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no photograph")
    result = import_annotations([source_of(bad), source_of(good)], tmp_path / "set")
    assert [outcome.status for outcome in result.outcomes] == ["failed", "imported"]
    assert str(bad) in result.failed[0].error
    assert tree(tmp_path / "set") == ["images/train/good.png", "masks/train/good.png"]


def test_stems_of_several_folders(tmp_path):
    photos = [save(tmp_path / name, GRAY) for name in ("n/1.png", "s/1.png", "s/2.png")]
    sources = [
        source_of(photo, relative=str(PurePosixPath(photo.parent.name, photo.stem)))
        for photo in photos
    ]
    result = import_annotations(sources, tmp_path / "set", split="test")
    assert [outcome.stem for outcome in result.outcomes] == ["n_1", "s_1", "2"]
    assert len(find_pairs(tmp_path / "set", "test")) == 3


def test_stems_that_cannot_be_told_apart(tmp_path):
    photo = save(tmp_path / "a.png", GRAY)
    result = import_annotations([source_of(photo), source_of(photo)], tmp_path / "set")
    assert len(result.failed) == 2
    assert "'a'" in result.failed[0].error
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("split", ["", ".", "..", "a/b", ".hidden"])
def test_a_split_is_a_plain_name(tmp_path, split):
    with pytest.raises(ArgumentError, match="plain folder name"):
        import_annotations([], tmp_path, split=split)


def test_an_output_that_cannot_be_written_ends_the_import(tmp_path):
    photo = save(tmp_path / "a.png", GRAY)
    (tmp_path / "set").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        import_annotations([source_of(photo)], tmp_path / "set")


def test_colours_stay_when_a_photograph_is_turned(tmp_path):
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[:, :15] = (200, 60, 30)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = save(tmp_path / "a.jpg", colours, exif=exif, quality=95)
    import_annotations([source_of(photo, np.zeros((30, 20), bool))], tmp_path / "set")
    with Image.open(tmp_path / "set/images/train/a.png") as image:
        assert (image.size, image.mode) == ((20, 30), "RGB")
        assert np.abs(np.asarray(image)[2, 10].astype(int) - (200, 60, 30)).max() < 8


# Folders of photographs and masks


@pytest.mark.parametrize(
    ("photo", "mask"),
    [
        ("x.jpg", "x.png"),
        ("x.jpg", "x_mask.png"),
        ("x.png", "x_label.PNG"),
        ("IMG_1.JPG", "img_1-GT.bmp"),
        ("2024/x.jpg", "2024/x_seg.tif"),
        ("wall_seg.jpg", "wall_seg.png"),
    ],
)
def test_names_of_masks(tmp_path, photo, mask):
    save(tmp_path / "photos" / photo, GRAY)
    save(tmp_path / "masks" / mask, STORED)
    (source,) = find_folder_pairs(tmp_path / "photos", tmp_path / "masks")
    assert str(source.relative) == photo.rsplit(".", 1)[0]
    assert np.array_equal(source.read().mask, MASK)


def test_both_in_one_folder(tmp_path):
    for name, values in (
        ("a.jpg", GRAY), ("a.png", STORED), ("b.png", GRAY), ("b_mask.png", STORED),
        ("c.jpg", GRAY), ("c_label.png", STORED),
    ):  # fmt: skip
        save(tmp_path / name, values)
    sources = find_folder_pairs(tmp_path, tmp_path)
    assert [str(source.relative) for source in sources] == ["a", "b", "c"]
    assert all(np.array_equal(source.read().mask, MASK) for source in sources)


def test_what_has_no_other_half_fails_by_name(tmp_path):
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        save(tmp_path / "photos" / name, GRAY)
    for name in ("a.png", "b.png", "b_mask.png", "d.png"):
        save(tmp_path / "masks" / name, STORED)
    sources = find_folder_pairs(tmp_path / "photos", tmp_path / "masks")
    result = import_annotations(sources, tmp_path / "set")
    assert [outcome.status for outcome in result.outcomes] == [
        "imported", "failed", "failed", "failed",
    ]  # fmt: skip
    errors = [outcome.error for outcome in result.failed]
    assert "2 masks: b.png, b_mask.png" in errors[0]
    assert "c.jpg has no mask" in errors[1]
    assert "d.png has none" in errors[2]


def test_no_pair_at_all(tmp_path):
    save(tmp_path / "photos/a.jpg", GRAY)
    save(tmp_path / "masks/b.png", STORED)
    with pytest.raises(DatasetError, match="1 photographs, 1 masks"):
        find_folder_pairs(tmp_path / "photos", tmp_path / "masks")
    with pytest.raises(DatasetError, match="no folder"):
        find_folder_pairs(tmp_path / "gone", tmp_path / "masks")


@pytest.mark.parametrize(
    ("stored", "reading"),
    [
        (STORED, MaskReading()),
        (MASK.astype(np.uint8), MaskReading()),
        (np.where(MASK, 130, 127).astype(np.uint8), MaskReading(threshold=128)),
        (np.where(MASK, 0, 255).astype(np.uint8), MaskReading(invert=True)),
        (np.where(MASK, 90, 100).astype(np.uint8), MaskReading(threshold=95, invert=True)),
        (np.repeat(STORED[..., None], 3, axis=2), MaskReading(threshold=1)),
    ],
    ids=["0 and 255", "0 and 1", "gray", "inverted", "gray inverted", "RGB"],
)
def test_values_of_masks(tmp_path, stored, reading):
    save(tmp_path / "photos/a.jpg", GRAY)
    save(tmp_path / "masks/a.png", stored)
    (source,) = find_folder_pairs(tmp_path / "photos", tmp_path / "masks", reading)
    assert np.array_equal(source.read().mask, MASK)


def test_gray_masks_need_a_threshold(tmp_path):
    path = save(tmp_path / "a.png", np.where(MASK, 250, 3).astype(np.uint8))
    with pytest.raises(DatasetError, match="--threshold") as caught:
        MaskReading().read(path)
    assert str(path) in str(caught.value)
    assert not MaskReading(threshold=255).read(path).any()
    assert MaskReading(threshold=3).read(path).all()


@pytest.mark.parametrize("threshold", [0, -1, 256])
def test_an_impossible_threshold(threshold):
    with pytest.raises(ArgumentError, match="1 to 255"):
        MaskReading(threshold=threshold)


@pytest.mark.parametrize("reading", [MaskReading(), MaskReading(threshold=9)])
def test_a_damaged_mask(tmp_path, reading):
    path = Path(tmp_path, "a.png")
    path.write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="cannot be read as a mask"):
        reading.read(path)


def test_a_mask_of_another_size(tmp_path):
    save(tmp_path / "photos/a.jpg", GRAY)
    save(tmp_path / "masks/a.png", STORED[:, :-1])
    (source,) = find_folder_pairs(tmp_path / "photos", tmp_path / "masks")
    with pytest.raises(DatasetError, match="30x20"):
        source.read()


@pytest.mark.parametrize("drawn_on", ["upright", "stored"])
def test_masks_of_a_photograph_that_exif_turns(tmp_path, drawn_on):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "photos/a.jpg", np.rot90(GRAY), exif=exif)  # upright it is GRAY
    save(tmp_path / "masks/a.png", STORED if drawn_on == "upright" else np.rot90(STORED).copy())
    (source,) = find_folder_pairs(tmp_path / "photos", tmp_path / "masks")
    annotation = source.read()
    assert annotation.photo.gray.shape == (20, 30)
    assert np.array_equal(annotation.mask, MASK)


def test_a_mask_whose_way_up_cannot_be_told_is_taken_as_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    save(tmp_path / "photos/a.jpg", GRAY, exif=exif)
    save(tmp_path / "masks/a.png", STORED)
    (source,) = find_folder_pairs(tmp_path / "photos", tmp_path / "masks")
    annotation = source.read()
    assert np.array_equal(annotation.mask, MASK)
    assert "upright" in annotation.notes[0]
