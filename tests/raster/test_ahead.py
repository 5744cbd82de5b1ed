from __future__ import annotations

import threading
import time

import pytest

from cracknet.raster import Box, read_ahead


def test_items_come_in_order_with_what_was_made_of_them():
    assert list(read_ahead(abs, [])) == []
    assert list(read_ahead(abs, range(-5, 0), ahead=3)) == [(k, -k) for k in range(-5, 0)]


def test_no_more_than_one_is_read_ahead():
    started = []
    items = read_ahead(started.append, range(10))
    next(items)
    time.sleep(0.05)
    assert started == [0, 1]
    items.close()
    assert threading.active_count() < 50
    assert not any(thread.name.startswith("read_") for thread in threading.enumerate())


def test_what_is_raised_comes_where_it_is_due():
    items = read_ahead(lambda k: 1 // k, [1, 0, 2])
    assert next(items) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_a_box_is_cut_into_strips_of_all_its_rows():
    strips = list(Box(3, 1, 25, 9).strips(10))
    assert [(strip.top, strip.bottom) for strip in strips] == [(3, 10), (10, 20), (20, 25)]
    assert all((strip.left, strip.right) == (1, 9) for strip in strips)
    assert strips[1].within(Box(3, 1, 25, 9)) == (slice(7, 17), slice(0, 8))
