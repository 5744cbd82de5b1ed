from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.mosaic.halving import half_range, halved
from cracknet.mosaic.plan import FULL, HALF, plan_windows
from cracknet.mosaic.windows import ALIGN_PX, lay_grid, lay_spans
from cracknet.segmentation import Segmenter
from cracknet.segmentation.tiles import lay_axis

lengths = st.integers(1, 6000)
windows = st.sampled_from([1, 256, 700, 2048])
tiles = st.sampled_from([(160, 64, 16), (320, 256, 80), (1280, 256, 80), (96, 64, 0)])


@settings(deadline=None)
@given(lengths, windows, tiles)
def test_cells_cover_every_pixel_once_and_hand_on_to_the_next_alone(length, window_px, sizes):
    axis = lay_axis(length, *sizes)
    spans = lay_spans(axis, window_px)
    assert [tile for span in spans for tile in span.tiles] == list(range(len(axis.starts)))
    assert [span.cell_begin for span in spans] == [0] + [span.cell_end for span in spans[:-1]]
    assert spans[-1].cell_end == spans[-1].reach == length
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        assert span.begin <= span.cell_begin < span.cell_end <= span.reach <= span.end
        assert span.cell_begin % ALIGN_PX == 0
        for k in span.tiles:  # all that a tile adds lies within what is read and reached
            used = axis.starts[k] + np.flatnonzero(axis.weights[k])
            assert span.cell_begin <= used.min()
            assert min(used.max() + 1, length) <= span.reach
            assert span.begin <= axis.starts[k]
            assert min(axis.starts[k] + axis.tile, length) <= span.end
        if following:
            assert span.reach <= following.cell_end
            assert span.cell_end - span.cell_begin >= window_px


def test_a_raster_of_one_pixel_is_one_window():
    axis = lay_axis(1, 96, 64, 16)
    grid = lay_grid(axis, axis)
    (window,) = grid.windows()
    assert window.cell.shape == window.box.shape == (1, 1)
    assert len(list(grid.tiles(window))) == 1


@pytest.mark.parametrize("size", [(1, 1), (900, 2100), (3001, 1300)])
def test_what_a_window_asks_of_the_half_size_is_done_before_it_and_kept(small_model, size):
    with Segmenter(small_model) as segmenter:
        plan = plan_windows(segmenter, *size, 256)
    jobs = list(plan.jobs())
    assert len({job.key for job in jobs}) == len(jobs)
    assert sum(job.kind == FULL for job in jobs) == len(plan.full.rows) * len(plan.full.columns)
    assert plan.half.shape == (halved(size[0]), halved(size[1]))
    done, dropped, ahead = 0, 0, []
    for job in jobs:
        if job.kind == HALF:
            done = max(done, job.window.rows.cell_end)
            continue
        cell = job.window.cell
        first, last = half_range(size[0], cell.top, cell.bottom)
        assert last <= done
        gone = plan.half.rows[:dropped]
        assert all(span.cell_end <= first for span in gone)
        if job.window.column + 1 == len(plan.full.columns):
            dropped = len(plan.used_half_rows(job.window.row))
        ahead.append(done - last)
    assert dropped == len(plan.half.rows)
    assert max(ahead) <= max(span.cell_end - span.cell_begin for span in plan.half.rows)


def test_no_half_size_where_the_card_asks_for_none(dark_net):
    with Segmenter(dark_net) as segmenter:
        plan = plan_windows(segmenter, 500, 700)
    assert plan.half is None
    assert {job.kind for job in plan.jobs()} == {FULL}
    assert list(plan.used_half_rows(0)) == []
