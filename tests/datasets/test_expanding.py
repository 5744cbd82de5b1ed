from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.datasets.expanding import expand_set, make_output
from cracknet.datasets.expansion import PRESETS, Expansion
from cracknet.datasets.expansion_plan import Output, divide_by_source, plan_expansion, source_by
from cracknet.datasets.operations.geometric import FlipHorizontal
from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import source_of
from cracknet.errors import ArgumentError, DatasetError, OutputError, PhotoError

COUNTS = {"train": 14, "test": 4}
STEMS = ["a-1", "a-2", "b", "c-1", "c-2", "c-3", "d", "e", "f"]

groups = st.dictionaries(
    st.from_regex(r"[A-Za-z_]{1,6}[0-9]{0,4}", fullmatch=True), st.integers(1, 9), min_size=1
)
weights = st.lists(st.integers(1, 3000), min_size=1, max_size=4)


@pytest.fixture
def make_set(tmp_path, rendered):
    """Return a function that writes a small set; the folder comes out."""

    def make(stems=STEMS, name="set", split="train", empty=()):
        scene = rendered(60, 80, 5)
        root = tmp_path / name
        for kind in ("images", "masks"):
            (root / kind / split).mkdir(parents=True, exist_ok=True)
        for k, stem in enumerate(stems):
            gray, mask = (np.roll(values, 7 * k, axis=1) for values in (scene.gray, scene.mask))
            mask = mask & (stem not in empty)
            cv2.imwrite(str(root / "images" / split / f"{stem}.png"), gray)
            cv2.imwrite(str(root / "masks" / split / f"{stem}.png"), mask * np.uint8(255))
        return root

    return make


