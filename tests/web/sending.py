"""Jobs sent to a store as the server does."""

from __future__ import annotations

import secrets
import time

import cv2
import numpy as np

from cracknet.web.queue.jobs import JobOptions


def crack(width=224, row=60, seed=0):
    """The path of a wall's crack, (N, 2)."""
    across = np.arange(20, width - 19, 8)
    steps = np.random.default_rng(seed).normal(0, 2.5, len(across))
    return np.column_stack([across, row + np.cumsum(steps)])


def wall(height=160, width=224, row=60, seed=0):
    """A light wall with a crooked dark crack 5 px wide across it, as a file."""
    rng = np.random.default_rng(seed + 1)
    gray = np.full((height, width), 190, np.uint8)
    path = np.round(crack(width, row, seed) * 16).astype(np.int32)
    cv2.polylines(gray, [path], False, 40, 5, cv2.LINE_AA, 4)
    blurred = cv2.GaussianBlur(gray, (0, 0), 0.8) + rng.normal(0, 3, gray.shape)
    return bytes(cv2.imencode(".png", blurred.clip(0, 255).astype(np.uint8))[1])


def send(store, files=None, *, title="", limit=1000, key=None, **options):
    """Send (file name, content) pairs; a wall by default."""
    files = [("wall.png", wall())] if files is None else files
    job = secrets.token_urlsafe(16)
    folder = store.folder(job) / "uploads"
    folder.mkdir(parents=True)
    photos = []
    for number, (name, content) in enumerate(files, 1):
        (folder / f"{number}.png").write_bytes(content)
        photos.append((name, f"uploads/{number}.png", len(content)))
    return store.create(
        job, "segment", title, JobOptions(**options), photos, limit=limit, idempotency_key=key
    )


def wait_until(true, seconds=60.0):
    """Wait for a condition; return what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found
