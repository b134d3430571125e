"""Answers to questions, out of the desk and what is known of the recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sayso.desk import MIX, Desk, History, complement_of
from sayso.words.actions.changes import Declined
from sayso.words.dialogue import raised
from sayso.words.grammar import Clause
from sayso.words.hearing import TargetResolver
from sayso.words.vocabulary import canonical
from sayso.words.wording import clock, described, joined, number, spoken

if TYPE_CHECKING:
    from sayso.measure.tempo_key import TempoKey


class Facts(NamedTuple):
    """What the studio knows of the recording; each is worked out only when it is asked for.

    `duration_s` is its length in seconds, `lufs` its integrated loudness, `music` its tempo and
    key, None where unknown. `voice` is "sung", "spoken" or "unsure", None where unknown.
    """

    duration_s: Callable[[], float | None] = lambda: None
    lufs: Callable[[], float | None] = lambda: None
    music: Callable[[], TempoKey | None] = lambda: None
    voice: Callable[[], str | None] = lambda: None


def answered(
    clause: Clause, history: History, ear: TargetResolver, facts: Facts | None
) -> Declined:
    """The answer to a question about the recording, the desk or what can be done."""
    sounds = [item.value for item in clause.all("sound")]
    if clause.has("ask"):
        kind = clause.all("ask")[0].value
    elif clause.has("topic"):
        kind = clause.all("topic")[0].value
    else:
        kind = "state" if sounds and clause.has("verb", "is") else "other"
    known = facts or Facts()
    if kind == "loud":
        return _loudness(sounds, history.desk, known)
    if kind == "long":
        return _length(history.desk, known)
    if kind == "music":
        return _music(known)
    if kind == "content":
        return _content(sounds, clause, ear)
    if kind in {"state", "did"}:
        return _changes(sounds, history)
    if kind == "if":
        return _if(clause, sounds)
    return raised(kind, history, ear)


def _loudness(sounds: list[str], desk: Desk, facts: Facts) -> Declined:
    target = sounds[0] if sounds else MIX
    strip = desk.strip(target)
    where = "taken out" if strip.mute else f"at {number(strip.gain_db)} dB on its fader"
    name = spoken(target)
    text = f"{name[0].upper()}{name[1:]} {_be(target)} {where}."
    lufs = facts.lufs()
    if lufs is not None:
        text += f" The recording as it came is at {lufs:.1f} LUFS."
    if target != MIX:
        text += " How loud one sound is by itself shows when it is rendered."
    hints = (f"turn {_the(target)} up by 3 dB", f"turn {_the(target)} down by 3 dB")
    return Declined("help", text, hints)


def _be(target: str) -> str:
    plural = target.endswith("s") and not target.endswith(("ss", "bass"))
    return "are" if plural and complement_of(target) is None else "is"


def _the(target: str) -> str:
    return "it" if target == MIX else f"the {target}"


def _length(desk: Desk, facts: Facts) -> Declined:
    seconds = facts.duration_s()
    if seconds is None:
        return Declined(
            "help", "The length stands beside the recording.", ("make it 30 seconds long",)
        )
    text = f"The recording is {clock(round(seconds, 1))} long"
    text += " as it came; the edits change that." if desk.edits else "."
    return Declined("help", text, ("make it 30 seconds long", "cut the first 10 seconds"))


def _music(facts: Facts) -> Declined:
    hints = ("speed it up by 10%", "pitch it up 2 semitones")
    heard = facts.music()
    if heard is None:
        return Declined("unsupported", "Tempo and key are told where the recording is.", hints)
    tempo, key = heard.worded
    return Declined("help", f"As it came, its tempo is {tempo}; its key is {key}.", hints)


def _content(sounds: list[str], clause: Clause, ear: TargetResolver) -> Declined:
    if not sounds:
        heard = joined([spoken(name) for name in ear.names()])
        text = f"I do not list what is in a recording; by name I can pull out {heard}, for example."
        return Declined("unsupported", text, ("isolate the vocals", "split it into stems"))
    name = spoken(sounds[0])
    if ear.find(canonical(sounds[0])) is None:
        return Declined(
            "unsupported", f"I cannot tell {name} apart by name here.", ("isolate the vocals",)
        )
    text = f"I can look for {name}, but only what is pulled out shows whether there is any."
    return Declined("unsupported", text, (f"isolate the {sounds[0]}",))


def _changes(sounds: list[str], history: History) -> Declined:
    """What was done, to all or to the sounds that were asked about."""
    if not sounds:
        return raised("statement", history, TargetResolver())
    target = sounds[0]
    touched = [
        part
        for turn in history.turns
        for move in turn
        for part in described(move)
        if target in getattr(move, "targets", ()) or _reaches(getattr(move, "target", None), target)
    ]
    strip = history.desk.strip(target)
    name = spoken(target)
    if strip.mute:
        state = f"Yes: {name} {_be(target)} taken out."
    elif not touched:
        state = f"No: {name} {_be(target)} as in the recording."
    else:
        state = f"{name[0].upper()}{name[1:]} {_be(target)} heard; so far: {joined(touched)}."
    return Declined("help", state, (f"remove the {target}", "undo"))


def _reaches(moved: str | None, target: str) -> bool:
    """Whether a change of `moved` is one of `target` as well."""
    if moved is None:
        return False
    left_out = complement_of(moved)
    return moved == target or (left_out is not None and left_out != target)


def _if(clause: Clause, sounds: list[str]) -> Declined:
    name = sounds[0] if sounds else "vocals"
    text = (
        "You would hear the recording with that change and nothing else of it; "
        "say it without the question and I do it, and undo takes it back."
    )
    return Declined("help", text, (f"remove the {name}", "undo"))
