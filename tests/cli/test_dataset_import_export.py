from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cracknet.cli import main
from cracknet.datasets.labelme import read_labelme
from cracknet.datasets.pairs import find_pairs

ROOT = Path(__file__).resolve().parents[2]
GRAY = np.random.default_rng(0).integers(60, 200, (24, 40)).astype(np.uint8)
BOX = {"label": "crack", "points": [[5, 4], [15, 8]], "shape_type": "rectangle"}


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def annotate(folder, stem, *shapes, **keys):
    save(folder / f"{stem}.png", GRAY)
    content = {
        "version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": f"{stem}.png",
        "imageData": None, "imageHeight": 24, "imageWidth": 40,
    }  # fmt: skip
    path = folder / f"{stem}.json"
    path.write_text(json.dumps(content | keys))
    return path


def run(*words):
    return main([str(word) for word in words])


def test_labelme(tmp_path, capsys):
    annotate(tmp_path / "in", "a", BOX)
    line = {"label": "Riss", "points": [[5, 12], [35, 12]], "shape_type": "line"}
    ignored = {"label": "stain", "points": [[0, 20], [9, 22]], "shape_type": "rectangle"}
    annotate(tmp_path / "in", "b", line, ignored)
    words = ["dataset", "import", "--format", "labelme", tmp_path / "in", "-o", tmp_path / "set"]
    options = ["--label", "Riss=crack", "--label", "stain=ignore", "--line-width", "3"]
    numbers = tmp_path / "numbers.json"
    assert run(*words, *options, "--json", numbers) == 0
    out = capsys.readouterr().out
    assert "2 imported, 0 skipped, 0 failed" in out
    assert "30 pixels of ignored areas became background" in out
    pairs = {pair.stem: pair.read()[1] for pair in find_pairs(tmp_path / "set", "train")}
    assert {stem: int(mask.sum()) for stem, mask in pairs.items()} == {"a": 55, "b": 90}
    content = json.loads(numbers.read_text())
    assert (content["imported"], content["ignored_px"], content["failed"]) == (2, 30, [])
    assert content["photos"][1]["crack_share"] == pytest.approx(90 / 960)
    assert run(*words, *options) == 0
    assert "0 imported, 2 skipped" in capsys.readouterr().out


def test_failures_are_said_and_exit_1(tmp_path, capsys):
    annotate(tmp_path / "in", "a", BOX)
    annotate(tmp_path / "in", "b", BOX | {"label": "spall"})
    (tmp_path / "in/c.json").write_text("{")
    numbers = tmp_path / "numbers.json"
    words = ("--format", "labelme", tmp_path / "in", "-o", tmp_path / "set", "--json", numbers)
    assert run("dataset", "import", *words) == 1
    streams = capsys.readouterr()
    assert "1 imported, 0 skipped, 2 failed" in streams.out
    assert "--label spall=crack" in streams.err
    assert "c.json is not" in streams.err
    assert len(json.loads(numbers.read_text())["failed"]) == 2


def test_what_was_cut_is_said(tmp_path, capsys):
    path = annotate(tmp_path, "a", BOX | {"points": [[30, 4], [900, 8]]})
    assert run("dataset", "import", "-f", "labelme", path, "-o", tmp_path / "set") == 0
    said = f"{path}: 1 shapes reach beyond the photograph and were cut at its border"
    assert said in capsys.readouterr().err
    assert find_pairs(tmp_path / "set", "train")[0].read()[1].sum() == 50


