from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError, OutputError
from cracknet.measurement.classes import ClassChoice, find_table
from cracknet.measurement.files import SUFFIX
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.inspection import Heading, WidthClasses, classes_of, write_report
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.segmentation.models import find_model
from cracknet.synthesis import straight_path

HUMID = ClassChoice(find_table("aci224r"), "humid", "p95")


@pytest.fixture
def report(folder, tmp_path):
    """Return a function that writes the report of the folder; gives the page and what was done."""

    def make(**options):
        file = tmp_path / "report.html"
        done = write_report(folder.out, html=file, **options)
        return file.read_text("utf-8"), done

    return make


def text_of(page):
    """Return the words of a page, its tags, styles and pictures left out."""
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def pictures(page):
    codes = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', page)
    assert len(codes) == page.count("<img")
    return [
        cv2.imdecode(np.frombuffer(base64.b64decode(code), np.uint8), cv2.IMREAD_COLOR)
        for code in codes
    ]


def test_a_page_that_needs_nothing_beside_it(folder, report):
    folder("north/wall")
    page, done = report()
    outside = re.findall(r'(?:src|href|action|data|srcset)\s*=\s*"([^"]*)"', page)
    assert outside
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in outside)
    assert not re.search(r"@import|url\(|<script|<link|<iframe|file:", page)
    assert [path.name for path in done.files] == ["report.html"]
    assert not list(folder.out.parent.glob(".*.part"))


def test_every_link_leads_somewhere(folder, report):
    for name in ("north/wall_2", "north/wall_10", "south/wall_1"):
        folder(name)
    page, _ = report()
    links = re.findall(r'href="#([^"]+)"', page)
    assert set(links) == set(re.findall(r'id="([^"]+)"', page)) == {f"photo-{k}" for k in (1, 2, 3)}
    heads = re.findall(r"<h3>(\w+/\w+)</h3>", page)
    assert heads == ["north/wall_2", "north/wall_10", "south/wall_1"]  # numbers by their value


def test_the_numbers_are_those_of_the_measurement(folder, report):
    folder("wall")
    page, done = report()
    words = text_of(page)
    # 130 px by 3 px, and 56.57 px from 1 to 5 px wide, at 0.1 mm a pixel
    assert "18.7 mm total length" in words
    assert "1 13.0 0.30 0.30 0.30 0.30 0.2 to 0.3 mm 0° 1 resolved (gray)" in words
    assert re.search(r"2 5\.7 0\.30 0\.30 0\.4\d 0\.50 0\.4 to 1 mm 45° 1 resolved", words)
    assert done.totals.cracks == 2
    assert done.totals.length_mm == pytest.approx(13 + np.hypot(40, 40) / 10, abs=0.01)
    band = done.totals.bands["0.2 to 0.3 mm"]
    assert (band.cracks, round(band.length_mm, 1)) == (1, 13.0)
    # of the wedge, the quarter from 2 to 3 px
    assert band.within_mm == pytest.approx(13 + 5.657 / 4, abs=0.2)
    within = sum(total.within_mm for total in done.totals.bands.values())
    assert within == pytest.approx(done.totals.length_mm)


def test_the_picture_shows_cracks_in_the_colours_of_the_legend(folder, report):
    folder("wall")
    page, _ = report()
    (picture,) = pictures(page)
    assert picture.shape[1] == 800  # five times as large
    assert picture.shape[0] > 600  # and a strip with the scale bar
    at = picture[int(20.5 * 5), 300:500].mean(axis=0)[::-1]
    colour = WidthClasses().colours[2]
    assert np.abs(0.8 * np.array(colour) - at).max() < 60
    legend = re.search(r'background: (#\w{6})"></span>0\.2 to 0\.3 mm', page).group(1)
    assert legend == "#{:02x}{:02x}{:02x}".format(*colour)
    assert (picture[-1, -100:] > 240).all()
    assert (picture[600:].min(axis=(1, 2)) < 60).any()


def test_without_a_scale_nothing_is_in_millimetres(folder, report):
    folder("wall", scale=None)
    page, done = report(classes=classes_of(HUMID))
    words = text_of(page)
    assert "187 px total length" in words
    assert "no scale: lengths and widths are in pixels" in words
    assert "No classes: they are in millimetres, and no photograph has a scale" in words
    assert "its width has no class" in words
    assert done.totals.bands == done.totals.verdicts == {}
    assert done.totals.widest_mm is None
    assert not re.search(r"\d mm\b", words)
    assert "width, px" in page


