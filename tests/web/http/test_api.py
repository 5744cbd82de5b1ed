"""The API: a job from the upload to its results, done by the real worker with the shipped model."""

from __future__ import annotations

import csv
import io
import json
import secrets
import zipfile
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from cracknet.segmentation.models import DEFAULT_MODEL
from cracknet.web.http.settings import Settings
from cracknet.web.work.worker import work

NOBODY = "A" * 22


@pytest.fixture(scope="module")
def app(serve_app, tmp_path_factory):
    with serve_app(Settings(data=tmp_path_factory.mktemp("data"))) as app:
        yield app


def upload(app, *photos, key=None, **fields):
    files = [("photos", (name, content)) for name, content in photos]
    headers = {} if key is None else {"Idempotency-Key": key}
    return app.state.http.post("/api/v1/jobs", files=files, data=fields, headers=headers)


def do_all(app):
    """Do what there is to do, as the worker's process does."""
    work(app.state.store, f"tests-{secrets.token_hex(8)}", until_idle=True, threads=1)


@pytest.fixture(scope="module")
def done(app, jpeg, png):
    """A job of two photographs that are done and one that cannot be."""
    options = {"mm_per_px": 0.2, "standard": "aci224r", "exposure": "humid"}
    answer = upload(
        app, ("pier 1.jpg", jpeg), ("pier 2.png", png), ("cut.jpg", jpeg[: len(jpeg) // 2]),
        title="Pier 3", options=json.dumps(options),
    )  # fmt: skip
    assert answer.status_code == 201
    do_all(app)
    return app.state.http.get(f"/api/v1/jobs/{answer.json()['id']}").json()


class TestJob:
    def test_as_told(self, done):
        assert done["kind"] == "segment"
        assert done["status"] == "done"
        assert done["title"] == "Pier 3"
        assert done["finished"] >= done["created"]
        assert done["options"]["mm_per_px"] == 0.2
        first, second, _ = done["photos"]
        assert (first["file_name"], first["status"]) == ("pier 1.jpg", "done")
        assert (first["width_px"], first["height_px"]) == (224, 160)
        assert first["cracks"] > 0
        assert first["length_mm"] == pytest.approx(0.2 * first["length_px"])
        assert second["cracks"] > 0

    def test_photograph_that_only_the_worker_can_tell(self, done):
        """Its header is whole, and its pixels are not: the worker finds out, in a sentence."""
        cut = done["photos"][2]
        assert cut["status"] == "failed"
        assert "truncated" in cut["error"]
        assert cut["cracks"] is None

    def test_links_lead_somewhere(self, app, done):
        for name, link in done["photos"][0]["links"].items():
            if name not in ("tiles", "edits"):
                assert app.state.http.get(link).status_code == 200, name

    def test_no_path_of_the_server_is_told(self, app, done):
        data = str(app.state.settings.data)
        base = f"/api/v1/jobs/{done['id']}"
        for path in (
            base, f"{base}/photos/1/measurement", f"{base}/photos/1/results/cracks.json",
            f"{base}/results/photos.csv", f"{base}/results/report.html",
            f"{base}/photos/3/measurement", f"{base}/results/coco.json",
        ):  # fmt: skip
            assert data not in app.state.http.get(path).text, path

    def test_list_is_newest_first_and_paged(self, app, done, jpeg):
        newer = upload(app, ("a.jpg", jpeg)).json()["id"]
        listed = [job["id"] for job in app.state.http.get("/api/v1/jobs").json()]
        assert listed.index(newer) < listed.index(done["id"])
        page = app.state.http.get("/api/v1/jobs", params={"limit": 1, "before": newer}).json()
        assert [job["id"] for job in page] == [listed[listed.index(newer) + 1]]
        app.state.http.delete(f"/api/v1/jobs/{newer}")

    @pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=short"])
    def test_list_of_bad_pages(self, app, query):
        answer = app.state.http.get(f"/api/v1/jobs?{query}")
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(query.partition("=")[0])

    @pytest.mark.parametrize("job", [NOBODY, "x", "..", "%2e%2e", "A" * 21, "A" * 22 + "%00"])
    def test_unknown_ones(self, app, job):
        for path in ("", "/events", "/photos/1/measurement", "/results/cracks.csv"):
            answer = app.state.http.get(f"/api/v1/jobs/{job}{path}")
            assert answer.status_code == 404
            assert answer.json()["detail"].endswith(".")

    def test_cancel_and_delete(self, app, jpeg):
        job = upload(app, ("a.jpg", jpeg)).json()["id"]
        folder = app.state.store.folder(job)
        assert folder.is_dir()
        cancelled = app.state.http.post(f"/api/v1/jobs/{job}/cancel").json()
        assert cancelled["status"] == "cancelled"
        assert cancelled["photos"][0]["status"] == "failed"
        assert app.state.http.delete(f"/api/v1/jobs/{job}").status_code == 204
        assert not folder.exists()
        for method in ("GET", "DELETE"):
            assert app.state.http.request(method, f"/api/v1/jobs/{job}").status_code == 404
        assert app.state.http.post(f"/api/v1/jobs/{job}/cancel").status_code == 404


class TestIdempotency:
    def test_same_key_same_job(self, app, jpeg):
        first = upload(app, ("a.jpg", jpeg), key="once").json()
        again = upload(app, ("a.jpg", jpeg), key="once")
        assert (again.status_code, again.json()["id"]) == (201, first["id"])
        other = upload(app, ("a.jpg", jpeg + b"\0"), key="once")
        assert other.status_code == 422
        assert "key" in other.json()["detail"]

    def test_at_the_same_moment(self, app, jpeg):
        before = {path.name for path in (app.state.settings.data / "jobs").iterdir()}
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: upload(app, ("a.jpg", jpeg), key="at-once"), range(8))
            )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        after = {path.name for path in (app.state.settings.data / "jobs").iterdir()}
        assert len(after - before) == 1

    def test_without_a_key_each_is_a_job(self, app, jpeg):
        ids = {upload(app, ("a.jpg", jpeg)).json()["id"] for _ in range(2)}
        assert len(ids) == 2
        for job in ids:
            app.state.http.delete(f"/api/v1/jobs/{job}")