def content(folder):
    """Every file of a folder, but the version and the place of the set in its plan."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*.*"))
        if path.is_file() and path.suffix != ".json"
    }
    return files, json.loads((folder / "expansion.json").read_text())["outputs"]


@given(groups=groups, weights=weights, seed=st.integers(0, 1000))
def test_no_source_in_two_splits(groups, weights, seed):
    stems = [f"{name}-{k}" if k else name for name, n in groups.items() for k in range(n)]
    counts = {f"s{k}": weight for k, weight in enumerate(weights)}
    sources = set(map(source_of, stems))
    if len(sources) < len(counts):
        with pytest.raises(DatasetError, match="source photograph of its own"):
            divide_by_source(stems, counts, seed)
        return
    divided = divide_by_source(stems, counts, seed)
    assert divided == divide_by_source(stems[::-1], counts, seed)
    assert list(divided) == list(counts)
    given = [stem for part in divided.values() for stem in part]
    assert sorted(given) == sorted(set(stems))
    assert all(divided.values())
    owners = Counter(source for part in divided.values() for source in set(map(source_of, part)))
    assert set(owners.values()) == {1}


@given(sizes=st.lists(st.integers(1, 6), min_size=40, max_size=80), seed=st.integers(0, 1000))
def test_splits_are_filled_in_proportion(sizes, seed):
    stems = [f"p{k}-{n}" for k, size in enumerate(sizes) for n in range(size)]
    divided = divide_by_source(stems, {"train": 2500, "test": 500}, seed)
    assert abs(len(divided["test"]) - len(stems) / 6) <= 6


def test_large_and_small_sources_come_into_every_split():
    """A small split gets its share of the photographs that were cut often, not the rest."""
    stems = [f"many{k}-{n}" for k in range(30) for n in range(8)] + [f"one{k}" for k in range(240)]
    shares = []
    for seed in range(40):
        test = divide_by_source(stems, {"train": 5, "test": 1}, seed)["test"]
        shares.append(np.mean([stem.startswith("many") for stem in test]))
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)


def test_every_split_gets_a_source_of_a_few():
    divided = divide_by_source(["a-1", "a-2", "a-3", "b", "c"], {"x": 1000, "y": 1, "z": 1})
    assert sorted(map(len, divided.values())) == [1, 1, 3]
    assert len({tuple(divide_by_source("abcdef", {"x": 1, "y": 1}, s)["x"]) for s in range(9)}) > 3


@given(
    photos=st.integers(1, 30),
    count=st.integers(1, 200),
    seed=st.integers(0, 50),
)
def test_originals_come_first_then_copies_evenly(photos, count, seed):
    stems = [f"p{k}" for k in range(photos)]
    plan = plan_expansion({"train": stems}, {"train": count}, seed)
    assert len(plan) == len({output.name for output in plan}) == count
    assert sum(output.copy == 0 for output in plan) == min(photos, count)
    made = Counter(output.stem for output in plan)
    assert max(made.values()) - min(made.get(stem, 0) for stem in stems) <= 1
    for stem in made:
        copies = sorted(output.copy for output in plan if output.stem == stem)
        assert copies == list(range(made[stem]))
    longer = plan_expansion({"train": stems}, {"train": count + 10}, seed)
    assert longer[:count] == plan


def test_names_and_seeds():
    assert [Output("train", "wall-2", copy).name for copy in (0, 3, 12345)] == [
        "wall-2",
        "wall-2_x003",
        "wall-2_x12345",
    ]
    seeds = {Output("t", stem, copy).seed(s) for stem in "ab" for copy in (1, 2) for s in (0, 1)}
    assert len(seeds) == 8


def test_sources_by_a_pattern():
    source = source_by(r"([a-z]+_\d+)_\d+$")
    assert source("wall_15_3") == "wall_15"
    assert source_by(r"[a-z]+")("wall12") == "wall"
    with pytest.raises(ArgumentError, match="names no source photograph for '15'"):
        source_by(r"[a-z]+")("15")
    with pytest.raises(ArgumentError, match="no regular expression"):
        source_by("(")


def test_expanding_a_set(make_set, tmp_path):
    """Counts, names, splits, masks, and every file made again from what the plan says."""
    root, out = make_set(), tmp_path / "out"
    result = expand_set(root, out, COUNTS, seed=3)
    assert {split: (found.written, found.skipped) for split, found in result.items()} == {
        "train": (14, 0),
        "test": (4, 0),
    }
    assert sum(found.photos for found in result.values()) == len(STEMS)
    assert sum(found.sources for found in result.values()) == 6
    plan = json.loads((out / "expansion.json").read_text())
    assert (plan["seed"], plan["preset"], plan["from"]) == (3, "paper", "train")
    assert plan["expansion"]["rotate"] == {"probability": 0.7, "max_deg": 25}
    sources = {}
    originals = {pair.stem: pair.read() for pair in find_pairs(root, "train")}
    for split, count in COUNTS.items():
        pairs = find_pairs(out, split)
        entries = [entry for entry in plan["outputs"] if entry["split"] == split]
        assert [pair.stem for pair in pairs] == sorted(entry["name"] for entry in entries)
        assert len(pairs) == count
        sources[split] = {entry["source"] for entry in entries}
        for pair, entry in zip(pairs, sorted(entries, key=lambda e: e["name"]), strict=True):
            gray, mask = pair.read()
            photo = originals[entry["stem"]]
            output = Output(split, entry["stem"], entry["copy"])
            again = make_output(*photo, output, Expansion(**operations(plan)), seed=plan["seed"])
            assert np.array_equal(gray, again[0])
            assert np.array_equal(mask, again[1])
            assert (pair.stem == entry["stem"]) == (entry["copy"] == 0)
            if entry["copy"] == 0:
                assert np.array_equal(gray, photo[0])
                assert np.array_equal(mask, photo[1])
    assert not sources["train"] & sources["test"]


def operations(plan):
    """Give the operations of a plan as `Expansion` takes them."""
    paper = PRESETS["paper"]
    return {
        name: value if name == "border" else type(getattr(paper, name))(**value)
        for name, value in plan["expansion"].items()
    }


def test_jobs_and_order_change_nothing(make_set, tmp_path):
    root = make_set()
    for jobs in (1, 4):
        expand_set(root, tmp_path / f"jobs{jobs}", COUNTS, expansion="modern", seed=1, jobs=jobs)
    assert content(tmp_path / "jobs1") == content(tmp_path / "jobs4")
    expand_set(root, tmp_path / "other", COUNTS, expansion="modern", seed=2)
    assert content(tmp_path / "jobs1") != content(tmp_path / "other")


@pytest.mark.parametrize("fit", ["crop", "resize"])
def test_size(make_set, tmp_path, fit):
    expand_set(make_set(), tmp_path / "out", COUNTS, size_px=48, fit=fit, file_format="jpg")
    for split in COUNTS:
        for pair in find_pairs(tmp_path / "out", split):
            gray, mask = pair.read()
            assert gray.shape == mask.shape == (48, 48)
            assert pair.image.suffix == ".jpg"
            if mask.any():
                assert gray[mask].mean() < gray[~mask].mean()


def test_own_expansion(make_set, tmp_path):
    """An expansion of one's own is recorded with its numbers and without a preset's name."""
    root, out = make_set(), tmp_path / "out"
    expand_set(root, out, {"train": 18}, expansion=Expansion(flip_horizontal=FlipHorizontal(1)))
    plan = json.loads((out / "expansion.json").read_text())
    assert plan["preset"] is None
    assert plan["expansion"]["flip_horizontal"] == {"probability": 1}
    for stem in STEMS:
        first, copy = (find_pairs(out, "train", only=[f"{stem}{x}"])[0] for x in ("", "_x001"))
        assert np.array_equal(first.read()[0][:, ::-1], copy.read()[0])


def test_fewer_than_there_are(make_set, tmp_path):
    result = expand_set(make_set(), tmp_path / "out", {"train": 2, "test": 1})
    assert [found.written for found in result.values()] == [2, 1]
    assert sum(found.left_out for found in result.values()) == len(STEMS) - 3
    plan = json.loads((tmp_path / "out/expansion.json").read_text())
    assert {entry["copy"] for entry in plan["outputs"]} == {0}


def test_masks_without_cracks_are_counted(make_set, tmp_path):
    result = expand_set(make_set(empty=STEMS), tmp_path / "out", COUNTS)
    assert [found.empty for found in result.values()] == [14, 4]


def test_one_pixel(tmp_path):
    for kind, value in (("images", 90), ("masks", 255)):
        (tmp_path / "set" / kind / "train").mkdir(parents=True)
        for stem in "ab":
            file = tmp_path / "set" / kind / "train" / f"{stem}.png"
            cv2.imwrite(str(file), np.full((1, 1), value, np.uint8))
    expand_set(tmp_path / "set", tmp_path / "out", {"train": 5, "test": 2}, expansion="modern")
    for pair in find_pairs(tmp_path / "out", "train"):
        gray, mask = pair.read()
        assert gray.shape == (1, 1)
        assert mask.tolist() == [[True]]


def test_running_again_skips_what_is_there(make_set, tmp_path):
    root, out, steps = make_set(), tmp_path / "out", []
    expand_set(root, out, COUNTS)
    whole = content(out)
    lost = sorted(out.glob("images/train/*"))[:3] + sorted(out.glob("masks/test/*"))[:1]
    for file in lost:
        file.unlink()
    kept = {file: file.stat().st_mtime_ns for file in out.rglob("*.png")}
    result = expand_set(root, out, COUNTS, progress=lambda: steps.append(1))
    assert sum(found.written for found in result.values()) == 4
    assert sum(found.skipped for found in result.values()) == 14
    assert len(steps) == 18
    assert content(out) == whole
    redone = {file for file, before in kept.items() if file.stat().st_mtime_ns != before}
    assert len(redone) == 4  # the fellows of the lost files


PROGRAM = """
import sys
from cracknet.datasets.expanding import expand_set
expand_set(sys.argv[1], sys.argv[2], {"train": 120, "test": 24}, expansion="modern", size_px=256)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_and_run_again_is_as_if_never_killed(make_set, tmp_path):
    root, out = make_set(), tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(root), str(out)])
    deadline = time.monotonic() + 60
    while len(list(out.glob("images/train/*.png"))) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    counts = {"train": 120, "test": 24}
    result = expand_set(root, out, counts, expansion="modern", size_px=256)
    assert sum(found.skipped for found in result.values()) >= 20
    assert sum(found.written for found in result.values()) >= 1
    for file in out.rglob(".*.part"):  # what the kill left half written
        file.unlink()
    expand_set(root, tmp_path / "whole", counts, expansion="modern", size_px=256)
    assert content(out) == content(tmp_path / "whole")


