"""Photographs that a data set holds more than once, the same or alike, within and across splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cracknet.datasets.findings import Case
from cracknet.datasets.fingerprints import Alike, Fingerprint, find_alike, find_same


@dataclass(frozen=True)
class Known:
    """A photograph by what is kept of it.

    Attributes
    ----------
    split, image : str
    fingerprint : Fingerprint
    mask : bytes or None
        Digest of its mask, where it has a usable one.
    """

    split: str
    image: str
    fingerprint: Fingerprint
    mask: bytes | None


def find_repeats(photos: Sequence[Known]) -> Iterator[tuple[str, Case]]:
    """Yield a case for each group of photographs that are the same, or look alike.

    Photographs are alike in a group when each is alike to another of it. Of photographs that are
    the same, one stands for all in the search, and all stand in the group.
    """
    prints = [photo.fingerprint for photo in photos]
    twins: dict[int, list[int]] = {}
    for group in find_same(prints):
        twins[group[0]] = group
        members = [photos[index] for index in group]
        masks = {photo.mask for photo in members}
        yield _case("same", members, "their masks differ" if len(masks) > 1 else "")
    repeated = {index for group in twins.values() for index in group[1:]}
    single = [index for index in range(len(photos)) if index not in repeated]
    for pairs in _connected(find_alike([prints[index].thumbnail for index in single])):
        places = sorted({single[place] for pair in pairs for place in (pair.first, pair.second)})
        members = [photos[index] for place in places for index in twins.get(place, [place])]
        least = min(pair.correlation for pair in pairs)
        words = [f"correlation {least:.2f}" + (" or more" if len(pairs) > 1 else "")]
        if any(pair.turned for pair in pairs):
            words.append("turned or mirrored")
        yield _case("alike", members, ", ".join(words))


def _case(kind: str, members: Sequence[Known], detail: str) -> tuple[str, Case]:
    where = "across" if len({photo.split for photo in members}) > 1 else "within"
    return f"{kind}_{where}", Case(tuple(photo.image for photo in members), detail)


def _connected(pairs: Sequence[Alike]) -> list[list[Alike]]:
    """Put pairs that share a photograph, directly or over others, together."""
    parent: dict[int, int] = {}

    def root(place: int) -> int:
        while parent.setdefault(place, place) != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for pair in pairs:
        parent[root(pair.second)] = root(pair.first)
    groups: dict[int, list[Alike]] = defaultdict(list)
    for pair in pairs:
        groups[root(pair.first)].append(pair)
    return list(groups.values())
