"""Files, folders and patterns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from cracknet.errors import ArgumentError, PhotoError
from cracknet.photo.files import PHOTO_SUFFIXES, FoundPhoto, find_photos


@pytest.fixture
def site(tmp_path):
    """A folder of photographs and of what else lies in such folders."""
    names = [
        "img_1.jpg", "img_2.JPG", "img_10.jpeg", "notes.txt", ".hidden.jpg", "._img_1.jpg",
        "north/img_1.png", "north/deep/a.tiff", ".thumbs/img_1.jpg", "south/b.webp", "south/x.dat",
    ]  # fmt: skip
    for name in names:
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "site" / "folder.jpg").mkdir()
    return tmp_path / "site"


def relatives(found):
    return [str(photo.relative) for photo in found]


def test_folder(site):
    found = find_photos([site])
    assert relatives(found) == [
        "img_1.jpg", "img_2.JPG", "img_10.jpeg", "north/deep/a.tiff", "north/img_1.png",
        "south/b.webp",
    ]  # fmt: skip
    assert all(photo.path == site / photo.relative for photo in found)


def test_file_by_itself_keeps_its_name_whatever_its_suffix(site):
    assert find_photos([site / "south" / "x.dat"]) == [
        FoundPhoto(site / "south" / "x.dat", PurePosixPath("x.dat"))
    ]
    assert relatives(find_photos([str(site / ".hidden.jpg")])) == [".hidden.jpg"]


def test_order_of_inputs_is_kept(site):
    found = find_photos([site / "south" / "b.webp", site / "img_1.jpg"])
    assert relatives(found) == ["b.webp", "img_1.jpg"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["img_1.jpg"]),
        ("img_?.*", ["img_1.jpg", "img_2.JPG"]),
        ("img_[0-9]*", ["img_1.jpg", "img_2.JPG", "img_10.jpeg"]),
        ("**/*.png", ["north/img_1.png"]),
        ("**/img_1.*", ["img_1.jpg", "north/img_1.png"]),
        ("*/*.dat", ["south/x.dat"]),
        ("nor*", ["north/deep/a.tiff", "north/img_1.png"]),
        ("north/*", ["deep/a.tiff", "img_1.png"]),
        ("**", ["img_1.jpg", "img_2.JPG", "img_10.jpeg", "north/deep/a.tiff", "north/img_1.png",
                "south/b.webp"]),
    ],
)  # fmt: skip
def test_pattern(site, pattern, expected):
    assert relatives(find_photos([f"{site}/{pattern}"])) == expected


def test_pattern_below_the_working_folder(site, monkeypatch):
    monkeypatch.chdir(site)
    assert find_photos(["north/*.png"]) == [
        FoundPhoto(Path("north/img_1.png"), PurePosixPath("img_1.png"))
    ]
    assert relatives(find_photos(["."]))[0] == "img_1.jpg"


def test_existing_name_wins_over_the_pattern(tmp_path):
    for name in ("wall[1].jpg", "wall1.jpg", "span[a]/x.jpg", "spana/y.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert relatives(find_photos([tmp_path / "wall[1].jpg"])) == ["wall[1].jpg"]
    assert relatives(find_photos([tmp_path / "span[a]"])) == ["x.jpg"]
    assert relatives(find_photos([tmp_path / "span[a]" / "*.jpg"])) == ["x.jpg"]
    assert relatives(find_photos([tmp_path / "wall[0-9].jpg"])) == ["wall1.jpg"]


def test_given_twice_comes_once(site):
    (site / "south" / "link.jpg").symlink_to(site / "img_1.jpg")
    found = find_photos([site / "img_1.jpg", site, f"{site}/*.jpg", f"{site}/../site/img_1.jpg"])
    assert relatives(found).count("img_1.jpg") == 1
    assert "south/link.jpg" not in relatives(found)
    assert len(found) == 6


def test_links_to_folders_do_not_loop(site):
    (site / "north" / "up").symlink_to(site)
    assert len(find_photos([site])) == 6


def test_folder_through_a_link(site, tmp_path):
    (tmp_path / "link").symlink_to(site)
    assert len(find_photos([tmp_path / "link"])) == 6


def test_dangling_link_in_a_folder_is_listed(site):
    (site / "img_3.jpg").symlink_to(site / "gone.jpg")
    assert "img_3.jpg" in relatives(find_photos([site]))


@pytest.mark.parametrize("name", ["gone.jpg", "gone", "gone/a.jpg"])
def test_missing(tmp_path, name):
    with pytest.raises(PhotoError, match=f"{name}: no such file or folder"):
        find_photos([tmp_path / name])


def test_pattern_without_match(site):
    with pytest.raises(PhotoError, match=r"\*\.heic: no photograph matches the pattern"):
        find_photos([site / "*.heic"])


def test_folder_without_photographs(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(PhotoError, match=r"the folder holds no photograph .*\.jpg"):
        find_photos([tmp_path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_folder_without_permission(site):
    (site / "north").chmod(0)
    try:
        with pytest.raises(PhotoError, match="north: the folder cannot be read"):
            find_photos([site])
    finally:
        (site / "north").chmod(0o755)


@pytest.mark.parametrize("inputs", [[], "wall.jpg", Path("wall.jpg")])
def test_inputs_must_be_a_sequence(inputs):
    with pytest.raises(ArgumentError, match="inputs must be a sequence"):
        find_photos(inputs)


def test_suffixes_are_lower_case():
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in PHOTO_SUFFIXES)
    assert {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".heic"} <= PHOTO_SUFFIXES


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("cracknet", {"PIL", "numpy", "cv2"}),
        ("cracknet.photo.files", {"cv2", "tifffile", "pillow_heif"}),
        ("cracknet.photo", {"cv2", "tifffile", "pillow_heif"}),
    ],
)
def test_import_is_light(module, absent):
    code = f"import sys, {module}; print(*sorted({absent!r} & sys.modules.keys()))"
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(source)},
    )  # fmt: skip
    assert done.stdout.strip() == ""