def test_photographs_with_and_without_a_scale_are_not_added_up(folder, report):
    folder("a/wall")
    folder("b/wall", scale=None)
    page, done = report()
    words = text_of(page)
    assert (done.totals.scaled, done.totals.unscaled) == (1, 1)
    assert "18.7 mm total length, in 1 photograph with a scale" in words
    assert "187 px total length, in 1 photograph without a scale" in words
    assert "Widest cracks in photographs without a scale" in words
    assert "1 photograph without a scale is left out" in words


def test_a_standard_says_of_each_crack_what_its_table_says(folder, report):
    folder("north/wall", scale=Scale(0.1, "given", "by hand", 0.01))
    folder("south/wall", [straight_path((10, 20), (140, 20), 2.7)])
    classes = classes_of(HUMID)
    page, done = report(classes=classes)
    words = text_of(page)
    assert "ACI 224R-01" in words
    assert "humid: humidity, moist air, soil" in words
    assert "table 4.1" in words
    # 0.3 mm cannot be told from the limit; 0.27 mm, with 0.15 px of uncertainty, is within
    assert {name: total.cracks for name, total in done.totals.verdicts.items()} == {
        "above 0.30 mm": 1,
        "undecided at 0.30 mm": 1,
        "within 0.30 mm": 1,
    }
    assert "the engineer decides" in words
    assert classes.names[1] in page


def test_severities_are_their_own_bands(folder, report):
    folder("wall")
    page, done = report(classes=classes_of(ClassChoice(find_table("ltpp"), "asphalt", "mean")))
    assert done.totals.verdicts["low"].cracks == done.totals.bands["low"].cracks == 2
    assert "moderate (6 to 19 mm)" in text_of(page)


def test_title_block_and_signatures(folder, report):
    folder("wall")
    heading = Heading("Main inspection", "Bridge 12", client="City", date="17 May")
    words = text_of(report(heading=heading)[0])
    assert words.startswith("Main inspection: Bridge 12 Main inspection Structure Bridge 12")
    assert "Inspector Client City Date of inspection 17 May" in words
    assert "Inspector, signature Name Date Checked by, signature" in words


def test_settings_and_what_is_known_of_the_model(folder, report):
    card = find_model("cracknet-lite")
    options = {"model": card.name, "model_sha256": card.sha256, "threshold": 0.47}
    run = {"cracknet": "0.9", "options": options, "status": "finished"}
    (folder.out / "run.json").write_text(json.dumps(run))
    folder("a", about={"taken": "2026-05-17T14:03:22+02:00", "camera": "Canon R5"})
    folder("b", about={"latitude_deg": 52.5, "longitude_deg": -13.25, "altitude_m": 34.0})
    page, _ = report()
    words = text_of(page)
    for said in (
        "threshold 0.47",
        card.sha256["cracknet-lite.xml"],
        card.licence,
        "Hairline cracks below some 2.5 px",
        "0.1 mm a pixel, ArUco marker 7 of 50 mm; standard uncertainty 1.2 % (k = 1)",
        "Taken 2026-05-17 14:03:22+02:00 Camera Canon R5",
        "52.500000° N, 13.250000° W, 34 m",
        "Not resolved.",
    ):
        assert said in words, said
    assert "another model of this name" not in words


def test_another_model_of_a_shipped_name_is_told_apart(folder, report):
    options = {"model": "cracknet-lite-int8", "model_sha256": {"cracknet-lite-int8.xml": "0"}}
    (folder.out / "run.json").write_text(json.dumps({"options": options}))
    folder("wall")
    words = text_of(report()[0])
    assert "another model of this name" in words
    assert "Hairline cracks below" in words  # those of the model that it was made of


def test_masks_of_unknown_origin_have_no_card(folder, report):
    (folder.out / "run.json").write_text("{}")
    folder("wall")
    assert "No card is known of what made the masks" in text_of(report()[0])


def test_the_journal_fills_in_what_the_measurement_does_not_say(folder, report):
    folder("wall", camera="Nikon D850", taken="2026-01-01T00:00:00", about={"camera": "Canon R5"})
    words = text_of(report()[0])
    assert "Camera Canon R5" in words
    assert "Taken 2026-01-01 00:00:00" in words


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "has none"), ("{", "cannot be read"), ("[]", "is not a run")],
)
def test_a_folder_that_no_run_wrote(folder, report, content, message):
    folder("wall")
    run = folder.out / "run.json"
    run.unlink() if content is None else run.write_text(content)
    with pytest.raises(ArgumentError, match=message):
        report()