def test_changed_annotations_are_told_of(tmp_path, capsys):
    path = annotate(tmp_path / "in", "a", BOX)
    words = ["dataset", "import", "--format", "labelme", tmp_path / "in", "-o", tmp_path / "set"]
    assert run(*words) == 0
    mask = tmp_path / "set/masks/train/a.png"
    os.utime(path, (mask.stat().st_mtime + 5,) * 2)
    capsys.readouterr()
    assert run(*words) == 0
    assert "1 of those skipped have changed since: --overwrite" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "labelme"], "no Labelme file"),
        (["--format", "labelme", "--line-width", "0"], "1 to 1000"),
        (["--format", "labelme", "--label", "joint"], "NAME=crack"),
        (["--format", "labelme", "--threshold", "9"], "--threshold is for the format pairs"),
        (["--format", "cfd", "--label", "a=crack"], "--label is for the format labelme and coco"),
        (["--format", "coco"], "holds 0"),
        (["--format", "pairs"], "no photograph"),
        (["--format", "pairs", "--threshold", "300"], "1 to 255"),
        (["--format", "pairs", "--split", "a/b"], "no photograph"),
        (["--format", "voc"], "voc"),
        ([], "--format"),
    ],
)
def test_wrong_use_is_2(tmp_path, capsys, words, said):
    (tmp_path / "in").mkdir()
    if "--line-width" in words:
        annotate(tmp_path / "in", "a", BOX)
    assert run("dataset", "import", tmp_path / "in", "-o", tmp_path / "set", *words) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_pairs(tmp_path, capsys):
    mask = np.zeros((24, 40), np.uint8)
    mask[5:9] = 255
    save(tmp_path / "img/x.png", GRAY)
    save(tmp_path / "gt/x_label.png", 255 - mask // 2)
    words = ("--images", tmp_path / "img", "--masks", tmp_path / "gt")
    options = ("--threshold", "200", "--invert", "--split", "val")
    assert (
        run("dataset", "import", "-f", "pairs", tmp_path, *words, *options, "-o", tmp_path / "s")
        == 0
    )
    (pair,) = find_pairs(tmp_path / "s", "val")
    assert np.array_equal(pair.read()[1], mask > 0)


def test_cfd(tmp_path, capsys):
    from scipy.io import savemat

    labels = np.ones((24, 40), np.uint8)
    labels[3:6] = 2
    (tmp_path / "groundTruth").mkdir()
    savemat(tmp_path / "groundTruth/001.mat", {"groundTruth": {"Segmentation": labels}})
    save(tmp_path / "image/001.jpg", GRAY)
    assert run("dataset", "import", "-f", "cfd", tmp_path, "-o", tmp_path / "set") == 0
    (pair,) = find_pairs(tmp_path / "set", "train")
    assert np.array_equal(pair.read()[1], labels == 2)


def test_coco_out_and_in(tmp_path, capsys):
    annotate(tmp_path / "in", "a", BOX)
    run("dataset", "import", "-f", "labelme", tmp_path / "in", "-o", tmp_path / "set")
    for shapes in ("rle", "polygon"):
        out, back = tmp_path / shapes, tmp_path / f"{shapes}-back"
        words = ("--format", "coco", tmp_path / "set", "-o", out, "--shapes", shapes)
        assert run("dataset", "export", *words) == 0
        assert "1 exported" in capsys.readouterr().out
        assert run("dataset", "import", "-f", "coco", out, "-o", back) == 0
        first, second = (find_pairs(root, "train")[0].mask for root in (tmp_path / "set", back))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "coco", "--embed"], "--embed is not for --format coco"),
        (["--format", "labelme", "--shapes", "rle"], "--shapes is not for --format labelme"),
        (["--format", "labelme", "--tolerance", "-1"], "0 to 100"),
        (["--format", "labelme", "--split", "val"], "val"),
        (["--format", "yolo"], "yolo"),
    ],
)
def test_wrong_use_of_export_is_2(tmp_path, capsys, words, said):
    save(tmp_path / "set/images/train/a.png", GRAY)
    save(tmp_path / "set/masks/train/a.png", np.zeros((24, 40), np.uint8))
    assert run("dataset", "export", tmp_path / "set", "-o", tmp_path / "out", *words) == 2
    assert said in capsys.readouterr().err


def test_export_failures_exit_1(tmp_path, capsys):
    save(tmp_path / "out/a.mask.png", np.zeros((24, 40), np.uint8))
    numbers = tmp_path / "numbers.json"
    words = ("-f", "labelme", tmp_path / "out", "-o", tmp_path / "json", "--json", numbers)
    assert run("dataset", "export", *words) == 1
    assert "--images" in capsys.readouterr().err
    assert json.loads(numbers.read_text())["failed"][0]["mask"].endswith("a.mask.png")


