from __future__ import annotations

import json
import re

import pytest

from cracknet.errors import DatasetError
from cracknet.scoring.published import published_scores
from cracknet.scoring.scoreboard import Entry, as_json, gather, read_entry
from cracknet.scoring.scoreboard_page import scoreboard_page
from cracknet.scoring.scorer import Scorer
from cracknet.scoring.tables import as_json as scores_as_json

MODEL = {
    "model": "lite",
    "model_sha256": {"lite.xml": "aa" * 32, "lite.bin": "1234567890abcdef"},
    "net": "cracknet-lite",
    "parameters": 3_845_569,
    "size_mb": 7.8157,
    "licence": "Not for commercial use: deepcrack, among others.",
    "training_data": {"deepcrack": "non-commercial | research", "tile": "MIT"},
    "coarse_weight": 0.65,
    "multiply_adds": 4_522_105_728,
    "multiply_adds_tile_px": 448,
    "engine": "openvino",
    "number_format": "bf16",
    "cpu_ms_per_megapixel": 391.5,
    "processor": "Tested Processor",
}


@pytest.fixture
def entry(drawn):
    """Return a function: what differs in; an entry of real scores out."""
    scorer = Scorer(0.5)
    scorer.add(*drawn(0), stem="wall")
    scores = scores_as_json(scorer.result())

    def make(**fields):
        about = {**MODEL, "set": "walls", "split": "test", "only": None}
        return Entry.model_validate({**scores, **about, **fields})

    return make


def tables(page):
    """Return each table of a page as a list of rows of cells."""
    found = re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE)
    rows = [
        [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in table.split("\n")
        ]
        for table in found
    ]
    return [[row for row in table if row] for table in rows]


def test_one_table_for_each_set_best_first(entry):
    boards = gather(
        [
            entry(f1=0.7, model="b"),
            entry(set="roads"),
            entry(f1=0.9, model="c"),
            entry(f1=None, model="a"),
        ]
    )
    assert [(board.title, [one.model for one in board.entries]) for board in boards] == [
        ("roads test", ["lite"]),
        ("walls test", ["c", "b", "a"]),
    ]
    page = scoreboard_page(boards)
    assert page.index("## roads test") < page.index("## walls test") < page.index("## Models")
    assert [row[0] for row in tables(page)[1]] == ["model", "---", "c", "b", "a"]


def test_a_row_holds_what_was_measured(entry):
    one = entry(distractor_share=0.0113)
    head, _, row = tables(scoreboard_page(gather([one])))[0]
    cells = dict(zip(head, row, strict=True))
    assert cells["P"] == f"{one.precision:.3f}"
    assert cells["F1 2 px"] == f"{one.f1_2px:.3f}"
    assert cells["ODS"] == f"{one.ods:.3f} at {one.ods_at:.2f}"
    assert cells["per-image ODS"] == f"{one.per_image_normalised.ods:.3f}"
    assert cells["distractors called crack"] == "1.130%"
    assert cells["parameters"] == "3,845,569"
    assert cells["GFLOP"] == "9.0"
    assert cells["MB"] == "7.8"
    assert cells["CPU ms/MP"] == "392"
    assert cells["licence"] == "Not for commercial use"


def test_the_page_says_how_costs_were_measured_and_on_what_data(entry):
    page = scoreboard_page(gather([entry()]))
    assert "one tile of 448x448 px" in page
    assert "on Tested Processor" in page
    assert "weights 12345678, run by openvino bf16, a second pass at half size" in page
    assert "Not for commercial use: deepcrack, among others." in page
    assert ["tile", "MIT"] in tables(page)[-1]
    assert "non-commercial \\| research" in page


def test_distractors_have_a_column_only_where_they_were_scored(entry):
    assert "distractors called crack" not in scoreboard_page(gather([entry()]))


def test_lists_are_boards_of_their_own(entry):
    boards = gather(
        [entry(), entry(split="test, listed in walls.txt", only="validation/walls.txt")]
    )
    assert [board.scored for board in boards] == ["test", "test, listed in validation/walls.txt"]


def test_published_figures_stand_beside_their_set_only(entry):
    boards = gather([entry(set="deepcrack"), entry(set="deepcrack", split="val"), entry()])
    assert [len(board.published) for board in boards] == [len(published_scores()), 0, 0]
    page = scoreboard_page(boards)
    (quoted,) = [table for table in tables(page) if table[0][-1] == "source"]
    assert all(all(cell for cell in row) for row in quoted)
    assert ["MixerCSeg", "ODS", "0.8743"] in [row[:3] for row in quoted]


def test_every_published_figure_names_protocol_and_source():
    assert len(published_scores()) >= 7
    for figure in published_scores():
        assert figure.score in ("ods", "per_image_ods")
        for value in re.findall(r"[\d.]+", figure.value):
            assert 0.5 < float(value) < 1
        assert len(figure.protocol) > 20
        assert figure.source


def test_models_of_one_name_are_told_apart(entry):
    other = {"lite.bin": "ffff0000"}
    page = scoreboard_page(gather([entry(), entry(model_sha256=other)]))
    assert {row[0] for row in tables(page)[0][2:]} == {"lite (12345678)", "lite (ffff0000)"}
    page = scoreboard_page(gather([entry(), entry(number_format="f32")]))
    assert {row[0] for row in tables(page)[0][2:]} == {
        "lite, openvino bf16",
        "lite, openvino f32",
    }


def test_the_same_twice(entry):
    with pytest.raises(DatasetError, match="lite on walls test is given twice"):
        gather([entry(), entry(f1=0.1)])
    assert len(gather([entry(), entry(threshold=0.3)])[0].entries) == 2


def test_predictions_have_no_costs(drawn):
    scorer = Scorer(0.5)
    scorer.add(*drawn(1), stem="wall")
    about = {"model": "unet", "model_sha256": None, "engine": None, "set": "walls", "split": "test"}
    one = Entry.model_validate({**scores_as_json(scorer.result()), **about})
    assert (one.gflop, one.terms, one.checksum, one.run_by) == (None, None, "", "")
    page = scoreboard_page(gather([one]))
    head, _, row = tables(page)[0]
    cells = dict(zip(head, row, strict=True))
    assert {cells[name] for name in ("parameters", "GFLOP", "MB", "CPU ms/MP", "licence")} == {"-"}
    assert "predictions of another tool" in page
    assert "None" not in page


def test_no_boards():
    assert scoreboard_page(gather([])).startswith("# Scoreboard")


def test_json_reads_back(entry):
    content = json.loads(json.dumps(as_json(gather([entry(set="deepcrack")])), allow_nan=False))
    assert content[0]["scored"] == "test"
    assert content[0]["models"][0]["gflop"] == pytest.approx(9.044211456)
    assert content[0]["published"][0]["value"] == "0.8435"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "Expecting value"),
        ("[]", "the file: "),
        ('{"model": "lite"}', "set: Field required"),
        (b"\xff\xfe\x00", "codec can't decode"),
        (None, "No such file"),
    ],
)
def test_what_is_not_of_evaluate(tmp_path, content, said):
    file = tmp_path / "scores.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DatasetError, match=r"scores\.json is not one") as caught:
        read_entry(file)
    assert said in str(caught.value)


def test_a_score_of_a_wrong_kind(tmp_path, entry):
    content = entry().model_dump()
    content["f1"] = "good"
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="f1: Input should be a valid number"):
        read_entry(tmp_path / "a.json")
