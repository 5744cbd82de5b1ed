from __future__ import annotations

import json

from cracknet.cli import main
from cracknet.segmentation import list_models


def test_names_and_licences_are_shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["models"]) == 0
    streams = capsys.readouterr()
    assert streams.err == ""
    cards = list_models()
    assert cards
    for card in cards:
        assert card.name in streams.out
        assert f"{card.size_mb:.1f}" in streams.out
        assert " ".join(card.licence.split()[:3]) in streams.out
        for score in card.scores.values():
            assert f"{score['f1']:.3f}" in streams.out


def test_json_has_every_card(tmp_path, capsys):
    assert main(["models", "--json", str(tmp_path / "models.json")]) == 0
    content = json.loads((tmp_path / "models.json").read_text())
    cards = list_models()
    assert [entry["name"] for entry in content] == [card.name for card in cards]
    for entry, card in zip(content, cards, strict=True):
        assert entry["file"] == card.file.name
        assert entry["licence"] == card.licence
        assert entry["sha256"] == card.sha256
        assert entry["size_mb"] == card.size_mb > 1
        assert entry["scores"] == card.scores


def test_json_that_cannot_be_written_is_1(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["models", "--json", str(tmp_path / "file" / "x.json")]) == 1
    assert "x.json cannot be written" in capsys.readouterr().err


def test_no_argument_is_taken(capsys):
    assert main(["models", "extra"]) == 2
    assert "Error: " in capsys.readouterr().err
