"""Text of other programs: UTF-8, UTF-16 or UTF-32 with or without a mark, or Windows-1252."""

from __future__ import annotations

import codecs
import re

from sayso.errors import FormatError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,80}encoding=["']([A-Za-z0-9._-]{1,40})["']""")
_LOOKED_AT = 4096


def decode(content: bytes) -> str:
    """The text of a file, whatever program wrote it.

    Raises: FormatError for what is no text.
    """
    text = _decoded(content)
    if text is None or any(ord(mark) < 32 and mark not in "\t\n\r\f\v\x1a" for mark in text):
        raise FormatError("this is no text; expected an edit")
    return text


def _decoded(content: bytes) -> str | None:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _try(content[len(mark) :], name)
    declared = _DECLARED.match(content)
    if declared and (text := _try(content, declared.group(1).decode())) is not None:
        return text
    # UTF-16 without a mark: every other byte of what is mostly ASCII is zero.
    head = content[:_LOOKED_AT]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if len(head) > 1 and zeros.count(0) > 0.4 * len(zeros):
            return _try(content, name)
    for name in ("utf-8", "cp1252", "latin-1"):
        if (text := _try(content, name)) is not None:
            return text
    return None


def _try(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except (UnicodeError, LookupError):
        return None