def test_another_expansion_in_the_folder_is_refused(make_set, tmp_path):
    root, out = make_set(), tmp_path / "out"
    expand_set(root, out, COUNTS)
    for other, said in (
        ({"seed": 1}, "seed"),
        ({"expansion": "modern"}, "preset, expansion"),
        ({"size_px": 32}, "size_px"),
        ({"source_pattern": "."}, "source_pattern"),
    ):
        with pytest.raises(DatasetError, match=f"differs in .*{said}"):
            expand_set(root, out, COUNTS, **other)
    (out / "expansion.json").write_text("[]")
    with pytest.raises(DatasetError, match="not the plan"):
        expand_set(root, out, COUNTS)
    (out / "expansion.json").write_text("{")
    with pytest.raises(DatasetError, match="cannot be read"):
        expand_set(root, out, COUNTS)


def test_a_folder_with_other_photographs_is_refused(make_set, tmp_path):
    root, other = make_set(), make_set(["z"], name="other", split="test")
    with pytest.raises(DatasetError, match=r"z\.png is not of this expansion"):
        expand_set(root, other, COUNTS)
    with pytest.raises(DatasetError, match="is the set that is expanded"):
        expand_set(root, root / ".." / "set", COUNTS)
    assert not list(tmp_path.rglob("expansion.json"))


