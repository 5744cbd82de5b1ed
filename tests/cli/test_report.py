"""`cracknet report` as typed: an output folder in, a report out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cracknet.cli import main
from cracknet.measurement.classes import ClassChoice, find_table
from cracknet.measurement.files import SUFFIX, PhotoMeasurement, measurement_json
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.inspection import report_files


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    branch = Branch([[5.0, 9.0], [90.0, 9.0]], [3.6, 3.6], [0, 0])
    of = Measurement(60, 100, (MeasuredCrack(1, (branch,), 270.0),), Scale(0.1, "given", "x"))
    (folder / f"wall{SUFFIX}").write_bytes(measurement_json(PhotoMeasurement("wall", "gone", of)))
    (folder / "run.json").write_text(json.dumps({"options": {"threshold": 0.5}}))
    return folder


@pytest.fixture
def report(capsys):
    def run(*words):
        status = main(["report", *map(str, words)])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return status, streams.out, streams.err

    return run


def test_the_report_goes_into_the_folder(report, out):
    status, said, _ = report(out, "--structure", "Bridge 12", "--inspector", "M. Muster")
    assert status == 0
    assert f"Report of 1 photographs, 0 without a result, 1 cracks: {out / 'report.html'}" in said
    page = (out / "report.html").read_text()
    assert "Bridge 12" in page
    assert "M. Muster" in page
    assert "not where it was any more" in page


def test_another_file_and_json(report, out, tmp_path):
    file, numbers = tmp_path / "new" / "r.html", tmp_path / "n.json"
    (out / f"b{SUFFIX}").write_text("{}")
    words = (out, "-o", file, "--json", numbers, "--standard", "aci224r", "--exposure", "humid")
    status, _, said = report(*words)
    assert status == 0
    assert "no result: b: " in said
    content = json.loads(numbers.read_text())
    assert content["files"] == [str(file)]
    assert content["failed"][0]["photo"] == "b"
    assert content["totals"]["verdicts"]["above 0.30 mm"]["cracks"] == 1
    assert "ACI 224R-01" in file.read_text()


def test_the_runs_own_standard(report, out):
    choice = ClassChoice(find_table("aci224r"), "dry", "mean")
    run = {"options": {"measure": {"classes": choice.as_dict()}}}
    (out / "run.json").write_text(json.dumps(run))
    assert report(out)[0] == 0
    page = (out / "report.html").read_text()
    assert "within 0.41 mm" in page
    assert "The mean of a crack's width is judged" in page.replace("&#39;", "'")
    run["options"]["measure"]["classes"]["table"] = {}
    (out / "run.json").write_text(json.dumps(run))
    assert report(out)[0] == 2


@pytest.mark.usefixtures("weasyprint")
def test_a_pdf_beside_the_html(report, out):
    pdfium = pytest.importorskip("pypdfium2")
    status, said, _ = report(out, "--pdf", "--paper", "Letter")
    assert status == 0
    assert f"{out / 'report.pdf'} (" in said
    assert pdfium.PdfDocument(out / "report.pdf")[0].get_size() == (612, 792)
    assert (out / "report.html").is_file()


def test_a_pdf_alone():
    assert report_files(Path("o"), Path("x/r.PDF"), pdf=True) == (None, Path("x/r.PDF"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "report.docx"], "ends in .html or .pdf"),
        (["--paper", "A3"], "paper must be one of"),
        (["--exposure", "humid"], "go with --standard"),
        (["--standard", "din1"], "a standard must be one of"),
        (["--standard", "aci224r"], "needs one of its exposures"),
        (["--picture-px", "3"], "200 to 8000 px"),
    ],
)
def test_wrong_use_is_2(report, out, words, message):
    status, _, said = report(out, *words)
    assert status == 2
    assert message in said
    assert not (out / "report.html").exists()


def test_folders_without_a_run_or_measurement_are_2(report, out, tmp_path):
    assert report(tmp_path / "none")[0] == 2
    (out / f"wall{SUFFIX}").unlink()
    status, _, said = report(out)
    assert status == 2
    assert f"cracknet measure {out}" in said


def test_unwritable_is_1(report, out, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, said = report(out, "-o", tmp_path / "file" / "r.html")
    assert status == 1
    assert "cannot be written" in said


def test_help_is_instant_and_names_the_options(command):
    done = command("report", "--help")
    assert done.returncode == 0
    for word in ("--pdf", "--structure", "--standard", "--paper"):
        assert word in done.stdout


def test_nothing_heavy_is_loaded_for_html(report, out):
    import subprocess
    import sys

    code = (
        "import sys; from cracknet.cli import main; "
        f"main(['report', {str(out)!r}]); "
        "print([m for m in ('weasyprint', 'keras', 'openvino', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert np.isfinite((out / "report.html").stat().st_size)
