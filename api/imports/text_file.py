"""A file of text of another system: read once from end to end, for its encoding, its digest and its number of lines."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from api.imports.lines import UTF_8
from api.imports.mapping import ImportRefused

LONGEST_LINE = 1 << 24
_BLOCK = 1 << 16
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"SQLite format 3")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENOUGH_ZEROS = 8  # one in so many


@dataclass(frozen=True, slots=True)
class Text:
    """What was found: the encoding, in which the whole file can be read, its digest and its number of lines."""

    encoding: str
    sha256: str
    lines: int


def must_be_file(path: Path) -> None:
    """Raises ImportRefused for a pipe and the like."""
    if path.exists() and not path.is_file():
        raise ImportRefused(f"{path} is not a file that can be read twice, as an import does. Save it as a file first.")


def look_through(path: Path, told: str | None) -> Text:
    """Read the file once, as the encoding that was told; else as UTF-8 or UTF-16, or cp1252 if it is neither.

    Raises ImportRefused when it is empty, no text, or in another encoding, and OSError.
    """
    encoding = told or _likely(path)
    try:
        return _decoded(path, encoding)
    except _Misfit as misfit:
        if told or encoding != UTF_8 or misfit.beyond_ascii:
            raise _wrong_encoding(path, encoding, misfit, told is not None) from None
    except UnicodeError:
        raise ImportRefused(
            f"{path} does not begin as {encoding} does. Set encoding to utf-16-le or utf-16-be in the [file] part"
            " of the mapping, or to what the file is written in."
        ) from None
    try:
        return _decoded(path, "cp1252")
    except _Misfit as misfit:
        raise ImportRefused(
            f"{path} is written neither in UTF-8 nor in cp1252: byte {misfit.position:,} (line {misfit.line:,}) does"
            " not fit. Set the encoding in the [file] part of the mapping."
        ) from None


def opened(path: Path, encoding: str, newline: str = "") -> TextIO:
    """The file's text, with its line ends as they are."""
    return open(path, encoding=encoding, newline=newline)


def physical_lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Each line with its number, without its end: one of Unix, of Windows, of an old Mac, or one written twice."""
    number = 0
    with opened(path, encoding, newline="\n") as text:
        for whole in text:
            for line in whole.rstrip("\r\n").split("\r"):
                number += 1
                yield number, line


class _Misfit(Exception):
    """A byte does not fit the encoding."""

    def __init__(self, position: int, line: int, beyond_ascii: bool) -> None:
        self.position, self.line, self.beyond_ascii = position, line, beyond_ascii


def _likely(path: Path) -> str:
    """By the byte order mark; else by the zero bytes that UTF-16 has in every second place."""
    with open(path, "rb") as file:
        block = file.read(_BLOCK)
    if block.startswith(_UTF_16):
        return "utf-16"
    for encoding, high, low in (("utf-16-le", block[1::2], block[::2]), ("utf-16-be", block[::2], block[1::2])):
        zeros = high.count(0)
        if zeros and zeros * _ENOUGH_ZEROS >= len(high) and not low.count(0):
            text = block[: len(block) // 2 * 2].decode(encoding, errors="replace")
            if "\n" in text or "\r" in text:
                return encoding
    return UTF_8


def _decoded(path: Path, encoding: str) -> Text:
    """Raises _Misfit, UnicodeError when it does not begin as the encoding does, and ImportRefused when it is none."""
    digest, size, ends, run = hashlib.sha256(), 0, 0, 0
    decoder = codecs.getincrementaldecoder(encoding)()
    with open(path, "rb") as file:
        block = file.read(_BLOCK)
        beyond_ascii = block.startswith(codecs.BOM_UTF8)
        if block.startswith(_PACKED):
            raise ImportRefused(f"{path} is not a CSV file but a packed or binary one. Export it as CSV.")
        while True:
            size += len(block)
            digest.update(block)
            try:
                decoded = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                # the decoder's text may begin before this block or behind a byte order mark, but it ends with the block
                fits = bytes(error.object[: error.start])
                beyond_ascii = beyond_ascii or not fits.isascii()
                position = size - len(error.object) + error.start
                raise _Misfit(position, ends + fits.count(b"\n") + 1, beyond_ascii) from None
            beyond_ascii = beyond_ascii or not decoded.isascii()
            mark = "\n" if "\n" in decoded else "\r"
            ends += decoded.count(mark)
            run = len(decoded) - decoded.rfind(mark) - 1 if mark in decoded else run + len(decoded)
            if run > LONGEST_LINE:
                raise ImportRefused(f"Line {ends + 1:,} of {path} has no end that one can see: this is not CSV.")
            if not block:
                break
            block = file.read(_BLOCK)
    if not size:
        raise ImportRefused(f"The file {path} is empty.")
    return Text(encoding, digest.hexdigest(), ends + 1)


def _wrong_encoding(path: Path, encoding: str, misfit: _Misfit, told: bool) -> ImportRefused:
    where = f"byte {misfit.position:,} (line {misfit.line:,}) does not fit."
    if not told:
        return ImportRefused(
            f"{path} is written in {encoding.removesuffix('-sig')}, but {where} Mend that place, or set the encoding in"
            " the [file] part of the mapping if it is another."
        )
    with open(path, "rb") as file:
        likely = "utf-16" if file.read(2) in _UTF_16 else "cp1252"
    return ImportRefused(
        f"{path} is not written in {encoding}: {where}"
        f' Set the encoding in the [file] part of the mapping, probably encoding = "{likely}".'
    )
