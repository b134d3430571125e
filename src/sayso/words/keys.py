"""Which messages ask for another key: "transpose it up to G", "from A minor to D minor"."""

from __future__ import annotations

import re

_A_KEY = r"[a-g](?:\s*-?\s*(?:#|♯|♭|sharp|flat|b))?(?:\s*-?\s*(?:minor|major|min|maj|m))?(?![a-z])"
_TO_A_KEY = re.compile(
    r"(?:transpose|move|shift|put|change|pitch|bring|take|turn|set|tune|make|convert)?\s*"
    r"(?:it|this|that|(?:the |this )?(?:song|key|music|track|whole (?:thing|song|mix)|pitch)"
    r"(?: of (?:it|this|the song))?)?\s*"
    r"(?:(?P<way>up|down)\s*)?"
    rf"(?:from (?:the key of )?(?P<now>{_A_KEY})\s*)?(?:(?P<later>up|down)\s*)?"
    r"(?:to|into|in) (?:the key of )?"
    rf"(?P<key>{_A_KEY})(?: instead| please)?",
    re.IGNORECASE,
)


_CUE = re.compile(
    r"transpos|\bkey\b|minor|major|\bpitch\b|[a-g] ?(?:#|♯|sharp|flat)", re.IGNORECASE
)
_AROUND = re.compile(
    r"^(?:please|can you|could you|now|and)\s+|\s*[.!?]+$|\s+please$", re.IGNORECASE
)


def asked(text: str) -> re.Match[str] | None:
    """The `key`, the `way` (or `later`) and the key `now` that a message says, and nothing else."""
    plain = _AROUND.sub("", text.strip())
    return _TO_A_KEY.fullmatch(plain) if _CUE.search(plain) else None
