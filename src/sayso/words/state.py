"""What a conversation remembers beside its moves: the open question, and what was spoken of."""

from __future__ import annotations

from sayso.value import Value

MOST_SOUNDS = 8


class State(Value):
    """The state of a dialogue; plain data, to be kept beside the history and handed back.

    `asks` is what the last reply asked for, "" for nothing: "targets", "aspect", "times", "bpm",
    "place", "yes" for whether the order is meant that was proposed. `template` is the order that
    waits for it, with {} in its place; after "yes", the whole of it. `about` are the sounds
    that "it" and "them" stand for where no move was made, `sounds` those that were named lately,
    the last one last. `said` is the order that the last turn came from, "" where it is too long.
    `offer` is the order for what the last reply offered instead, which "yes" takes.
    """

    asks: str = ""
    template: str = ""
    about: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    said: str = ""
    offer: str = ""
