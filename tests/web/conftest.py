"""A running server on a free port of this computer, in a thread of the tests."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")


@contextlib.contextmanager
def running(settings, *, work=False):
    """Serve in a thread; yields the app, with its ``state.address`` and a client ``state.http``."""
    import uvicorn

    from cracknet.web.http.app import create_app
    from cracknet.web.http.connection import Connection
    from cracknet.web.http.serving import bound

    app = create_app(settings, work=work)
    listener = bound("127.0.0.1", 0)
    config = uvicorn.Config(
        app, http=Connection, ws="none", server_header=False, log_level="error",
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        app.state.port = listener.getsockname()[1]
        app.state.address = f"http://127.0.0.1:{app.state.port}"
        # without TLS, whose certificates take longer to load than most tests to run
        with httpx.Client(base_url=app.state.address, verify=False, timeout=60) as client:
            app.state.http = client
            yield app
    finally:
        app.state.stopping = True
        server.should_exit = True
        thread.join(30)
        listener.close()


def until(condition, seconds=30.0):
    """Wait until a condition holds; give what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    msg = f"not within {seconds} s: {condition}"
    raise AssertionError(msg)


@pytest.fixture(scope="session")
def serve_app():
    """A context manager that serves an app of given settings in a thread."""
    return running


@pytest.fixture(scope="session")
def wait_until():
    """A function that waits until a condition holds."""
    return until


@pytest.fixture(scope="session")
def jpeg(rendered):
    """Bytes of a JPEG photograph of cracked concrete, 224 x 160."""
    import cv2

    return cv2.imencode(".jpg", rendered(160, 224).gray)[1].tobytes()


@pytest.fixture(scope="session")
def png(rendered):
    """Bytes of a PNG photograph of cracked concrete, 224 x 160."""
    import cv2

    return cv2.imencode(".png", rendered(160, 224).gray)[1].tobytes()
