from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cracknet.errors import ArgumentError, PhotoError
from cracknet.fleet.places import Place
from cracknet.fleet.sources import Item, check_names, list_source, name_of


@pytest.fixture
def folder(tmp_path):
    for name in ("wall_10.jpg", "wall_2.jpg", "sub/a.png", ".hidden.jpg", "notes.md"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    return tmp_path / "in"


def names(source, **options):
    return [item.photo for item in list_source(source, **options).items]


def test_folders_patterns_and_files(folder):
    assert names(folder) == ["sub/a.png", "wall_2.jpg", "wall_10.jpg"]
    assert names(f"file://{folder}") == ["sub/a.png", "wall_2.jpg", "wall_10.jpg"]
    assert names(f"{folder}/*.jpg") == ["wall_2.jpg", "wall_10.jpg"]
    [item] = list_source(folder / "wall_2.jpg").items
    status = (folder / "wall_2.jpg").stat()
    assert item == Item(
        "wall_2.jpg", str(folder / "wall_2.jpg"), f"5-{status.st_mtime_ns}", bytes=5
    )


def test_urls(folder):
    place = Place("memory://list/in")
    for path in folder.rglob("*.*"):
        place.put(path.relative_to(folder).as_posix(), path.read_bytes())
    assert names("memory://list/in") == ["sub/a.png", "wall_2.jpg", "wall_10.jpg"]
    assert names("memory://list/in/") == ["sub/a.png", "wall_2.jpg", "wall_10.jpg"]
    assert names("memory://list/in/*.jpg") == ["wall_2.jpg", "wall_10.jpg"]
    assert names("memory://list/*/sub/*") == ["in/sub/a.png"]
    with pytest.raises(PhotoError, match="memory://list/lost: no such file"):
        list_source("memory://list/lost")


def test_a_list(folder, tmp_path):
    (tmp_path / "link.jpg").symlink_to(folder / "wall_2.jpg")
    lines = [
        "# north", "in/wall_10.jpg", "", f"  {folder}/wall_2.jpg ", "in/sub/../wall_10.jpg",
        "link.jpg", "in", "lost.jpg", f"file://{folder}/notes.md",
    ]  # fmt: skip
    (tmp_path / "list.txt").write_text("\n".join(lines))
    listing = list_source(tmp_path / "list.txt")
    assert [item.file for item in listing.items] == [
        str(folder / "wall_10.jpg"), str(folder / "wall_2.jpg"), str(folder),
        str(tmp_path / "lost.jpg"), str(folder / "notes.md"),
    ]  # fmt: skip
    assert listing.duplicates == (str(folder / "wall_10.jpg"), str(tmp_path / "link.jpg"))
    problems = [item.problem for item in listing.items]
    assert problems[2] == f"{folder}: is a folder, not a photograph. Give the photographs in it"
    assert problems[3] == f"{tmp_path}/lost.jpg: no such file. Check the path"
    assert [problems[k] for k in (0, 1, 4)] == ["", "", ""]
    assert listing.items[0].photo == str(folder / "wall_10.jpg")[1:]


@pytest.mark.parametrize(
    "text",
    [
        "in/wall_2.jpg\nin/wall_10.jpg\n",
        "File,Element\nin/wall_2.jpg,deck\nin/wall_10.jpg,\n",
        'element,path\n"deck, north",in/wall_2.jpg\n\n,in/wall_10.jpg\n',
        "\ufefffile\r\nin/wall_2.jpg\r\nin/wall_10.jpg\r\n",
    ],
)
def test_a_table_as_list(folder, tmp_path, text):
    (tmp_path / "list.csv").write_text(text, encoding="utf-8", newline="")
    files = [item.file for item in list_source(tmp_path / "list.csv").items]
    assert files == [str(folder / "wall_2.jpg"), str(folder / "wall_10.jpg")]


def test_lists_that_cannot_be_used(tmp_path):
    with pytest.raises(PhotoError, match=r"lost.txt: no such file"):
        list_source(tmp_path / "lost.txt")
    (tmp_path / "empty.txt").write_text("# nothing\n\n")
    with pytest.raises(PhotoError, match=r"the list is empty\. Write a path or URL"):
        list_source(tmp_path / "empty.txt")
    (tmp_path / "latin.txt").write_bytes("Brücke.jpg".encode("latin-1"))
    with pytest.raises(PhotoError, match="not UTF-8 text"):
        list_source(tmp_path / "latin.txt")


def test_results_within_the_source_are_left_out(folder):
    place = Place(str(folder / "out"))
    place.put("results/wall_2.jpg.mask.png", b"1")
    assert "out/results/wall_2.jpg.mask.png" in names(folder)
    assert names(folder, besides=place) == ["sub/a.png", "wall_2.jpg", "wall_10.jpg"]
    with pytest.raises(PhotoError, match="holds no photograph"):
        list_source(folder / "out", besides=place)


def test_names_stay_and_stay_below():
    assert name_of(PurePosixPath("sub/a.jpg")) == "sub/a.jpg"
    assert name_of(PurePosixPath("/a/../../b.jpg")) == "a/_/_/b.jpg"
    long = name_of(PurePosixPath("x" * 300 + ".jpg"))
    assert len(long) == 200
    assert long != name_of(PurePosixPath("x" * 300 + ".png"))


def test_two_files_of_one_name_are_refused():
    items = [Item("a.jpg", "/north/a.jpg")]
    check_names(items, {"a.jpg": "/north/a.jpg"})
    with pytest.raises(ArgumentError, match=r"holds the results of /south/a.jpg as a.jpg"):
        check_names(items, {"a.jpg": "/south/a.jpg"})
