"""Lists of sounds, as they are given to an option rather than said in a sentence."""

from __future__ import annotations

import re

from sayso.words.vocabulary import canonical, vocabulary


def listed(given: str) -> list[str]:
    """The sounds of a list, by the names that they have here.

    >>> listed("singer, drums and bass")
    ['vocals', 'drums', 'bass']
    """
    parts = [part.strip() for part in re.split(r"[,;/|+]", given) if part.strip()]
    joined = [re.split(r"\s+(?:and|&)\s+", part) for part in parts]
    # "A man and a woman speaking" is one sound.
    known = set(vocabulary().names)
    return [
        canonical(name)
        for whole, names in zip(parts, joined, strict=True)
        for name in (names if all(canonical(n) in known for n in names) else [whole])
    ]
