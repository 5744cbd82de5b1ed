"""The pages docs/http-api.md and docs/serve.md are true: their client runs, their tables hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cracknet.web.http.settings import Settings
from cracknet.web.work.formats import JOB_FILES, PHOTO_FILES

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.slow
def test_the_client_runs_as_written(serve_app, tmp_path, jpeg, png):
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "http-api.md").read_text(), re.S)
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "pier1.jpg").write_bytes(jpeg)
    (tmp_path / "photographs" / "pier2.jpg").write_bytes(png)
    with serve_app(Settings(data=tmp_path / "data"), work=True) as app:
        ours = 'base_url="http://127.0.0.1:8765"'
        assert ours in block
        (tmp_path / "client.py").write_text(
            block.replace(ours, f'base_url="{app.state.address}", verify=False')
        )
        done = subprocess.run(
            [sys.executable, "client.py"],
            cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [line.split()[:2] for line in done.stdout.splitlines()]
    assert said == [["pier1.jpg", "done"], ["pier2.jpg", "done"]]
    assert (tmp_path / "cracks.csv").read_text().startswith("photo,crack,length_px,")
    assert "pier1.jpg" in (tmp_path / "report.html").read_text()


def test_every_route_is_listed(serve_app, tmp_path):
    text = (DOCS / "http-api.md").read_text()
    with serve_app(Settings(data=tmp_path)) as app:
        document = app.state.http.get("/api/v1/openapi.json").json()
    short = text.replace("{n}", "{photo}")
    for path in document["paths"]:
        told = path.removeprefix("/api/v1")
        assert (
            told in short
            or f"`...{told.partition('{photo}')[2]}`" in short
            or (
                told == "/changes/{job}/pictures/{picture}"  # its address is in the answer
            )
        ), told
    for name in (*JOB_FILES, *PHOTO_FILES):
        assert f"`{name}`" in text


def test_every_status_is_told(serve_app, tmp_path):
    text = (DOCS / "http-api.md").read_text()
    with serve_app(Settings(data=tmp_path)) as app:
        document = app.state.http.get("/api/v1/openapi.json").json()
    statuses = {
        status
        for methods in document["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if status[0] in "45"
    }
    for status in statuses:
        assert f"| {status} |" in text


def test_limits_are_those_of_the_code(command):
    text = (DOCS / "serve.md").read_text()
    settings = Settings()
    assert f"{settings.max_upload_bytes / 1e6:g} MB" in text
    assert f"{settings.max_pixels / 1e6:g} megapixels" in text
    assert f"| photographs in one upload | {settings.max_photos} |" in text
    assert f"{settings.max_request_bytes / 1e9:g} GB" in text
    assert f"| {settings.queue_limit}; then" in text
    assert f"{settings.idle_seconds:g} seconds of silence" in text
    assert f"{settings.least_rate / 1000:g} kB a second" in text
    options = set(re.findall(r"--[a-z][a-z-]+", command("serve", "--help").stdout))
    named = set(re.findall(r"`(?:cracknet serve )?(--[a-z-]+)", text))
    assert named <= options, named - options
