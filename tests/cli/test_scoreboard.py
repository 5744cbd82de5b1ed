"""`cracknet scoreboard` as typed: files of `cracknet evaluate --json` in, a page out."""

from __future__ import annotations

import json
import shutil

import pytest

from cracknet.cli import main
from cracknet.synthesis import SceneOptions, write_rendered_set


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, dark_net):
    """What `cracknet evaluate --json` wrote of a model and of a folder of predictions."""
    folder = tmp_path_factory.mktemp("scores")
    walls = folder / "walls"
    options = SceneOptions(height=64, width=96, cracks=(1, 1), width_px=(4, 9))
    write_rendered_set(walls, 2, options, split="test", vary=False)
    shutil.copytree(walls / "masks/test", folder / "unet")
    (folder / "one.txt").write_text("rendered_00001\n")
    files = [folder / f"{name}.json" for name in ("dark", "unet", "one")]
    for file, words in zip(
        files,
        ([dark_net, walls], [folder / "unet", walls], [dark_net, walls, "--only", "one.txt"]),
        strict=True,
    ):
        chosen = [folder / word if word == "one.txt" else word for word in words]
        assert main(["evaluate", *map(str, chosen), "--json", str(file)]) == 0
    return files


def test_files_become_a_page_and_json(evaluated, tmp_path, capsys):
    page, numbers = tmp_path / "docs/scoreboard.md", tmp_path / "board.json"
    words = ["scoreboard", *evaluated, "-o", page, "--json", numbers]
    assert main([str(word) for word in words]) == 0
    assert "Scoreboard of 2 sets" in capsys.readouterr().out
    text = page.read_text()
    assert text.index("## walls test\n") < text.index("## walls test, listed in ")
    assert text.index("\n| unet |") < text.index("\n| dark |")  # the truth itself is best
    boards = json.loads(numbers.read_text())
    assert [len(board["models"]) for board in boards] == [2, 1]
    assert boards[0]["models"][0]["f1"] == 1
    assert boards[0]["models"][1]["multiply_adds_tile_px"] == 448
    assert boards[1]["scored"].endswith("/one.txt")


def test_without_a_file_the_page_is_printed(evaluated, tmp_path, capsys):
    assert main(["scoreboard", str(evaluated[0])]) == 0
    printed = capsys.readouterr().out
    assert main(["scoreboard", str(evaluated[0]), "-o", str(tmp_path / "a.md")]) == 0
    assert printed == (tmp_path / "a.md").read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "Missing argument"),
        (["{none}"], 2, "is not one"),
        (["{dark}", "{dark}"], 2, "is given twice"),
        (["{dark}", "-o", "{dark}/page.md"], 1, "cannot be written"),
    ],
)
def test_wrong_use(evaluated, tmp_path, capsys, words, status, said):
    names = {"none": tmp_path / "none.json", "dark": evaluated[0]}
    assert main(["scoreboard", *[word.format(**names) for word in words]]) == status
    error = capsys.readouterr().err
    assert said in " ".join(error.split())
    assert "Traceback" not in error
