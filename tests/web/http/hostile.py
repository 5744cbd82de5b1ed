"""Hostile uploads: what each sends, and the status that answers it."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache

BOUNDARY = b"------------------------hostile"


@dataclass(frozen=True)
class Hostile:
    """A request: its body, and what is unusual about its headers."""

    status: int
    body: bytes
    content_type: bytes = b"multipart/form-data; boundary=" + BOUNDARY
    headers: list[bytes] = field(default_factory=list)
    length: int | None = None
    chunked: bool = False
    pause: tuple[int, float] | None = None  # so many bytes, then so many seconds, until the end

    def raw(self) -> bytes:
        """The head of the request."""
        framing = b"Transfer-Encoding: chunked"
        if not self.chunked:
            length = len(self.body) if self.length is None else self.length
            framing = b"Content-Length: %d" % length
        lines = [
            b"POST /api/v1/jobs HTTP/1.1",
            b"Host: 127.0.0.1",
            b"Content-Type: " + self.content_type,
            framing,
            *self.headers,
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n"


def part(name: bytes, content: bytes, file_name: bytes | None = None, more: bytes = b"") -> bytes:
    """One part of a form."""
    named = b"" if file_name is None else b'; filename="' + file_name + b'"'
    head = b'Content-Disposition: form-data; name="' + name + b'"' + named + more
    return b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


@cache
def png_of(width: int, height: int, *more: bytes) -> bytes:
    """A PNG file of black pixels, packed by zlib: a bomb where it is large."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *more, chunk(b"IDAT", packed),
         chunk(b"IEND", b""))
    )  # fmt: skip


def tiff_of(width: int, height: int) -> bytes:
    """A TIFF directory that names a size, and no pixels."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (262, 3, 1, 1),
               (273, 4, 1, 8), (279, 4, 1, 1)]  # fmt: skip
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)


def big_tiff_of(width: int, height: int) -> bytes:
    """A BigTIFF directory with sizes of 64 bits."""
    entries = [(256, 16, 1, width), (257, 16, 1, height)]
    table = b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, len(entries)) + table + bytes(8)


def jpeg_of(width: int, height: int, *more: bytes) -> bytes:
    """A JPEG file's header, without pixels."""
    frame = b"\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, height, width, 1, 1, 0x11, 0)
    return b"\xff\xd8" + b"".join(more) + frame + b"\xff\xda\x00\x08" + bytes(6) + b"\xff\xd9"


def comment(text: bytes) -> bytes:
    """A comment segment of a JPEG file."""
    return b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text


def heic_of(width: int, height: int) -> bytes:
    """A HEIC file's boxes that name a size."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", len(content) + 8, kind) + content

    spatial = box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", spatial)))
    return box(b"ftyp", b"heic" + bytes(4) + b"heicmif1") + meta


def webp_of(width: int, height: int) -> bytes:
    """An extended WebP file's header."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    content = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(content)) + content


def bmp_of(width: int, height: int) -> bytes:
    """A BMP file's header."""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 14 + len(head), 0, 0, 54) + head