def test_an_expanded_set_is_refused(make_set, tmp_path):
    expand_set(make_set(), tmp_path / "out", COUNTS)
    with pytest.raises(DatasetError, match="expanded already"):
        expand_set(tmp_path / "out", tmp_path / "more", {"train": 99})


def test_damaged_photograph_is_named_and_the_others_are_kept(make_set, tmp_path):
    root, out = make_set(), tmp_path / "out"
    good = (root / "images/train/f.png").read_bytes()
    (root / "images/train/f.png").write_bytes(good[:200])
    with pytest.raises(PhotoError, match=r"f\.png"):
        expand_set(root, out, COUNTS, jobs=1)
    (root / "images/train/f.png").write_bytes(good)
    result = expand_set(root, out, COUNTS)
    assert sum(found.written + found.skipped for found in result.values()) == 18


def test_damaged_mask_is_named(make_set, tmp_path):
    root = make_set()
    cv2.imwrite(str(root / "masks/train/b.png"), np.full((60, 80), 7, np.uint8))
    with pytest.raises(DatasetError, match=r"b\.png holds 7"):
        expand_set(root, tmp_path / "out", COUNTS)


def test_output_that_cannot_be_written(make_set, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        expand_set(make_set(), tmp_path / "file" / "out", COUNTS)


def test_no_photographs(make_set, tmp_path):
    with pytest.raises(DatasetError, match="source photograph of its own; got 0 for train, test"):
        expand_set(make_set([]), tmp_path / "out", COUNTS)
    with pytest.raises(DatasetError, match="no folder"):
        expand_set(tmp_path / "nowhere", tmp_path / "out", COUNTS)
    with pytest.raises(DatasetError, match="got 1 for train, test"):
        expand_set(make_set(["a-1", "a-2"], name="one"), tmp_path / "out", COUNTS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"counts": {}}, "at least one split"),
        ({"counts": {"train": 0}}, "at least 1 photograph; got 0 for train"),
        ({"counts": {"../x": 3}}, "plain folder name"),
        ({"counts": {".x": 3}}, "plain folder name"),
        ({"seed": -1}, "seed must be at least 0; got -1"),
        ({"jobs": 0}, "jobs must be at least 1"),
        ({"size_px": 0}, "size_px must be at least 1"),
        ({"size_px": 32, "fit": "squeeze"}, "fit must be"),
        ({"fit": "resize"}, "no size was given"),
        ({"file_format": "bmp"}, "png or jpg; got 'bmp'"),
        ({"expansion": "best"}, "one of none, paper, modern; got 'best'"),
        ({"source_pattern": "("}, "no regular expression"),
    ],
)
def test_impossible_values(make_set, tmp_path, wrong, said):
    options = {"counts": COUNTS, **wrong}
    with pytest.raises(ArgumentError, match=re.escape(said)):
        expand_set(make_set(), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.shared
def test_real_photographs(data_folder, tmp_path):
    """Real cracks stay darker than what surrounds them, and about as frequent."""
    root = data_folder / "deepcrack"
    expand_set(root, tmp_path, {"train": 70, "test": 30}, size_px=448, fit="resize", seed=5)
    shares, darker = [], []
    for split in ("train", "test"):
        for pair in find_pairs(tmp_path, split):
            gray, mask = pair.read()
            assert gray.shape == (448, 448)
            shares.append(mask.mean())
            if mask.any():
                near = cv2.dilate(mask.view(np.uint8), np.ones((15, 15))).astype(bool) & ~mask
                darker.append(gray[near].mean() > gray[mask].mean())
    assert np.mean(shares) == pytest.approx(0.035, rel=0.5)
    assert np.mean(darker) > 0.9
