"""Photographs received: streamed, counted, named, and refused with everything removed."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from cracknet.web.http.settings import Settings
from cracknet.web.http.uploads import name_fault


@pytest.fixture(scope="module")
def app(serve_app, tmp_path_factory):
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        max_upload_bytes=300_000,
        max_request_bytes=1_500_000,
        max_pixels=100_000,
        max_photos=4,
        queue_limit=1000,
    )
    with serve_app(settings) as app:
        yield app


def send(app, *photos, **fields):
    files = [("photos", (name, content)) for name, content in photos]
    return app.state.http.post("/api/v1/jobs", files=files, data=fields)


def folders(app):
    folder = app.state.settings.data / "jobs"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ["IMG_0001.JPG", "pier 3 (north).jpg", "Brücke-Süd.tiff", "橋.png", "a", ".hidden.jpg",
         "10:23.jpg", "console.jpg", "nullpunkt.png", "com.jpg", "com10.jpg", "-rf.jpg",
         "%2e%2e%2f.jpg", "'; DROP TABLE jobs; --.jpg", "=cmd()|'x'.jpg", "<b>.jpg"],
    )  # fmt: skip
    def test_plain_ones(self, name):
        assert name_fault(name) == ""

    @pytest.mark.parametrize(
        "name",
        ["a/b", "a\\b", "", ".", "...", " . ", "con", "CON.jpg", "aux.tar.gz", "Lpt9.png",
         "COM\u00b9.jpg", "a\nb", "a\x7f", "\u200b.jpg", "\u202ea", "\u2066a", "a\u2028b",
         "x" * 201, "\u6a4b" * 100],
    )  # fmt: skip
    def test_others(self, name):
        assert name_fault(name)


class TestTaken:
    @pytest.mark.parametrize("name", ["IMG 1.JPG", "橋.dat", "<img src=x onerror=alert(1)>.png"])
    def test_name_is_a_word_and_no_path(self, app, jpeg, name):
        answer = send(app, (name, jpeg))
        assert answer.status_code == 201, answer.text
        job = answer.json()
        assert job["photos"][0]["file_name"] == name
        uploads = app.state.settings.data / "jobs" / job["id"] / "uploads"
        assert [path.name for path in uploads.iterdir()] == ["1.jpg"]
        assert (uploads / "1.jpg").read_bytes() == jpeg

    def test_order_numbers_and_endings(self, app, jpeg, png):
        job = send(app, ("b.jpg", jpeg), ("a.jpg", png), ("b.jpg", jpeg), title=" Pier 3 ").json()
        assert [photo["file_name"] for photo in job["photos"]] == ["b.jpg", "a.jpg", "b.jpg"]
        assert len({photo["name"] for photo in job["photos"]}) == 3
        assert job["title"] == "Pier 3"
        uploads = app.state.settings.data / "jobs" / job["id"] / "uploads"
        assert sorted(path.name for path in uploads.iterdir()) == ["1.jpg", "2.png", "3.jpg"]

    def test_type_is_that_of_the_content(self, app, rendered):
        scene = Image.fromarray(rendered(160, 224).gray)
        for kind, suffix in (("TIFF", "tif"), ("WEBP", "webp"), ("BMP", "bmp"), ("PNG", "png")):
            file = io.BytesIO()
            scene.save(file, kind)
            answer = send(app, ("wall.jpg", file.getvalue()))
            assert answer.status_code == 201
            assert app.state.store.stored(answer.json()["id"], 1).name == f"1.{suffix}"

    def test_heic_of_a_phone(self, app, rendered):
        heif = pytest.importorskip("pillow_heif")
        file = io.BytesIO()
        heif.from_pillow(Image.fromarray(rendered(160, 224).gray).convert("RGB")).save(file)
        answer = send(app, ("IMG_0001.HEIC", file.getvalue()))
        assert answer.status_code == 201
        assert app.state.store.stored(answer.json()["id"], 1).name == "1.heic"

    def test_what_phones_add_at_the_end(self, app, jpeg):
        """Moving pictures and gain maps lie behind the photograph; they are no second nature."""
        for tail in (b"\0\0\0\x18ftypmp42" + bytes(5000), jpeg, b"SEFT" + bytes(20)):
            assert send(app, ("wall.jpg", jpeg + tail)).status_code == 201

    def test_bytes_of_zip_marks_by_chance(self, app, jpeg):
        chance = jpeg + b"PK\x05\x06" + bytes(range(18)) + bytes(100)
        assert send(app, ("wall.jpg", chance)).status_code == 201

    def test_body_in_any_pieces(self, app, jpeg):
        """The parser sees the same form whatever the network cuts."""
        from .hostile import BOUNDARY, photo

        body = photo(jpeg)
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
        for size in (1001, 4096, 65537):
            pieces = (body[start : start + size] for start in range(0, len(body), size))
            answer = app.state.http.post("/api/v1/jobs", content=pieces, headers=kind)
            assert answer.status_code == 201
            stored = app.state.store.stored(answer.json()["id"], 1)
            assert stored.read_bytes() == jpeg


class TestRefused:
    def test_one_bad_photograph_refuses_all_and_is_named(self, app, jpeg):
        before = folders(app)
        answer = send(app, ("good.jpg", jpeg), ("bad.jpg", b"<html>"), ("worse.png", b"PK\3\4"))
        assert answer.status_code == 415
        detail = answer.json()["detail"]
        assert "bad.jpg" in detail
        assert "worse.png" in detail
        assert "good.jpg" not in detail
        assert folders(app) == before

    def test_pixels_are_counted_before_decoding(self, app):
        file = io.BytesIO()
        Image.new("1", (1000, 101)).save(file, "PNG")
        answer = send(app, ("wall.png", file.getvalue()))
        assert answer.status_code == 413
        assert "0.1 megapixels" in answer.json()["detail"]

    def test_bytes(self, app, jpeg):
        before = folders(app)
        answer = send(app, ("wall.jpg", jpeg + bytes(300_000)))
        assert answer.status_code == 413
        assert "0.3 MB" in answer.json()["detail"]
        assert send(app, *[(f"{k}.jpg", jpeg) for k in range(5)]).status_code == 413
        assert folders(app) == before

    def test_answer_reaches_a_sender_who_sends_on(self, app, jpeg):
        """The rest of what was refused is read, so that no reset overtakes the answer."""
        for _ in range(3):
            answer = send(app, ("wall.jpg", jpeg + bytes(60_000_000)))
            assert answer.status_code == 413

    def test_archive_at_the_end(self, app, jpeg):
        file = io.BytesIO(jpeg)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("../../evil.sh", "rm -rf /")
            archive.comment = b"c" * 300
        answer = send(app, ("wall.jpg", file.getvalue()))
        assert answer.status_code == 415
        assert "archive" in answer.json()["detail"]

    def test_full_disk(self, app, jpeg, monkeypatch):
        import errno
        import pathlib

        opened = pathlib.Path.open

        def fail(path, mode="r", *rest, **options):
            if path.suffix == ".part":
                raise OSError(errno.ENOSPC, "No space left on device")
            return opened(path, mode, *rest, **options)

        monkeypatch.setattr(pathlib.Path, "open", fail)
        before = folders(app)
        answer = send(app, ("wall.jpg", jpeg))
        assert answer.status_code == 507
        assert "No space left" in answer.json()["detail"]
        assert folders(app) == before

    def test_connection_that_ends(self, app, jpeg, wait_until):
        import socket

        from .hostile import Hostile, photo

        before = folders(app)
        request = Hostile(0, photo(jpeg))
        with socket.create_connection(("127.0.0.1", app.state.port)) as connection:
            connection.sendall(request.raw() + request.body[: len(jpeg) // 2])
            wait_until(lambda: folders(app) != before)
        wait_until(lambda: folders(app) == before)


class TestQueue:
    def test_full_queue_is_told_with_when_to_come_again(self, serve_app, tmp_path, jpeg):
        with serve_app(Settings(data=tmp_path, queue_limit=2)) as app:
            key = {"Idempotency-Key": "first"}
            files = {"photos": ("a.jpg", jpeg)}
            first = app.state.http.post("/api/v1/jobs", files=files, headers=key)
            assert first.status_code == 201
            assert send(app, ("b.jpg", jpeg)).status_code == 201
            full = send(app, ("c.jpg", jpeg))
            assert full.status_code == 429
            assert int(full.headers["retry-after"]) > 0
            assert full.json()["detail"].endswith(".")
            assert len(folders(app)) == 2
            # what was taken before is told again, also while the queue is full
            again = app.state.http.post("/api/v1/jobs", files=files, headers=key)
            assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
            app.state.http.post(f"/api/v1/jobs/{first.json()['id']}/cancel")
            assert send(app, ("c.jpg", jpeg)).status_code == 201
