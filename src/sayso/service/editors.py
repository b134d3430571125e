"""The service's own editors in words: "edit it like anna"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

SUFFIX = ".editor"
_WAYS = (
    # What comes before a name, and after it.
    (r"\b(?:edit|cut|trim|do|make|arrange)\b[^\n]*?\b(?:like|as|the way(?: that)?)\s+", r""),
    (r"\bin the style of\s+", r""),
    (r"\b(?:in|with|using|use)\s+", r"['’]s\s+(?:style|way|editor)\b"),
)


def with_editors(text: str, names: Sequence[str]) -> str:
    """`text`, in which the names of editors that an edit is to be like are those of their files.

    >>> with_editors("Cut it the way Anna would", ["anna"])
    'Cut it the way "anna.editor" would'
    >>> with_editors("edit it in anna's style", ["anna"]), with_editors("like anna", ["anna"])
    ('edit it like "anna.editor"', 'like anna')
    """
    for name in sorted(names, key=len, reverse=True):
        for before, after in _WAYS:
            # Only whole names, and none that are files already.
            pattern = rf"({before})[\"“'‘]?{re.escape(name)}[\"”'’]?(?![\w.-]){after}"
            found = re.search(pattern, text, re.IGNORECASE)
            if found is not None:
                lead = found.group(1)
                lead = lead if re.search(r"\b(?:like|as|way)\b", lead, re.I) else "like "
                return f'{text[: found.start()]}{lead}"{name}{SUFFIX}"{text[found.end() :]}'
    return text


def editor_named(example: str, names: Sequence[str]) -> str | None:
    """Which of `names` an example means, whatever its case; None for any other file.

    >>> editor_named("Anna.editor", ["anna"]), editor_named("../anna.editor", ["anna"])
    ('anna', None)
    """
    if PurePath(example).name != example:
        return None
    wanted = example.casefold().removesuffix(SUFFIX)
    return next((name for name in names if name.casefold() == wanted), None)
