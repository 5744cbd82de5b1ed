"""The viewer: threshold without the network, keys, touch, what is drawn where."""

import math

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
expect = playwright.expect

PIXELS = """() => {
    const canvas = document.getElementById("canvas");
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
"""
RED = f"""{PIXELS}
    let count = 0;
    for (let k = 0; k < data.length; k += 4) {{
        count += data[k] === 235 && data[k + 1] === 40 && data[k + 2] === 40;
    }}
    return count;
}}"""
"""Counts pixels in the overlay's colour."""
CRACK_PLACES = f"""{PIXELS}
    const places = [];
    for (let k = 0; k < data.length; k += 4) {{
        if (data[k] === 235 && data[k + 1] === 40 && data[k + 2] === 40) places.push(k / 4);
    }}
    return places;
}}"""
PICTURE = f"""{PIXELS}
    let sum = 0;
    for (let k = 0; k < data.length; k += 1) sum = (31 * sum + data[k]) % 1000000007;
    return sum;
}}"""
"""A number that differs where the picture does."""
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def shown(page, job, settle):
    """The job's page with only the mask over the photograph, opaque."""
    page.goto(f"/jobs/{job}")
    settle(page)
    page.locator("#widths").uncheck()
    page.locator("#opacity").fill("100")
    page.evaluate(FRAME)
    return page


@pytest.mark.slow
def test_threshold_acts_at_once_and_without_the_network(shown, shoot):
    page = shown
    page.wait_for_timeout(1500)  # tiles of the probability come after those of the picture
    normal = page.evaluate(RED)
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    box = page.locator("#threshold").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    counts = []
    for share in (0.25, 0.05, 0.9):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        page.evaluate(FRAME)
        counts.append(page.evaluate(RED))
        shoot(page, f"threshold-{share}")
    assert not sent
    # lower thresholds show more: compared with a count from the model's own, 0.5
    assert counts[1] > counts[0] > normal > counts[2] > 0
    page.goto("/")  # before the correction is kept: the job belongs to all tests
    page.mouse.up()


@pytest.mark.slow
def test_overlay_is_the_mask_pixel_by_pixel(shown, server, job):
    """At 1:1 every crack pixel of mask.png is covered, and no other."""
    import cv2
    import httpx
    import numpy as np

    page = shown
    page.locator("#canvas").focus()
    page.keyboard.press("1")
    page.locator(".stage[aria-busy='false']").wait_for()
    page.evaluate(FRAME)
    code = httpx.get(f"{server}/api/v1/jobs/{job}/photos/1/results/mask.png", verify=False).content
    mask = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_GRAYSCALE) > 0
    width, height = page.evaluate("() => [canvas.width, canvas.height]")
    seen = np.zeros(width * height, bool)
    seen[page.evaluate(CRACK_PLACES)] = True
    seen = seen.reshape(height, width)
    assert seen.any()
    left, top = (mask.shape[1] - width) / 2, (mask.shape[0] - height) / 2
    # an odd difference leaves half a pixel that the picture is moved by
    places = {(y, x) for y in (math.floor(top), math.ceil(top))
              for x in (math.floor(left), math.ceil(left))}  # fmt: skip
    assert any((mask[y : y + height, x : x + width] == seen).all() for y, x in places)


@pytest.mark.slow
def test_keys_do_what_the_pointer_does(page, spare, settle, shoot, cells):
    page.goto(f"/jobs/{spare}")
    settle(page)
    page.get_by_role("link", name="Skip to the content").focus()
    canvas = page.locator("#canvas")
    for _ in range(30):
        page.keyboard.press("Tab")
        if canvas.evaluate("(node) => node === document.activeElement"):
            break
    expect(canvas).to_be_focused()
    before = page.evaluate(PICTURE)
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.evaluate(FRAME)
    assert page.evaluate(PICTURE) != before
    page.keyboard.press("0")
    page.keyboard.press("b")
    expect(page.locator("button[data-tool='brush']")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("]")
    expect(page.locator("#brush-value")).to_have_text("14 px")
    for _ in range(9):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Space")
    shoot(page, "keyboard-brush")
    page.reload()  # at once, before the pause after which corrections are kept
    settle(page)
    expect(page.locator("#cracks tbody tr")).to_have_count(3, timeout=30_000)
    canvas.focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#cracks tbody tr")).to_have_count(2, timeout=30_000)
    page.locator("#cracks .pick").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#cracks tr[aria-current='true'] .pick")).to_have_text("2")
    expect(page.locator("#readout")).to_contain_text("Crack 2")
    page.locator("[data-sort='length']").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert [row[0] for row in cells(page)] == ["2", "1"]
    expect(page.locator("[data-sort='length']")).to_be_focused()
    shoot(page, "keyboard-table")


@pytest.mark.slow
def test_hover_tells_width_and_click_selects(page, job, settle, photo_at, known, shoot):
    page.goto(f"/jobs/{job}")
    settle(page)
    middle = page.request.get(f"/api/v1/jobs/{job}/photos/1/measurement").json()["cracks"][0]["at"]
    page.mouse.move(*photo_at(page, *middle))
    expect(page.locator("#tip")).to_be_visible()
    expect(page.locator("#readout")).to_contain_text("Crack 1: width here")
    text = page.locator("#readout").inner_text()
    width = float(text.split("width here ")[1].split(" px")[0])
    assert 0 < width <= known.widths_max_px[0] + 0.6
    shoot(page, "hover")
    page.mouse.click(*photo_at(page, *middle))
    expect(page.locator("#cracks tr[aria-current='true'] .pick")).to_have_text("1")


@pytest.mark.slow
def test_pinch_zooms_and_a_second_finger_drops_the_stroke(open_page, job, settle, shoot):
    page = open_page(viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True)
    page.goto(f"/jobs/{job}")
    settle(page)
    before = page.evaluate(PICTURE)
    touch = page.context.new_cdp_session(page)
    box = page.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.locator("button[data-tool='brush']").tap()

    def send(kind, *points):
        places = [{"x": px, "y": py, "id": k} for k, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    send("touchStart", (x - 30, y))
    send("touchMove", (x - 20, y))
    send("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        send("touchMove", (x - 20 - 12 * step, y), (x + 20 + 12 * step, y))
    send("touchEnd")
    page.evaluate(FRAME)
    shoot(page, "pinched")
    assert page.evaluate(PICTURE) != before
    expect(page.locator("[data-act='undo']")).to_be_disabled()
