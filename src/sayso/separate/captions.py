"""A sentence about several sounds, as the sounds that it names.

"A man coughs while a dog barks in the distance" asks for the sum of a cough and a dog. A text is
split where sentences join what happens, and each piece is understood by itself; where a piece is
not, the whole is taken as one description, as if it had not been split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sayso.separate.query_matcher import QueryMatcher

_JOINTS = re.compile(
    r"\s*[,;&+]\s*(?:and\s|then\s)*"
    r"|\s+(?:while|whilst|and then|and|then|as well as|as|before|after|followed by|plus|"
    r"along with|together with|over)\s+"
    r"|\s+with\s+(?=.*\bin the (?:back|fore)ground\b|.*\bin the distance\b|.*\bbehind\b)"
)
_MOST = 6


def sounds_of(
    text: str,
    matcher: QueryMatcher,
    *,
    within: Mapping[str, Sequence[str]],
) -> tuple[str, ...]:
    """The plain wordings of all sounds that `text` names, in order; empty where it names none.

    Args:
        text: anybody's words.
        matcher: finds the one sound that words name.
        within: for plain wordings the wider ones that hold them, which are not counted besides:
            "a man and a woman speak" is speech, not a voice and speech.
    """
    pieces = [piece for piece in _JOINTS.split(text.lower()) if piece.strip()]
    if matcher.listed(text) is None and 1 < len(pieces) <= _MOST:
        found = [matcher.find(piece) for piece in pieces]
        names = list(dict.fromkeys(name for name in found if name is not None))
        if None not in found:
            wider = {name for other in names for name in within.get(other, ())}
            return tuple(name for name in names if name not in wider)
    whole = matcher.find(text)
    return () if whole is None else (whole,)
