from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from cracknet.cli import main
from cracknet.reporting.run import SUFFIXES
from cracknet.segmentation import find_model
from cracknet.segmentation.models import DEFAULT_MODEL
from cracknet.synthesis import SceneOptions, render


@pytest.fixture
def segment(capsys, dark_net):
    """Return a function that runs the command here, with a small model unless told otherwise."""

    def run(*words, model=dark_net):
        status = main(["segment", *map(str, words), "--model", str(model), "--precision", "f32"])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return status, streams.out, streams.err

    return run


def names(out):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*.mask.png"))


def test_the_shipped_model_on_a_rendered_wall(command, tmp_path):
    options = SceneOptions(cracks=(2, 2), width_px=(4, 9), depth=(0.6, 0.9))
    wall = render(options, 3)
    cv2.imwrite(str(tmp_path / "wall.jpg"), wall.gray)
    done = command("segment", tmp_path / "wall.jpg", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "1 done, 0 skipped, 0 failed" in done.stdout
    assert done.stderr == ""
    mask = cv2.imread(str(tmp_path / "out" / "wall.mask.png"), 0)
    assert set(np.unique(mask)) <= {0, 255}
    assert (mask[wall.mask] > 0).mean() > 0.6
    options = json.loads((tmp_path / "out" / "run.json").read_text())["options"]
    assert options["model"] == DEFAULT_MODEL


def test_all_done_is_0(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "sub/b.jpg"])
    status, stdout, stderr = segment(tmp_path / "in", "-o", tmp_path / "out")
    assert status == 0
    assert "2 done, 0 skipped, 0 failed" in stdout
    assert f"Results in {tmp_path / 'out'}" in stdout
    assert stderr == ""
    assert names(tmp_path / "out") == ["a.mask.png", "sub/b.mask.png"]
    status, stdout, _ = segment(tmp_path / "in", "-o", tmp_path / "out")
    assert status == 0
    assert "0 done, 2 skipped, 0 failed; 0.0 megapixels" in stdout


def test_with_a_gate_nothing_is_crack_where_it_sees_no_damage(segment, dark_gate, tmp_path):
    gray = np.full((64, 192), 240, np.uint8)
    gray[:, 128:] = 100
    gray[30:33] = 0
    cv2.imwrite(str(tmp_path / "wall.png"), gray)
    out = tmp_path / "out"
    assert segment(tmp_path / "wall.png", "-o", out, "--gate", dark_gate)[0] == 0
    mask = cv2.imread(str(out / "wall.mask.png"), 0) > 0
    assert mask[30:33, 128:].all()
    assert not mask[:, :128].any()
    options = json.loads((out / "run.json").read_text())["options"]
    assert (options["gate"], len(options["gate_sha256"])) == ("gate", 2)
    status, _, stderr = segment(tmp_path / "wall.png", "-o", out)
    assert status == 2
    assert "gate" in stderr
    status, _, stderr = segment(tmp_path / "wall.png", "-o", out, "--gate", tmp_path / "none.xml")
    assert status == 2
    assert "none.xml" in stderr


def test_some_failed_is_1_and_names_them(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "z.png"])
    (tmp_path / "in" / "bad [red]x.jpg").write_bytes(b"text")
    (tmp_path / "in" / "empty.png").write_bytes(b"")
    numbers = tmp_path / "n.json"
    status, stdout, stderr = segment(tmp_path / "in", "-o", tmp_path / "out", "--json", numbers)
    assert status == 1
    assert "2 done, 0 skipped, 2 failed" in stdout
    assert "bad [red]x.jpg: not an image" in stderr
    assert "empty.png" in stderr
    assert names(tmp_path / "out") == ["a.mask.png", "z.mask.png"]
    content = json.loads(numbers.read_text())
    assert (content["done"], content["skipped"]) == (2, 0)
    assert content["seconds"] > 0
    assert content["megapixels"] == pytest.approx(2 * 160 * 224 / 1e6)
    failed = {Path(row["file"]).name: row["error"] for row in content["failed"]}
    assert set(failed) == {"bad [red]x.jpg", "empty.png"}
    assert all(name in error for name, error in failed.items())


