from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import cut_by_source, read_stems, source_of
from cracknet.errors import ArgumentError, DatasetError

LISTS = Path(__file__).resolve().parents[2] / "recipes" / "validation"
FAULTY = LISTS.with_name("faulty")

sources = st.dictionaries(
    st.from_regex(r"[A-Za-z_]{1,6}[0-9]{0,4}", fullmatch=True), st.integers(1, 8), min_size=2
)


def stems_of(crops):
    """Name the crops of each source: the first bare, the others numbered."""
    return [
        f"{source}-{k}" if k else source for source, count in crops.items() for k in range(count)
    ]


@pytest.mark.parametrize(
    ("stem", "source"),
    [
        ("11125", "11125"),
        ("11125-3", "11125"),
        ("IMG_6469-12", "IMG_6469"),
        ("a-b", "a-b"),
        ("a-1-2", "a-1"),
        ("-1", ""),
    ],
)
def test_source_of(stem, source):
    assert source_of(stem) == source


@given(crops=sources, share=st.floats(0.05, 0.9), seed=st.integers(0, 1000))
def test_no_source_is_split(crops, share, seed):
    stems = stems_of(crops)
    count = max(1, min(len(stems) - 1, round(share * len(stems))))
    chosen = cut_by_source(stems, count, seed)
    assert set(chosen) <= set(stems)
    assert chosen == sorted(set(chosen))
    left = {source_of(stem) for stem in set(stems) - set(chosen)}
    assert not left & set(map(source_of, chosen))
    assert len(chosen) <= 1.1 * count


@given(crops=sources, seed=st.integers(0, 1000))
def test_order_of_stems_does_not_matter(crops, seed):
    stems = stems_of(crops)
    if len(stems) < 2:
        return
    assert cut_by_source(stems[::-1], 1, seed) == cut_by_source(stems, 1, seed)


def test_count_is_reached_and_seeds_differ():
    stems = stems_of({f"p{k}": 4 for k in range(50)})
    cuts = [cut_by_source(stems, 40, seed) for seed in range(5)]
    assert all(len(cut) == 40 for cut in cuts)
    assert len(set(map(tuple, cuts))) == 5


@pytest.mark.parametrize("count", [0, -1, 3, 4])
def test_impossible_count(count):
    with pytest.raises(ArgumentError, match=f"got {count}"):
        cut_by_source(["a", "b", "c"], count)


def test_empty_list_of_stems():
    with pytest.raises(ArgumentError, match="0 stems"):
        cut_by_source([], 1)


def test_read_stems(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# held out\na\n\n  b-1  \n#c\nü 2\n", "utf-8")
    assert read_stems(path) == ["a", "b-1", "ü 2"]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\xff\xfe\x00a", "not UTF-8")]
)
def test_list_that_cannot_be_read(tmp_path, content, said):
    path = tmp_path / "list.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=said) as caught:
        read_stems(path)
    assert str(path) in str(caught.value)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "split", "source"),
    [
        ("deepcrack", "train", source_of),
        ("crack500", "train", source_of),
        ("tile", "all", source_of),
        ("masonry", "all", lambda stem: stem.rpartition("_")[0]),  # a_15_3: piece 3 of wall a_15
    ],
)
def test_committed_lists_split_no_source(data_folder, name, split, source):
    held = set(read_stems(LISTS / f"{name}.txt"))
    pairs = find_pairs(data_folder / name, split, only=held)
    assert {pair.stem for pair in pairs} == held
    faulty = {stem for file in FAULTY.glob(f"{name}*.txt") for stem in read_stems(file)}
    kept = {pair.stem for pair in find_pairs(data_folder / name, split, without=held)} - faulty
    assert kept
    assert not kept & held
    assert not set(map(source, kept)) & set(map(source, held))


def left_out(data):
    lists = data.get("without", [])
    return [lists] if isinstance(lists, str) else lists


def test_every_committed_list_is_used_and_names_each_stem_once():
    files = sorted(LISTS.glob("*.txt"))
    recipes = [tomllib.loads(path.read_text("utf-8")) for path in LISTS.parent.glob("*.toml")]
    without = [path for recipe in recipes for data in recipe["data"] for path in left_out(data)]
    only = [data["only"] for recipe in recipes for data in recipe["validation"] if "only" in data]
    assert files
    for file in files:
        stems = read_stems(file)
        assert stems
        assert len(set(stems)) == len(stems)
        assert f"validation/{file.name}" in without
        assert f"validation/{file.name}" in only
