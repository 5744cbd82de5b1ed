"""`cracknet dataset check` and `dataset pack` as typed: what they print, write and return."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from PIL import Image

from cracknet.cli import main
from cracknet.cli.dataset.pack import parse_size


@pytest.fixture
def run(capsys, monkeypatch):
    """Return a function: words in; exit status, output and errors out."""
    monkeypatch.setenv("COLUMNS", "100")

    def command(*words):
        status = main(["dataset", *map(str, words)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, " ".join(err.split())

    return command


@pytest.fixture
def walls(tmp_path, write_photos):
    """A set of 3 photographs in train and 1 in test."""
    root = tmp_path / "walls"
    for path in write_photos(root / "images", ["train/a.png", "train/b.png", "train/c [x].png"]):
        mask = np.zeros((160, 224), np.uint8)
        mask[5:9] = 255
        (root / "masks/train").mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(root / "masks/train" / path.name)
    for kind in ("images", "masks"):
        (root / kind / "test").mkdir()
        values = mask if kind == "masks" else np.random.default_rng(0).integers(0, 255, mask.shape)
        Image.fromarray(values.astype(np.uint8)).save(root / kind / "test/t.png")
    return root


def test_check_a_sound_set(run, walls, tmp_path):
    page, numbers = tmp_path / "sheet.html", tmp_path / "numbers.json"
    status, out, err = run("check", walls, "--html", page, "--json", numbers, "--sheet-limit", 2)
    assert (status, err) == (0, "")
    assert "Nothing amiss" in out
    assert "walls: 4 photographs" in out
    assert str(page) in out.replace("\n", "")
    content = json.loads(numbers.read_text())
    assert content["passed"] is True
    assert [split["photographs"] for split in content["splits"]] == [1, 3]
    assert content["splits"][1]["crack_share_pooled"] == pytest.approx(4 / 160)
    assert page.read_text("utf-8").count("<img") == 3


def test_check_prints_and_writes_what_is_amiss(run, walls, tmp_path):
    (walls / "masks/train/c [x].png").unlink()
    Image.fromarray(np.zeros((160, 224), np.uint8)).save(walls / "masks/train/a.png")
    status, out, _ = run("check", walls, "--json", tmp_path / "n.json")
    assert status == 1
    assert "error  photographs without a mask: 1" in out
    assert "images/train/c [x].png" in out  # rich would take [x] for markup
    assert out.index("error  ") < out.index("note  masks without any crack: 1")
    assert "-> Add masks/<split>/<stem>.png" in out
    content = json.loads((tmp_path / "n.json").read_text())
    assert content["passed"] is False
    assert [finding["name"] for finding in content["findings"]] == ["no_mask", "empty_mask"]
    assert content["findings"][0]["cases"] == [{"files": ["images/train/c [x].png"], "detail": ""}]


def test_warnings_pass(run, walls):
    (walls / "images/test/t.png").rename(walls / "images/test/a-1.png")
    (walls / "masks/test/t.png").rename(walls / "masks/test/a-1.png")
    status, out, _ = run("check", walls)
    assert status == 0
    assert "warning  crops of one photograph" in out
    status, out, _ = run("check", walls, "--sources", "(.+)")
    assert "Nothing amiss" in out


def test_long_lists_are_cut_on_the_terminal(run, walls):
    for k in range(30):
        (walls / f"images/train/note{k:02d}.txt").write_text("")
    _, out, _ = run("check", walls)
    assert "files and folders that are not read: 30" in out
    assert "and 22 more" in out
    assert "note29" not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone"], "no folder"),
        (["."], "no folder images"),
        (["walls", "--sheet-limit", "-1"], "sheet-limit"),
        (["walls", "--sources", "("], "no regular expression"),
        (["walls", "--jobs", "0"], "jobs"),
        ([], "Missing argument"),
    ],
)
def test_wrong_use_of_check_is_2(run, walls, monkeypatch, words, said):
    monkeypatch.chdir(walls.parent)
    status, _, err = run("check", *words)
    assert status == 2
    assert said in err


def test_check_that_cannot_write_is_1(run, walls, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, err = run("check", walls, "--html", tmp_path / "file" / "x.html")
    assert status == 1
    assert "cannot be written" in err


def test_a_folder_without_splits(run, tmp_path):
    for kind in ("images", "masks"):
        (tmp_path / "flat" / kind).mkdir(parents=True)
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "flat" / kind / "a.png")
    status, out, _ = run("check", tmp_path / "flat")
    assert status == 1
    assert "photographs that lie in no split: 1" in out
    assert "Move them to images/<split>" in " ".join(out.split())


def test_pack(run, walls, tmp_path):
    out, numbers = tmp_path / "pack", tmp_path / "n.json"
    status, printed, err = run("pack", walls, "-o", out, "--json", numbers)
    assert (status, err) == (0, "")
    assert "4 photographs in 2 shards" in printed
    assert "lossless; 0 shards were there already" in printed
    content = json.loads(numbers.read_text())
    assert content["bytes"] == sum(path.stat().st_size for path in out.iterdir())
    assert content["quality"] is None
    status, printed, _ = run("pack", walls, "-o", out)
    assert status == 0
    assert "2 shards were there already" in printed
    status, _, err = run("pack", walls, "-o", out, "--lossy", 80)
    assert status == 2
    assert "--overwrite" in err
    status, printed, _ = run(
        "pack", walls, "-o", out, "--lossy", 80, "--overwrite", "--split", "train"
    )
    assert status == 0
    assert "3 photographs in 1 shards" in printed
    assert "WebP of quality 80" in printed


def test_a_pack_is_evaluated_as_its_folder(run, walls, tmp_path, capsys, dark_net):
    assert run("pack", walls, "-o", tmp_path / "pack")[0] == 0
    scores = []
    for root in (walls, tmp_path / "pack"):
        file = tmp_path / "scores.json"
        words = ["--split", "train", "--precision", "f32", "--json", str(file)]
        assert main(["evaluate", str(dark_net), str(root), *words]) == 0
        content = json.loads(file.read_text())
        varying = ("set", "cpu_ms_per_megapixel")
        scores.append({key: value for key, value in content.items() if key not in varying})
    capsys.readouterr()
    assert scores[0] == scores[1]


def test_checking_a_pack_says_what_to_check(run, walls, tmp_path):
    run("pack", walls, "-o", tmp_path / "pack")
    status, _, err = run("check", tmp_path / "pack")
    assert status == 2
    assert "Check the folder that it was made of" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--max-size", "10kB"], "Give --lossy 90, or raise --max-size"),
        (["--max-size", "heavy"], "like 60MB"),
        (["--shard-size", "0MB"], "like 60MB"),
        (["--lossy", "5"], "10 to 100"),
        (["--split", "zebra"], "no folder"),
        (["--shard-size", "2kB"], "Raise --shard-size"),
    ],
)
def test_wrong_use_of_pack_is_2(run, walls, tmp_path, words, said):
    status, _, err = run("pack", walls, "-o", tmp_path / "pack", *words)
    assert status == 2
    assert said in err
    assert not list((tmp_path / "pack").glob("*"))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("60MB", 60_000_000), ("60m", 60_000_000), ("1.5 kB", 1500), ("2GiB", 2**31),
        ("800", 800), ("7b", 7), ("1 ki", 1024),
    ],
)  # fmt: skip
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "0", "1e9", "60XB", "1.2.3MB", "inf", "5ib"])
def test_what_is_no_size(text):
    with pytest.raises(typer.BadParameter, match="like 60MB"):
        parse_size(text)
