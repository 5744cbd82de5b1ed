"""How work is taken and put back: each piece once, whatever is killed."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading

import pytest

from cracknet.web.queue.claims import DEADLY, MOST_STARTS, UNWRITTEN, Claims, release, release_dead
from cracknet.web.queue.jobs import Edits, JobOptions
from cracknet.web.queue.locks import STALE_SECONDS, WorkerLock, is_alive, remove_stale
from cracknet.web.queue.records import CANCELLED
from cracknet.web.queue.store import Store
from cracknet.web.queue.tasks import PhotoFigures

from ..sending import send

FIGURES = PhotoFigures(224, 160, 0.03, 1, 180.0, None, 5.0, None, None)
TWO = [("a.png", b"1"), ("b.png", b"2")]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as made:
        yield made


def test_work_is_given_out_in_order_and_each_piece_once(store):
    first, second = send(store, TWO), send(store)
    claims = [Claims(store, name) for name in "abc"]
    tasks = [claim.claim() for claim in claims]
    assert [(t.job.id, t.photo.number, t.kind) for t in tasks] == [
        (first.id, 1, "segment"),
        (first.id, 2, "segment"),
        (second.id, 1, "segment"),
    ]
    assert tasks[1].file == store.folder(first.id) / "uploads" / "2.png"
    assert Claims(store, "d").claim() is None
    assert [job.status for job in store.jobs(9)] == ["running", "running"]


def test_many_workers_at_once_take_each_photograph_once(store):
    send(store, [(f"{k}.png", b"x") for k in range(40)])
    taken, barrier = [], threading.Barrier(8)

    def run(name):
        claims = Claims(store, name)
        barrier.wait()
        while task := claims.claim():
            taken.append((task.kind, task.photo and task.photo.number))
            claims.finish(task, FIGURES if task.photo else None)

    threads = [threading.Thread(target=run, args=(f"w{k}",)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    photos = [number for kind, number in taken if kind == "segment"]
    assert sorted(photos) == list(range(1, 41))
    assert [kind for kind, _ in taken if kind != "segment"] == ["tables"]
    assert store.jobs(1)[0].status == "done"


def test_what_someone_waits_for_at_the_page_comes_first(store):
    claims = Claims(store, "w")
    early = send(store)
    claims.finish(claims.claim(), FIGURES)
    claims.finish(claims.claim())
    send(store)
    store.set_edits(early.id, 1, Edits(threshold=0.3))
    task = claims.claim()
    assert (task.kind, task.job.id) == ("measure", early.id)
    claims.finish(task, FIGURES)
    assert claims.claim().kind == "tables"


def test_figures_are_kept(store):
    job, claims = send(store), Claims(store, "w")
    figures = PhotoFigures(224, 160, 0.03, 2, 180.0, 45.0, 5.5, 1.375, 0.25)
    claims.finish(claims.claim(), figures)
    photo = store.job(job.id).photos[0]
    assert (photo.width_px, photo.cracks, photo.length_mm, photo.width_max_mm) == (
        224,
        2,
        45,
        1.375,
    )
    assert (photo.status, photo.mm_per_px) == ("done", 0.25)


def test_edits_while_tables_are_written_are_not_lost(store):
    job, claims = send(store), Claims(store, "w")
    claims.finish(claims.claim(), FIGURES)
    tables = claims.claim()
    store.set_edits(job.id, 1, Edits(threshold=0.3))
    other = Claims(store, "v")
    measuring = other.claim()
    assert measuring.kind == "measure"
    claims.finish(tables)
    assert store.job(job.id).status == "running"
    other.finish(measuring, FIGURES)
    again = other.claim()
    assert again.kind == "tables"
    other.finish(again)
    assert store.job(job.id).status == "done"


def test_what_a_dead_worker_had_is_done_by_the_next(store):
    job = send(store, TWO)
    Claims(store, "dead").claim()
    release(store, "dead", killed=True)
    photo = store.job(job.id).photos[0]
    assert (photo.status, photo.error) == ("waiting", "")
    claims = Claims(store, "next")
    assert claims.claim().photo.number == 1
    assert claims.claim().photo.number == 2


def test_a_late_answer_of_a_worker_taken_for_dead_does_not_count(store):
    job = send(store)
    slow = Claims(store, "slow")
    task = slow.claim()
    release(store, "slow", killed=False)
    other = Claims(store, "other")
    again = other.claim()
    assert not slow.finish(task, FIGURES)
    assert store.job(job.id).photos[0].status == "running"
    assert other.finish(again, FIGURES)


def test_a_photograph_that_brings_two_workers_down_fails_and_the_next_is_done(store):
    job = send(store, TWO)
    for name in ("first", "second"):
        assert Claims(store, name).claim().photo.number == 1
        release(store, name, killed=True)
    photo = store.job(job.id).photos[0]
    assert (photo.status, photo.error) == ("failed", DEADLY)
    claims = Claims(store, "third")
    assert claims.claim().photo.number == 2


def test_workers_that_were_told_to_end_are_not_counted(store):
    job = send(store)
    for k in range(MOST_STARTS - 1):
        assert Claims(store, f"w{k}").claim().photo.number == 1
        release(store, f"w{k}", killed=False)
    assert store.job(job.id).photos[0].status == "waiting"
    Claims(store, "last").claim()
    release(store, "last", killed=False)
    assert store.job(job.id).photos[0].error == DEADLY
    assert store.job(job.id).status == "failed"


def test_tables_that_bring_two_workers_down_end_the_job(store):
    job = send(store)
    claims = Claims(store, "w")
    claims.finish(claims.claim(), FIGURES)
    for name in ("first", "second"):
        assert Claims(store, name).claim().kind == "tables"
        release(store, name, killed=True)
    ended = store.job(job.id)
    assert (ended.status, ended.error, ended.photos[0].status) == ("failed", UNWRITTEN, "done")


def test_a_measurement_that_was_killed_is_repeated_with_the_last_edits(store):
    job, claims = send(store), Claims(store, "w")
    claims.finish(claims.claim(), FIGURES)
    claims.finish(claims.claim())
    store.set_edits(job.id, 1, Edits(threshold=0.3))
    Claims(store, "dead").claim()
    store.set_edits(job.id, 1, Edits(threshold=0.2))
    release(store, "dead", killed=True)
    task = claims.claim()
    assert (task.kind, task.photo.edits.threshold) == ("measure", 0.2)


def test_what_was_cancelled_meanwhile_is_not_taken_up_again(store):
    job = send(store)
    Claims(store, "dead").claim()
    store.cancel(job.id)
    release(store, "dead", killed=False)
    ended = store.job(job.id)
    assert (ended.status, ended.photos[0].error) == ("cancelled", CANCELLED)
    assert Claims(store, "w").claim() is None


def test_a_change_is_done_once_and_cancelled(store):
    about = {"before": {"job": "x", "photo": 1}, "after": {"job": "x", "photo": 2}}

    def sent():
        ident = secrets.token_urlsafe(16)
        return store.create(ident, "change", "", JobOptions(), (), limit=9, about=about).id

    first, second = sent(), sent()
    claims = Claims(store, "w")
    task = claims.claim()
    assert (task.kind, task.job.id, task.job.about) == ("change", first, about)
    assert store.cancel(second).status == "cancelled"
    claims.finish(task)
    assert store.job(first).status == "done"
    third = sent()
    claims.claim()
    store.cancel(third)
    release(store, "w", killed=False)
    assert store.job(third).status == "cancelled"
    assert claims.claim() is None


def test_the_dead_are_known_by_their_lock(store):
    job = send(store, TWO)
    lock = WorkerLock(store.data, "living")
    living = Claims(store, "living").claim()
    Claims(store, "dead").claim()
    release_dead(store)
    statuses = [photo.status for photo in store.job(job.id).photos]
    assert statuses == ["running", "waiting"]
    assert Claims(store, "living").finish(living, FIGURES)
    lock.release()
    assert not is_alive(store.data, "living")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_of_a_dead_worker_does_not_pass_for_it(tmp_path):
    program = (
        "import os, sys, time; from pathlib import Path\n"
        "from cracknet.web.queue.locks import WorkerLock\n"
        "lock = WorkerLock(Path(sys.argv[1]), 'w')\n"
        "if os.fork() == 0:\n"
        "    print(os.getpid(), flush=True); time.sleep(60); os._exit(0)\n"
        "time.sleep(60)\n"
    )
    line = [sys.executable, "-c", program, str(tmp_path)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    fork = int(process.stdout.readline())
    try:
        assert is_alive(tmp_path, "w")
        process.kill()
        process.wait()
        os.kill(fork, 0)
        assert not is_alive(tmp_path, "w")
    finally:
        os.kill(fork, signal.SIGKILL)
        process.stdout.close()


def test_files_of_the_dead_are_removed_those_of_the_living_stay(tmp_path):
    lock = WorkerLock(tmp_path, "living")
    (tmp_path / "workers" / "dead.lock").touch()
    (tmp_path / "workers" / "young.lock").touch()
    for name in ("living", "dead"):
        os.utime(tmp_path / "workers" / f"{name}.lock", (1, 1))
    remove_stale(tmp_path)
    assert STALE_SECONDS > 1
    assert {path.stem for path in (tmp_path / "workers").iterdir()} == {"living", "young"}
    lock.release()
