from __future__ import annotations

import pytest
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

from cracknet.errors import OutputError
from cracknet.training.record import Record, append_row, read_rows


def curves(folder):
    """Read TensorBoard's files back: {tag: [(step, value), ...]}."""
    found = {}
    for path in sorted((folder / "tensorboard").iterdir()):
        for event in LegacyEventFileLoader(str(path)).Load():
            for value in event.summary.value:
                number = value.tensor.float_val[0] if value.tensor.float_val else value.simple_value
                found.setdefault(value.tag, []).append((event.step, pytest.approx(number)))
    return found


def test_a_row_goes_to_the_table_and_to_tensorboard(tmp_path):
    record = Record(tmp_path, 0)
    for step, loss in ((20, 0.5), (40, 0.25)):
        record.add("training", {"step": step, "loss": loss})
    record.add("validation", {"step": 40, "walls_f1": 0.75})
    record.close()
    assert read_rows(tmp_path / "training.csv") == [
        {"step": 20, "loss": 0.5},
        {"step": 40, "loss": 0.25},
    ]
    assert (tmp_path / "validation.csv").read_text().splitlines() == ["step,walls_f1", "40,0.75"]
    assert curves(tmp_path) == {
        "training/loss": [(20, 0.5), (40, 0.25)],
        "validation/walls_f1": [(40, 0.75)],
    }


def test_rows_of_steps_that_are_done_again_are_dropped(tmp_path):
    """Also where an earlier version wrote them twice."""
    path = tmp_path / "training.csv"
    for step in (20, 40, 60, 40, 60):
        append_row(path, {"step": step, "loss": step / 100})
    Record(tmp_path, 40).close()
    assert [row["step"] for row in read_rows(path)] == [20, 40, 40]
    Record(tmp_path, 0).close()
    assert path.read_text().splitlines() == ["step,loss"]


def test_a_table_of_other_columns_is_kept_beside(tmp_path):
    path = tmp_path / "validation.csv"
    append_row(path, {"step": 1, "f1": 0.5})
    append_row(path, {"step": 2, "precision": 0.5, "f1": 0.6})
    assert read_rows(path) == [{"step": 2, "precision": 0.5, "f1": 0.6}]
    assert read_rows(tmp_path / "validation.old.csv") == [{"step": 1, "f1": 0.5}]


def test_no_table_yet(tmp_path):
    assert read_rows(tmp_path / "training.csv") == []
    Record(tmp_path, 100).close()
    assert not (tmp_path / "training.csv").exists()


def test_a_table_that_cannot_be_written(tmp_path):
    record = Record(tmp_path, 0)
    (tmp_path / "training.csv").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        record.add("training", {"step": 1, "loss": 1.0})
    record.close()
