"""Photographs received: streamed to disk, counted while they come, looked at but never decoded.

A file's name, its type and its size as the sender states them are only claims. The name is kept as
a word to show and never becomes a path; type and pixels are read from the file's own header.
"""

from __future__ import annotations

import importlib.util
import os
import re
import struct
import unicodedata
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from cracknet.errors import PhotoError
from cracknet.photo.header import PhotoHeader, read_header

if TYPE_CHECKING:
    from cracknet.web.http.settings import Settings

PHOTOS = "photos"
FIELDS = ("options", "title")
_MOST_FIELD_BYTES = 64_000
_MOST_NAME = 200
_MOST_BOUNDARY = 70  # RFC 2046, section 5.1.1
_FLUSH_BYTES = 1_000_000

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that show as nothing, or turn the text around them."""
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"}
)
"""Names that Windows keeps for devices, whatever ending follows (Win32 "Naming Files")."""
_SLASHES = "/\\\u2044\u2215\u29f8\u29f9\ufe68\uff0f\uff3c"
"""What is, or looks like, a slash."""

_TEXT_BYTES = 4096
_PAGE = re.compile(
    rb"<(?:!doctype|html|head|body|script|iframe|svg|object|embed)[\s>/]|<\?php|%PDF-\d", re.I
)
"""What a browser, a script engine or a reader of documents would run or show."""
_ZIP_END, _ZIP_ENTRY = b"PK\x05\x06", b"PK\x01\x02"
_ZIP_TAIL = 65_535 + 22


@dataclass(frozen=True)
class ReceivedPhoto:
    """One photograph as it lies on disk.

    Parameters
    ----------
    file_name : str
        As the sender called it: a word to show, never a path.
    path : Path
    bytes : int
    header : PhotoHeader
    """

    file_name: str
    path: Path
    bytes: int
    header: PhotoHeader


@dataclass(frozen=True)
class Received:
    """What one upload held: photographs in their order, and fields of text by their names."""

    photos: tuple[ReceivedPhoto, ...]
    fields: dict[str, str]


async def receive_photos(request: Request, folder: Path, settings: Settings) -> Received:
    """Stream the photographs of a multipart request into a folder.

    They are called 1.jpg, 2.png, ... by order and content. After an error what was written is the
    caller's to remove, with the folder.

    Raises
    ------
    HTTPException
        400 for a body that is not what a form sends, 408 and 413 for one that is too slow or too
        large, 415 for a file that is no photograph, 507 when the disk is full. Its detail is a
        plain sentence.
    """
    form = _Form(folder, settings, _boundary(request.headers.get("content-type", "")))
    try:
        async for chunk in request.stream():
            form.write(chunk)
            if form.pending >= _FLUSH_BYTES:
                await to_thread.run_sync(form.flush)
        form.end()
        await to_thread.run_sync(form.flush)
        return await to_thread.run_sync(partial(_checked, form, settings))
    except ClientDisconnect:
        msg = "The connection ended before the upload did. Send it again."
        raise HTTPException(400, msg) from None
    except OSError as error:
        msg = f"The upload cannot be kept: {error.strerror or 'the disk fails'}. Free some space."
        raise HTTPException(507, msg) from error
    finally:
        form.close()


def name_fault(name: str) -> str:
    """Say what is wrong with a photograph's name; empty when nothing is.

    Examples
    --------
    >>> name_fault("pier 3.jpg"), name_fault("../pier.jpg")
    ('', 'holds a slash')
    """
    if len(name) > _MOST_NAME or len(name.encode("utf-8", "replace")) > 255:
        return f"is longer than {_MOST_NAME} letters"
    if any(letter in _SLASHES for letter in name):
        return "holds a slash"
    if any(unicodedata.category(letter) in _HIDDEN for letter in name):
        return "holds letters that cannot be seen"
    if not name.strip(". "):
        return "is only dots and blanks"
    if name.split(".")[0].strip().lower() in _DEVICES:
        return "is one that Windows keeps for devices"
    return ""


def _boundary(content_type: str) -> bytes:
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data":
        msg = (
            "Photographs are sent as multipart/form-data, in a field called photos; this request "
            "is of another type."
        )
        raise HTTPException(415, msg)
    if not 1 <= len(boundary) <= _MOST_BOUNDARY:
        msg = "The Content-Type names no boundary that the parts could be told by. Send it anew."
        raise HTTPException(400, msg)
    return boundary


@dataclass
class _Part:
    """One part of the form: a photograph, or a field."""

    name: str
    file_name: str | None = None
    path: Path | None = None
    file: BinaryIO | None = None
    bytes: int = 0
    text: bytearray = field(default_factory=bytearray)


class _Form:
    """The parser's callbacks: what they are given goes to disk at the next `flush`."""

    def __init__(self, folder: Path, settings: Settings, boundary: bytes) -> None:
        from python_multipart.multipart import MultipartParser

        self.photos: list[_Part] = []
        self.fields: dict[str, str] = {}
        self.pending = 0
        self._folder, self._settings = folder, settings
        self._part: _Part | None = None
        self._writes: list[tuple[_Part, bytes]] = []
        self._header = bytearray(), bytearray()
        self._disposition: bytes = b""
        self._complete = False
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._form_end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def write(self, chunk: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(chunk)
        except FormParserError:
            raise HTTPException(400, _BROKEN) from None

    def end(self) -> None:
        if not self._complete:
            raise HTTPException(400, _BROKEN)

    def flush(self) -> None:
        writes, self._writes, self.pending = self._writes, [], 0
        for part, data in writes:
            if part.path is not None:
                if part.file is None:
                    part.file = part.path.open("xb")
                part.file.write(data)

    def keep(self) -> None:
        """See the files onto the disk: a job that is taken outlives a power cut."""
        for part in self.photos:
            if part.file is not None:
                part.file.flush()
                os.fsync(part.file.fileno())
        self.close()

    def close(self) -> None:
        for part in self.photos:
            if part.file is not None:
                part.file.close()

    def _begin(self) -> None:
        self._disposition = b""

    def _header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = bytearray(), bytearray()

    def _headers_end(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._part = self._photo(name, options[b"filename"])
            return
        if name == PHOTOS:
            msg = "The field photos holds text instead of a file. Send photographs in it."
            raise HTTPException(400, msg)
        if name not in FIELDS:
            msg = f"A form has the fields {PHOTOS}, {' and '.join(FIELDS)}; another one was sent."
            raise HTTPException(400, msg)
        if name in self.fields:
            raise HTTPException(400, f"The field {name} was sent twice. Send it once.")
        self.fields[name] = ""
        self._part = _Part(name)

    def _photo(self, name: str, raw: bytes) -> _Part:
        if name != PHOTOS:
            msg = "A file was sent in another field than photos. Send photographs in photos."
            raise HTTPException(400, msg)
        if not raw:  # a browser's form without a file chosen
            return _Part(name)
        try:
            file_name = raw.decode("utf-8")
            fault = name_fault(file_name)
        except UnicodeDecodeError:
            fault = "is not UTF-8"
        if fault:
            msg = f"The name of photograph {len(self.photos) + 1} {fault}. Give it a plain name."
            raise HTTPException(400, msg)
        if len(self.photos) >= self._settings.max_photos:
            msg = f"At most {self._settings.max_photos} photographs are taken at a time. Send fewer"
            raise HTTPException(413, f"{msg}.")
        part = _Part(name, file_name, self._folder / f"{len(self.photos) + 1}.part")
        self.photos.append(part)
        self._writes.append((part, b""))  # an empty file is a file, too
        return part

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part is None:
            raise HTTPException(400, _BROKEN)
        part.bytes += end - start
        if part.path is not None:
            if part.bytes > self._settings.max_upload_bytes:
                most = self._settings.max_upload_bytes / 1e6
                msg = f"{part.file_name} is larger than the limit of {most:g} MB for a photograph."
                raise HTTPException(413, msg)
            self._writes.append((part, data[start:end]))
            self.pending += end - start
            return
        if part.bytes > _MOST_FIELD_BYTES:
            msg = f"The field {part.name} is longer than {_MOST_FIELD_BYTES} bytes. Shorten it."
            raise HTTPException(413, msg)
        part.text += data[start:end]

    def _end(self) -> None:
        part = self._part
        if part is not None and part.path is None and part.name in FIELDS:
            try:
                self.fields[part.name] = part.text.decode("utf-8")
            except UnicodeDecodeError:
                raise HTTPException(400, f"The field {part.name} is not UTF-8.") from None
        self._part = None

    def _form_end(self) -> None:
        self._complete = True


_BROKEN = (
    "The parts of the request do not end where they should: it is cut short, or its boundary is "
    "not the one that its Content-Type names. Send it again."
)


def _checked(form: _Form, settings: Settings) -> Received:
    """Look at every file's header; give photographs their endings."""
    form.keep()
    if not form.photos:
        msg = "No photograph was sent. Send one or more in the field photos."
        raise HTTPException(400, msg)
    photos: list[ReceivedPhoto] = []
    faults: list[tuple[int, str]] = []
    for number, part in enumerate(form.photos, 1):
        if part.path is None or part.file_name is None:
            continue
        try:
            header = read_header(part.path)
            fault = _header_fault(part.path, header, settings)
        except PhotoError as error:
            fault = 415, str(error)
        if fault:
            faults.append((fault[0], f"{part.file_name}: {fault[1]}"))
            continue
        path = part.path.with_name(f"{number}{header.suffix}")
        part.path.rename(path)
        photos.append(ReceivedPhoto(part.file_name, path, part.bytes, header))
    if faults:
        said = " ".join(f"{text.rstrip('.')}." for _, text in faults[:5])
        more = f" And {len(faults) - 5} more." if len(faults) > 5 else ""
        raise HTTPException(faults[0][0], f"{said}{more}")
    return Received(tuple(photos), form.fields)


def _header_fault(path: Path, header: PhotoHeader, settings: Settings) -> tuple[int, str] | None:
    """Say with which status a file is refused, and why."""
    if header.pixels > settings.max_pixels:
        return 413, (
            f"{header.width_px} x {header.height_px} pixels are more than the limit of "
            f"{settings.max_pixels / 1e6:g} megapixels. Cut it into smaller photographs, or use "
            "`cracknet segment`"
        )
    if header.format == "HEIC" and importlib.util.find_spec("pillow_heif") is None:
        return 415, (
            "HEIC photographs need the package pillow-heif on the server: "
            'pip install "cracknet[heic]"'
        )
    if kind := _second_nature(path):
        return 415, (
            f"it is a photograph and {kind} in one file. Save the photograph anew with an image "
            "editor"
        )
    return None


def _second_nature(path: Path) -> str:
    """Tell what else a file would be taken for by another program; empty for nothing."""
    with path.open("rb") as file:
        if _PAGE.search(file.read(_TEXT_BYTES)):
            return "a page, script or document"
        size = file.seek(0, 2)
        file.seek(max(0, size - _ZIP_TAIL))
        tail = file.read()
        at = tail.rfind(_ZIP_END)
        if at < 0 or len(tail) < at + 22:
            return ""
        # an archive's directory lies right before its end mark, whatever stands before both
        (length,) = struct.unpack_from("<I", tail, at + 12)
        start = size - len(tail) + at - length
        if start < 0:
            return ""
        file.seek(start)
        empty_or_entry = length == 0 or file.read(4) == _ZIP_ENTRY
        return "an archive" if empty_or_entry else ""
