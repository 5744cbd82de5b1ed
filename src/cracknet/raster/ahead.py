"""Reading ahead: the next item is made in a thread while this one is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def read_ahead(
    read: Callable[[Item], Made], items: Iterable[Item], ahead: int = 1
) -> Generator[tuple[Item, Made]]:
    """Call a function on each item in one thread, some items ahead of their use.

    What it raises is raised where the item's turn comes. Closing the iterator ends the thread.

    Parameters
    ----------
    read : callable
    items : iterable
    ahead : int
        How many items beyond the one in use are made; each is in memory.

    Yields
    ------
    (item, read(item))

    Examples
    --------
    >>> list(read_ahead(len, ["a", "bcd"]))
    [('a', 1), ('bcd', 3)]
    """
    waiting: deque[tuple[Item, Future[Made]]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="read") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(read, item)))
                if len(waiting) > ahead:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
