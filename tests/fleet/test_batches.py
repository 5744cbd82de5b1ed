from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.fleet.batches import Batch, make_batches, sized
from cracknet.fleet.sources import Item, list_source

SIZES = st.lists(st.floats(0, 50, allow_nan=False), max_size=40)


def items_of(sizes):
    return [Item(f"p{k}", f"/p{k}", megapixels=size) for k, size in enumerate(sizes)]


@given(SIZES, st.floats(0.1, 60))
def test_every_photograph_is_in_one_batch_in_order_and_none_is_too_large(sizes, most):
    items = items_of(sizes)
    batches = make_batches(items, most)
    assert [item for batch in batches for item in batch.items] == items
    for batch in batches:
        assert len(batch.items) == 1 or batch.megapixels <= most
    for batch, after in itertools.pairwise(batches):
        total = batch.megapixels + after.items[0].megapixels
        assert total > most or math.isclose(total, most)


@pytest.mark.parametrize("most", [0, -1, math.inf, math.nan])
def test_a_size_that_cannot_be(most):
    with pytest.raises(ArgumentError, match="positive number of megapixels"):
        make_batches(items_of([1]), most)


def test_a_key_is_made_of_the_photographs():
    a, b = Item("a", "/a", "1"), Item("b", "/b", "1")
    key = Batch((a, b)).key
    assert len(key) == 32
    assert Batch((b, a)).key == key
    assert Batch((a,)).key != key
    assert Batch((a, Item("b", "/b", "2"))).key != key
    assert Batch((Item("a", "/ab", ""),)).key != Batch((Item("aa", "/b", ""),)).key


def test_sizes_come_from_headers(tmp_path):
    for suffix in ("jpg", "png", "tif", "webp", "bmp"):
        cv2.imwrite(str(tmp_path / f"a.{suffix}"), np.zeros((300, 500), np.uint8))
    for item in list_source(tmp_path).items:
        assert sized(item).megapixels == 0.15


def test_sizes_of_what_is_damaged_or_far_away_come_from_bytes(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x" * 7000)
    [item] = list_source(tmp_path).items
    assert sized(item).megapixels == 0.02
    assert sized(Item("a", "s3://b/a.png", bytes=1_500_000)).megapixels == 1
    assert sized(Item("a", "s3://b/a.png", bytes=9, problem="lost")).megapixels == 0
