"""Acts on the whole: silence put in, files to split into, crossfades, another key."""

from __future__ import annotations

import re

from sayso.desk import (
    MIX,
    Adjust,
    AtMarkers,
    AtPauses,
    AtTimes,
    Crossfade,
    Edit,
    Equal,
    Every,
    InsertSilence,
    Key,
    Parts,
    Pitch,
    Split,
)
from sayso.desk.keys import named, semitones
from sayso.words.actions import Declined
from sayso.words.grammar import Clause
from sayso.words.turn import Turn
from sayso.words.wishes import Wish

_SONG_PAUSE_S = 2.0
"""Between two songs; within one there are shorter ones."""
_FRACTIONS = {"halves": 2, "thirds": 3, "quarters": 4}
_SPLITTING = ("split it into 5 minute files", "split it at the pauses", "split it at 1:00 and 2:30")


def partition(turn: Turn, wish: Wish) -> None:
    """Every track split into several files. Raises: Declined where it is not said where."""
    turn.do([Split(parts=_parts(wish.clause))])


def _parts(clause: Clause) -> Parts:
    numbers = [item.number for item in clause.all("quantity") if item.number is not None]
    seconds = [number.value for number in numbers if number.unit == "s"]
    if clause.has("param", "silence"):
        return AtPauses(least_s=seconds[0]) if seconds else AtPauses()
    if any(item.text.startswith(("marker", "chapter", "mark")) for item in clause.all("word")):
        return AtMarkers()
    if clause.has("prep", "at") and seconds:
        return AtTimes(times_s=tuple(seconds))
    if seconds:
        return Every(seconds=seconds[0])
    fraction = next((_FRACTIONS[w.text] for w in clause.all("word") if w.text in _FRACTIONS), None)
    if fraction is not None and (not numbers or numbers[0].value == fraction):
        return Equal(count=fraction)
    if numbers and fraction is None:
        return Equal(count=round(numbers[0].value))
    if clause.has("group", "mix"):  # "one file per song"
        return AtPauses(least_s=_SONG_PAUSE_S)
    raise Declined("ambiguous", "Where should it be split?", _SPLITTING)


def put_silence(turn: Turn, wish: Wish) -> None:
    """Silence put in at a time. Raises: Declined where length or place is not said."""
    clause = wish.clause
    if clause.has("verb", "split"):
        partition(turn, wish)
        return
    lengths: list[float] = []
    places: list[float | None] = []
    for before, item in zip((None, *clause.items), clause.items, strict=False):
        timed = item.number is not None and item.number.unit in {"s", ""}
        if item.kind == "span" and item.value in {"head", "after"} and item.number is not None:
            places.append(item.number.value)
        elif item.kind == "quantity" and timed and item.number is not None:
            placed = before is not None and before.is_("prep", "at", "in")
            (places if placed else lengths).append(item.number.value)
        elif item.kind == "edge" and item.value in {"start", "end", "whole"}:
            places.append(0.0 if item.value == "start" else None)
    if len(lengths) != 1 or len(places) != 1 or clause.has("edge", "both"):
        raise Declined(
            "ambiguous",
            "How much silence should be put in, and when?",
            ("insert 2 seconds of silence at 0:30", "remove the silences"),
        )
    turn.do([Edit(steps=(InsertSilence(seconds=lengths[0], at_s=places[0]),))])


def crossfade(turn: Turn, wish: Wish) -> None:
    """The length of the joins of clips. Raises: Declined where none is said."""
    lengths = [item.number.value for item in wish.clause.items if item.number is not None]
    if len(lengths) != 1:
        raise Declined(
            "ambiguous",
            "How long should each crossfade be?",
            ("crossfade the joins over 2 seconds", "use crossfades of 50 ms"),
        )
    turn.do([Edit(steps=(Crossfade(seconds=lengths[0]),))])


def to_a_key(turn: Turn, found: re.Match[str]) -> None:
    """The whole in another key, from the one that is said or heard, or measured later.

    Args:
        turn: takes the moves.
        found: as `sayso.words.keys.asked` gives it.
    Raises: Declined where the key that it has is not sure.
    """
    key, way = named(found["key"]), found["way"] or found["later"] or "nearest"
    now = named(found["now"]) if found["now"] else ""
    if " " not in now:
        if turn.facts is None:
            raise _needs_the_key(key, "I do not know the key that it has now; tell me both.")
        heard = turn.facts.music()
        if heard is None:
            turn.note("The key that it has is measured when this is carried out.")
            turn.do([Adjust(target=MIX, effects=(Key.model_validate({"key": key, "way": way}),))])
            return
        now = heard.sure_key or ""
        if not now:
            told = f"I am not sure of its key: {heard.worded[1]}."
            raise _needs_the_key(key, f"{told} Tell me the key that it has now.")
        turn.note(f"Its own key is {heard.worded[1]}.")
    steps = semitones(now, key, "up" if way == "up" else "down" if way == "down" else "nearest")
    if " " in key and key.split()[1] != now.split()[1]:
        turn.note(
            f"A transposition keeps {now.split()[1]}, so it goes to the key with those notes."
        )
    if not steps:
        raise Declined("help", f"It is in {now} already.", ("pitch it up an octave",))
    turn.do([Adjust(target=MIX, effects=(Pitch(semitones=float(steps)),))])


def _needs_the_key(key: str, why: str) -> Declined:
    return Declined(
        "ambiguous", why, (f"transpose it from A minor to {key}", "pitch it up 2 semitones")
    )
