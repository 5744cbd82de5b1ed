from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from cracknet.scoring.options import QUICK_SCORES
from cracknet.scoring.scorer import Scorer
from cracknet.scoring.tables import as_csv, as_json, as_markdown, as_rows, as_text


@pytest.fixture
def scores(drawn):
    scorer = Scorer(0.4)
    avoid = np.zeros((60, 80), bool)
    avoid[:9] = True
    scorer.add(*drawn(0), stem="wall|1", distractors=avoid)
    scorer.add(*drawn(1), stem="wall_2")
    scorer.add(drawn(2)[0], np.zeros((60, 80), bool), stem="clean")
    return scorer.result()


def test_json_holds_all_and_reads_back(scores):
    content = json.loads(json.dumps(as_json(scores), allow_nan=False))
    assert content["photos"] == len(content["per_photo"]) == 3
    assert [row["photo"] for row in content["per_photo"]] == ["wall|1", "wall_2", "clean"]
    assert content["per_photo"][2]["recall"] is None
    assert content["f1"] == scores.pooled.matches.f1
    counts = (content["true_positive"], content["false_positive"], content["false_negative"])
    assert content["iou"] == counts[0] / sum(counts)
    assert content["pixels"] == 3 * 4800


def test_csv_has_a_row_for_each_photograph_and_three_for_all(scores):
    rows = list(csv.DictReader(io.StringIO(as_csv(scores))))
    assert [row["row"] for row in rows] == ["photo"] * 3 + [
        "mean",
        "per-image normalised",
        "pooled",
    ]
    assert all(row["protocol"] for row in rows)
    assert len({row["protocol"] for row in rows}) == 4
    assert rows[0]["photo"] == "wall|1"
    assert float(rows[0]["f1"]) == scores.photographs[0].matches.f1
    assert rows[2]["recall"] == rows[2]["f1_5px"] == rows[0]["ois"] == ""
    assert float(rows[-1]["best_f1"]) == scores.curve.ods
    assert float(rows[-1]["ois"]) == scores.summary()["ois"]
    assert float(rows[-2]["best_f1"]) == scores.normalised.summary()["ods"]
    assert {tuple(row) for row in as_rows(scores)} == {tuple(rows[0])}


def test_markdown_tables_are_whole(scores):
    page = as_markdown(scores, "lite on walls")
    assert page.startswith("# lite on walls\n\n| score | value | protocol |\n")
    tables = [part for part in page.split("\n\n") if part.startswith("|")]
    assert len(tables) == 2
    for table in tables:
        widths = {line.replace("\\|", "").count("|") for line in table.strip().splitlines()}
        assert len(widths) == 1
    assert f"| F1 at 0.4 | {scores.pooled.matches.f1:.4f} | pooled pixels, no tolerance" in page
    assert "pooled pixels, within 2 px" in page
    assert "per-image normalised" in page
    assert "wall\\|1" in page
    assert "| clean | 0.000% | 0.0000 | - | - |" in page


def test_text_says_what_was_measured(scores):
    text = as_text(scores, "lite on walls")
    summary = scores.summary()
    assert "lite on walls: 3 photographs" in text
    assert "threshold 0.4" in text
    for name in ("precision", "recall", "f1", "iou", "ods", "ois", "average_precision", "cl_dice"):
        assert f"{summary[name]:.4f}" in text, name
    assert f"{summary['distractor_share']:.3%} of what must not be marked" in text
    assert "left out of the means: 1 photograph" in text
    assert summary["protocol"] in text


def test_what_was_not_taken_or_is_undefined_is_not_written(drawn):
    scorer = Scorer(options=QUICK_SCORES)
    scorer.add(drawn(0)[0], np.zeros((60, 80), bool), stem="clean")
    scores = scorer.result()
    text, page = as_text(scores, "t"), as_markdown(scores, "t")
    for word in ("clDice", "within", "per-image normalised", "distractors", "must not", "None"):
        assert word not in text + page, word
    assert "ODS - at -" in text
    assert len(as_rows(scores)) == 3
