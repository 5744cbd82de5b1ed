"""`cracknet serve`: as a process of its own, from its first line to its clean end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")

TOKEN = "a-token-of-24-characters"


@contextlib.contextmanager
def serving(*words, **environment):
    """Start the command; yields the process, its address and the lines it printed."""
    line = [sys.executable, "-m", "cracknet", "serve", "--no-open", "--port", "0", *map(str, words)]
    process = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    said = []
    try:
        for text in process.stdout:
            said.append(text.rstrip())
            if text.startswith("Ctrl+C"):
                break
        address = next(
            (found[1] for text in said if (found := re.search(r"(http://\S+)/$", text))), None
        )
        yield process, address, said
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_starts_answers_and_ends_cleanly(tmp_path, number):
    with serving("--data", tmp_path / "data") as (process, address, said):
        assert address.startswith("http://127.0.0.1:")
        assert str(tmp_path / "data") in said[1]
        with httpx.Client(base_url=address, verify=False) as client:
            assert client.get("/api/v1/health").json()["status"] == "ok"
            assert "CrackNet" in client.get("/").text
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert errors == ""


@pytest.mark.slow
def test_an_open_event_stream_does_not_hold_it_up(tmp_path, jpeg_file):
    with serving("--data", tmp_path / "data") as (process, address, _):
        with httpx.Client(base_url=address, verify=False) as client:
            files = {"photos": ("a.jpg", jpeg_file)}
            job = client.post("/api/v1/jobs", files=files).json()["id"]
            with client.stream("GET", f"/api/v1/jobs/{job}/events") as answer:
                lines = answer.iter_lines()
                assert next(lines).startswith("retry")
                began = time.monotonic()
                process.terminate()
                for _ in lines:
                    pass
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert time.monotonic() - began < 20


@pytest.mark.slow
def test_restart_goes_on_with_unfinished_jobs(tmp_path, jpeg_file):
    data = tmp_path / "data"
    with serving("--data", data) as (process, address, _):
        with httpx.Client(base_url=address, verify=False) as client:
            files = {"photos": ("a.jpg", jpeg_file)}
            job = client.post("/api/v1/jobs", files=files).json()["id"]
        process.kill()
    with serving("--data", data) as (process, address, _):
        with httpx.Client(base_url=address, verify=False) as client:
            end = time.monotonic() + 60
            while (found := client.get(f"/api/v1/jobs/{job}").json())["status"] != "done":
                assert found["status"] in ("queued", "running"), found
                assert time.monotonic() < end
                time.sleep(0.2)
        assert [photo["status"] for photo in found["photos"]] == ["done"]
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def jpeg_file(rendered):
    import cv2

    return cv2.imencode(".jpg", rendered(160, 224).gray)[1].tobytes()


def test_port_in_use_is_told_with_a_way_out(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = command("serve", "--no-open", "--port", port, "--data", tmp_path)
    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "--token"),
        (["--host", "0.0.0.0", "--token", "short"], "at least 16"),
        (["--port", "70000"], "65535"),
        (["--keep-days", "-1"], "positive"),
        (["--max-photos", "0"], "max_photos"),
        (["--workers", "0"], "workers"),
    ],
)
def test_wrong_use(command, tmp_path, words, said):
    done = command("serve", "--no-open", "--data", tmp_path, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_host_that_is_not_here(command, tmp_path):
    words = ("--data", tmp_path, "--host", "192.0.2.1", "--token", TOKEN)
    done = command("serve", "--no-open", *words)
    assert done.returncode == 1
    assert "192.0.2.1 is not an address of this computer" in done.stderr


def test_data_folder_that_cannot_be_written(command, tmp_path):
    (tmp_path / "file").write_text("")
    done = command("serve", "--no-open", "--port", 0, "--data", tmp_path / "file" / "data")
    assert done.returncode == 1
    assert "--data" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_another_host_with_the_token_of_the_environment(tmp_path):
    words = ("--host", "0.0.0.0", "--data", tmp_path / "data")
    with serving(*words, CRACKNET_TOKEN=TOKEN) as (process, address, said):
        assert any("plain HTTP" in text for text in said)
        assert not any(TOKEN in text for text in said)
        with httpx.Client(base_url=address, verify=False) as client:
            assert client.get("/api/v1/jobs").status_code == 401
            named = {"Authorization": f"Bearer {TOKEN}"}
            assert client.get("/api/v1/jobs", headers=named).status_code == 200
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_browser_is_opened_when_the_page_is_there(monkeypatch, tmp_path):
    from cracknet.web.http import serving as module
    from cracknet.web.http.settings import Settings

    opened, ready = [], []

    def look(address):
        opened.append((address, httpx.get(f"{address}api/v1/health", verify=False).status_code))

    monkeypatch.setattr(module.webbrowser, "open", look)
    monkeypatch.setenv("DISPLAY", ":0")
    settings = Settings(data=tmp_path, port=0)
    thread = threading.Thread(
        target=module.serve, args=(settings,), kwargs={"ready": ready.append, "open_browser": True}
    )
    servers = []
    run = module.uvicorn_server

    def remembered(*words):
        servers.append(run(*words))
        return servers[0]

    monkeypatch.setattr(module, "uvicorn_server", remembered)
    thread.start()
    end = time.monotonic() + 30
    while not opened and time.monotonic() < end:
        time.sleep(0.02)
    servers[0].should_exit = True
    thread.join(30)
    assert opened == [(ready[0], 200)]


def test_help_is_instant_and_names_no_heavy_library():
    code = (
        "import sys; from cracknet.cli import app; import typer.main;"
        "typer.main.get_command(app).main(['serve', '--help'], standalone_mode=False);"
        "heavy = {'numpy', 'fastapi', 'uvicorn', 'cv2', 'openvino'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CRACKNET_TOKEN" in done.stdout
