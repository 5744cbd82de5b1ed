from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.checking import check_dataset
from cracknet.errors import ArgumentError
from cracknet.reporting.contact_sheet import (
    CASES_SHOWN,
    FILES_LISTED,
    PICTURES_A_CASE,
    THUMBNAIL_PX,
    contact_sheet,
    thumbnail,
)


class Page(HTMLParser):
    """The pictures, sections and text of a page; tags must close in order."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, html):
        super().__init__()
        self.open, self.pictures, self.links, self.text = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "img":
            self.pictures.append((values["alt"], values["src"]))
        self.links += [values[key] for key in ("href", "src") if key in values]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(" ".join(data.split()))

    @property
    def words(self):
        return " ".join(text for text in self.text if text)


def wall(seed):
    rng = np.random.default_rng(seed)
    return np.asarray(cv2.resize(rng.integers(60, 200, (8, 10), np.uint8), (50, 40)), np.uint8)


@pytest.fixture
def write(tmp_path):
    root = tmp_path / "walls & <joints>"

    def add(stem, split="train", seed=None, share=0.2):
        seed = len(list(root.rglob("*.png"))) if seed is None else seed
        mask = np.zeros((40, 50), np.uint8)
        mask[: round(40 * share)] = 255
        for kind, values in (("images", wall(seed)), ("masks", mask)):
            path = root / kind / split / f"{stem}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if values is not None:
                Image.fromarray(values).save(path)
        return root

    return add


def sheet(root, **options):
    html = contact_sheet(check_dataset(root), **options)
    return html, Page(html)


def test_a_page_that_needs_nothing_beside_it(write):
    write("a")
    root = write("b", "test")
    html, page = sheet(root)
    assert [name for name, _ in page.pictures] == ["b", "a"]
    assert all(link.startswith("data:image/webp;base64,") for link in page.links)
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:http|//)|@import|<script", html)
    assert "nothing amiss" in page.words
    assert "walls & <joints>" in page.words  # escaped
    assert "20.00 %" in page.words


def test_pictures_show_the_mask(write):
    root = write("a", share=0.5)
    ((_, link),) = sheet(root)[1].pictures
    code = np.frombuffer(base64.b64decode(link.partition(",")[2]), np.uint8)
    picture = cv2.imdecode(code, cv2.IMREAD_COLOR).astype(int)
    assert picture.shape == (40, 50, 3)
    red = picture[..., 2] - picture[..., 0]
    assert red[:18].mean() > 80
    assert np.abs(red[22:]).mean() < 10


def test_findings_come_with_their_photographs(write):
    write("a")
    write("b", seed=500)
    write("c", "test", seed=500)
    root = write("d", share=0)
    html, page = sheet(root)
    assert "the same photograph in several splits" in page.words
    assert html.index(">error<") < html.index(">note<")
    findings = html[html.index("<h2>Findings") : html.index("<h2>test")]
    assert re.findall(r'alt="(\w)"', findings) == ["c", "b", "d"]
    train = html[html.index("<h2>train") :]
    assert re.findall(r'alt="(\w)"', train) == ["b", "a", "d"]  # errors first; notes do not count


def test_files_that_cannot_be_read_have_a_place(write):
    write("a")
    root = write("b")
    (root / "images/train/b.png").write_bytes(b"broken")
    _, page = sheet(root)
    assert [name for name, _ in page.pictures] == ["a"]
    assert "cannot be read train/b.png" in page.words
    (root / "images/train/a.png").write_bytes(b"broken")
    _, page = sheet(root)
    assert page.pictures == []


def test_a_photograph_that_vanished_since(write):
    root = write("a")
    check = check_dataset(root)
    (root / "images/train/a.png").unlink()
    assert Page(contact_sheet(check)).pictures == []


@pytest.mark.parametrize("limit", [0, 1, 4, 100])
def test_the_limit_counts_for_each_split(write, limit):
    for k in range(9):
        root = write(f"p{k}", "ab"[k < 3])
    html, page = sheet(root, limit=limit)
    assert len(page.pictures) == min(limit, 6) + min(limit, 3)
    if limit == 4:
        assert "4 of 6 photographs" in page.words
        chosen = re.findall(r'alt="p(\d)"', html)
        assert chosen == ["3", "4", "6", "7", "0", "1", "2"]  # evenly, not the first four
    assert sheet(root, limit=limit)[0] == html


def test_a_set_of_many_faults_gives_a_page_that_opens(write):
    for k in range(FILES_LISTED + 5):
        root = write(f"p{k:03d}", share=0)
    html, page = sheet(root, limit=10)
    assert len(page.pictures) == CASES_SHOWN + 10
    assert "and 5 more" in page.words
    assert len(html) < 200_000
    assert contact_sheet(check_dataset(root), 0).count("<img") == 0


def test_a_large_group_shows_some_of_each_split(write):
    for k in range(20):
        root = write(f"p{k:02d}", "ab"[k < 3], seed=7)
    html, page = sheet(root)
    first = html[html.index("in several splits") : html.index("<details")]
    shown = re.findall(r'alt="p(\d+)"', first)
    assert PICTURES_A_CASE / 2 < len(shown) <= PICTURES_A_CASE
    assert min(map(int, shown)) < 3 < max(map(int, shown))
    assert f"{20 - len(shown)} more not shown" in page.words


def test_no_photographs(tmp_path):
    (tmp_path / "images/train").mkdir(parents=True)
    _, page = sheet(tmp_path)
    assert page.pictures == []
    assert "splits without a photograph" in page.words


def test_negative_limit(write):
    with pytest.raises(ArgumentError, match="got -1"):
        sheet(write("a"), limit=-1)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (30, 40), (1000, 1500)])
@pytest.mark.parametrize("share", [None, 0, 1])
def test_thumbnails(size, share):
    gray = np.full(size, 200, np.uint8)
    mask = None if share is None else np.full(size, share > 0)
    picture = cv2.imdecode(np.frombuffer(thumbnail(gray, mask), np.uint8), cv2.IMREAD_COLOR)
    assert max(picture.shape[:2]) == min(max(size), THUMBNAIL_PX)
    assert min(picture.shape[:2]) >= 1
    red = picture.astype(int)[..., 2] - picture[..., 0]
    assert (red > 80).all() if share else (np.abs(red) < 8).all()


def test_hairline_cracks_stay_in_sight():
    mask = np.zeros((1600, 2400), bool)
    mask[:, 1200:1202] = True
    code = thumbnail(np.full(mask.shape, 200, np.uint8), mask)
    picture = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR).astype(int)
    assert ((picture[..., 2] - picture[..., 0]).max(axis=1) > 30).all()  # WebP halves the colour
