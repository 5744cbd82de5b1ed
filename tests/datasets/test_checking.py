from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.checking import check_dataset
from cracknet.datasets.expansion_plan import source_by
from cracknet.datasets.findings import KINDS, Case, gather
from cracknet.errors import ArgumentError, DatasetError


def wall(seed, height=60, width=80):
    rng = np.random.default_rng(seed)
    blurred = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 3)
    return np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)


def line(height=60, width=80, value=255):
    mask = np.zeros((height, width), np.uint8)
    mask[10:13] = value
    return mask


class Writer:
    """Writes photographs and masks of a set, each of its own look."""

    def __init__(self, root):
        self.root, self.count = root, 0

    def __call__(self, stem, split="train", *, gray=None, mask="line", suffix=".png", **options):
        self.count += 1
        gray = wall(self.count) if gray is None else gray
        mask = line(*gray.shape[:2]) if isinstance(mask, str) else mask
        for kind, name, values in (
            ("images", f"{stem}{suffix}", gray),
            ("masks", f"{stem}.png", mask),
        ):
            path = self.root / kind / split / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if values is not None:
                extra = options if kind == "images" else {}
                Image.fromarray(values).save(path, **extra)


@pytest.fixture
def write(tmp_path):
    return Writer(tmp_path)


@pytest.fixture
def found(tmp_path):
    """Return a function: the findings of the set, as {name: [(files, detail), ...]}."""

    def look(**options):
        check = check_dataset(tmp_path, **options)
        return {
            finding.name: [(case.files, case.detail) for case in finding.cases]
            for finding in check.findings
        }

    return look