def zip_of(name: str) -> bytes:
    """A ZIP file with one entry, whatever its name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "slipped")
    return file.getvalue()


def photo(content: bytes, file_name: bytes = b"wall.jpg") -> bytes:
    """A form with one photograph."""
    return form(part(b"photos", content, file_name))


def all_of(good: bytes, most: int, most_request: int) -> dict[str, Hostile]:
    """All hostile requests by what they try.

    `good` are the bytes of a photograph that is taken; `most` and `most_request` the server's
    limits in bytes.
    """
    named = {
        "name climbs out": b"../../../../tmp/evil.jpg",
        "name climbs out the Windows way": b"..\\\\..\\\\evil.jpg",
        "name is absolute": b"/etc/cron.d/evil.jpg",
        "name is on a drive": b"D:/evil.jpg",
        "name holds NUL": b"wall.jpg\0.php",
        "name holds terminal codes": b"\x1b[2Jwall.jpg",
        "name is a device": b"CON.jpg",
        "name is a device without ending": b"nul",
        "name is a port": b"com1.tiff",
        "name turns text around": "wall\u202egpj.exe".encode(),
        "name holds letters of no width": "wall\u200b.jpg".encode(),
        "name holds slashes of full width": "..\uff0f..\uff0fevil.jpg".encode(),
        "name holds a slash that looks like one": "..\u2215evil.jpg".encode(),
        "name is overlong UTF-8": b"..\xc0\xaf..\xc0\xafevil.jpg",
        "name is no UTF-8": b"wall\xff.jpg",
        "name is endless": b"a" * 5000 + b".jpg",
        "name is the folder above": b"..",
    }
    contents = {
        "bomb: PNG of 900 megapixels": (413, png_of(30_000, 30_000)),
        "bomb: TIFF of a million by a million": (413, tiff_of(1_000_000, 1_000_000)),
        "bomb: BigTIFF of 2^40 by 2^40": (413, big_tiff_of(2**40, 2**40)),
        "bomb: JPEG of 65535 by 65535": (413, jpeg_of(65_535, 65_535)),
        "bomb: WebP of 2^24 by 2^24": (413, webp_of(2**24, 2**24)),
        "bomb: BMP of 2^31 - 1": (413, bmp_of(2**31 - 1, 2**31 - 1)),
        "bomb: HEIC of 100000 by 100000": (413, heic_of(100_000, 100_000)),
        "size zero": (415, tiff_of(0, 100)),
        "negative width": (415, bmp_of(-5, 5)),
        "TIFF directory points to itself": (415, b"II*\0" + struct.pack("<I", 0)),
        "TIFF directory beyond the end": (415, b"II*\0" + struct.pack("<I", 2**31)),
        "TIFF directory of 65535 entries": (415, b"II*\0" + struct.pack("<IH", 8, 65_535)),
        "HEIC box larger than the file": (415, heic_of(10, 10)[:-30]),
        "JPEG of nothing but fill bytes": (415, b"\xff\xd8\xff" + b"\xff" * 300_000),
        "JPEG of endless segments": (415, b"\xff\xd8" + comment(b"") * 200_000),
        "SVG with a script": (415, b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script>"),
        "SVG after an XML head": (415, b"<?xml version='1.0'?><svg onload='alert(1)'/>"),
        "HTML as JPEG": (415, b"<!doctype html><script>alert(1)</script>"),
        "HTML in a JPEG's comment": (415, jpeg_of(8, 8, comment(b"<script>alert(1)</script>"))),
        "PHP in a PNG's text": (415, png_of(8, 8, chunk(b"tEXt", b"a\0<?php system('id');"))),
        "PDF as JPEG": (415, b"%PDF-1.7\n1 0 obj"),
        "PDF in a JPEG": (415, jpeg_of(8, 8, comment(b"%PDF-1.4 1 0 obj"))),
        "ZIP as JPEG": (415, zip_of("wall.jpg")),
        "ZIP that slips": (415, zip_of("../../../../tmp/evil.sh")),
        "JPEG and ZIP in one": (415, good + zip_of("../../evil.sh")),
        "program": (415, b"\x7fELF\x02\x01\x01" + bytes(200)),
        "GIF": (415, b"GIF89a\x01\0\x01\0\0\0\0;"),
        "packed photograph": (415, gzip.compress(good)),
        "JPEG cut within its header": (415, jpeg_of(100, 100)[:8]),
        "PNG cut within its header": (415, png_of(8, 8)[:20]),
        "empty file": (415, b""),
        "file above the limit": (413, good + bytes(most)),
    }
    options = {
        "scale NaN": '{"mm_per_px": NaN}',
        "scale infinite": '{"mm_per_px": Infinity}',
        "scale beyond floats": '{"mm_per_px": 1e999}',
        "scale negative": '{"mm_per_px": -1}',
        "scale is text": '{"mm_per_px": "one"}',
        "options nested deep": "[" * 30_000,
        "options nested deep in a key": '{"model":' * 5_000,
        "options are no JSON": "mm_per_px=1",
        "options are a list": "[1]",
        "options of unknown key": '{"shell": "rm -rf /"}',
        "model is a path": json.dumps({"model": "../../../../etc/passwd"}),
        "standard is a file": json.dumps({"standard": "/etc/passwd"}),
        "standard is a TOML file": json.dumps({"standard": "/tmp/own.toml"}),
        "two scales": '{"mm_per_px": 0.2, "marker": "50"}',
    }
    ordinary = part(b"photos", good, b"wall.jpg")
    many = b"".join(part(b"f%d" % k, b"x") for k in range(10_000))
    headers = b"".join(b"\r\nX-%d: y" % k for k in range(1000))
    requests = {
        "no file": Hostile(400, form(part(b"title", b"x"))),
        "no part at all": Hostile(400, form()),
        "no body": Hostile(400, b""),
        "file chosen by nobody": Hostile(400, photo(b"", b"")),
        "ten thousand fields": Hostile(400, form(many, ordinary)),
        "ten thousand files": Hostile(413, form(*[part(b"photos", b"", b"a")] * 10_000)),
        "field of a megabyte": Hostile(413, form(ordinary, part(b"title", b"x" * 1_000_000))),
        "field twice": Hostile(400, form(ordinary, part(b"title", b"a"), part(b"title", b"b"))),
        "field of another name": Hostile(400, form(ordinary, part(b"path", b"/etc"))),
        "file in another field": Hostile(400, form(part(b"upload", good, b"wall.jpg"))),
        "photographs as text": Hostile(400, form(part(b"photos", good))),
        "title that cannot be seen": Hostile(422, form(ordinary, part(b"title", b"\x1b]0;x\x07"))),
        "title that is no UTF-8": Hostile(400, form(ordinary, part(b"title", b"\xff\xfe"))),
        "part without a name": Hostile(400, form(b"--" + BOUNDARY + b"\r\n\r\nx\r\n", ordinary)),
        "part of a thousand headers": Hostile(
            400, form(part(b"photos", good, b"wall.jpg", headers))
        ),
        "part with a header of a megabyte": Hostile(
            400, form(part(b"photos", good, b"wall.jpg", b"\r\nX-Y: " + b"z" * 1_000_000))
        ),
        "boundary of another": Hostile(
            400, photo(good), b"multipart/form-data; boundary=something-else"
        ),
        "boundary missing": Hostile(400, photo(good), b"multipart/form-data"),
        "boundary endless": Hostile(
            400, photo(good), b"multipart/form-data; boundary=" + b"x" * 5000
        ),
        "form that does not end": Hostile(400, ordinary),
        "form cut within a file": Hostile(400, photo(good)[: len(good) // 2]),
        "body of JSON": Hostile(415, b'{"photos": ["/etc/passwd"]}', b"application/json"),
        "body packed by gzip": Hostile(
            400, gzip.compress(photo(good)), headers=[b"Content-Encoding: gzip"]
        ),
        "length larger than the body": Hostile(408, photo(good), length=len(good) * 2),
        "length smaller than the body": Hostile(400, photo(good), length=len(good) // 2),
        "length claimed beyond the limit": Hostile(413, photo(good), length=10**15),
        "length negative": Hostile(400, photo(good), length=-1),
        "chunks without an end": Hostile(413, photo(good + bytes(most_request)), chunked=True),
        "headers of a megabyte": Hostile(400, b"", headers=[b"X-Y: " + b"z" * 1_000_000]),
        "idempotency key with blanks": Hostile(
            422, photo(good), headers=[b"Idempotency-Key: a b c"]
        ),
        "sender falls silent": Hostile(408, photo(good), pause=(len(good) // 2, 0)),
        "sender drips": Hostile(408, photo(good), pause=(1, 0.2)),
    }
    return (
        {name: Hostile(400, photo(good, file_name)) for name, file_name in named.items()}
        | {name: Hostile(status, photo(of)) for name, (status, of) in contents.items()}
        | {
            name: Hostile(422, form(ordinary, part(b"options", text.encode())))
            for name, text in options.items()
        }
        | requests
    )
