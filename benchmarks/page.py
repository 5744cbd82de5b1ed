"""The page in the browser: first paint, bytes before any photograph, and steps of the viewer.

    python benchmarks/page.py --json benchmarks/results/page.json

Debian's Chromium, headless and without a GPU, opens the pages of `cracknet serve` on this computer.
A step is one turn of the wheel or one stretch of a drag: the time from the event until the canvas
is drawn, by the page's own clock, and until every tile of the right level is there. The photograph
is a rendered one of 2165 x 1443 px, mirrored 4 x 4 times. Needs the extra `web` and Playwright.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from playwright.sync_api import sync_playwright

from cracknet.synthesis import SceneOptions, render

SEED = 72_000
PART = (1443, 2165)
TIMES = 4

STEPS = """async ({ kind, count }) => {
    const canvas = document.getElementById("canvas");
    const box = canvas.getBoundingClientRect();
    const middle = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
    const drawn = () => new Promise((done) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done();
        port2.postMessage(0);
    }));
    const whole = async () => {
        while (canvas.parentElement.getAttribute("aria-busy") !== "false") await drawn();
    };
    const point = (name, dx, dy) => canvas.dispatchEvent(new PointerEvent(name, {
        pointerId: 1, button: 0, buttons: 1, isPrimary: true, bubbles: true,
        clientX: middle.clientX + dx, clientY: middle.clientY + dy,
    }));
    canvas.setPointerCapture = () => {};
    const rows = [];
    if (kind === "pan") point("pointerdown", 0, 0);
    for (let k = 0; k < count; k += 1) {
        const start = performance.now();
        if (kind === "pan") point("pointermove", 4000 * Math.sin(k / 10), 2000 * Math.sin(k / 7));
        else canvas.dispatchEvent(new WheelEvent("wheel", {
            ...middle, deltaY: k < count / 2 ? -100 : 100, cancelable: true, bubbles: true,
        }));
        const handled = performance.now();
        await drawn();
        const seen = performance.now();
        await whole();
        rows.push([handled - start, seen - start, performance.now() - start]);
        await new Promise((done) => setTimeout(done, 30));
    }
    if (kind === "pan") point("pointerup", 0, 0);
    return rows;
}"""


def main() -> None:
    """Open the pages, take the steps, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loads", type=int, default=9, help="openings of each page")
    parser.add_argument("--steps", type=int, default=60, help="of each kind")
    parser.add_argument(
        "--data", type=Path, help="Keep the server's data here, and take what it has."
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        parser.error("Chromium is needed: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory() as name,
        serving(options.data or Path(name) / "data") as address,
        sync_playwright() as playwright,
    ):
        job = job_of(address, Path(name))
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        paths = ("/", f"/jobs/{job}")
        pages = [opened(browser, address, path, options.loads) for path in paths]
        steps = taken(browser, f"{address}/jobs/{job}", options.steps)
        browser.close()
    for row in (*pages, *steps):
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    if options.json:
        facts = {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load_average": round(os.getloadavg()[0], 1),
            "photograph_px": [PART[1] * TIMES, PART[0] * TIMES],
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        content = {**facts, "pages": pages, "steps": steps}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


@contextmanager
def serving(data: Path) -> Any:
    """Run `cracknet serve`; give its address."""
    command = [sys.executable, "-m", "cracknet", "serve", "--port", "0", "--no-open"]
    process = subprocess.Popen(
        [*command, "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.wait(60)


def job_of(address: str, folder: Path) -> str:
    """Give a job with the large photograph that is done; make it where there is none."""
    with httpx.Client(base_url=address, timeout=120) as client:
        for job in client.get("/api/v1/jobs").json():
            if job["title"] == "benchmark" and job["status"] == "done":
                return str(job["id"])
        path = folder / "large.jpg"
        scene = SceneOptions(height=PART[0], width=PART[1], cracks=(4, 4), distractors=[])
        part = render(scene, SEED).gray
        pair = np.hstack([part, part[:, ::-1]])
        block = np.vstack([pair, pair[::-1]])
        whole = np.tile(block, (TIMES // 2, TIMES // 2))
        cv2.imwrite(str(path), whole, [cv2.IMWRITE_JPEG_QUALITY, 92])
        answer = client.post(
            "/api/v1/jobs",
            files={"photos": (path.name, path.read_bytes())},
            data={"title": "benchmark", "options": json.dumps({"mm_per_px": 0.2})},
        )
        job = answer.raise_for_status().json()["id"]
        while client.get(f"/api/v1/jobs/{job}").json()["finished"] is None:
            time.sleep(1)
        return str(job)


def opened(browser: Any, address: str, path: str, loads: int) -> dict[str, Any]:
    """Open a page with an empty cache, again and again; count what came before any photograph."""
    found = [_open_once(browser, address + path) for _ in range(loads)]
    paints, sizes = zip(*found, strict=True)
    return {
        "page": path.split("/")[1] or "first",
        "first_paint_median_ms": round(statistics.median(paints)),
        "first_paint_best_ms": round(min(paints)),
        "transferred_kb": round(max(sizes) / 1000, 1),
    }


def _open_once(browser: Any, url: str) -> tuple[float, int]:
    """Give the first contentful paint in ms, and the bytes that are no photograph's."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: list[int] = []

    def count(event: Any) -> None:
        # the API's answers are the photograph: its tiles, its measurement
        if "/api/" not in urls.get(event["requestId"], ""):
            sizes.append(int(event["encodedDataLength"]))

    session.on(
        "Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]})
    )
    session.on("Network.loadingFinished", count)
    page.goto(url, wait_until="load")
    if "/jobs/" in url:  # all that the server makes for it, or it would slow the next opening
        page.locator("#cracks tbody tr").first.wait_for(timeout=60_000)
        page.locator(".stage[aria-busy='false']").wait_for()
    page.wait_for_timeout(1000)
    paint = page.evaluate(
        "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    context.close()
    return paint, sum(sizes)


def taken(browser: Any, address: str, count: int) -> list[dict[str, Any]]:
    """Zoom into the photograph and out, pan at full size; twice, the second time with all tiles."""
    rows = []
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.goto(address)
    page.locator("#cracks tbody tr").first.wait_for(timeout=60_000)
    page.locator(".stage[aria-busy='false']").wait_for()
    branches = page.evaluate(
        "async (job) => (await (await fetch(`/api/v1/jobs/${job}/photos/1/measurement`)).json())"
        ".branches.reduce((sum, branch) => sum + branch.points.length, 0)",
        address.rsplit("/", 1)[1],
    )
    for kind in ("zoom", "pan"):
        if kind == "pan":
            page.locator("#canvas").focus()
            page.keyboard.press("1")
            page.locator(".stage[aria-busy='false']").wait_for()
        for tiles in ("from the server", "kept"):
            found = np.array(page.evaluate(STEPS, {"kind": kind, "count": count}))
            rows.append(
                {
                    "step": kind,
                    "tiles": tiles,
                    "centreline_points": branches,
                    "drawn_median_ms": round(float(np.median(found[:, 1])), 1),
                    "drawn_p95_ms": round(float(np.percentile(found[:, 1], 95)), 1),
                    "complete_median_ms": round(float(np.median(found[:, 2])), 1),
                    "complete_p95_ms": round(float(np.percentile(found[:, 2], 95)), 1),
                }
            )
    page.close()
    return rows


if __name__ == "__main__":
    main()