def test_a_run_that_was_not_measured(folder, report):
    Journal(folder.out).add(PhotoRow("wall", "wall.jpg", "done"))
    with pytest.raises(ArgumentError, match=r"holds no measurement.*cracknet measure"):
        report()


def test_an_unfinished_run_says_so(folder, report):
    folder("wall")
    (folder.out / "run.json").write_text('{"status": "running", "options": {}}')
    assert "had not finished" in text_of(report()[0])


def test_failed_damaged_and_unmeasured_photographs_are_listed(folder, report):
    folder("a")
    folder("b")
    folder("c")
    Path(f"{folder.out / 'b'}{SUFFIX}").write_bytes(b'{"schema": "cracknet.cracks/1", "cr')
    journal = Journal(folder.out)
    journal.add(PhotoRow("d", "d.jpg", "failed", "d.jpg: the image is damaged"))
    journal.add(PhotoRow("e", "e.jpg", "done"))
    page, done = report()
    assert [photo.item.photo for photo in done.failed] == ["b", "d", "e"]
    assert (done.totals.photographs, done.totals.failed) == (5, 3)
    words = text_of(page)
    assert "is not a measurement of CrackNet" in words
    assert "d : d.jpg: the image is damaged" in words
    assert "e : segmented, but not measured" in words
    assert re.findall(r"<h3>(\w)</h3>", page) == ["a", "c"]


def test_all_photographs_failed(folder, report):
    folder("a")
    Path(f"{folder.out / 'a'}{SUFFIX}").write_bytes(b"")
    page, done = report()
    assert done.totals.failed == 1
    assert "No photograph has a result." in text_of(page)
    assert "None of the 1 photograph could be shown" in text_of(page)


def test_a_photograph_that_is_gone_gives_way_to_its_overlay_then_to_its_mask(folder, report):
    file = folder("wall")
    file.unlink()
    said = "The photograph is not where it was any more; the cracks are drawn on its overlay."
    assert said in text_of(report()[0])
    Path(f"{folder.out / 'wall'}.overlay.jpg").unlink()
    assert "drawn on its mask" in text_of(report()[0])
    Path(f"{folder.out / 'wall'}.mask.png").write_bytes(b"")
    page, _ = report()
    assert "neither overlay nor mask is there; the cracks are drawn on gray" in text_of(page)
    assert len(pictures(page)) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"no image", "cannot be read any more"), (None, "has changed its size")],
)
def test_a_photograph_that_has_changed(folder, report, content, why):
    file = folder("wall")
    other = cv2.imencode(".png", np.zeros((7, 9), np.uint8))[1].tobytes()
    file.write_bytes(content or other)
    assert f"The photograph {why}" in text_of(report()[0])


def test_names_in_all_scripts(folder, report):
    for name in ("Straße/Wand_β", "Straße/壁 2", "Straße/جدار"):
        folder(name)
    page, _ = report()
    for name in ("Straße/Wand_β", "Straße/壁 2", "Straße/جدار"):
        assert f"<h3>{name}</h3>" in page
    assert "Element: Straße" in page


def test_a_file_name_that_is_no_text(folder, report):
    name = os.fsdecode(b"wall_\xff")
    folder("wall", about={"camera": name})
    page, _ = report()
    assert "wall_\\udcff" in page


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=y>&amp;'


def test_nothing_that_is_shown_becomes_markup(folder, report, measured):
    of = measured([straight_path((5, 9), (90, 9), 2.0)], notes=(HOSTILE,))
    of = Measurement(**vars(of) | {"scale": Scale(0.1, "given", HOSTILE)})
    folder(
        "a<b>'\"&",
        measurement=of,
        about={"camera": HOSTILE, "taken": HOSTILE, "model": {HOSTILE: HOSTILE}},
    )
    run = {"cracknet": HOSTILE, "options": {HOSTILE: HOSTILE}, "written": HOSTILE}
    (folder.out / "run.json").write_text(json.dumps(run))
    Journal(folder.out).add(PhotoRow(HOSTILE.replace("/", ""), "x", "failed", HOSTILE))
    classes = WidthClasses([(HOSTILE, 0, 1)], HOSTILE, HOSTILE, HOSTILE, lambda *_: HOSTILE)
    page, _ = report(heading=Heading(*[HOSTILE] * 5), classes=classes)
    assert "<script" not in page
    assert "onerror=y>" not in page
    assert page.count("<img") == 1
    assert "&lt;script&gt;alert(1)" in page
    assert "a&lt;b&gt;" in page


