"""The server under load, and killed in the middle: failures, lost jobs, answers' times, memory.

    python benchmarks/serve.py --json benchmarks/results/serve.json

Clients send a rendered photograph each, all at once, over loopback, and then ask for their job
every two seconds until it is done; who is answered 429 comes again when he is told to. Meanwhile
the page and a job are asked for four times a second, and the memory of all the server's processes
(PSS: what is shared is counted once) is read twice a second. Then fewer clients send again, and the
worker and after it the server are killed by SIGKILL; the server is started again on the same
folder, and every accepted job must be done, once. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np

SEED = 61_000
ASK_SECONDS = 2.0
PROBE_SECONDS = 0.25


def main() -> None:
    """Render, load, kill, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--kill-clients", type=int, default=12)
    parser.add_argument("--size", default="2448x1632", help="Of the photographs, px.")
    parser.add_argument("--queue-limit", type=int, default=40)
    parser.add_argument("--longest", type=float, default=1800, help="Seconds for each part.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))

    load_before = os.getloadavg()[0]
    photos = render_photos(max(options.clients, options.kill_clients), height, width)
    with tempfile.TemporaryDirectory() as folder:
        load = run_load(Path(folder, "load"), photos[: options.clients], options)
    with tempfile.TemporaryDirectory() as folder:
        killed = run_killed(Path(folder, "killed"), photos[: options.kill_clients], options)
    result = {
        "clients": options.clients,
        "size_px": options.size,
        "megapixels": round(width * height / 1e6, 2),
        "photo_mb": round(float(np.mean([len(photo) for photo in photos])) / 1e6, 2),
        "queue_limit": options.queue_limit,
        "load": load,
        "killed": killed,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "load_average_before": round(load_before, 1),
    }
    for part in ("load", "killed"):
        print(f"\n{part}")
        for name, value in result[part].items():
            print(f"  {name:28} {value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


def render_photos(count: int, height: int, width: int) -> list[bytes]:
    """One rendered scene, shifted and lit differently for each client, as JPEG."""
    import cv2

    from cracknet.synthesis import render, standard_scene

    scene = replace(standard_scene(), height=height, width=width)
    gray = render(scene, SEED).gray.astype(np.float32)
    photos = []
    for k in range(count):
        shifted = np.roll(gray, (37 * k, 53 * k), (0, 1)) * (1 - 0.004 * (k % 25))
        done, code = cv2.imencode(
            ".jpg", np.clip(shifted, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92]
        )
        if not done:
            msg = "the photograph cannot be written as JPEG"
            raise RuntimeError(msg)
        photos.append(code.tobytes())
    return photos


@contextlib.contextmanager
def server(data: Path, queue_limit: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `cracknet serve`; gives its process and address."""
    words = ["serve", "--no-open", "--port", "0", "--data", data, "--queue-limit", queue_limit]
    process = subprocess.Popen(
        [sys.executable, "-m", "cracknet", *map(str, words)], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"(http://\S+)/$", line)
        if not found:
            msg = f"the server did not start: {line!r}"
            raise RuntimeError(msg)
        yield process, found[1]
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


@dataclass
class Tally:
    """What the clients met, counted by all of them together."""

    answers: Counter[str] = field(default_factory=Counter)
    jobs: dict[int, str] = field(default_factory=dict)
    upload_s: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count an answer."""
        with self.lock:
            self.answers[what] += 1


def send(client: httpx.Client, number: int, photo: bytes, tally: Tally, end: float) -> str | None:
    """Send a photograph until it is taken; the key keeps it from being taken twice."""
    headers = {"Idempotency-Key": f"client-{number}"}
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            answer = client.post(
                "/api/v1/jobs", files={"photos": (f"wall {number}.jpg", photo)}, headers=headers
            )
        except httpx.TransportError as error:
            tally.count(type(error).__name__)
            time.sleep(1)
            continue
        tally.count(f"POST {answer.status_code}")
        if answer.status_code == 201:
            with tally.lock:
                tally.upload_s.append(time.monotonic() - began)
                tally.jobs[number] = answer.json()["id"]
            return str(answer.json()["id"])
        time.sleep(float(answer.headers.get("retry-after", 5)))
    return None


def follow(client: httpx.Client, job: str, tally: Tally, end: float) -> str:
    """Ask for a job until it has ended; give its status."""
    while time.monotonic() < end:
        answer = client.get(f"/api/v1/jobs/{job}")
        tally.count(f"GET {answer.status_code}")
        if answer.status_code == 200 and answer.json()["status"] not in ("queued", "running"):
            return str(answer.json()["status"])
        time.sleep(ASK_SECONDS)
    return "not in time"


def client_of(address: str) -> httpx.Client:
    """Make a client; loopback needs no certificates."""
    return httpx.Client(base_url=address, verify=False, timeout=120)


@dataclass
class Watcher:
    """Asks for the page and a job, and reads the memory, until it is told to stop."""

    address: str
    pid: int
    tally: Tally
    seconds: dict[str, list[float]] = field(default_factory=dict)
    pss_mb: dict[str, float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def probe(self) -> None:
        """Ask for pages and jobs."""
        with client_of(self.address) as client:
            while not self.stop.wait(PROBE_SECONDS):
                paths = {"page": "/", "health": "/api/v1/health"}
                with self.tally.lock:
                    jobs = list(self.tally.jobs.values())
                if jobs:
                    paths["job"] = f"/api/v1/jobs/{jobs[-1]}"
                    paths["job page"] = f"/jobs/{jobs[-1]}"
                for what, path in paths.items():
                    began = time.monotonic()
                    answer = client.get(path)
                    self.seconds.setdefault(what, []).append(time.monotonic() - began)
                    self.tally.count(f"GET {answer.status_code}")

    def weigh(self) -> None:
        """Read the memory."""
        while not self.stop.wait(0.5):
            total = 0.0
            for pid in processes(self.pid):
                pss = pss_of(pid)
                total += pss
                name = "server" if pid == self.pid else "workers and others"
                self.pss_mb[name] = max(self.pss_mb.get(name, 0), pss)
            self.pss_mb["all"] = max(self.pss_mb.get("all", 0), total)


def processes(pid: int) -> list[int]:
    """List a process and all that came of it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += processes(int(child))
    return found


def pss_of(pid: int) -> float:
    """Memory of a process in MB, what it shares with others by its part."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def run_load(data: Path, photos: list[bytes], options: argparse.Namespace) -> dict[str, Any]:
    """All clients at once."""
    tally = Tally()
    end = time.monotonic() + options.longest
    with server(data, options.queue_limit) as (process, address):
        watcher = Watcher(address, process.pid, tally)
        threads = [threading.Thread(target=run) for run in (watcher.probe, watcher.weigh)]
        for thread in threads:
            thread.start()

        def work(number: int) -> str:
            with client_of(address) as client:
                job = send(client, number, photos[number], tally, end)
                return "not taken" if job is None else follow(client, job, tally, end)

        began = time.monotonic()
        with ThreadPoolExecutor(len(photos)) as pool:
            states = Counter(pool.map(work, range(len(photos))))
        seconds = time.monotonic() - began
        watcher.stop.set()
        for thread in threads:
            thread.join()
        with client_of(address) as client:
            lost = count_lost(client, tally)
    expected = ("POST 201", "POST 429", "GET 200")
    return {
        "seconds": round(seconds, 1),
        "jobs_accepted": len(tally.jobs),
        "states": dict(states),
        "jobs_lost": lost,
        "answers": dict(tally.answers),
        "failures_other_than_429": sum(
            count for what, count in tally.answers.items() if what not in expected
        ),
        "upload_s_median": round(float(np.median(tally.upload_s)), 2),
        "upload_s_worst": round(max(tally.upload_s), 2),
        "answer_ms": {
            what: {
                "p50": round(1000 * float(np.percentile(values, 50)), 1),
                "p95": round(1000 * float(np.percentile(values, 95)), 1),
                "worst": round(1000 * max(values), 1),
                "asked": len(values),
            }
            for what, values in watcher.seconds.items()
        },
        "peak_pss_mb": {name: round(value) for name, value in watcher.pss_mb.items()},
    }


def count_lost(client: httpx.Client, tally: Tally) -> int:
    """Count the accepted jobs that are not done, or whose photograph is not in its table once."""
    lost = 0
    for number, job in tally.jobs.items():
        found = client.get(f"/api/v1/jobs/{job}").json()
        table = client.get(f"/api/v1/jobs/{job}/results/photos.csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        names = [row.get("file") for row in rows]
        lost += found.get("status") != "done" or names != [f"wall {number}.jpg"]
    return lost


def run_killed(data: Path, photos: list[bytes], options: argparse.Namespace) -> dict[str, Any]:
    """Fewer clients, and SIGKILL for the worker and the server while they work."""
    tally = Tally()
    end = time.monotonic() + options.longest
    kills = Counter()
    with server(data, len(photos)) as (process, address):
        with client_of(address) as client:
            for number, photo in enumerate(photos):
                send(client, number, photo, tally, end)

            def finished() -> int:
                jobs = client.get("/api/v1/jobs", params={"limit": 500}).json()
                return sum(job["status"] == "done" for job in jobs)

            for at in (len(photos) // 4, len(photos) // 2):
                while finished() < at:
                    time.sleep(0.2)
                time.sleep(0.5)
                for pid in processes(process.pid)[1:]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        kills["worker"] += 1
            while finished() < 2 * len(photos) // 3:
                time.sleep(0.2)
            before = finished()
        process.kill()
        kills["server"] += 1
    with server(data, len(photos)) as (process, address), client_of(address) as client:
        began = time.monotonic()
        with ThreadPoolExecutor(len(photos)) as pool:
            states = Counter(
                pool.map(lambda job: follow(client, job, tally, end), list(tally.jobs.values()))
            )
        # each is sent again with its key: a job that is there is not made a second time
        for number, photo in enumerate(photos):
            send(client, number, photo, tally, end)
        jobs = client.get("/api/v1/jobs", params={"limit": 500}).json()
        return {
            "jobs_accepted": len(tally.jobs),
            "kills": dict(kills),
            "done_before_the_server_was_killed": before,
            "states_after_restart": dict(states),
            "seconds_after_restart": round(time.monotonic() - began, 1),
            "jobs_listed": len(jobs),
            "jobs_lost": count_lost(client, tally),
            "jobs_twice": len(jobs) - len({job["id"] for job in jobs} & set(tally.jobs.values())),
        }


if __name__ == "__main__":
    main()
