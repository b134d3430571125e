"""Aliases: names for items that are fit for any file system, and never the same twice."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable

_LONGEST = 80
"""Characters of one part of an alias; many file systems take 255 bytes."""


class Aliases:
    """Gives out aliases.

    An alias is the path below the folder that was given, without the suffix, where letters, digits,
    "-", "_", blanks and "/" stay and all else becomes "_". It has no dot, so that an output, which
    has one, is never the folder of another item. Where it is taken, also by one that differs in
    case only, a hash of the whole path is added.

    Args:
        taken: aliases that were given out before, and are kept.

    >>> aliases = Aliases()
    >>> aliases.give("/takes/a b/x.1.wav", "a b/x.1.wav"), aliases.give("/takes/X.mp3", "X.mp3")
    ('a b/x_1', 'X')
    >>> aliases.give("/takes/x.wav", "x.wav")
    'x-fa095e83'
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_folded(alias) for alias in taken}

    def give(self, url: str, relative: str) -> str:
        """The alias for the file at `url`."""
        *folders, name = relative.split("/")
        stem = name.rpartition(".")[0] or name
        plain = alias = "/".join(_safe(part) for part in (*folders, stem))
        digest = hashlib.sha256(url.encode()).hexdigest()
        length = 8
        while _folded(alias) in self._taken:
            alias = f"{plain}-{digest[:length]}"
            length += 8
        self._taken.add(_folded(alias))
        return alias


def _safe(part: str) -> str:
    text = unicodedata.normalize("NFC", part)
    safe = "".join(c if c.isalnum() or c in "-_ " else "_" for c in text).strip()
    if len(safe) > _LONGEST:
        safe = f"{safe[: _LONGEST - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return safe or "_"


def _folded(alias: str) -> str:
    return unicodedata.normalize("NFKC", alias).casefold()
