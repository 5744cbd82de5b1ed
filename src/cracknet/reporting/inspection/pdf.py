"""The report as PDF, laid out by WeasyPrint."""

from __future__ import annotations

import logging
from typing import Any

from cracknet.errors import OutputError
from cracknet.reporting.inspection.layout import Contents, report_pieces

_SCHEME = "photo:"


def load_weasyprint() -> Any:
    """Import WeasyPrint.

    Raises
    ------
    OutputError
        When it, or a system library that it needs, is not installed.
    """
    from PIL import ImageFile

    kept = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        import weasyprint
    except ImportError as error:
        msg = (
            'a PDF needs WeasyPrint: pip install "cracknet[report]". Or print the HTML report from '
            "a browser."
        )
        raise OutputError(msg) from error
    except OSError as error:  # what it says where a shared library is missing
        msg = (
            f"WeasyPrint lacks a system library ({' '.join(str(error).split())[:160]}). Install "
            "Pango: `apt install libpango-1.0-0 libpangoft2-1.0-0` on Debian and Ubuntu, "
            "`brew install pango` on macOS. Or print the HTML report from a browser."
        )
        raise OutputError(msg) from error
    finally:
        # It makes Pillow read truncated files without a word, for the whole process:
        # https://github.com/Kozea/WeasyPrint/blob/main/weasyprint/images.py
        ImageFile.LOAD_TRUNCATED_IMAGES = kept
    return weasyprint


def pdf_of(contents: Contents) -> bytes:
    """Lay a report out on pages.

    Nothing is fetched: pictures come from the report's own files, any other address is refused.

    Raises
    ------
    OutputError
        When WeasyPrint is not installed.
    """
    weasyprint = load_weasyprint()
    from weasyprint.urls import (
        URLFetcher,
        URLFetcherResponse,
    )

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    pages = contents.pages
    numbers = {id(page): number for number, page in enumerate(pages)}

    class Pictures(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002
            if not url.startswith(_SCHEME):
                msg = f"a report needs no {url}"
                raise ValueError(msg)
            content = pages[int(url.removeprefix(_SCHEME))].picture.read_bytes()
            return URLFetcherResponse(url, content, {"Content-Type": "image/jpeg"})

    text = b"".join(report_pieces(contents, lambda page: f"{_SCHEME}{numbers[id(page)]}"))
    document = weasyprint.HTML(string=text.decode(), url_fetcher=Pictures())
    return bytes(document.write_pdf())
