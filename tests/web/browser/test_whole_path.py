"""The inspector's way through the page, with numbers checked against the rendered truth."""

import csv
import io
import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
expect = playwright.expect

LENGTH_SHARE = 0.03
"""Of a crack's length: its ends are blurred, and the net decides where they lie."""
WIDTH_PX = 0.3
WIDEST_PX = 0.6
SCALE_LINE_PX, SCALE_LINE_MM = 600, 60


@pytest.mark.slow
def test_from_photograph_to_report(page, known, shoot, settle, photo_at, cells):
    page.goto("/")
    page.set_input_files("#photos", known.path)
    page.fill("#title", "Pier 4")
    page.get_by_role("button", name="Find cracks in 1 photograph").click()
    page.wait_for_url("**/jobs/*")
    shoot(page, "waiting")
    settle(page)
    expect(page.locator("#job-state")).to_have_text("Done", timeout=30_000)
    shoot(page, "overlay")
    rows = cells(page)
    assert len(rows) == 2
    for row, length, mean, widest in zip(
        rows, known.lengths_px, known.widths_mean_px, known.widths_max_px, strict=True
    ):
        assert float(row[1]) == pytest.approx(length, rel=LENGTH_SHARE)
        assert float(row[2]) == pytest.approx(widest, abs=WIDEST_PX)
        assert float(row[4]) == pytest.approx(mean, abs=WIDTH_PX)

    _set_scale(page, photo_at)
    shoot(page, "scale")
    rows = cells(page)
    ratio = SCALE_LINE_MM / SCALE_LINE_PX
    for row, length, mean in zip(rows, known.lengths_px, known.widths_mean_px, strict=True):
        assert float(row[1]) == pytest.approx(length * ratio, rel=LENGTH_SHARE)
        assert float(row[4]) == pytest.approx(mean * ratio, abs=WIDTH_PX * ratio + 0.005)

    page.select_option("#classes", "aci224r/humid")
    expect(page.locator("#cracks .class.above").first).to_be_visible(timeout=30_000)
    page.locator("#cracks .pick").first.click()
    expect(page.locator("#readout")).to_contain_text("above 0.30 mm")
    page.locator("[data-act='fit']").click()
    shoot(page, "classes")

    _brush(page, photo_at)
    shoot(page, "brushed")
    expect(page.locator("#cracks tbody tr")).to_have_count(3, timeout=30_000)
    shoot(page, "measured-again")
    drawn = min(cells(page), key=lambda row: abs(float(row[2]) - 300 * ratio))
    assert float(drawn[2]) == pytest.approx(300 * ratio, rel=0.06)

    page.reload()  # corrections are the server's, and can still be undone
    settle(page)
    expect(page.locator("#cracks tbody tr")).to_have_count(3)
    page.locator("[data-act='undo']").click()
    expect(page.locator("#cracks tbody tr")).to_have_count(2, timeout=30_000)
    expect(page.locator("#job-state")).to_have_text("Done", timeout=30_000)

    lengths = [row[2] for row in cells(page)]
    text = _download(page, "Cracks (CSV)").read_text("utf-8")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [f"{float(row['length_mm']):.1f}" for row in table] == lengths
    report = _download(page, "Report (HTML)").read_text("utf-8")
    assert "wall" in report
    assert all(re.search(rf"\b{re.escape(length.split('.')[0])}", report) for length in lengths)
    shoot(page, "report")


@pytest.mark.slow
def test_rejected_crack_goes_and_comes_back(page, spare, settle, photo_at, cells, shoot):
    page.goto(f"/jobs/{spare}")
    settle(page)
    first, second = cells(page)
    page.mouse.click(*photo_at(page, 800, 2000 / 3 - 20))  # beside the crack: nothing is chosen
    expect(page.locator("#reject")).to_have_count(0)
    page.locator("#cracks .pick").nth(1).click()
    page.get_by_role("button", name="Reject crack 2").click()
    shoot(page, "rejecting")
    expect(page.locator("#cracks tbody tr")).to_have_count(1, timeout=30_000)
    assert cells(page)[0][1] == first[1]
    page.get_by_role("list", name="Rejected cracks").get_by_role("button", name="Accept").click()
    expect(page.locator("#cracks tbody tr")).to_have_count(2, timeout=30_000)
    assert cells(page)[1][1] == second[1]


def _set_scale(page, photo_at):
    page.locator("button[data-tool='line']").click()
    page.mouse.move(*photo_at(page, 300, 700))
    page.mouse.down()
    page.mouse.move(*photo_at(page, 600, 700))
    page.mouse.move(*photo_at(page, 300 + SCALE_LINE_PX, 700))
    page.mouse.up()
    expect(page.locator("#scale-hint")).to_contain_text("px long")
    expect(page.locator("#scale-line")).to_be_focused()
    page.keyboard.type(str(SCALE_LINE_MM))
    page.keyboard.press("Enter")
    expect(page.locator("#scale-now")).to_contain_text("mm per px", timeout=30_000)
    expect(page.locator("#cracks-count")).to_have_text("2, in mm")
    page.locator("button[data-tool='move']").click()


def _brush(page, photo_at):
    page.locator("button[data-tool='brush']").click()
    page.mouse.move(*photo_at(page, 150, 650))
    page.mouse.down()
    for x in range(170, 451, 20):
        page.mouse.move(*photo_at(page, x, 650))
    page.mouse.up()
    expect(page.locator("#saving")).to_contain_text("Corrected")


def _download(page, name):
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("link", name=name).click()
    return waiting.value.path()
