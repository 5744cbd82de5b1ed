from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.photo import FoundPhoto, find_photos
from cracknet.reporting.naming import name_results


def names_of(*relative):
    found = [FoundPhoto(Path("in", name), PurePosixPath(name)) for name in relative]
    return [str(name) for name in name_results(found)]


@pytest.mark.parametrize(
    ("photos", "names"),
    [
        ((), []),
        (("a.jpg",), ["a"]),
        (("a.jpg", "b.jpg"), ["a", "b"]),
        (("a.jpg", "a.png"), ["a.jpg", "a.png"]),
        (("a.JPG", "A.png"), ["a.JPG", "A.png"]),
        (("x/a.jpg", "y/a.jpg"), ["x/a", "y/a"]),
        (("x/a.jpg", "x/a.tif", "a.jpg"), ["x/a.jpg", "x/a.tif", "a"]),
        (("a.b.jpg", "a.c.jpg"), ["a.b", "a.c"]),
        (("a.jpg", "a.png", "a.jpg.tif"), ["a.jpg", "a.png", "a.jpg.tif"]),
        (("photo", "photo.jpg"), ["photo", "photo.jpg"]),
        (("..jpg",), ["..jpg"]),
        ((".jpg",), [".jpg"]),
    ],
)
def test_names_of_known_inputs(photos, names):
    assert names_of(*photos) == names


@pytest.mark.parametrize("letter", ["a", "ß", "桥"])
def test_names_too_long_for_their_suffixes_are_cut(letter):
    """Two that differ at their ends alone keep apart, whatever a letter's bytes."""
    count = 240 // len(letter.encode())
    one, other = names_of(f"x/{letter * count}1.jpg", f"x/{letter * count}2.jpg")
    assert one != other
    for name in (one, other):
        folder, stem = name.split("/")
        assert folder == "x"
        assert stem.startswith(letter * 20)
        assert 180 < len(stem.encode()) <= 200
    assert names_of("a" * 200 + ".jpg") == ["a" * 200]


@given(
    st.lists(
        st.from_regex(r"([abA]/)?[abAB.]{1,3}(\.(jpg|png|JPG))?", fullmatch=True)
        .map(lambda name: str(PurePosixPath(name)))
        .filter(lambda name: PurePosixPath(name).name.strip(".")),
        unique_by=str.casefold,
        max_size=8,
    )
)
def test_no_two_photographs_share_a_name(photos):
    names = names_of(*photos)
    assert len({name.casefold() for name in names}) == len(photos)
    for photo, name in zip(photos, names, strict=True):
        assert photo.startswith(name)
        assert PurePosixPath(name).name.strip(".")


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_two_folders_with_equal_names_keep_their_folders(tmp_path):
    touch(tmp_path, "north/in/a.jpg", "north/in/b.jpg", "south/in/a.jpg")
    found = find_photos([tmp_path / "north" / "in", tmp_path / "south" / "in"])
    names = [str(name) for name in name_results(found)]
    assert names == ["north/in/a", "north/in/b", "south/in/a"]


def test_names_never_leave_the_output_folder(tmp_path, monkeypatch):
    touch(tmp_path, "here/x/a.jpg", "y/a.jpg", "z/a.jpg")
    monkeypatch.chdir(tmp_path / "here")
    for inputs in (["x/a.jpg", "../y/a.jpg"], ["../y/a.jpg", "../z/a.jpg"], ["x", "../y", "../z"]):
        names = name_results(find_photos(inputs))
        assert len(set(names)) == len(inputs)
        for name in names:
            assert not name.is_absolute()
            assert ".." not in name.parts


def test_one_folder_named_through_a_link_and_itself(tmp_path):
    touch(tmp_path, "real/a.jpg", "other/a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    found = find_photos([tmp_path / "link", tmp_path / "real", tmp_path / "other"])
    assert [str(name) for name in name_results(found)] == ["real/a", "other/a"]
