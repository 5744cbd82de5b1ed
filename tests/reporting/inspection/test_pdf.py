from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest
from PIL import ImageFile

from cracknet.errors import OutputError
from cracknet.reporting.inspection import Heading, write_report
from cracknet.reporting.inspection.pdf import load_weasyprint

pdfium = pytest.importorskip("pypdfium2")
pytestmark = pytest.mark.usefixtures("weasyprint")


@pytest.fixture
def printed(folder, tmp_path):
    """Return a function that writes a PDF of three photographs and opens it."""

    def make(**options):
        for name in ("north/wall_1", "north/wall_2", "south/wall_β"):
            folder(name)
        file = tmp_path / "report.pdf"
        write_report(folder.out, pdf=file, **options)
        return pdfium.PdfDocument(file)

    return make


def words(page):
    return " ".join(page.get_textpage().get_text_range().split())


def test_pages_headers_bookmarks_and_pictures(printed):
    document = printed(heading=Heading("Main inspection", "Bridge 12"))
    texts = [words(page) for page in document]
    count = len(texts)
    for number, text in enumerate(texts, 1):
        assert f"page {number} of {count}" in text
    assert all("Main inspection" in text for text in texts)
    bookmarks = {mark.get_title(): mark for mark in document.get_toc()}
    for name in ("north/wall_1", "north/wall_2", "south/wall_β"):
        mark = bookmarks[name]
        page = document[mark.get_dest().get_index()]
        assert f"{name} Size 160" in words(page)
        shown = [item for item in page.get_objects() if item.type == 3]
        assert len(shown) == 1
        assert shown[0].get_filters() == ["DCTDecode"]  # the JPEG as it is
        # the summary names the page that the photograph is on
        assert f"{name}, p. {mark.get_dest().get_index() + 1}" in " ".join(texts)
    assert len({bookmarks[n].get_dest().get_index() for n in ("north/wall_1", "north/wall_2")}) == 2
    assert "How this was made" in bookmarks
    assert np.allclose(document[0].get_size(), (595, 842), atol=1)
    assert document.get_metadata_value("Title") == "Main inspection: Bridge 12"


def test_without_weasyprint_the_error_names_the_extra(monkeypatch, folder, tmp_path):
    folder("wall")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(OutputError, match=r'pip install "cracknet\[report\]"'):
        write_report(folder.out, html=tmp_path / "r.html", pdf=tmp_path / "r.pdf")
    assert not (tmp_path / "r.html").exists()


def test_without_pango_the_error_names_it(monkeypatch):
    real = builtins.__import__

    def fail(name, *rest, **more):
        if name == "weasyprint":
            msg = "cannot load library 'libpango-1.0-0': no such file"
            raise OSError(msg)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(OutputError, match=r"lacks a system library.*Install Pango"):
        load_weasyprint()


def test_photographs_cut_short_are_still_refused_after_a_pdf():
    load_weasyprint()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
