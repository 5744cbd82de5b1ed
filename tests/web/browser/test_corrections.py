"""Corrections and scales that pages, photographs and the server share."""

import time

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
expect = playwright.expect
SOON = 30_000


@pytest.mark.slow
def test_two_pages_of_one_job_stay_one(open_page, spare, settle, photo_at, shoot):
    first, second = open_page(), open_page()
    for page in (first, second):
        page.goto(f"/jobs/{spare}")
        settle(page)
    first.locator("button[data-tool='eraser']").click()
    first.locator("#brush-size").fill("60")
    first.mouse.move(*photo_at(first, 640, 600))
    first.mouse.down()
    for step in range(1, 17):
        first.mouse.move(*photo_at(first, 640 + 20 * step, 600 + 6.5 * step))
    shoot(first, "erasing")
    first.mouse.up()
    first.locator("#measure").click()
    for page in (first, second):
        expect(page.locator("#cracks tbody tr")).to_have_count(1, timeout=SOON)
    expect(second.locator("[data-act='undo']")).to_be_enabled()
    second.locator("#reset").click()
    for page in (second, first):
        expect(page.locator("#cracks tbody tr")).to_have_count(2, timeout=SOON)
    expect(first.locator("[data-act='undo']")).to_be_disabled()


@pytest.mark.slow
def test_threshold_is_kept_and_measured(page, spare, settle, cells):
    page.goto(f"/jobs/{spare}")
    settle(page)
    before = float(cells(page)[0][4])
    page.locator("#threshold").focus()
    page.keyboard.press("Home")
    expect(page.locator("#threshold-value")).to_have_text("0.02")
    _measured(page, spare, 0.02)
    page.reload()
    settle(page)
    expect(page.locator("#threshold-value")).to_have_text("0.02")
    assert float(cells(page)[0][4]) == pytest.approx(before, abs=0.5)  # widths are the photograph's
    page.locator("#reset").click()
    expect(page.locator("#threshold-value")).to_have_text("0.50")
    _measured(page, spare, None)


def _measured(page, job, threshold):
    """Wait until the server has measured with a threshold."""
    end = time.monotonic() + SOON / 1000
    while time.monotonic() < end:
        photo = page.request.get(f"/api/v1/jobs/{job}").json()["photos"][0]
        if photo["status"] == "done" and photo["edits"]["threshold"] == threshold:
            return
        page.wait_for_timeout(100)
    pytest.fail("the photograph was not measured in time")


@pytest.mark.slow
def test_scales_of_all_photographs(page, spare, settle, cells, shoot, check_access):
    page.goto(f"/jobs/{spare}")
    settle(page)
    length_px = float(cells(page)[0][1])
    page.locator("#scale-kind").select_option("all")
    page.locator("#scale-mm").fill("0,25")  # a comma is a point
    page.keyboard.press("Enter")
    expect(page.locator("#cracks-count")).to_have_text("2, in mm", timeout=SOON)
    assert float(cells(page)[0][1]) == pytest.approx(length_px / 4, abs=0.1)
    expect(page.locator("#bar-text")).to_have_text("50 mm")
    page.locator("#scale-kind").select_option("marker")
    page.locator("#scale-marker").fill("50")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("no marker was found", timeout=SOON)
    shoot(page, "no-marker")
    check_access(page)
    page.locator("#scale-clear").click()
    expect(page.locator("#cracks-count")).to_have_text("2, in px", timeout=SOON)
    expect(page.locator("#saving")).to_have_text("", timeout=SOON)