class TestPhoto:
    def test_measurement_holds_the_rows_of_the_table(self, app, done):
        base = f"/api/v1/jobs/{done['id']}"
        found = app.state.http.get(f"{base}/photos/1/measurement").json()
        text = app.state.http.get(f"{base}/results/cracks.csv").text
        rows = [row for row in csv.DictReader(io.StringIO(text)) if row["photo"] == "pier_1"]
        assert len(found["cracks"]) == len(rows) == done["photos"][0]["cracks"]
        for crack, row in zip(found["cracks"], rows, strict=True):
            assert list(crack) == [*row, "at"]
            assert crack["length_mm"] == float(row["length_mm"])
            assert crack["width_class"] == row["width_class"] != ""
        assert found["scale"]["mm_per_px"] == 0.2
        assert found["revision"] == done["photos"][0]["revision"]
        numbers = {crack["crack"] for crack in found["cracks"]}
        assert {branch["crack"] for branch in found["branches"]} == numbers

    def test_point_lies_on_its_crack(self, app, done):
        base = f"/api/v1/jobs/{done['id']}/photos/1"
        found = app.state.http.get(f"{base}/measurement").json()
        png = app.state.http.get(f"{base}/results/mask.png").content
        mask = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
        near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
        for crack in found["cracks"]:
            x, y = crack["at"]
            assert near[round(y), round(x)] == 255

    def test_tiles_make_up_the_photograph(self, app, done):
        base = f"/api/v1/jobs/{done['id']}/photos/1"
        pyramid = app.state.http.get(f"{base}/pyramid").json()
        assert pyramid["tile_px"] == 512
        assert (pyramid["width_px"], pyramid["height_px"], pyramid["levels"]) == (224, 160, 1)
        for layer, kind in (("photo", "jpeg"), ("probability", "png"), ("mask", "png")):
            answer = app.state.http.get(f"{base}/tiles/{layer}/0/0/0")
            assert answer.headers["content-type"] == f"image/{kind}"
            tile = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
            assert tile.shape[:2] == (160, 224)
        whole = app.state.http.get(f"{base}/results/mask.png").content
        mask = cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_UNCHANGED)
        assert (tile == mask).all()
        assert set(np.unique(mask)) == {0, 255}

    @pytest.mark.parametrize(
        "tile",
        ["photo/0/1/0", "photo/9/0/0", "mask/0/0/99999", "other/0/0/0", "photo/-1/0/0",
         "photo/0/0/x", "..%2f..%2f0/0/0/0"],
    )  # fmt: skip
    def test_tiles_that_are_not(self, app, done, tile):
        answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/photos/1/tiles/{tile}")
        assert answer.status_code == 404

    def test_photograph_comes_back_as_sent(self, app, done, jpeg):
        answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/photos/1/results/photo")
        assert answer.content == jpeg
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-disposition"].startswith("attachment")

    def test_not_ready_yet(self, app, jpeg):
        job = upload(app, ("a.jpg", jpeg)).json()["id"]
        for path in ("photos/1/measurement", "photos/1/pyramid", "photos/1/results/mask.png",
                     "results/cracks.csv", "results/all.zip"):  # fmt: skip
            answer = app.state.http.get(f"/api/v1/jobs/{job}/{path}")
            assert answer.status_code == 409
            assert "Wait" in answer.json()["detail"]
        app.state.http.delete(f"/api/v1/jobs/{job}")

    def test_photograph_that_is_not(self, app, done):
        for number in (4, 0, -1, "x", 10**9):
            answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/photos/{number}/measurement")
            assert answer.status_code == 404


