from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from cracknet.cli import main
from cracknet.datasets.pairs import find_pairs


@pytest.fixture
def dataset(tmp_path, rendered):
    """Six photographs of four sources, one without a crack."""
    scene = rendered(60, 80, 5)
    for k, stem in enumerate(["a-1", "a-2", "b-1", "b-2", "c", "d"]):
        for kind, values in (("images", scene.gray), ("masks", scene.mask * np.uint8(255))):
            folder = tmp_path / "set" / kind / "train"
            folder.mkdir(parents=True, exist_ok=True)
            values = np.roll(values, 9 * k, axis=1)
            cv2.imwrite(str(folder / f"{stem}.png"), values * (kind == "images" or stem != "d"))
    return tmp_path / "set"


def run(*words):
    return main([str(word) for word in ("dataset", "expand", *words)])


def test_expands_and_goes_on(dataset, tmp_path, capsys):
    out, numbers = tmp_path / "out", tmp_path / "numbers.json"
    words = [dataset, "--to", 20, "--split", "15/5", "-o", out, "--size", 48, "--seed", 1]
    assert run(*words, "--json", numbers) == 0
    said = capsys.readouterr().out
    assert "train: 4 photographs" in said or "train: 5 photographs" in said
    assert "became 15: 15 written, 0 were there already" in said
    assert "of the written masks hold no crack" in said
    found = json.loads(numbers.read_text())
    assert {split: counts["written"] for split, counts in found.items()} == {"train": 15, "test": 5}
    for split, count in (("train", 15), ("test", 5)):
        pairs = find_pairs(out, split)
        assert len(pairs) == count
        assert all(pair.read()[0].shape == (48, 48) for pair in pairs)
    (out / "images/test" / find_pairs(out, "test")[0].image.name).unlink()
    assert run(*words) == 0
    assert "1 written, 4 were there already" in capsys.readouterr().out
    assert json.loads((out / "expansion.json").read_text())["fit"] == "crop"


def test_options_are_those_of_the_plan(dataset, tmp_path):
    out = tmp_path / "out"
    options = [
        "--preset", "modern", "--size", 32, "--fit", "resize", "--sources", "[a-z]", "--format",
        "jpg", "--jobs", 1, "--from", "train", "--split", "6/3/3",
    ]  # fmt: skip
    assert run(dataset, "--to", 12, "-o", out, *options) == 0
    plan = json.loads((out / "expansion.json").read_text())
    assert plan["counts"] == {"train": 6, "val": 3, "test": 3}
    assert (plan["preset"], plan["fit"], plan["size_px"]) == ("modern", "resize", 32)
    assert (plan["source_pattern"], plan["format"]) == ("[a-z]", "jpg")


@pytest.mark.parametrize(
    ("to", "split", "counts"),
    [
        (3000, None, {"train": 2500, "test": 500}),  # the paper's
        (2, None, {"train": 1, "test": 1}),
        (12, "12", {"train": 12}),
        (12, "8/4", {"train": 8, "test": 4}),
        (12, "8 / 2 / 2", {"train": 8, "val": 2, "test": 2}),
    ],
)
def test_counts(to, split, counts):
    from cracknet.cli.dataset.expand import _counts

    assert _counts(to, split) == counts


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", 10, "--split", "8/4"), "must add up to --to; got 8/4, which is 12, and 10"),
        (("--to", 20, "--split", "8/4"), "must add up"),
        (("--to", 12, "--split", "12/0"), "at least 1 photograph; got 0 for test"),
        (("--to", 1), "got 0 for train"),
        (("--to", -6), "at least 1"),
        (("--to", 12, "--split", "2/2/2/6"), "like 2500/500; got '2/2/2/6'"),
        (("--to", 12, "--split", "ten/2"), "like 2500/500"),
        (("--to", 12, "--split", ""), "like 2500/500"),
        (("--to", 12, "--preset", "best"), "one of none, paper, modern"),
        (("--to", 12, "--fit", "resize"), "no size was given"),
        (("--to", 12, "--from", "val"), "no folder"),
        (("--to", 12, "--sources", "(.)-"), "names no source photograph for 'c'"),
        (("--to", 12, "--sources", ".*?"), "names no source photograph"),
        (("--to", "many"), "--to"),
    ],
)
def test_wrong_use_exits_2(dataset, tmp_path, capsys, words, said):
    assert run(dataset, "-o", tmp_path / "out", *words) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_fewer_sources_than_splits(dataset, tmp_path, capsys):
    for stem in ("b-1", "b-2", "c", "d"):
        (dataset / "images/train" / f"{stem}.png").unlink()
    assert run(dataset, "--to", 9, "--split", "6/3", "-o", tmp_path / "out") == 2
    assert "got 1 for train, test" in capsys.readouterr().err


def test_damaged_photograph_is_named(dataset, tmp_path, capsys):
    (dataset / "images/train/b-2.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert run(dataset, "--to", 12, "-o", tmp_path / "out") == 2
    assert "b-2.png" in capsys.readouterr().err


def test_output_that_cannot_be_written_exits_1(dataset, tmp_path):
    (tmp_path / "file").write_text("")
    assert run(dataset, "--to", 12, "-o", tmp_path / "file" / "out") == 1


def test_as_a_process(command, dataset, tmp_path):
    """The command of the documentation, as a user types it."""
    done = command(
        "dataset", "expand", dataset, "--to", 12, "--split", "10/2", "-o", tmp_path / "o"
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "o/images/train").iterdir())) == 10
