"""Workers are kept running, and killed at random moments: each photograph is done exactly once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cracknet.web.queue.claims import DEADLY
from cracknet.web.queue.locks import is_alive
from cracknet.web.queue.store import Store
from cracknet.web.work.supervisor import Supervisor

from ..sending import send, wait_until, wall

SERVER = """
import sys, time
from pathlib import Path
from cracknet.web.work.supervisor import Supervisor
with Supervisor(Path(sys.argv[1]), threads=1):
    while True:
        time.sleep(60)
"""


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "data") as made:
        yield made


def is_finished(store, job):
    found = store.job(job.id)
    return None if found.unfinished else found


def gone(pid):
    """Whether a process has ended; one that nobody has waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="finds processes by /proc"
)


def children(pid):
    """Processes that a process has started, by any of its threads."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread has ended
            found += [int(child) for child in file.read_text().split()]
    return found


def test_work_is_done_and_the_worker_ends_with_the_supervisor(store):
    job = send(store)
    with Supervisor(store.data, threads=1) as supervisor:
        ended = wait_until(lambda: is_finished(store, job))
        assert supervisor.alive == 1
        (pid,) = supervisor.pids
    assert ended.status == "done"
    assert supervisor.alive == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not list((store.data / "workers").iterdir())


@pytest.mark.slow
def test_two_workers_share_a_job(store):
    job = send(store, [(f"{k}.png", wall(row=40 + 8 * k, seed=k)) for k in range(8)])
    watch(store)
    with Supervisor(store.data, workers=2, threads=1) as supervisor:
        wait_until(lambda: supervisor.alive == 2)
        ended = wait_until(lambda: is_finished(store, job))
    assert [photo.status for photo in ended.photos] == ["done"] * 8
    with store.snapshot() as db:
        seen = sorted(row["what"] for row in db.execute("SELECT what FROM seen"))
    assert seen == sorted([job.id, *(f"{job.id}/{k}" for k in range(1, 9))])
    text = (store.folder(job.id) / "results" / "cracks.csv").read_text()
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == [str(k) for k in range(8)]


@pytest.mark.slow
def test_a_photograph_that_kills_the_worker_twice_fails_and_the_others_go_on(store):
    job = send(store, [("deadly.png", wall(1500, 2000)), ("b.png", wall())])
    with Supervisor(store.data, threads=1) as supervisor:
        for _ in range(2):
            wait_until(lambda: store.job(job.id).photos[0].status == "running")
            for pid in supervisor.pids:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: store.job(job.id).photos[0].status != "running")
        ended = wait_until(lambda: is_finished(store, job))
    assert [photo.status for photo in ended.photos] == ["failed", "done"]
    assert ended.photos[0].error == DEADLY
    assert ended.status == "done"


def is_at_work(store):
    """Whether a living worker has something in hand."""
    with store.snapshot() as db:
        owners = db.execute(
            "SELECT owner FROM photos WHERE owner IS NOT NULL"
            " UNION SELECT owner FROM jobs WHERE owner IS NOT NULL"
        ).fetchall()
    return any(is_alive(store.data, row["owner"]) for row in owners)


def watch(store):
    """Let the database itself count how often photographs and jobs come to their end."""
    with store.transaction() as db:
        db.execute("CREATE TABLE seen (what TEXT)")
        for table, name in (("photos", "NEW.job || '/' || NEW.number"), ("jobs", "NEW.id")):
            db.execute(
                f"CREATE TRIGGER {table}_seen AFTER UPDATE OF status ON {table}"
                " WHEN NEW.status IN ('done', 'failed') AND OLD.status <> NEW.status"
                f" BEGIN INSERT INTO seen VALUES ({name}); END"
            )


def results(store, job):
    out = store.folder(job) / "results"
    endings = (".mask.png", ".probability.png", ".overlay.jpg", ".widths.jpg", "cracks.csv")
    tiles = sorted((store.folder(job) / "tiles").rglob("*_*.*"))
    files = [*sorted(path for path in out.iterdir() if path.name.endswith(endings)), *tiles]
    return {str(path.relative_to(store.folder(job))): path.read_bytes() for path in files}


@pytest.mark.slow
@needs_proc
def test_kills_of_worker_and_server_at_random_moments_lose_nothing(store, tmp_path):
    """SIGKILL, restart, again and again; then every job is done, each photograph exactly once."""
    rng = random.Random(3)
    files = [(f"{k}.png", wall(320, 480, row=60 + 20 * k, seed=k)) for k in range(3)]
    jobs = [send(store, files) for _ in range(2)]
    watch(store)
    line = [sys.executable, "-c", SERVER, str(store.data)]
    seen_pids = set()
    server = subprocess.Popen(line, stderr=subprocess.DEVNULL)
    kills = {"worker": 0, "server": 0, "at work": 0}
    try:
        while kills["worker"] + kills["server"] < 5:
            wait_until(lambda pid=server.pid: children(pid))
            if rng.random() < 0.7:  # or else while it starts
                if store.waiting() == 0:
                    jobs.append(send(store, files))
                wait_until(lambda: is_at_work(store) or store.waiting() == 0)
            time.sleep(rng.uniform(0.0, 0.5))
            workers = children(server.pid)
            seen_pids.update(workers)
            kills["at work"] += is_at_work(store)
            with store.snapshot() as db:
                blamed = db.execute("SELECT 1 FROM photos WHERE deaths UNION ALL"
                                    " SELECT 1 FROM jobs WHERE deaths").fetchone()  # fmt: skip
            # Two kills of workers at one photograph would rightly end it.
            if workers and not blamed and rng.random() < 0.5:
                os.kill(workers[0], signal.SIGKILL)
                kills["worker"] += 1
            else:
                server.kill()
                server.wait()
                server = subprocess.Popen(line, stderr=subprocess.DEVNULL)
                kills["server"] += 1
        wait_until(lambda: store.waiting() == 0, 120)
        seen_pids.update(children(server.pid))
    finally:
        server.kill()
        server.wait()
    for job in jobs:
        ended = store.job(job.id)
        assert (ended.status, [photo.status for photo in ended.photos]) == ("done", ["done"] * 3)
    with store.snapshot() as db:
        seen = sorted(row["what"] for row in db.execute("SELECT what FROM seen"))
    once = [job.id for job in jobs] + [f"{job.id}/{k}" for job in jobs for k in (1, 2, 3)]
    assert seen == sorted(once)
    assert kills["at work"] >= 1, kills

    assert results(store, jobs[1].id) == results(store, jobs[0].id)
    with Store(tmp_path / "undisturbed") as other, Supervisor(other.data, threads=1):
        fresh = send(other, files)
        wait_until(lambda: is_finished(other, fresh))
        assert results(store, jobs[0].id) == results(other, fresh.id)
    assert not list(store.data.rglob("*.part"))
    wait_until(lambda: all(gone(pid) for pid in seen_pids), 20)