def test_a_sound_set(tmp_path, write):
    write("a", gray=wall(1, 60, 80))
    write("b", gray=wall(2, 40, 100))
    write("c", gray=wall(3, 60, 80), mask=line(60, 80) // 255 * 255)
    write("d", "test", gray=wall(4, 50, 50))
    check = check_dataset(tmp_path)
    assert check.findings == ()
    assert check.passed
    test, train = check.splits
    assert (train.split, train.photographs, train.pairs, train.sizes) == ("train", 3, 3, 2)
    assert (train.width_px.least, train.width_px.median, train.width_px.greatest) == (80, 80, 100)
    assert (train.height_px.least, train.height_px.greatest) == (40, 60)
    crack, pixels = 3 * (80 + 100 + 80), 60 * 80 * 2 + 40 * 100
    assert train.crack_share_pooled == pytest.approx(crack / pixels)
    assert train.crack_share_mean == pytest.approx((3 / 60 + 3 / 40 + 3 / 60) / 3)
    assert train.crack_share_median == pytest.approx(3 / 60)
    assert (test.photographs, test.pairs) == (1, 1)
    assert [photo.stem for photo in check.photos] == ["d", "a", "b", "c"]
    content = json.loads(json.dumps(check.as_dict()))
    assert content["passed"] is True
    assert [split["split"] for split in content["splits"]] == ["test", "train"]


def test_masks(tmp_path, write, found):
    write("empty", mask=np.zeros((60, 80), np.uint8))
    write("full", mask=np.full((60, 80), 255, np.uint8))
    write("full01", mask=np.ones((60, 80), np.uint8))
    write("most", mask=255 - line())
    write("one", mask=line(value=1))
    write("bit", mask=line() > 0)
    write("three", mask=np.maximum(line(), line(value=7)[::-1]))
    write("jpeg", mask=wall(99))
    write("wide", mask=line(60, 81))
    write("none", mask=None)
    findings = found()
    assert findings.pop("empty_mask") == [(("masks/train/empty.png",), "")]
    assert [files for files, _ in findings.pop("full_mask")] == [
        ("masks/train/full.png",),
        ("masks/train/full01.png",),
    ]
    assert findings.pop("mostly_crack") == [(("masks/train/most.png",), "crack share 95.0%")]
    assert [files[0][12:] for files, _ in findings.pop("zero_one")] == ["full01.png", "one.png"]
    other = findings.pop("other_values")
    assert other[1] == (("masks/train/three.png",), "3 values: 0, 7, 255")
    assert other[0][1].endswith(" ...")
    assert findings.pop("size_mismatch") == [
        (("images/train/wide.png", "masks/train/wide.png"), "photograph 80x60, mask 81x60")
    ]
    assert findings.pop("no_mask") == [(("images/train/none.png",), "")]
    assert findings == {}
    (train,) = check_dataset(tmp_path).splits
    assert (train.photographs, train.pairs) == (10, 6)
    assert (train.empty_masks, train.full_masks, train.zero_one_masks) == (1, 2, 2)


def test_files_that_cannot_be_read(tmp_path, write, found):
    for stem in ("good", "photo", "mask", "cut", "zero"):
        write(stem)
    (tmp_path / "images/train/photo.png").write_bytes(b"no picture")
    (tmp_path / "masks/train/mask.png").write_bytes(b"no picture")
    whole = (tmp_path / "images/train/cut.png").read_bytes()
    (tmp_path / "images/train/cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "masks/train/zero.png").write_bytes(b"")
    findings = found()
    assert set(findings) == {"unreadable_photo", "unreadable_mask"}
    assert [files for files, _ in findings["unreadable_photo"]] == [
        ("images/train/cut.png",),
        ("images/train/photo.png",),
    ]
    assert [files for files, _ in findings["unreadable_mask"]] == [
        ("masks/train/mask.png",),
        ("masks/train/zero.png",),
    ]
    for cases in findings.values():
        assert all(detail and str(tmp_path) not in detail for _, detail in cases)
    (train,) = check_dataset(tmp_path).splits
    assert (train.photographs, train.pairs) == (5, 1)
    assert not check_dataset(tmp_path).passed


@pytest.mark.parametrize("place", range(8, 400, 29))
def test_no_damage_to_a_mask_raises(tmp_path, write, place):
    write("a")
    path = tmp_path / "masks/train/a.png"
    noise = np.random.default_rng(0).random((60, 80)) < 0.5
    Image.fromarray(noise * np.uint8(255)).save(path)
    whole = bytearray(path.read_bytes())
    whole[place] ^= 0x55
    path.write_bytes(whole)
    (train,) = check_dataset(tmp_path).splits
    assert train.photographs == 1


def test_names_and_places(tmp_path, write, found):
    write("a")
    write("a", suffix=".jpg", mask=None)
    write("lone")
    (tmp_path / "images/train/lone.png").unlink()
    write("b", mask=None)
    Image.fromarray(line()).save(tmp_path / "masks/train/b.jpg")
    (tmp_path / "images/train/deeper").mkdir()
    (tmp_path / "images/train/notes.txt").write_text("x")
    (tmp_path / "images/train/._a.jpg").write_bytes(b"of macOS")
    (tmp_path / "masks/val").mkdir()
    findings = found()
    assert findings == {
        "empty_split": [(("images/val",), "")],
        "no_mask": [(("images/train/b.png",), "there is b.jpg")],
        "stem_twice": [(("images/train/a.jpg", "images/train/a.png"), "")],
        "mask_alone": [(("masks/train/lone.png",), "")],
        "not_read": [
            (("images/train/deeper",), ""),
            (("images/train/notes.txt",), ""),
            (("masks/train/b.jpg",), ""),
        ],
    }


def test_photographs_in_no_split(tmp_path, write, found):
    (tmp_path / "masks").mkdir()
    (tmp_path / "images").mkdir()
    assert set(found()) == {"empty_split"}
    Image.fromarray(wall(1)).save(tmp_path / "images/a.png")
    Image.fromarray(line()).save(tmp_path / "masks/a.png")
    assert found() == {"no_split": [(("images",), "1 photographs")]}
    assert "images/<split>" in KINDS["no_split"].next_step


def test_all_masks_empty(write, found):
    for stem in "abc":
        write(stem, mask=np.zeros((60, 80), np.uint8))
    write("d", "test")
    assert found()["no_crack"] == [(("masks/train",), "3 masks")]


@pytest.mark.parametrize(("orientation", "upright"), [(3, (60, 80)), (6, (80, 60))])
def test_photographs_that_exif_turns(write, found, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    write("right", suffix=".jpg", mask=line(*upright), exif=exif)
    write("stored", suffix=".jpg", mask=line(60, 80), exif=exif)
    findings = found()
    turned = findings["exif_turned"]
    assert turned[0] == (("images/train/right.jpg",), f"orientation {orientation}")
    if orientation == 6:
        ((files, detail),) = findings["size_mismatch"]
        assert files[0] == "images/train/stored.jpg"
        assert detail.endswith("it fits the photograph before its EXIF rotation")
    else:
        assert "size_mismatch" not in findings


def test_repeats_within_and_across_splits(write, found):
    same, mirrored, near = wall(100), wall(200), wall(300)
    write("a1", gray=same)
    write("a2", gray=same, suffix=".bmp", mask=line()[::-1])
    write("b1", gray=mirrored)
    write("b2", "test", gray=np.ascontiguousarray(mirrored[:, ::-1]))
    write("c1", gray=near)
    write("c2", gray=(near * 0.8 + 10).astype(np.uint8))
    write("d", gray=wall(400))
    write("d", "test", gray=wall(400))
    findings = found()
    assert findings.pop("same_within") == [
        (("images/train/a1.png", "images/train/a2.bmp"), "their masks differ")
    ]
    assert findings.pop("same_across") == [(("images/test/d.png", "images/train/d.png"), "")]
    ((files, detail),) = findings.pop("alike_across")
    assert files == ("images/test/b2.png", "images/train/b1.png")
    assert detail.endswith("turned or mirrored")
    ((files, detail),) = findings.pop("alike_within")
    assert files == ("images/train/c1.png", "images/train/c2.png")
    assert detail.startswith("correlation")
    assert findings == {}


def test_a_repeat_of_a_repeat_is_one_group(write, found):
    first = wall(1)
    write("a", gray=first)
    write("b", "test", gray=first)
    write("c", gray=(first * 0.8).astype(np.uint8))
    write("d", gray=(first * 0.6 + 30).astype(np.uint8))
    findings = found()
    assert len(findings["same_across"]) == 1
    ((files, _),) = findings["alike_across"]
    assert {name[-5] for name in files} == set("abcd")


def test_flat_photographs_are_not_alike(write, found):
    for level in range(100, 130):
        write(f"p{level}", gray=np.full((40, 50), level, np.uint8))
    assert found() == {}


def test_masks_that_are_turned(write, found):
    """Cracks of both lie in the upper half; the second's mask says the lower."""
    for k, stem in enumerate(("right", "turned")):
        gray = wall(20 + k)
        mask = line(*gray.shape)
        gray[mask > 0] //= 4
        write(stem, gray=gray, mask=mask[::-1, ::-1] if k else mask)
    ((files, detail),) = found()["turned_mask"]
    assert files == ("images/train/turned.png", "masks/train/turned.png")
    assert detail.startswith(("by 180 degrees", "upside down"))


def test_crops_across_splits(write, found):
    write("IMG_1-1")
    write("IMG_1-2", "test")
    write("IMG_1-3", "test")
    write("001")
    write("001", "test")
    write("w_2_1")
    write("w_2_2", "test")
    assert found() == {
        "source_across": [
            (
                ("images/test/IMG_1-2.png", "images/test/IMG_1-3.png", "images/train/IMG_1-1.png"),
                "IMG_1: 2 in test, 1 in train",
            )
        ]
    }
    ((_, detail),) = found(source=source_by(r"w_\d+|.*"))["source_across"]
    assert detail == "w_2: 1 in test, 1 in train"


def test_one_pixel_photograph(tmp_path, write):
    write("a", gray=np.zeros((1, 1), np.uint8), mask=np.full((1, 1), 255, np.uint8))
    check = check_dataset(tmp_path)
    assert check.splits[0].crack_share_pooled == 1
    assert [finding.name for finding in check.findings] == ["full_mask"]


def test_threads_change_nothing(tmp_path, write):
    for k in range(9):
        write(f"p{k}", "ab"[k % 2])
    one, many = (check_dataset(tmp_path, jobs=jobs) for jobs in (1, 4))
    assert one == many


def test_progress_is_told(tmp_path, write):
    for stem in "abc":
        write(stem)
    told = []
    check_dataset(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_is_no_data_set(tmp_path):
    with pytest.raises(DatasetError, match="no folder"):
        check_dataset(tmp_path / "gone")
    with pytest.raises(DatasetError, match="no folder images"):
        check_dataset(tmp_path)
    (tmp_path / "pack.json").write_text("{}")
    with pytest.raises(DatasetError, match="is a pack"):
        check_dataset(tmp_path)


def test_no_threads(tmp_path):
    with pytest.raises(ArgumentError, match="got 0"):
        check_dataset(tmp_path, jobs=0)


def test_gravest_findings_come_first():
    findings = gather((name, Case((name,))) for name in reversed(KINDS))
    assert [finding.name for finding in findings] == list(KINDS)
    ranks = [("error", "warning", "note").index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)


@pytest.mark.slow
@pytest.mark.shared
def test_real_sets(data_folder):
    """The leak of deepcrack is found, and nothing false among textureless concrete."""
    deepcrack = check_dataset(data_folder / "deepcrack")
    cases = {finding.name: finding.cases for finding in deepcrack.findings}
    (pair,) = cases.pop("alike_across")
    assert pair.files == ("images/test/11236-6.jpg", "images/train/11187-6.jpg")
    assert [case.detail.split(":")[0] for case in cases.pop("source_across")] == [
        "11142",
        "11289",
        "IMG_6536",
    ]
    assert not cases
    assert check_dataset(data_folder / "uav75").findings == ()
    crack500 = {
        finding.name: finding.cases for finding in check_dataset(data_folder / "crack500").findings
    }
    assert len(crack500.pop("turned_mask")) == 7
    assert set(crack500) == {"alike_within"}
