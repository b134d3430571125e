"""Names whose meaning the recording decides: a voice is sung or spoken, a background is around it.

The words are settled before they are read, so that all that follows knows one name for one sound.
"""

from __future__ import annotations

import re

from sayso.words.answers import Facts
from sayso.words.items import itemize
from sayso.words.lexicon import lexicon

_SUNG_AS, _SPOKEN_AS, _AROUND = "vocals", "speech", "accompaniment"
_OF_A_SONG = re.compile(r"\bbackground (?:of|in|from|to) (?:the|this|that|my) (?:song|tune|track)\b")
_SPOKEN = "The voice is spoken here, so I took the speech."
_UNSURE = "I cannot tell whether the voice here is sung or spoken, and took it for sung; say “speech” if it is spoken."


def settled_by_ear(text: str, facts: Facts | None) -> tuple[str, str]:
    """An already normalised text with the names that it leaves to the ear, and what to say of it.

    >>> settled_by_ear("isolate the voice", Facts(voice=lambda: "spoken"))[0]
    'isolate the speech'
    >>> settled_by_ear("give me the background of this song", None)[0]
    'give me the accompaniment'
    """
    text = _OF_A_SONG.sub(_AROUND, text)
    names = lexicon().words["voices"]
    items = [item for item in itemize(text) if item.kind == "sound"]
    voices = [item for item in items if item.value == _SUNG_AS and item.text in names]
    around = [item for item in items if item.text == "background"]
    if facts is None or not (voices or around):
        return text, ""
    heard = facts.voice()
    taken = {
        item: name
        for found, name, if_heard in (
            (voices, _SPOKEN_AS, "spoken"),
            (around, _AROUND, "sung"),
        )
        for item in found
        if heard == if_heard
    }
    for item in sorted(taken, key=lambda item: item.start, reverse=True):
        text = f"{text[: item.start]}{taken[item]}{text[item.end :]}"
    if heard == "unsure" and voices:
        return text, _UNSURE
    return text, _SPOKEN if voices and heard == "spoken" else ""
