"""How a long run hands memory back to the system."""

from __future__ import annotations

import ctypes
import os
import sys

# Of malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE_BYTES = 4 << 20
_KEPT_BYTES = 16 << 20
_ARENAS = 2
_VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX")


def return_freed_memory() -> bool:
    """Have this process give large blocks back as soon as they are freed.

    A raster is hours of windows: arrays of some ten megabytes that come and go in several
    threads. GNU's allocator raises by itself the size from which a block is a mapping of its own,
    up to 32 MiB, and keeps a heap for each thread; blocks below that size leave holes, which grow
    from window to window. This holds the size at 4 MiB and the heaps at two (mallopt(3)).
    Elsewhere than on GNU's C library, and where the environment sets any of these, nothing is
    changed.

    Returns
    -------
    bool
        Whether it was set.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _VARIABLES):
        return False
    try:
        libc = ctypes.CDLL("libc.so.6")
        done = [
            libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES),
            libc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES),
            libc.mallopt(_ARENA_MAX, _ARENAS),
        ]
    except (OSError, AttributeError):
        return False
    return all(done)