def test_predictions_go_to_labelme_and_come_back_corrected(
    tmp_path, write_photos, dark_net, capsys
):
    """Segment, export, correct, import: the round that the page on annotating describes."""
    photos = tmp_path / "photos"
    write_photos(photos, ["1.png", "deck/2.png"])
    assert run("segment", photos, "-o", tmp_path / "out", "--model", dark_net) == 0
    words = ["dataset", "export", "-f", "labelme", tmp_path / "out", "-o", tmp_path / "json"]
    assert run(*words, "--tolerance", "0") == 0
    assert "2 exported" in capsys.readouterr().out
    (tmp_path / "json/deck/2.json").write_text(
        json.dumps(json.loads((tmp_path / "json/deck/2.json").read_text()) | {"shapes": []})
    )
    assert run(*words) == 0  # again: the correction stays
    assert read_labelme(tmp_path / "json/deck/2.json").shapes == []
    importing = ["dataset", "import", "-f", "labelme", tmp_path / "json", "-o", tmp_path / "set"]
    assert run(*importing) == 0
    first, second = find_pairs(tmp_path / "set", "train")
    predicted = cv2.imread(str(tmp_path / "out/1.mask.png"), cv2.IMREAD_GRAYSCALE)
    assert predicted.any()
    assert np.array_equal(first.read()[1], predicted > 0)
    assert not second.read()[1].any()
    assert first.image.read_bytes() == (photos / "1.png").read_bytes()


def test_predictions_whose_photographs_have_moved(tmp_path, write_photos, dark_net):
    write_photos(tmp_path / "photos", ["1.png"])
    assert run("segment", tmp_path / "photos", "-o", tmp_path / "out", "--model", dark_net) == 0
    shutil.move(tmp_path / "photos", tmp_path / "archive")
    words = ["dataset", "export", "-f", "coco", tmp_path / "out", "-o", tmp_path / "coco"]
    assert run(*words) == 1
    assert run(*words, "--overwrite", "--images", tmp_path / "archive") == 0
    content = json.loads((tmp_path / "coco/annotations/all.json").read_text())
    assert len(content["images"]) == 1


def commands_of(page):
    """Give the commands of a page's code blocks, in their order."""
    lines = [line.split(" #")[0].split() for line in page.read_text().splitlines()]
    return [line[1:] for line in lines if line[:1] == ["cracknet"]]


def test_the_page_on_annotating(tmp_path, write_photos, monkeypatch):
    """Its commands run one after the other, as a reader types them; training aside."""
    from scipy.io import savemat

    page = commands_of(ROOT / "docs/annotate.md")
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (photo,) = write_photos(tmp_path / "site", [f"{name}.png"])
        content = {
            "version": "5.5.0", "shapes": [BOX], "imagePath": photo.name, "imageData": None,
            "imageHeight": 160, "imageWidth": 224,
        }  # fmt: skip
        photo.with_suffix(".json").write_text(json.dumps(content))
    save(tmp_path / "img/x.png", GRAY)
    save(tmp_path / "gt/x_mask.png", np.zeros((24, 40), np.uint8))
    save(tmp_path / "CrackForest-dataset/image/001.jpg", GRAY)
    (tmp_path / "CrackForest-dataset/groundTruth").mkdir()
    savemat(
        "CrackForest-dataset/groundTruth/001.mat",
        {"groundTruth": {"Segmentation": np.ones((24, 40), np.uint8)}},
    )
    coco = {"images": [{"id": 1, "file_name": "x.png", "width": 40, "height": 24}]}
    Path("annotations.json").write_text(json.dumps(coco | {"annotations": [], "categories": []}))
    save(tmp_path / "images/x.png", GRAY)
    ran = 0
    for words in page:
        trains = words[0] in ("train", "finetune", "export") or "tuned/model.xml" in words
        if not trains:
            assert run(*words) == 0, words
            ran += 1
    assert ran == 9
    assert {pair.stem for pair in find_pairs(Path("set2"), "train")} == {"a", "b"}


def test_the_recipe_of_the_page_on_annotating(tmp_path):
    from cracknet.training.recipe_file import read_recipe

    text = (ROOT / "docs/annotate.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "mine.toml").write_text(block)
    recipe = read_recipe(tmp_path / "mine.toml")
    assert recipe.net.freeze_encoder
    assert (ROOT / "models" / recipe.net.weights.name).is_file()
