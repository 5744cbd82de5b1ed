"""The list of jobs: what it takes, refuses, and keeps."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from cracknet.errors import ArgumentError
from cracknet.web.queue import schema
from cracknet.web.queue.claims import Claims
from cracknet.web.queue.errors import MissingError, QueueFullError, StaleError, StoreError
from cracknet.web.queue.jobs import Edits, JobOptions, Stroke
from cracknet.web.queue.records import CANCELLED
from cracknet.web.queue.store import Store
from cracknet.web.queue.tasks import PhotoFigures

from ..sending import send

FIGURES = PhotoFigures(224, 160, 0.03, 1, 180.0, None, 5.0, None, None)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as made:
        yield made


def finish_all(store):
    """Pretend to do all work there is."""
    claims = Claims(store, "someone")
    while task := claims.claim():
        claims.finish(task, None if task.photo is None else FIGURES)


def test_a_job_comes_back_as_it_was_sent(store):
    sent = send(
        store, [("Pier 3.JPG", b"abc"), ("pier 3.png", b"defg")], title="Pier", mm_per_px=0.25
    )
    job = Store(store.data).job(sent.id)
    assert job == sent
    assert (job.kind, job.title, job.status, job.revision) == ("segment", "Pier", "queued", 1)
    assert job.options == JobOptions(mm_per_px=0.25)
    assert [(p.number, p.file_name, p.name, p.bytes, p.status) for p in job.photos] == [
        (1, "Pier 3.JPG", "Pier_3", 3, "waiting"),
        (2, "pier 3.png", "pier_3-2", 4, "waiting"),
    ]
    assert datetime.now(UTC) - job.created < timedelta(minutes=1)
    assert job.finished is None
    assert store.stored(job.id, 2) == store.folder(job.id) / "uploads" / "2.png"
    assert store.stored(job.id, 3) is None
    assert store.stored("../../etc", 1) is None
    assert store.job("x" * 22) is None


def test_jobs_are_listed_newest_first_page_by_page(store):
    ids = [send(store).id for _ in range(5)]
    assert [job.id for job in store.jobs(2)] == [ids[4], ids[3]]
    assert [job.id for job in store.jobs(2, before=ids[3])] == [ids[2], ids[1]]
    assert [job.id for job in store.jobs(9, before=ids[1])] == [ids[0]]
    assert store.jobs(9, before=ids[0]) == []


def test_a_full_queue_takes_no_more(store):
    send(store, limit=2)
    send(store, limit=2)
    with pytest.raises(QueueFullError, match="2 jobs wait already"):
        send(store, limit=2)
    assert store.waiting() == 2
    finish_all(store)
    assert store.waiting() == 0
    send(store, limit=2)


def test_the_same_key_gives_the_same_job(store):
    first = send(store, title="a", key="k1", limit=1)
    again = send(store, title="a", key="k1", limit=1)
    assert again == first
    assert store.waiting() == 1
    for other in ({"files": [("wall.png", b"other")]}, {"title": "b"}, {"mm_per_px": 1.0}):
        with pytest.raises(ArgumentError, match="another job before"):
            send(store, **{"title": "a", "key": "k1", **other})


def test_many_at_once_make_one_job_of_one_key(store):
    made, barrier = [], threading.Barrier(8)

    def run():
        barrier.wait()
        made.append(send(store, key="same").id)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert len(store.jobs(99)) == 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"model": "../../evil.xml"}, "the model is one of"),
        ({"standard": "/etc/passwd.toml"}, "the standard is one of"),
        ({"standard": "aci224r"}, "needs one of its exposures"),
        ({"standard": "aci224r", "exposure": "humid", "judge": "least"}, "judged width"),
        ({"exposure": "humid"}, "go with a standard"),
        ({"mm_per_px": -1.0}, "positive number"),
        ({"mm_per_px": 1.0, "marker": "50"}, "one source"),
        ({"marker": "big"}, "a marker is written"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_kept(store, options, text):
    with pytest.raises(ArgumentError, match=text):
        send(store, **options)
    assert store.jobs(9) == []


@pytest.mark.parametrize(
    "values",
    [
        {"sensitivity": "highest"},
        {"mm_per_px": "1"},
        {"mm_per_px": True},
        {"distance_m": "far"},
        {"model": 3},
        {"colour": "red"},
    ],
)
def test_options_of_another_kind_are_refused(values):
    with pytest.raises(ArgumentError):
        JobOptions.from_dict(values)


def test_options_survive_json():
    options = JobOptions("cracknet-lite", "high", distance_m="exif", standard="is456")
    assert JobOptions.from_dict(options.as_dict()) == options


def test_an_id_that_leads_elsewhere_is_refused(store):
    for bad in ("../../../../tmp/x", "short", "a" * 65, "a" * 15 + "/b", ""):
        with pytest.raises(ArgumentError, match="a job's id"):
            store.create(bad, "segment", "", JobOptions(), [("a", "b", 1)], limit=9)
        with pytest.raises(ArgumentError, match="a job's id"):
            store.remove_files(bad)


def test_a_job_needs_something_to_do(store):
    with pytest.raises(ArgumentError, match="needs photographs"):
        store.create(secrets.token_urlsafe(16), "segment", "", JobOptions(), [], limit=9)
    taken = send(store)
    with pytest.raises(ArgumentError, match="already"):
        store.create(taken.id, "segment", "", JobOptions(), [("a", "b", 1)], limit=9)


def test_the_revision_rises_with_every_change(store):
    job = send(store)
    seen = [store.revision(job.id)]
    claims = Claims(store, "w")
    task = claims.claim()
    seen.append(store.revision(job.id))
    claims.finish(task, FIGURES)
    seen.append(store.revision(job.id))
    claims.finish(claims.claim())
    seen.append(store.revision(job.id))
    store.set_edits(job.id, 1, Edits(threshold=0.4))
    seen.append(store.revision(job.id))
    store.set_options(job.id, JobOptions(mm_per_px=1.0))
    seen.append(store.revision(job.id))
    assert seen == sorted(set(seen))
    with pytest.raises(MissingError):
        store.revision("x" * 22)


def test_edits_queue_a_new_measurement_and_are_kept(store):
    job = send(store)
    finish_all(store)
    edits = Edits(strokes=(Stroke("add", 3, ((1.5, 2.0), (30.0, 40.0))),))
    photo = store.set_edits(job.id, 1, edits, store.job(job.id).photos[0].revision)
    assert (photo.status, photo.edits) == ("waiting", edits)
    assert store.job(job.id).status == "queued"
    assert store.job(job.id).finished is None
    task = Claims(store, "w").claim()
    assert (task.kind, task.photo.edits) == ("measure", edits)


def test_edits_of_someone_who_has_not_seen_the_last_are_refused(store):
    job = send(store)
    finish_all(store)
    seen = store.job(job.id).photos[0].revision
    store.set_edits(job.id, 1, Edits(threshold=0.3), seen)
    with pytest.raises(StaleError, match=r"wall\.png has changed"):
        store.set_edits(job.id, 1, Edits(threshold=0.2), seen)
    assert store.job(job.id).photos[0].edits.threshold == 0.3


def test_edits_that_come_too_early_are_applied_in_time(store):
    """Before it is segmented, and while it is."""
    job = send(store)
    store.set_edits(job.id, 1, Edits(threshold=0.3))
    claims = Claims(store, "w")
    task = claims.claim()
    assert task.kind == "segment"
    claims.finish(task, FIGURES)
    task = claims.claim()
    assert (task.kind, task.photo.edits.threshold) == ("measure", 0.3)
    store.set_edits(job.id, 1, Edits(threshold=0.2))
    claims.finish(task, FIGURES)
    assert store.job(job.id).photos[0].status == "waiting"
    task = claims.claim()
    assert (task.kind, task.photo.edits.threshold) == ("measure", 0.2)
    claims.finish(task, FIGURES)
    assert claims.claim().kind == "tables"


def test_edits_of_what_failed_or_is_missing_are_refused(store):
    job = send(store)
    claims = Claims(store, "w")
    claims.fail(claims.claim(), "it is damaged.")
    with pytest.raises(ArgumentError, match="it is damaged"):
        store.set_edits(job.id, 1, Edits())
    for job_id, number in ((job.id, 2), ("x" * 22, 1)):
        with pytest.raises(MissingError):
            store.set_edits(job_id, number, Edits())


def test_other_options_measure_anew_and_another_model_segments_anew(store):
    job = send(store, [("a.png", b"1"), ("b.png", b"2")])
    claims = Claims(store, "w")
    claims.finish(claims.claim(), FIGURES)
    claims.fail(claims.claim(), "it is damaged.")
    finish_all(store)
    changed = store.set_options(job.id, JobOptions(mm_per_px=0.5))
    assert [photo.status for photo in changed.photos] == ["waiting", "failed"]
    task = claims.claim()
    assert task.kind == "measure"
    store.set_options(job.id, JobOptions(model="cracknet-lite-int8"))
    claims.finish(task, FIGURES)
    assert claims.claim().kind == "segment"
    with pytest.raises(MissingError):
        store.set_options("x" * 22, JobOptions())


def test_cancelling_gives_up_what_is_not_begun(store):
    job = send(store, [("a.png", b"1"), ("b.png", b"2"), ("c.png", b"3")])
    claims = Claims(store, "w")
    claims.finish(claims.claim(), FIGURES)
    task = claims.claim()
    cancelled = store.cancel(job.id)
    assert [photo.status for photo in cancelled.photos] == ["done", "running", "failed"]
    assert cancelled.photos[2].error == CANCELLED
    claims.finish(task, FIGURES)
    finish_all(store)
    ended = store.job(job.id)
    assert (ended.status, [photo.status for photo in ended.photos]) == (
        "cancelled", ["done", "done", "failed"],
    )  # fmt: skip
    assert ended.finished is not None
    assert store.cancel(job.id) == ended
    assert store.cancel("x" * 22) is None


def test_a_job_that_nobody_has_begun_is_cancelled_at_once(store):
    job = send(store)
    assert store.cancel(job.id).status == "cancelled"
    assert store.waiting() == 0
    assert Claims(store, "w").claim() is None


def test_a_job_whose_photographs_all_fail_has_failed(store):
    job = send(store, [("a.png", b"1"), ("b.png", b"2")])
    claims = Claims(store, "w")
    while task := claims.claim():
        claims.fail(task, f"{task.photo.file_name}: it is damaged.")
    ended = store.job(job.id)
    assert (ended.status, ended.error) == ("failed", "a.png: it is damaged.")


def test_a_deleted_job_is_gone_with_its_files_and_nothing_else(store, tmp_path):
    job, other = send(store), send(store)
    outside = tmp_path / "precious"
    outside.mkdir()
    (outside / "file").write_text("x")
    (store.folder(job.id) / "results").symlink_to(outside)
    claims = Claims(store, "w")
    task = claims.claim()
    assert store.delete(job.id)
    store.remove_files(job.id)
    assert store.job(job.id) is None
    assert not store.folder(job.id).exists()
    assert (outside / "file").read_text() == "x"
    assert store.folder(other.id).is_dir()
    assert not claims.finish(task, FIGURES)
    assert not claims.fail(task, "late")
    assert not store.delete(job.id)


def test_a_job_folder_that_is_a_link_is_not_followed(store, tmp_path):
    job = send(store)
    outside = tmp_path / "precious"
    store.folder(job.id).rename(outside)
    store.folder(job.id).symlink_to(outside)
    store.remove_files(job.id)
    assert not store.folder(job.id).is_symlink()
    assert (outside / "uploads" / "1.png").is_file()


def test_old_jobs_expire_and_unfinished_ones_do_not(store):
    old, new = send(store), send(store)
    finish_all(store)
    waiting = send(store)
    with store.transaction() as db:
        db.execute("UPDATE jobs SET finished = ? WHERE id = ?", (time.time() - 3 * 86400, old.id))
        db.execute("UPDATE jobs SET created = 0 WHERE id = ?", (waiting.id,))
    assert store.expire(2) == [old.id]
    assert not store.folder(old.id).exists()
    assert {job.id for job in store.jobs(9)} == {new.id, waiting.id}
    assert store.folder(new.id).is_dir()


def test_folders_without_a_job_are_swept_when_they_are_old(store):
    kept = send(store)
    lost, young = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    for name in (lost, young, "not ours"):
        (store.data / "jobs" / name).mkdir()
    for name in (lost, kept.id, "not ours"):
        os.utime(store.data / "jobs" / name, (1, 1))
    slow = secrets.token_urlsafe(16)  # an upload that takes hours, and goes on
    (store.data / "jobs" / slow / "uploads").mkdir(parents=True)
    (store.data / "jobs" / slow / "uploads" / "1.png").write_bytes(b"half")
    for part in ("uploads", ""):
        os.utime(store.data / "jobs" / slow / part, (1, 1))
    assert store.sweep() == [lost]
    left = {path.name for path in (store.data / "jobs").iterdir()}
    assert left == {kept.id, young, slow, "not ours"}


def test_a_list_of_a_newer_version_is_refused(store):
    with store.transaction() as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(StoreError, match="a newer version of CrackNet"):
        Store(store.data)


def test_a_file_that_is_no_list_is_refused_and_stays(tmp_path):
    (tmp_path / "jobs.sqlite").write_bytes(b"these are my notes, not a database" * 99)
    with pytest.raises(StoreError, match="damaged or not a list of jobs"):
        Store(tmp_path)
    assert (tmp_path / "jobs.sqlite").read_bytes().startswith(b"these are my notes")


def test_the_list_is_in_wal_mode(store):
    found = sqlite3.connect(store.data / "jobs.sqlite")
    assert found.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert found.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    found.close()


def test_threads_have_connections_of_their_own_that_are_closed(store):
    def ask():
        store.waiting()

    for _ in range(5):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(store._open) <= 2
    store.close()
    assert store.waiting() == 0


def test_several_processes_begin_at_once(tmp_path):
    """Each makes the tables if need be, and its jobs; none is lost."""
    program = (
        "import secrets, sys; from pathlib import Path\n"
        "from cracknet.web.queue.store import Store\n"
        "from cracknet.web.queue.jobs import JobOptions\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for k in range(10):\n"
        "    store.create(secrets.token_urlsafe(16), 'segment', '', JobOptions(), \n"
        "                 [('a.png', 'uploads/1.png', 1)], limit=99)\n"
    )
    line = [sys.executable, "-c", program, str(tmp_path)]
    processes = [subprocess.Popen(line, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert process.wait(60) == 0, process.stderr.read()
        process.stderr.close()
    assert len(Store(tmp_path).jobs(99)) == 30