class TestEdits:
    def test_are_measured_anew(self, app, png):
        job = upload(app, ("a.png", png)).json()["id"]
        do_all(app)
        path = f"/api/v1/jobs/{job}"
        photo = app.state.http.get(path).json()["photos"][0]
        first = app.state.http.get(f"{path}/photos/1/measurement").json()
        edits = {
            "strokes": [{"kind": "erase", "radius_px": 400, "points": [[112, 80]]},
                        {"kind": "add", "radius_px": 2, "points": [[20, 80], [200, 80]]}],
            "scale_line": [20, 80, 120, 80, 50],
        }  # fmt: skip
        answer = app.state.http.put(
            f"{path}/photos/1/edits", json=edits, headers={"If-Match": str(photo["revision"])}
        )
        assert answer.status_code == 202, answer.text
        assert answer.json()["revision"] > photo["revision"]
        assert answer.json()["edits"]["scale_line"] == [20, 80, 120, 80, 50]
        stale = app.state.http.put(
            f"{path}/photos/1/edits", json={}, headers={"If-Match": f'"{photo["revision"]}"'}
        )
        assert stale.status_code == 412
        do_all(app)
        found = app.state.http.get(f"{path}/photos/1/measurement").json()
        assert found != first
        (crack,) = found["cracks"]
        assert found["scale"]["mm_per_px"] == pytest.approx(0.5)
        assert crack["length_px"] == pytest.approx(180, abs=6)
        assert crack["length_mm"] == pytest.approx(90, abs=3)
        changed = app.state.http.put(f"{path}/options", json={"mm_per_px": 2})
        assert changed.status_code == 202
        assert changed.json()["status"] == "queued"

    @pytest.mark.parametrize(
        ("edits", "words"),
        [
            ({"threshold": 2}, "threshold"),
            ({"strokes": [{"kind": "paint", "radius_px": 1, "points": [[0, 0]]}]}, "kind"),
            ({"strokes": [{"kind": "add", "radius_px": 1, "points": []}]}, "points"),
            ({"rejected": [[1]]}, "rejected"),
            ({"mm_per_px": 0.1, "scale_line": [0, 0, 1, 1, 1]}, "one source"),
            ({"other": 1}, "no such key"),
            ([], "valid dictionary"),
            ("text", "valid dictionary"),
        ],
    )
    def test_bad_ones(self, app, done, edits, words):
        answer = app.state.http.put(f"/api/v1/jobs/{done['id']}/photos/1/edits", json=edits)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]

    @pytest.mark.parametrize(
        "text", ["", "{", '{"threshold": NaN}', '{"mm_per_px": Infinity}', "[" * 50_000]
    )
    def test_what_is_no_json(self, app, done, text):
        answer = app.state.http.put(
            f"/api/v1/jobs/{done['id']}/photos/1/edits",
            content=text,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code in (400, 422)
        assert answer.json()["detail"].endswith(".")

    def test_too_many(self, app, done):
        answer = app.state.http.put(
            f"/api/v1/jobs/{done['id']}/photos/1/edits",
            content=b" " * 9_000_000,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 413

    @pytest.mark.parametrize("given", ["x", "-1", "1.5", '"', "9" * 30])
    def test_bad_revision(self, app, done, given):
        answer = app.state.http.put(
            f"/api/v1/jobs/{done['id']}/photos/1/edits", json={}, headers={"If-Match": given}
        )
        assert answer.status_code == 400


class TestResults:
    def fetch(self, app, done, file):
        answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/results/{file}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="Pier-3-{file}"'
        return answer

    def test_photos_csv_names_files_as_sent(self, app, done):
        rows = list(csv.DictReader(io.StringIO(self.fetch(app, done, "photos.csv").text)))
        assert [row["file"] for row in rows] == ["pier 1.jpg", "pier 2.png"]

    def test_workbook(self, app, done):
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.load_workbook(io.BytesIO(self.fetch(app, done, "cracks.xlsx").content))
        cracks = sum(photo["cracks"] or 0 for photo in done["photos"])
        assert book["Cracks"].max_row == 1 + cracks

    def test_geojson_and_geopackage_hold_all_photographs(self, app, done, tmp_path):
        pyogrio = pytest.importorskip("pyogrio")
        cracks = sum(photo["cracks"] or 0 for photo in done["photos"])
        content = self.fetch(app, done, "cracks.geojson").json()
        assert len(content["features"]) == cracks
        assert content["coordinate_system"]["unit"] == "mm"
        path = tmp_path / "cracks.gpkg"
        path.write_bytes(self.fetch(app, done, "cracks.gpkg").content)
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        assert layers == ["pier_1 cracks", "pier_1 branches", "pier_2 cracks", "pier_2 branches"]
        info = pyogrio.read_info(path, layer="pier_1 cracks")
        assert info["features"] == done["photos"][0]["cracks"]

    def test_drawings(self, app, done):
        pytest.importorskip("ezdxf")
        with zipfile.ZipFile(io.BytesIO(self.fetch(app, done, "drawings.zip").content)) as archive:
            assert archive.namelist() == ["pier_1.dxf", "pier_2.dxf"]
            assert b"LWPOLYLINE" in archive.read("pier_1.dxf")

    def test_coco_holds_the_mask(self, app, done):
        content = self.fetch(app, done, "coco.json").json()
        assert [image["file_name"] for image in content["images"]] == ["pier 1.jpg", "pier 2.png"]
        png = app.state.http.get(done["photos"][0]["links"]["mask.png"]).content
        mask = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) > 0
        areas = [area["area"] for area in content["annotations"] if area["image_id"] == 1]
        assert sum(areas) == mask.sum()

    def test_report(self, app, done):
        answer = self.fetch(app, done, "report.html")
        assert "pier 1.jpg" in answer.text
        assert "truncated" in answer.text  # the photograph that failed is listed
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy

    @pytest.mark.slow
    def test_report_as_pdf(self, app, done, weasyprint):
        pdfium = pytest.importorskip("pypdfium2")
        document = pdfium.PdfDocument(self.fetch(app, done, "report.pdf").content)
        text = "".join(page.get_textpage().get_text_range() for page in document)
        assert "pier 1.jpg" in text
        assert str(app.state.settings.data) not in text

    @pytest.mark.slow
    def test_all(self, app, done):
        answer = self.fetch(app, done, "all.zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            notes = archive.read("notes.txt").decode()
        assert len(set(names)) == len(names)
        assert not any("/" in name or "\\" in name for name in names)
        for name in ("pier_1.mask.png", "pier_2.widths.jpg", "pier_1.cracks.json",
                     "pier_2.labelme.json", "cracks.csv", "report.html"):  # fmt: skip
            assert name in names
        assert "cut.jpg" in notes

    def test_missing_package_is_told(self, app, done, monkeypatch):
        import importlib.util

        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == "ezdxf" else find(name)
        )
        answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/results/drawings.zip")
        assert answer.status_code == 501
        assert "cracknet[cad]" in answer.json()["detail"]
        listed = {form["name"]: form for form in app.state.http.get("/api/v1/formats").json()}
        assert not listed["drawings.zip"]["available"]
        assert listed["cracks.csv"]["available"]

    def test_process_that_dies_is_told(self, app, done, monkeypatch):
        import sys

        monkeypatch.setattr(sys, "executable", "/bin/false")
        folder = app.state.store.folder(done["id"]) / "exports" / str(done["revision"])
        (folder / "branches.csv").unlink(missing_ok=True)
        answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/results/branches.csv")
        assert answer.status_code == 409
        assert "could not be made" in answer.json()["detail"]
        assert app.state.http.get("/api/v1/health").status_code == 200

    def test_made_once_however_many_ask(self, app, done):
        folder = app.state.store.folder(done["id"]) / "exports" / str(done["revision"])
        (folder / "branches.csv").unlink(missing_ok=True)
        path = f"/api/v1/jobs/{done['id']}/results/branches.csv"
        with ThreadPoolExecutor(6) as pool:
            texts = set(pool.map(lambda _: app.state.http.get(path).text, range(6)))
        assert len(texts) == 1
        assert not [path for path in folder.iterdir() if path.name.startswith("making-")]

    def test_unknown_file(self, app, done):
        for file in ("jobs.sqlite", "..%2f..%2fjobs.sqlite", "cracks", "%00"):
            answer = app.state.http.get(f"/api/v1/jobs/{done['id']}/results/{file}")
            assert answer.status_code == 404

    def test_not_sent_again_while_unchanged(self, app, done):
        for path in (f"/api/v1/jobs/{done['id']}/results/cracks.csv",
                     f"/api/v1/jobs/{done['id']}/photos/1/measurement",
                     f"/api/v1/jobs/{done['id']}/photos/1/tiles/photo/0/0/0",
                     f"/api/v1/jobs/{done['id']}/photos/1/results/overlay.jpg"):  # fmt: skip
            first = app.state.http.get(path)
            tag = first.headers["etag"]
            again = app.state.http.get(path, headers={"If-None-Match": f'"x", {tag}'})
            assert (again.status_code, again.content) == (304, b"")
            assert app.state.http.get(path, headers={"If-None-Match": '"x"'}).status_code == 200

    def test_kept_for_good_by_its_revision_only(self, app, done):
        path = f"/api/v1/jobs/{done['id']}/photos/1/measurement"
        now = done["photos"][0]["revision"]
        assert "immutable" in app.state.http.get(f"{path}?revision={now}").headers["cache-control"]
        for other in (f"{path}?revision={now + 1}", path):
            assert "no-cache" in app.state.http.get(other).headers["cache-control"]


class TestEvents:
    def test_follow_a_job(self, app, jpeg):
        job = upload(app, ("a.jpg", jpeg)).json()["id"]
        seen = []
        with app.state.http.stream("GET", f"/api/v1/jobs/{job}/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in answer.headers
            for event in events(answer):
                seen.append(event)
                if len(seen) == 1:
                    app.state.http.post(f"/api/v1/jobs/{job}/cancel")
                elif len(seen) == 2:
                    app.state.http.delete(f"/api/v1/jobs/{job}")
        kinds = [event["event"] for event in seen]
        assert kinds == ["job", "job", "gone"]
        states = [json.loads(event["data"]) for event in seen[:2]]
        assert [state["status"] for state in states] == ["queued", "cancelled"]
        assert [event["id"] for event in seen[:2]] == [str(state["revision"]) for state in states]
        assert states[0] == {**states[0], "id": job}

    def test_what_was_seen_is_not_sent_again(self, app, done, monkeypatch):
        monkeypatch.setattr("cracknet.web.http.events.QUIET_SECONDS", 0.3)
        path = f"/api/v1/jobs/{done['id']}/events"
        for last, count in ((str(done["revision"]), 0), ("1", 1), ("x", 1), ("9" * 40, 1)):
            headers = {"Last-Event-ID": last}
            with app.state.http.stream("GET", path, headers=headers) as answer:
                assert len(list(events(answer))) == count  # and the stream ends by itself

    def test_beats_while_nothing_happens(self, app, done, monkeypatch):
        monkeypatch.setattr("cracknet.web.http.events.BEAT_SECONDS", 0.1)
        with app.state.http.stream("GET", f"/api/v1/jobs/{done['id']}/events") as answer:
            for line in answer.iter_lines():
                if line.startswith(":"):
                    break


def events(answer):
    """The events of a stream, each as a dict."""
    event = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif "event" in event:
            yield event
            event = {}
        else:
            event = {}


class TestChange:
    def test_two_dates(self, app, done):
        side = {"job": done["id"], "photo": 1}
        answer = app.state.http.post("/api/v1/changes", json={"before": side, "after": side})
        assert answer.status_code == 201, answer.text
        job = answer.json()
        assert job["kind"] == "change"
        waiting = app.state.http.get(f"/api/v1/changes/{job['id']}").json()
        assert (waiting["rows"], waiting["pictures"]) == ([], {})
        do_all(app)
        found = app.state.http.get(f"/api/v1/changes/{job['id']}").json()
        if found["status"] == "failed":  # a small picture may hold too little texture
            assert found["error"].endswith(".")
        else:
            assert len(found["rows"]) == sum(found["statuses"].values())
            sizes = set()
            for link in found["pictures"].values():
                picture = app.state.http.get(link).content
                sizes.add(cv2.imdecode(np.frombuffer(picture, np.uint8), 1).shape)
            assert len(found["pictures"]) == 3
        assert app.state.http.get(f"/api/v1/changes/{done['id']}").status_code == 404

    def test_of_what_is_not_done(self, app, done):
        good = {"job": done["id"], "photo": 1}
        for bad, status in (
            ({"job": done["id"], "photo": 3}, 409),
            ({"job": done["id"], "photo": 4}, 404),
            ({"job": NOBODY, "photo": 1}, 404),
            ({"job": "../..", "photo": 1}, 422),
        ):
            answer = app.state.http.post("/api/v1/changes", json={"before": good, "after": bad})
            assert answer.status_code == status


class TestAbout:
    def test_health(self, app):
        health = app.state.http.get("/api/v1/health").json()
        assert health["status"] == "ok"
        assert health["max_photos"] == app.state.settings.max_photos

    def test_models_and_standards(self, app):
        models = app.state.http.get("/api/v1/models").json()
        assert [model["name"] for model in models if model["default"]] == [DEFAULT_MODEL]
        standards = {one["name"]: one for one in app.state.http.get("/api/v1/standards").json()}
        limits = {row["name"]: row["limit_mm"] for row in standards["aci224r"]["exposures"]}
        assert limits["humid"] == 0.3

    def test_formats_are_those_of_the_routes(self, app):
        document = app.state.http.get("/api/v1/openapi.json").json()
        forms = app.state.http.get("/api/v1/formats").json()
        for of, path in (
            ("job", "/api/v1/jobs/{job}/results/{file}"),
            ("photo", "/api/v1/jobs/{job}/photos/{photo}/results/{kind}"),
        ):
            names = [form["name"] for form in forms if form["of"] == of]
            parameters = document["paths"][path]["get"]["parameters"]
            known = [p["schema"]["enum"] for p in parameters if p["name"] in ("file", "kind")]
            assert known == [names]

    def test_json_is_packed_on_its_way_and_pictures_are_not(self, app, done):
        answer = app.state.http.get("/api/v1/openapi.json")
        assert answer.headers["content-encoding"] == "gzip"
        picture = app.state.http.get(done["photos"][0]["links"]["overlay.jpg"])
        assert "content-encoding" not in picture.headers


def test_no_script_of_elsewhere(app):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert app.state.http.get(path).status_code == 404


def test_pages_answer(app, done):
    for path in ("/", "/fragments/jobs", f"/jobs/{done['id']}"):
        answer = app.state.http.get(path)
        assert answer.status_code == 200
        assert "<script>" not in answer.text