def test_no_cracks(folder, report):
    folder("wall", paths=[])
    page, done = report()
    assert "No crack was found in this photograph." in text_of(page)
    assert done.totals.cracks == 0
    assert done.totals.length_mm == 0
    assert "<svg" not in page
    assert "Widest cracks" not in page


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1)])
def test_the_smallest_photographs(folder, report, size):
    branch = Branch(np.array([[0.0, 0.0], [0.5, 0.0]]), np.ones(2), np.zeros(2, np.uint8))
    of = Measurement(*size, (MeasuredCrack(1, (branch,), 1.0),), Scale(1.0, "given", "x"))
    folder("tiny", paths=[], size=size, measurement=of)
    page, _ = report()
    assert max(pictures(page)[0].shape) >= 800
    assert "None" not in text_of(page)


def test_five_thousand_cracks_are_counted_and_the_longest_listed(folder, report):
    rng = np.random.default_rng(4)
    cracks = []
    for number in range(1, 5001):
        x, y = rng.uniform(0, 150), rng.uniform(0, 110)
        size = 6 - number / 1000
        branch = Branch([[x, y], [x + size, y + size]], np.full(2, 1.2), np.zeros(2, np.uint8))
        cracks.append(MeasuredCrack(number, (branch,), 8.0))
    folder("map", measurement=Measurement(120, 160, tuple(cracks), Scale(0.1, "given", "x")))
    page, done = report()
    assert done.totals.cracks == 5000
    assert "The 40 longest of 5,000 cracks; cracks.csv lists all." in text_of(page)
    assert page.count("resolved (gray)") == 40 + 10  # and the ten widest
    assert done.totals.bands["0.1 to 0.2 mm"].cracks == 5000


def test_not_resolved_is_said(folder, report):
    def branch(y, resolved):
        points = np.array([[5.0, y], [95.0, y]])
        return Branch(points, np.full(2, 1.0), np.zeros(2, np.uint8), resolved=resolved)

    thin = MeasuredCrack(1, (branch(9, False),), 90.0)
    half = MeasuredCrack(2, (branch(30, True), branch(40, False)), 90.0)
    folder("wall", measurement=Measurement(120, 160, (thin, half), None))
    words = text_of(report()[0])
    assert "not resolved: upper bound" in words
    assert "50 % resolved (gray)" in words


def test_specks_and_notes(folder, report, measured):
    of = measured([straight_path((5, 9), (90, 9), 2.0)], specks=3, notes=("A bridge was cut.",))
    folder("wall", measurement=of)
    words = text_of(report()[0])
    assert "3 regions of the mask too small to be measured as cracks." in words
    assert "A bridge was cut." in words


def test_unwritable_output(folder, tmp_path):
    folder("wall")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(folder.out, html=tmp_path / "file" / "report.html")
    target = tmp_path / "taken.html"
    target.mkdir()
    with pytest.raises(OutputError, match=r"taken\.html cannot be written"):
        write_report(folder.out, html=target)
    assert not (tmp_path / ".taken.html.part").exists()


def test_wrong_arguments(folder, tmp_path):
    folder("wall")
    file = tmp_path / "r.html"
    with pytest.raises(ArgumentError, match="must go to a file"):
        write_report(folder.out)
    with pytest.raises(ArgumentError, match="paper must be one of A4, Letter; got 'A3'"):
        write_report(folder.out, html=file, paper="A3")
    with pytest.raises(ArgumentError, match="200 to 8000 px; got 5"):
        write_report(folder.out, html=file, picture_px=5)
    assert not file.exists()


def test_pictures_of_less_pixels_make_a_smaller_report(folder, report):
    folder("wall", paths=[], size=(700, 900))
    large, _ = report()
    small, _ = report(picture_px=300)
    assert pictures(small)[0].shape[1] == 300
    assert len(small) < len(large) / 2


def test_progress_counts_photographs(folder, report):
    for name in "abc":
        folder(name)
    Journal(folder.out).add(PhotoRow("d", "d.jpg", "failed", "no"))
    steps = []
    report(progress=lambda *step: steps.append(step))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
