"""A server, a browser, and a photograph whose cracks are known exactly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1200, 800
AXE = Path(__file__).with_name("axe") / "axe.min.js"
SECONDS = 60_000
"""Longest wait for a photograph, in ms: the machines of the tests are slow."""


@dataclass(frozen=True)
class Known:
    """A rendered photograph and the truth of its two cracks."""

    path: Path
    lengths_px: tuple[float, ...]
    widths_mean_px: tuple[float, ...]
    widths_max_px: tuple[float, ...]


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    return _known(tmp_path_factory.mktemp("photographs") / "wall.png", wider=0.0)


@pytest.fixture(scope="session")
def known_later(known):
    """The same wall, its first crack 3 px wider."""
    return _known(known.path.with_name("wall later.png"), wider=3.0)


def _known(path, wider):
    from cracknet.synthesis import CrackPath, SceneOptions, natural_path, render
    from cracknet.synthesis.paths import Crack

    scene = SceneOptions(height=HEIGHT, width=WIDTH, contrast=0.06, distractors=[])
    rng = np.random.default_rng(5)
    first = natural_path((180, 140), (1020, 430), 8.0, rng=rng)
    second = natural_path((650, 600), (950, 690), 5.0, rng=rng)
    first = CrackPath(first.points_px, first.widths_px + wider, first.depth)
    paths = (first, second)
    rendered = render(scene, 5, cracks=[Crack((one,)) for one in paths])
    cv2.imwrite(str(path), rendered.gray)
    return Known(
        path,
        tuple(one.length_px for one in paths),
        tuple(one.width_mean_px for one in paths),
        tuple(one.width_max_px for one in paths),
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Address of `cracknet serve` with a data folder of its own."""
    pytest.importorskip("fastapi", reason="the page needs the extra web")
    data = tmp_path_factory.mktemp("data")
    log = (data.parent / "serve.log").open("w+")
    command = [sys.executable, "-m", "cracknet", "serve", "--port", "0", "--no-open"]
    process = subprocess.Popen(
        [*command, "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    line = process.stdout.readline()
    if not line.startswith("CrackNet is at "):
        process.kill()
        process.wait()
        process.stdout.close()
        log.seek(0)
        said = log.read()
        log.close()
        pytest.fail(f"cracknet serve did not start: {line}{said}")
    yield line.split()[-1].rstrip("/")
    process.terminate()
    process.wait(20)
    process.stdout.close()
    log.close()


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, driven by Playwright."""
    playwright = pytest.importorskip(
        "playwright.sync_api",
        reason="the tests of the page need Playwright: pip install playwright",
    )
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("the tests of the page need Chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, server, tmp_path):
    """Return a function: options of a context in, a page out that tells its faults.

    A message on the console, an error in a script, or a request to another host fails the test.
    """
    contexts, faults = [], []

    def make(**options):
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = chromium.new_context(base_url=server, accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: faults.append(f"console {said.type}: {said.text}"))
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("request", lambda sent: _foreign(sent.url, server) and faults.append(sent.url))
        page.shots = tmp_path
        return page

    make.faults = faults
    yield make
    for context in contexts:
        context.close()
    assert not faults


def _foreign(url, server):
    return not url.startswith((server + "/", "blob:", "data:"))


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture(scope="session")
def shoot():
    """Return a function that writes a screenshot of a state into the test's folder."""

    def write(page, name):
        folder = Path(os.environ.get("CRACKNET_SHOTS") or page.shots)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")

    return write


@pytest.fixture(scope="session")
def send(server):
    """Return a function: photographs and options in, the id of a job that is done out."""
    httpx = pytest.importorskip("httpx")

    def post(paths, title="", options="{}", done=True):
        files = [("photos", (path.name, path.read_bytes())) for path in paths]
        with httpx.Client(base_url=server, timeout=30) as client:
            answer = client.post(
                "/api/v1/jobs", files=files, data={"title": title, "options": options}
            )
            assert answer.status_code == 201, answer.text
            job = answer.json()["id"]
            end = time.monotonic() + SECONDS / 1000
            while done and client.get(f"/api/v1/jobs/{job}").json()["finished"] is None:
                assert time.monotonic() < end, "the job did not end in time"
                time.sleep(0.1)
        return job

    return post


@pytest.fixture(scope="session")
def job(send, known):
    """A job that is done; tests may not correct it."""
    return send([known.path], "North wall", '{"standard": "aci224r", "exposure": "humid"}')


@pytest.fixture(scope="session")
def spare(send, known):
    """A job that tests correct; they undo it in the end."""
    return send([known.path], "Spare")


@pytest.fixture(scope="session")
def photo_at():
    """Return a function: place in the photograph in px to place on the page, all being shown."""

    def place(page, x, y):
        box = page.locator("#canvas").bounding_box()
        scale = min(box["width"] / WIDTH, box["height"] / HEIGHT)
        return (
            box["x"] + (box["width"] - WIDTH * scale) / 2 + (x + 0.5) * scale,
            box["y"] + (box["height"] - HEIGHT * scale) / 2 + (y + 0.5) * scale,
        )

    return place


@pytest.fixture(scope="session")
def settle():
    """Return a function that waits until the picture is drawn with all of its tiles."""

    def drawn(page):
        page.locator("#cracks tbody tr").first.wait_for(timeout=SECONDS)
        page.locator(".stage[aria-busy='false']").wait_for()

    return drawn


@pytest.fixture(scope="session")
def cells():
    """Return a function: the page in, the rows of its table of cracks as text out."""

    def read(page):
        rows = page.locator("#cracks tbody tr").all()
        return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows]

    return read


@pytest.fixture(scope="session")
def check_access():
    """Return a function that runs axe-core on a page; serious and critical faults fail."""

    def check(page):
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        serious = [
            f"{fault['id']}: {fault['help']}: {[node['html'][:160] for node in fault['nodes']]}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, "\n".join(serious)

    return check
