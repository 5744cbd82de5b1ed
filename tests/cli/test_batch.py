from __future__ import annotations

import json

import cv2
import pytest

from cracknet.cli import main

pytest.importorskip("fsspec")
pytest.importorskip("pyarrow")


@pytest.fixture
def batch(capsys, dark_net):
    """Return a function that runs the command here, with a small model unless told otherwise."""

    def run(*words, model=dark_net):
        line = ["batch", *map(str, words), "--model", str(model), "--precision", "f32"]
        status = main([*line, "--jobs", "1"])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return status, streams.out, streams.err

    return run


def test_the_shipped_model_as_the_docs_have_it(command, write_photos, tmp_path):
    write_photos(tmp_path / "survey", ["a.png", "north/b.jpg"])
    line = ["batch", "survey", "-o", "results", "--mm-per-px", 0.2, "--standard", "aci224r"]
    line += ["--exposure", "humid", "--write", "mask", "--write", "overlay"]
    done = command(*line, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 done, 0 skipped, 0 failed; 0.1 megapixels in ")
    assert done.stdout.endswith("Results in results\n")
    assert done.stderr == ""
    out = tmp_path / "results" / "results"
    assert cv2.imread(str(out / "north" / "b.jpg.mask.png"), 0).shape == (160, 224)
    assert cv2.imread(str(out / "a.png.overlay.jpg")).shape == (160, 224, 3)
    from pyarrow import parquet

    rows = parquet.read_table(tmp_path / "results" / "cracks").to_pylist()
    assert {row["photo"] for row in rows} <= {"a.png", "north/b.jpg"}
    assert all(row["width_class"] and row["length_mm"] > 0 for row in rows)
    again = command(*line, cwd=tmp_path)
    assert again.stdout.startswith("0 done, 2 skipped, 0 failed; ")


def test_some_failed_is_1_and_names_them(batch, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png"])
    (tmp_path / "list.txt").write_text("in/a.png\nin/b.png\nin/lost.png\nin/a.png\n")
    numbers = tmp_path / "n.json"
    status, stdout, stderr = batch(
        tmp_path / "list.txt", "-o", tmp_path / "out", "--json", numbers, "--no-measure"
    )
    assert status == 1
    assert "2 done, 0 skipped, 1 failed; 1 named twice; 0.1 megapixels" in stdout
    assert f"failed: {tmp_path}/in/lost.png: no such file" in stderr
    content = json.loads(numbers.read_text())
    assert (content["done"], content["cracks"], content["batches"]) == (2, 0, 1)
    assert content["duplicates"] == [str(tmp_path / "in" / "a.png")]
    assert [row["file"] for row in content["failed"]] == [str(tmp_path / "in" / "lost.png")]


def test_nothing_but_tables(batch, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    assert batch(tmp_path / "in", "-o", tmp_path / "out", "--write", "none")[0] == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["branches", "cracks", "ledger", "photos", "run.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--write", "sketch"], "must be of mask, "),
        (["--write", "widths", "--no-measure"], "Leave --no-measure out"),
        (["--batch-megapixels", "0"], "positive number of megapixels; got 0"),
        (["--max-megapixels", "nan"], "positive number; got nan"),
        (["--workers", "2"], "Add --address"),
        (["--address", "127.0.0.1:9"], "there is no Ray cluster at 127.0.0.1:9"),
        (["--threshold", "2"], "threshold must lie within 0 and 1"),
    ],
)
def test_wrong_options_are_2(batch, write_photos, tmp_path, words, said):
    if "--address" in words:
        pytest.importorskip("ray")
    write_photos(tmp_path / "in", ["a.png"])
    status, stdout, stderr = batch(tmp_path / "in", "-o", tmp_path / "out", *words)
    assert status == 2
    assert stderr.startswith("Error: ")
    assert said in stderr
    assert stdout == ""


def test_another_run_is_refused(batch, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    words = (tmp_path / "in", "-o", tmp_path / "out")
    assert batch(*words)[0] == 0
    status, _, stderr = batch(*words, "--threshold", 0.25)
    assert status == 2
    assert "holds a run with threshold 0.5; now it is 0.25. Name another destination" in stderr


def test_a_source_that_is_not_there_is_2(batch, tmp_path):
    status, _, stderr = batch(tmp_path / "lost", "-o", tmp_path / "out")
    assert status == 2
    assert f"{tmp_path}/lost: no such file or folder" in stderr
    assert not (tmp_path / "out").exists()


def test_a_destination_that_cannot_be_written_is_1(batch, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    status, _, stderr = batch(tmp_path / "in", "-o", tmp_path / "in" / "a.png" / "out")
    assert status == 1
    assert f"{tmp_path}/in/a.png/out/run.json: cannot be" in stderr
