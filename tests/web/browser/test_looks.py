"""How the pages look: light, dark, phone; found in order by axe-core; waiting, failed, stopped."""

import cv2
import numpy as np
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
expect = playwright.expect

PHONE = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
VIEWS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 844, "height": 390}, **PHONE},
    "upright": {"viewport": {"width": 390, "height": 844}, **PHONE},
    "sharp": {"viewport": {"width": 1500, "height": 900}, "device_scale_factor": 2},
}


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_job_page_in(view, open_page, job, settle, shoot, check_access):
    page = open_page(**VIEWS[view])
    page.goto(f"/jobs/{job}")
    settle(page)
    page.locator("#cracks .pick").first.click()
    shoot(page, f"job-{view}")
    if view != "sharp":  # it differs from light in its pixels only
        check_access(page)
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page scrolls sideways"
    canvas = page.locator("#canvas").bounding_box()
    assert canvas["width"] > 300
    assert canvas["height"] > 240


@pytest.mark.slow
@pytest.mark.parametrize("view", ["dark", "phone"])
def test_help_in(view, open_page, job, settle, shoot, check_access):
    page = open_page(**VIEWS[view])
    page.goto(f"/jobs/{job}")
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    shoot(page, f"help-{view}")
    check_access(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.slow
@pytest.mark.parametrize("view", ["dark", "phone"])
def test_first_page_in(view, open_page, job, known, shoot, check_access):
    page = open_page(**VIEWS[view])
    page.goto("/")
    page.set_input_files("#photos", known.path)
    shoot(page, f"home-{view}")
    check_access(page)


@pytest.mark.slow
def test_failed_empty_and_stopped_photographs(page, send, known, tmp_path, shoot, check_access):
    broken = tmp_path / "torn.png"
    broken.write_bytes(known.path.read_bytes()[:40_000])
    plain = tmp_path / "plain.png"
    noise = np.random.default_rng(0).normal(150, 2, (300, 400))
    cv2.imwrite(str(plain), noise.clip(0, 255).astype(np.uint8))
    page.goto(f"/jobs/{send([plain, broken])}")
    expect(page.locator("#cracks caption")).to_have_text("No cracks.")
    shoot(page, "no-cracks")
    page.get_by_role("button", name="Next photograph").click()
    expect(page.locator("#notice .fault")).to_contain_text("torn.png")
    shoot(page, "failed")
    check_access(page)

    page.goto(f"/jobs/{send([known.path] * 3, done=False)}#3")
    page.get_by_role("button", name="Stop job").click()
    expect(page.locator("#job-state")).to_have_text("Cancelled", timeout=30_000)
    shoot(page, "stopped")
    check_access(page)


@pytest.mark.slow
def test_page_follows_by_asking_where_events_do_not_come(open_page, send, known, settle, tmp_path):
    page = open_page()
    page.route("**/events", lambda route: route.abort())
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), cv2.imread(str(known.path))[100:340, 400:720])
    page.goto(f"/jobs/{send([small], done=False)}")
    settle(page)
    expect(page.locator("#job-state")).to_have_text("Done", timeout=30_000)
    assert all("ERR_FAILED" in fault for fault in open_page.faults)
    open_page.faults.clear()
