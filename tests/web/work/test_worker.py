"""The worker: photographs in the list become results, figures and tiles."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from cracknet.errors import MeasurementError, PhotoError
from cracknet.measurement.files import read_measurement
from cracknet.reporting.measured_run import measure_results
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.pyramid import tile_path
from cracknet.segmentation.models import DEFAULT_MODEL, find_model
from cracknet.web.queue.jobs import Edits, JobOptions, Stroke
from cracknet.web.queue.store import Store
from cracknet.web.work import worker as worker_module
from cracknet.web.work import working
from cracknet.web.work.worker import Stopped, work
from cracknet.web.work.working import Working

from ..sending import crack, send, wait_until, wall


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as made:
        yield made


def work_off(store):
    return work(store, secrets.token_hex(8), until_idle=True, threads=1)


def tile(store, job, layer, number=1):
    path = tile_path(store.folder(job) / "tiles" / str(number), layer, 0, 0, 0)
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_photographs_become_results_and_the_bad_one_a_sentence(store):
    files = [("Pier 3.png", wall()), ("../secret.png", b"<svg/>"), ("pier 3.jpg", wall(row=90))]
    job = send(store, files, mm_per_px=0.5, standard="aci224r", exposure="humid")
    assert work_off(store) == 4
    done = store.job(job.id)
    assert (done.status, done.error) == ("done", "")
    first, bad, other = done.photos
    assert (first.status, first.width_px, first.height_px, first.cracks) == ("done", 224, 160, 1)
    truth = np.hypot(*np.diff(crack(), axis=0).T).sum()
    assert first.length_px == pytest.approx(truth, rel=0.05)
    assert first.length_mm == pytest.approx(first.length_px / 2)
    assert 4 < first.width_max_px < 10  # drawn 7.4 px wide, and wider at its bends
    assert 0.02 < first.crack_share < 0.07
    assert (bad.status, bad.name, other.name) == ("failed", "secret", "pier_3-3")
    assert bad.error.startswith("../secret.png: not an image that CrackNet reads")
    assert str(store.data) not in bad.error

    out = store.folder(job.id) / "results"
    with (out / "cracks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == ["Pier_3", "pier_3-3"]
    assert rows[0]["width_class"].endswith("mm")
    with (out / "photos.csv").open(newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["done", "failed", "done"]
    run = json.loads((out / "run.json").read_text())
    assert (run["status"], run["photos"], run["failed"]) == ("finished", 3, 1)
    mask = cv2.imread(str(out / "Pier_3.mask.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(tile(store, job.id, "mask"), mask)
    assert tile(store, job.id, "photo").shape == (160, 224)


def test_the_results_are_a_folder_that_the_commands_read(store):
    job = send(store)
    work_off(store)
    result = measure_results(store.folder(job.id) / "results", Measuring())
    assert [(row.photo, row.cracks) for row in result.rows] == [("wall", 1)]
    assert result.skipped == 1


def test_a_correction_changes_mask_tiles_figures_and_tables(store):
    job = send(store)
    work_off(store)
    before = tile(store, job.id, "probability")
    edits = Edits(
        strokes=(Stroke("add", 3, ((30, 120), (190, 120))),), scale_line=(0, 0, 100, 0, 25)
    )
    store.set_edits(job.id, 1, edits)
    assert work_off(store) == 2
    photo = store.job(job.id).photos[0]
    assert (photo.status, photo.cracks, photo.mm_per_px, photo.edits) == ("done", 2, 0.25, edits)
    assert tile(store, job.id, "mask")[120, 100] == 255
    assert np.array_equal(tile(store, job.id, "probability"), before)
    text = (store.folder(job.id) / "results" / "cracks.csv").read_text()
    assert text.count("\n") == 3


def test_notes_call_a_photograph_as_its_sender_does(store):
    job = send(store, [("Pier 3.png", wall())], marker="50")
    work_off(store)
    stored = store.folder(job.id) / "results" / "Pier_3.cracks.json"
    for _ in range(2):  # as segmented, and as corrected
        (note,) = read_measurement(stored).measurement.notes[:1]
        assert note.startswith("no scale: ")
        assert "Pier 3.png" in note
        assert str(store.data) not in note
        store.set_edits(job.id, 1, Edits(threshold=0.4))
        work_off(store)


def test_other_options_count_for_what_is_there(store):
    job = send(store)
    work_off(store)
    store.set_options(job.id, JobOptions(sensitivity="low", mm_per_px=2.0))
    assert work_off(store) == 2
    low = find_model(DEFAULT_MODEL).thresholds["low"]
    item = read_measurement(store.folder(job.id) / "results" / "wall.cracks.json")
    assert item.about["threshold"] == low
    assert item.measurement.scale.mm_per_px == 2.0
    run = json.loads((store.folder(job.id) / "results" / "run.json").read_text())
    assert run["options"]["threshold"] == low


def test_two_dates_are_compared(store, rendered):
    gray = rendered(448, 448).gray
    photo = bytes(cv2.imencode(".png", gray)[1])
    moved = bytes(cv2.imencode(".png", np.roll(gray, 6, axis=1))[1])
    job = send(store, [("2024.png", photo), ("2025.png", moved)])
    work_off(store)
    about = {"before": {"job": job.id, "photo": 1}, "after": {"job": job.id, "photo": 2}}
    change = store.create(
        secrets.token_urlsafe(16), "change", "", JobOptions(), (), limit=9, about=about
    )
    work_off(store)
    assert store.job(change.id).status == "done", store.job(change.id).error
    out = store.folder(change.id) / "results"
    told = json.loads((out / "change.json").read_text())
    assert (told["before"], told["after"]) == ("2024.png", "2025.png")
    before, after = (cv2.imread(str(out / f"{name}.jpg"), 0) for name in ("before", "after"))
    assert before.shape == after.shape == (448, 448)
    apart = np.abs(before.astype(int) - after)[:, 20:-20]
    assert apart.mean() < 6, "BEFORE lies on AFTER"
    assert cv2.imread(str(out / "change.jpg")) is not None


def test_dates_that_are_not_there_any_more_are_told(store):
    about = {"before": {"job": "x" * 22, "photo": 1}, "after": {"job": "x" * 22, "photo": 2}}
    change = store.create(
        secrets.token_urlsafe(16), "change", "", JobOptions(), (), limit=9, about=about
    )
    work_off(store)
    ended = store.job(change.id)
    assert (ended.status, ended.error.split(".")[0]) == (
        "failed", "a photograph to be compared has been deleted or is not measured",
    )  # fmt: skip


def test_a_raster_is_refused_with_the_command_for_it(store, tmp_path):
    tags = [(33550, 12, 3, (0.1, 0.1, 0.0)), (33922, 12, 6, (0, 0, 0, 5e5, 5e6, 0))]
    tifffile.imwrite(tmp_path / "ortho.tif", np.zeros((64, 64), np.uint8), extratags=[
        (code, kind, count, value, True) for code, kind, count, value in tags
    ])  # fmt: skip
    job = send(store, [("ortho.tif", (tmp_path / "ortho.tif").read_bytes())])
    work_off(store)
    assert "cracknet segment ortho.tif -o RESULTS" in store.job(job.id).photos[0].error


def test_too_many_pixels_are_refused_before_they_are_decoded(store):
    job = send(store, [("wall.png", wall())])
    work(store, "w", until_idle=True, threads=1, max_pixels=10_000)
    error = store.job(job.id).photos[0].error
    assert error.startswith("wall.png: 224 x 160 pixels are more than the limit")


def test_heic_of_a_phone(store):
    pillow_heif = pytest.importorskip("pillow_heif")
    gray = cv2.imdecode(np.frombuffer(wall(), np.uint8), cv2.IMREAD_GRAYSCALE)
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(np.dstack([gray] * 3))).save(file, quality=90)
    job = send(store, [("IMG_1.HEIC", file.getvalue())])
    work_off(store)
    photo = store.job(job.id).photos[0]
    assert (photo.status, photo.name, photo.cracks) == ("done", "IMG_1", 1)
    assert tile(store, job.id, "photo").shape == (160, 224, 3)


def test_a_fault_of_the_program_fails_one_photograph_and_the_next_is_done(store, monkeypatch):
    job = send(store, [("a.png", wall()), ("b.png", wall())])
    real = working.write_pyramid

    def faulty(folder, *arrays):
        if folder.name == "1":
            message = "tile upside down"
            raise KeyError(message)
        return real(folder, *arrays)

    monkeypatch.setattr(working, "write_pyramid", faulty)
    work_off(store)
    first, second = store.job(job.id).photos
    assert first.status == "failed"
    assert "a fault of the program (KeyError: 'tile upside down')" in first.error
    assert second.status == "done"


def test_a_job_deleted_while_it_is_done_leaves_no_files(store, monkeypatch):
    job = send(store)
    real = working.write_pyramid

    def deleting(*given):
        store.delete(job.id)
        store.remove_files(job.id)
        return real(*given)

    monkeypatch.setattr(working, "write_pyramid", deleting)
    work_off(store)
    assert not store.folder(job.id).exists()


def test_models_are_loaded_once(store, monkeypatch):
    loaded = []
    real = working.Segmenter

    def counted(name, **options):
        loaded.append(name)
        return real(name, **options)

    monkeypatch.setattr(working, "Segmenter", counted)
    for sensitivity in ("low", "high", "normal"):
        send(store, sensitivity=sensitivity)
    work_off(store)
    assert loaded == [DEFAULT_MODEL]
    thresholds = [
        read_measurement(store.folder(job.id) / "results" / "wall.cracks.json").about["threshold"]
        for job in store.jobs(9)
    ]
    of = find_model(DEFAULT_MODEL).thresholds
    assert thresholds == [of["normal"], of["high"], of["low"]]
    assert len(set(thresholds)) == 3


def test_errors_of_measuring_are_told(store, monkeypatch):
    job = send(store)
    work_off(store)

    def impossible(*_, **__):
        message = "this cannot be measured."
        raise MeasurementError(message)

    monkeypatch.setattr(working, "measure_edits", impossible)
    store.set_edits(job.id, 1, Edits(threshold=0.2))
    work_off(store)
    photo = store.job(job.id).photos[0]
    assert (photo.status, photo.error, photo.cracks) == ("failed", "this cannot be measured.", 1)
    monkeypatch.undo()
    store.set_edits(job.id, 1, Edits())
    work_off(store)
    assert store.job(job.id).photos[0].status == "done"


def test_a_worker_reaches_no_other_host_and_forks_nothing(store, tmp_path):
    """OpenVINO reports its use from a forked process, unless it is kept from it."""
    job = send(store)
    program = (
        "import os, socket, sys\n"
        "told = sys.argv[1]\n"
        "def tell(what): open(told, 'a').write(what + '\\n')\n"
        "os.register_at_fork(before=lambda: tell('fork'))\n"
        "watched = ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname')\n"
        "sys.addaudithook(lambda event, _: tell(event) if event in watched else None)\n"
        "from cracknet.web.work.worker import main\n"
        "sys.exit(main(['--data', sys.argv[2], '--until-idle']))\n"
    )
    told = tmp_path / "told"
    line = [sys.executable, "-c", program, str(told), str(store.data)]
    # no machine of continuous integration: there OpenVINO keeps still by itself
    env = {key: value for key, value in os.environ.items() if key not in ("CI", "TF_BUILD")}
    assert subprocess.run(line, env=env, timeout=60, check=False).returncode == 0
    assert store.job(job.id).status == "done"
    assert not told.exists(), told.read_text()


def test_a_worker_told_to_end_puts_its_work_back(store):
    """As a process of its own, in the middle of a photograph."""
    job = send(store, [("a.png", wall(1200, 1600))])
    line = [
        sys.executable,
        "-m",
        "cracknet.web.work.worker",
        "--data",
        str(store.data),
        "--owner",
        "w1",
    ]
    process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: store.job(job.id).photos[0].status == "running")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, process.stderr.read()
    process.stderr.close()
    # done where another library lost the exception that the signal raises; never left running
    assert store.job(job.id).photos[0].status in ("waiting", "done")
    assert not list((store.data / "workers").iterdir())


def test_a_signal_that_another_library_swallows_ends_the_worker_after_its_work(store, monkeypatch):
    job = send(store, [("a.png", wall()), ("b.png", wall())])
    told = threading.Event()
    monkeypatch.setattr(worker_module, "_told_to_end", told)
    done = Working.do

    def swallowing(self, task):
        with suppress(Stopped):
            worker_module._stop(signal.SIGTERM, None)
        return done(self, task)

    monkeypatch.setattr(Working, "do", swallowing)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(Stopped):
            work(store, "w1")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [photo.status for photo in store.job(job.id).photos] == ["done", "waiting"]


@pytest.mark.parametrize("error", [RuntimeError("callback failed"), PhotoError("a.png: no.")])
def test_what_fails_because_of_the_signal_is_put_back(store, monkeypatch, error):
    """A library that calls back into Python tells of the signal by an error of its own."""
    job = send(store, [("a.png", wall())])
    monkeypatch.setattr(worker_module, "_told_to_end", threading.Event())
    before = signal.getsignal(signal.SIGTERM)

    def failing(_self, _task):
        with suppress(Stopped):
            worker_module._stop(signal.SIGTERM, None)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Working, "do", failing)
        with pytest.raises(Stopped):
            work(store, "w1")
    signal.signal(signal.SIGTERM, before)
    assert [photo.status for photo in store.job(job.id).photos] == ["waiting"]
    worker_module._told_to_end.clear()
    assert work(store, "w2", until_idle=True) > 0
    assert [photo.status for photo in store.job(job.id).photos] == ["done"]


def test_an_idle_worker_of_a_server_ends_at_once_when_told_to(store):
    line = [sys.executable, "-m", "cracknet.web.work.worker", "--data", str(store.data)]
    process = subprocess.Popen(
        [*line, "--end-with-stdin"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: list((store.data).glob("workers/*.lock")))
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert process.stderr.read() == ""
    process.stdin.close()
    process.stderr.close()


def test_a_worker_ends_when_its_parent_does(store):
    """The pipe closes however the parent ends."""
    line = [sys.executable, "-m", "cracknet.web.work.worker", "--data", str(store.data)]
    process = subprocess.Popen([*line, "--end-with-stdin"], stdin=subprocess.PIPE)
    wait_until(lambda: list((store.data).glob("workers/*.lock")))
    assert process.poll() is None
    assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    process.stdin.close()
    assert process.wait(60) == 0
