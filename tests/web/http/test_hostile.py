"""Hostile uploads are answered by a 4xx and a plain sentence, and leave nothing behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import tempfile
import time
from pathlib import Path

import pytest

from cracknet.web.http.settings import Settings

from .hostile import Hostile, all_of

MOST, MOST_REQUEST = 2_000_000, 3_000_000
NAMES = tuple(all_of(b"", 0, 0))


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """A folder with the server's data in it, other things beside, and all temporary files."""
    folder = tmp_path_factory.mktemp("around")
    (folder / "beside").mkdir()
    (folder / "beside" / "precious.txt").write_text("do not touch")
    (folder / "tmp").mkdir()
    return folder


@pytest.fixture(scope="module")
def server(around, serve_app):
    settings = Settings(
        data=around / "data",
        max_upload_bytes=MOST,
        max_request_bytes=MOST_REQUEST,
        max_photos=20,
        idle_seconds=0.8,
        grace_seconds=0.8,
        least_rate=1000,
    )
    before = tempfile.tempdir
    tempfile.tempdir = str(around / "tmp")
    try:
        with serve_app(settings) as app:
            (around / "data" / "jobs").mkdir(exist_ok=True)
            yield app
    finally:
        tempfile.tempdir = before


@pytest.fixture(scope="module")
def hostile(jpeg):
    return all_of(jpeg, MOST, MOST_REQUEST)


def listing(folder):
    """Every file and folder with its content, but the list of jobs itself."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.name.startswith("jobs.sqlite"):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = content
    return found


def send(port, request):
    """Send a request over a socket of its own; give status, headers and body of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # where the server has said enough its answer waits
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            _put(connection, request)
        return answer(connection)


def _put(connection, request):
    connection.sendall(request.raw())
    body = request.body
    if request.chunked:
        size = 50_000
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        return  # and never the last, empty chunk
    if request.pause is None:
        connection.sendall(body)
        return
    size, seconds = request.pause
    if not seconds:
        connection.sendall(body[:size])
        return
    end = time.monotonic() + 5
    connection.settimeout(0.01)
    for start in range(0, len(body), size):
        connection.sendall(body[start : start + size])
        time.sleep(seconds)
        if _answered(connection) or time.monotonic() > end:
            break
    connection.settimeout(20)


def _answered(connection):
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False


def answer(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    length = int(headers.get("content-length", -1))
    while length < 0 or len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return int(lines[0].split()[1]), headers, body[:length] if length >= 0 else body


@pytest.mark.parametrize("name", NAMES)
def test_is_refused_and_leaves_nothing(name, hostile, server, around):
    before = listing(around)
    here = sorted(Path.cwd().iterdir())
    status, headers, body = send(server.state.port, hostile[name])
    assert status == hostile[name].status, body
    assert headers["content-type"] == "application/json"
    sentence = json.loads(body)["detail"]
    assert sentence[0].isalnum()
    assert sentence.endswith(".")
    assert len(sentence) < 1500
    assert str(around) not in sentence
    assert "Traceback" not in sentence
    assert listing(around) == before
    assert sorted(Path.cwd().iterdir()) == here
    assert server.state.store.jobs(10) == []
    assert server.state.http.get("/api/v1/health").status_code == 200


def test_there_are_at_least_forty():
    assert len(NAMES) >= 40


def test_the_photograph_among_them_is_taken_by_itself(hostile, jpeg, serve_app, tmp_path):
    with serve_app(Settings(data=tmp_path)) as app:
        from .hostile import photo

        status, _, body = send(app.state.port, Hostile(201, photo(jpeg)))
    assert status == 201
    assert json.loads(body)["photos"][0]["file_name"] == "wall.jpg"


def test_a_head_that_does_not_come_ends_the_connection(server, monkeypatch):
    monkeypatch.setattr("cracknet.web.http.connection.HEADER_SECONDS", 0.3)
    health = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for pieces in (b"", b"GET / HT", health):  # nothing, half a line, no end
        with socket.create_connection(("127.0.0.1", server.state.port), timeout=5) as slow:
            slow.sendall(pieces)
            assert slow.recv(1) == b""
    with socket.create_connection(("127.0.0.1", server.state.port), timeout=5) as slow:
        slow.sendall(health + b"\r\n")
        assert answer(slow)[0] == 200
        slow.sendall(health)  # the second request of a connection is timed, too
        assert slow.recv(1) == b""


def test_a_slow_sender_does_not_hold_others_up(server, hostile):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.state.port), timeout=20) as slow:
        request = hostile["sender falls silent"]
        slow.sendall(request.raw() + request.body[:100])
        assert server.state.http.get("/api/v1/health").status_code == 200
        assert time.monotonic() - began < 0.7
        status, _, body = answer(slow)
    assert status == 408
    assert "Nothing came" in json.loads(body)["detail"]
