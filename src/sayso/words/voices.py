"""Names whose meaning the recording decides: a voice is sung or spoken, a background is around it.

The words are settled before they are read, so that all that follows knows one name for one sound.
"""

from __future__ import annotations

import re

from sayso.words.actions.edits import example
from sayso.words.answers import Facts
from sayso.words.items import Item, itemize
from sayso.words.lexicon import lexicon
from sayso.words.tokens import normalise

_SPEECH, _AROUND = "speech", "accompaniment"
_MOST_READ = 2000
_OF_A_SONG = re.compile(
    r"\bbackground (?:of|in|from|to) (?:the|this|that|my) (?:song|tune|track)\b"
)
_WHOSE = re.compile(r"\b(?:my|our|your|his|her|their) $")  # "my speech" is the recording
_SPOKEN = "The voice here is spoken, so I took the speech."
_UNSURE = (
    "I am not sure whether the voice here is sung or spoken, and took it for sung; "
    "say “the speech” if it is spoken."
)


def settled_by_ear(text: str, facts: Facts | None) -> tuple[str, str]:
    """`text` with the names that it leaves to the ear settled, and what is to be said of it.

    Text that names nothing of the kind comes back as it is.

    >>> settled_by_ear("isolate the voice", Facts(voice=lambda: "spoken"))[0]
    'isolate the speech'
    >>> settled_by_ear("give me the background of this song", None)[0]
    'give me the accompaniment'
    """
    if len(text) > _MOST_READ or example(text) is not None:
        return text, ""
    plain = _OF_A_SONG.sub(_AROUND, normalise(text))
    sounds = [item for item in itemize(plain) if item.kind == "sound"]
    voices = [item for item in sounds if item.text in lexicon().words["voices"]]
    around = [item for item in sounds if item.text == "background"]
    heard = facts.voice() if facts is not None and (voices or around) else None
    told = ""
    if heard == "spoken" and voices:
        plain, told = _renamed(plain, voices, _SPEECH), _SPOKEN
    elif heard == "sung" and around:
        plain = _renamed(plain, around, _AROUND)
    elif heard == "unsure" and voices:
        told = _UNSURE
    return (plain if plain != normalise(text) else text), told


def _renamed(text: str, items: list[Item], name: str) -> str:
    for item in reversed(items):
        before = _WHOSE.sub("the ", text[: item.start])
        text = f"{before}{name}{text[item.end :]}"
    return text
