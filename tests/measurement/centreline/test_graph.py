from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from skimage.morphology import skeletonize

from cracknet.measurement.centreline.graph import graph_of


def graph(*rows):
    pixels = np.array([[character == "#" for character in row] for row in rows])
    places = np.nonzero(pixels)
    return graph_of(*places, np.zeros(len(places[0]), np.int64))


def test_a_line_has_two_ends():
    found = graph("......", ".####.", "......")
    assert sorted(found.ends[0].tolist()) == [0, 1]
    assert sorted(found.lines[0][[0, -1], 0].tolist()) == [1, 4]
    assert found.degrees.tolist() == [1, 1]


def test_a_cross_has_one_junction_in_its_middle():
    found = graph("..#..", "..#..", "#####", "..#..", "..#..")
    assert sorted(found.degrees.tolist()) == [1, 1, 1, 1, 4]
    assert found.nodes[found.degrees.argmax()].tolist() == [2, 2]


def test_parallel_lines_are_both_kept():
    found = graph("..####..", "##....##", "..####..")
    between = [tuple(sorted(pair)) for pair in found.ends.tolist()]
    assert len(between) - len(set(between)) == 1


def test_a_ring_has_one_node():
    found = graph(".##.", "#..#", ".##.")
    assert found.ends.tolist() == [[0, 0]]
    assert (found.lines[0][0] == found.lines[0][-1]).all()


def test_a_pixel_is_a_node_and_nothing_is_nothing():
    assert len(graph("#").nodes) == 1
    assert graph("#").lines == []
    assert len(graph("..").nodes) == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_lines_begin_and_end_at_their_nodes_and_cover_the_skeleton(seed, share):
    thin = skeletonize(np.random.default_rng(seed).random((24, 24)) < share)
    rows, columns = np.nonzero(thin)
    found = graph_of(rows, columns, np.zeros(len(rows), np.int64))
    inner = 0
    for (start, end), line in zip(found.ends, found.lines, strict=True):
        assert (line[0] == found.nodes[start]).all()
        assert (line[-1] == found.nodes[end]).all()
        inside = line[1:-1].astype(int)
        assert thin[inside[:, 1], inside[:, 0]].all()
        assert np.abs(np.diff(inside, axis=0)).max(initial=0) <= 1
        inner += len(inside)
    assert inner <= thin.sum()
    # As many connected graphs as connected skeletons.
    nodes = len(found.nodes)
    joined = np.arange(nodes)
    for _ in range(nodes):
        for start, end in found.ends:
            joined[[start, end]] = joined[[start, end]].min()
    assert len(np.unique(joined)) == label(thin, np.ones((3, 3)))[1]
