from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.named_sets import find_named_sets
from cracknet.errors import DatasetError


@pytest.fixture
def place(tmp_path):
    """Return a function that writes a set of one-pixel photographs."""

    def write(name, split, stems):
        for stem in stems:
            for kind in ("images", "masks"):
                path = tmp_path / name / kind / split / f"{stem}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.zeros((1, 1), np.uint8)).save(path)
        return tmp_path / name

    return write


@pytest.fixture
def listed(tmp_path):
    def write(name, stems):
        path = tmp_path / name
        path.write_text("# held out\n" + "".join(f"{stem}\n" for stem in stems))
        return path

    return write


def stems(sets):
    return {name: [pair.stem for pair in pairs] for name, pairs in sets.items()}


def test_splits_are_named_or_taken(place):
    place("tile", "all", ["a", "b"])
    place("road", "train", ["c"])
    root = place("road", "val", ["d"])
    words = [f"{root.parent / 'tile'}:all", str(root)]
    assert stems(find_named_sets(words, "train")) == {"tile all": ["a", "b"], "road train": ["c"]}
    assert stems(find_named_sets([str(root)], "val")) == {"road val": ["d"]}


def test_lists_find_their_sets(place, listed):
    one, two = place("one", "train", ["a", "b", "c"]), place("two", "train", ["x", "y"])
    words = [str(one), str(two)]
    lists = [listed("first.txt", ["a"]), listed("second.txt", ["y"]), listed("third.txt", ["c"])]
    assert stems(find_named_sets(words, "train", without=lists)) == {
        "one train": ["b"],
        "two train": ["x"],
    }
    assert stems(find_named_sets(words, "train", only=lists[:1])) == {
        "one train, listed in first.txt": ["a"],
        "two train": ["x", "y"],
    }


def test_a_list_that_fits_two_sets_goes_by_its_name(place, listed):
    words = [str(place(name, "train", ["001", "002"])) for name in ("tile", "road")]
    found = find_named_sets(words, "train", without=[listed("road.txt", ["001"])])
    assert stems(found) == {"tile train": ["001", "002"], "road train": ["002"]}
    with pytest.raises(DatasetError, match=r"several do for .*other\.txt"):
        find_named_sets(words, "train", without=[listed("other.txt", ["001"])])


def test_a_list_that_fits_no_set(place, listed):
    word = str(place("one", "train", ["a", "b"]))
    for option in ("only", "without"):
        with pytest.raises(DatasetError, match=r"of one train none does for .*other\.txt"):
            find_named_sets([word], "train", **{option: [listed("other.txt", ["a", "z"])]})


def test_a_set_named_twice_or_left_empty(place, listed):
    word = str(place("one", "train", ["a"]))
    with pytest.raises(DatasetError, match="two sets are named 'one train'"):
        find_named_sets([word, f"{word}:train"], "train")
    with pytest.raises(DatasetError, match="no photographs left of one train"):
        find_named_sets([word], "train", without=[listed("all.txt", ["a"])])


def test_a_set_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match="no folder"):
        find_named_sets([str(tmp_path / "none")], "train")


def test_nothing_named():
    assert find_named_sets([], "train") == {}
