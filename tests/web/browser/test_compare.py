"""Two dates over each other."""

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
expect = playwright.expect

WIDER_PX = 3.0


@pytest.mark.slow
def test_two_dates_with_a_swipe(
    page, open_page, send, known_later, job, settle, shoot, check_access
):
    later = send([known_later.path], "North wall, a year later")
    page.goto(f"/jobs/{later}")
    settle(page)
    page.get_by_role("button", name="Compare dates").click()
    page.locator("#before").select_option(f"{job}/1")
    shoot(page, "dates")
    check_access(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**/compare/*")
    expect(page.locator("#swipe")).to_be_visible(timeout=60_000)
    expect(page.locator("#changes tbody tr")).to_have_count(2)
    shoot(page, "compare")
    check_access(page)
    row = page.locator("#changes tbody tr", has_text="widened").locator("td")
    assert float(row.nth(6).inner_text()) == pytest.approx(WIDER_PX, abs=0.4)
    slider = page.locator("#place")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#place-value")).to_have_text("0 %")
    frame = page.locator("#frame").bounding_box()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + 100)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.75, frame["y"] + 100)
    page.mouse.up()
    expect(page.locator("#place-value")).to_have_text("75 %")
    shoot(page, "swiped")
    page.locator("#marked").check()
    shoot(page, "marked")

    phone = open_page(viewport={"width": 844, "height": 390}, color_scheme="dark", has_touch=True)
    phone.goto(page.url)
    expect(phone.locator("#swipe")).to_be_visible()
    for image in ("#before", "#after"):
        phone.locator(image).evaluate("(image) => image.decode()")
    shoot(phone, "compare-phone")
    check_access(phone)