def test_all_failed_is_1(segment, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"text")
    status, stdout, _ = segment(tmp_path / "a.jpg", "-o", tmp_path / "out")
    assert status == 1
    assert "0 done, 0 skipped, 1 failed" in stdout


def test_the_exit_status_of_the_process(command, dark_net, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"text")
    done = command("segment", tmp_path / "a.jpg", "-o", tmp_path / "out", "--model", dark_net)
    assert done.returncode == 1
    assert str(tmp_path / "a.jpg") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (["in/*.png"], ["a.mask.png", "b.mask.png"]),
        (["in/**/c.*"], ["sub/c.mask.png"]),
        (["in/[ab].png"], ["a.mask.png", "b.mask.png"]),
        (["in/?.png", "in/a.png"], ["a.mask.png", "b.mask.png"]),
        (["in/b.png", "in/sub"], ["b.mask.png", "c.mask.png"]),
    ],
)
def test_files_folders_and_patterns(segment, write_photos, tmp_path, monkeypatch, inputs, expected):
    write_photos(tmp_path / "in", ["a.png", "b.png", "sub/c.png"])
    monkeypatch.chdir(tmp_path)
    assert segment(*inputs, "-o", "out")[0] == 0
    assert names(tmp_path / "out") == expected


def test_results_within_the_input_folder_are_no_input(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png"])
    for done, skipped in ((2, 0), (0, 2)):
        status, stdout, _ = segment(tmp_path / "in", "-o", tmp_path / "in" / "out")
        assert status == 0
        assert f"{done} done, {skipped} skipped, 0 failed" in stdout
    assert names(tmp_path / "in") == ["out/a.mask.png", "out/b.mask.png"]


def test_overwrite(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    words = (tmp_path / "in", "-o", tmp_path / "out")
    assert segment(*words)[0] == 0
    status, _, stderr = segment(*words, "--threshold", 0.25)
    assert status == 2
    assert "--overwrite" in stderr
    status, stdout, _ = segment(*words, "--threshold", 0.25, "--overwrite")
    assert status == 0
    assert "1 done, 0 skipped" in stdout


def test_sensitivity(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    shares = []
    for name in ("low", "normal", "high"):
        out = tmp_path / name
        assert (
            segment(tmp_path / "in", "-o", out, "--sensitivity", name, model=DEFAULT_MODEL)[0] == 0
        )
        told = json.loads((out / "run.json").read_text())["options"]["threshold"]
        assert told == find_model(DEFAULT_MODEL).thresholds[name]
        shares.append((cv2.imread(str(out / "a.mask.png"), 0) > 0).mean())
    assert shares == sorted(shares)


def test_the_number_of_cores_does_not_matter(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png", "c.png"])
    for jobs in (1, 2):
        assert segment(tmp_path / "in", "-o", tmp_path / f"out{jobs}", "--jobs", jobs)[0] == 0
    for path in (tmp_path / "out1").iterdir():
        if path.name.endswith(SUFFIXES):
            assert path.read_bytes() == (tmp_path / "out2" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--threshold", "1.5"], "threshold must lie within 0 and 1; got 1.5"),
        (["--threshold", "-0.1"], "threshold must lie within 0 and 1; got -0.1"),
        (["--threshold", "nan"], "threshold must lie within 0 and 1; got nan"),
        (["--threshold", "half"], "'--threshold'"),
        (["--sensitivity", "huge"], "one of low, normal, high; got 'huge'"),
        (["--sensitivity", "low", "-t", "0.4"], "give one of them; got 0.4 and 'low'"),
        (["--sensitivity", "high"], "no threshold for the sensitivity 'high'"),
        (["--engine", "abacus"], "engine must be one of"),
        (["--jobs", "0"], "at least 1; got 0"),
        (["--jobs", "many"], "'--jobs'"),
        (["--max-megapixels", "nan"], "positive number; got nan"),
        (["--max-megapixels", "inf"], "positive number; got inf"),
        (["--max-megapixels", "0"], "positive number; got 0"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_wrong_options_are_2(segment, write_photos, tmp_path, words, said):
    write_photos(tmp_path, ["a.png"])
    status, stdout, stderr = segment(tmp_path / "a.png", "-o", tmp_path / "out", *words)
    assert status == 2
    assert stderr.startswith("Error: ")
    assert said in stderr
    assert stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_wrong_precision_is_2(write_photos, tmp_path, capsys):
    write_photos(tmp_path, ["a.png"])
    words = ["segment", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--precision", "f7"]
    assert main(words) == 2
    assert "precision must be one of auto, f32, bf16; got 'f7'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["segment"], ["segment", "a.png"], ["segment", "-o", "out"]])
def test_what_is_missing_is_2(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert "Missing" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", ["lost.jpg", "lost", "*.jpg", "empty", "in/*.gif"])
def test_no_input_matched_is_2(segment, write_photos, tmp_path, monkeypatch, given):
    write_photos(tmp_path / "in", ["a.png"])
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    status, _, stderr = segment("in", given, "-o", "out")
    assert status == 2
    assert stderr.startswith(f"Error: {given}: ")
    assert not (tmp_path / "out").exists()


def test_an_unknown_or_damaged_model_is_2(segment, dark_net, write_photos, tmp_path):
    write_photos(tmp_path, ["a.png"])
    words = (tmp_path / "a.png", "-o", tmp_path / "out")
    status, _, stderr = segment(*words, model="cracknet-huge")
    assert status == 2
    assert "cracknet-huge" in stderr
    assert "cracknet-lite" in stderr
    shutil.copy(dark_net, tmp_path / "copy.xml")
    status, _, stderr = segment(*words, model=tmp_path / "copy.xml")
    assert status == 2
    assert "copy.xml is damaged or incomplete" in stderr
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_1(segment, write_photos, tmp_path):
    write_photos(tmp_path, ["a.png"])
    status, _, stderr = segment(tmp_path / "a.png", "-o", tmp_path / "a.png" / "out")
    assert status == 1
    assert f"Error: the output folder {tmp_path / 'a.png' / 'out'} cannot be used" in stderr


def test_without_permissions(dark_net, write_photos, tmp_path):
    """Photographs and folders that the user may not read or write."""
    write_photos(tmp_path / "in", ["a.png", "b.png"])
    locked = tmp_path / "locked"
    locked.mkdir()
    (tmp_path / "in" / "b.png").chmod(0)
    locked.chmod(0o555)
    line = [sys.executable, "-m", "cracknet", "segment", tmp_path / "in", "-m", dark_net, "-o"]
    if os.geteuid() == 0:  # root without root's right to pass over permissions
        line = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *line]
        if (
            not shutil.which("setpriv")
            or subprocess.run([*line[:2], "true"], check=False).returncode
        ):
            pytest.skip("root may read and write everything, and setpriv cannot take that away")
    done = subprocess.run([*line, tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "b.png: no permission to read it" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path / "out") == ["a.mask.png"]
    done = subprocess.run([*line, locked], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"the output folder {locked} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(locked.iterdir())


def test_names_that_break_tables(segment, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["x.png"])
    for stem in ("a,b", 'say "crack"', "two\nlines", "=SUM(A1)", "Brücke 桥"):
        shutil.copy(tmp_path / "in" / "x.png", tmp_path / "in" / f"{stem}.png")
    (tmp_path / "in" / "bad,\n[bold].jpg").write_bytes(b"text")
    status, stdout, _ = segment(tmp_path / "in", "-o", tmp_path / "out")
    assert status == 1
    assert "6 done, 0 skipped, 1 failed" in stdout
    with (tmp_path / "out" / "photos.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["photo"]: row["status"] for row in csv.DictReader(file)}
    assert rows.pop("bad,\n[bold]") == "failed"
    assert set(rows) == {"x", "a,b", 'say "crack"', "two\nlines", "=SUM(A1)", "Brücke 桥"}
    assert set(rows.values()) == {"done"}


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_photograph(command, data_folder, tmp_path):
    photo = data_folder / "photos" / "beam_3456x2304.jpg"
    done = command("segment", photo, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    for suffix in SUFFIXES:
        assert cv2.imread(str(tmp_path / f"{photo.stem}{suffix}"), 0).shape == (2304, 3456)
    mask = cv2.imread(str(tmp_path / f"{photo.stem}.mask.png"), 0)
    assert 0.01 < (mask > 0).mean() < 0.1
