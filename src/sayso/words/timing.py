"""Checks of what is said about time: stretches, pauses, silence, the parts of a song."""

from __future__ import annotations

from itertools import pairwise

from sayso.words.grammar import Clause, once
from sayso.words.lexicon import lexicon

# What names an aspect of sound.
NAMED = ("param", "quality", "preset", "place", "verb_param")


def named(clause: Clause) -> bool:
    """Whether an aspect is named, other than by its unit or direction."""
    named = any(item.kind in NAMED and item.value != "silence" for item in clause.items)
    return named or clause.has("verb", "tighten")


@once
def when(clause: Clause) -> bool:
    """Whether it names a part of the time."""
    if clause.has("span") or clause.has("section") or clause.has("edge", "start", "end", "before"):
        return True
    about = named(clause) or clause.has("sound")
    timed = any(item.number and item.number.unit == "s" for item in clause.all("quantity"))
    return (
        timed and about and clause.has("prep", "at") and not clause.has("param", "delay", "preset")
    )


def mutes(clause: Clause) -> bool:
    """Whether something is to be silent rather than cut out: "mute it from 0:05 to 0:07"."""
    return any(verb.text in lexicon().words["muting"] for verb in clause.all("verb", "remove"))


def sounds_in_it(clause: Clause) -> bool:
    """Whether a sound is named other than to say what lies in a stretch: "a minute of talking"."""
    described = False
    for item in clause.items:
        if item.kind == "sound" and not (described and clause.has("span")):
            return True
        described = item.is_("prep", "of") or (described and item.kind in {"size", "word"})
    return False


def level(clause: Clause) -> bool:
    """Whether its number is no time."""
    return all(item.number and item.number.unit != "s" for item in clause.all("quantity"))


def edits(clause: Clause) -> bool:
    """Whether a stretch of time is to be cut, kept, repeated or moved."""
    counted = [*clause.all("quantity"), *clause.all("range")]
    times = [item for item in counted if item.number and item.number.unit in {"s", "bar"}]
    if (
        mutes(clause)
        or sounds_in_it(clause)
        or (named(clause) and not clause.has("place", "centre"))
    ):
        return False
    if clause.has("verb", "cut") and clause.has("size", "half"):
        return True
    if bare_range(clause):
        return True
    if clause.has("verb", "remove", "cut", "drop") and clause.has("place", "centre"):
        return True
    if clause.has("verb", "remove", "cut", "keep", "drop") or clause.has("edge"):
        # "The middle ten seconds", "the first half": stretches whose times are still to be asked.
        middle = bool(times) and clause.has("place", "centre")
        if middle or (clause.has("edge", "first", "last") and clause.has("size", "half", "small")):
            return True
    if clause.has("span") or clause.has("verb", "loop"):
        return True
    if clause.has("takes"):
        return not (clause.has("verb", "remove", "drop") or clause.has("neg"))
    if clause.has("verb", "shorten"):
        return True
    if clause.has("verb", "start", "end"):
        return bool(clause.all("quantity"))
    placed = clause.has("edge", "start", "end") and clause.has("prep", "at", "from")
    return bool(times) and (clause.has("verb") or clause.has("edge", "long") or placed)


def bare_range(clause: Clause) -> bool:
    """Whether it takes or keeps what two bare numbers bound, which can only be times."""
    ranged = clause.first("range")
    bare = ranged is not None and ranged.number is not None and not ranged.number.unit
    return bare and clause.has("verb", "cut", "keep", "remove")


def section_only(clause: Clause) -> bool:
    """Whether a part of the song is meant, and no sound in it."""
    return not clause.has("sound")


def silence(clause: Clause) -> bool:
    """Whether pauses are to be shorter."""
    if clause.has("edge", "after", "before"):
        return False
    return (
        clause.has("param", "silence")
        and not clause.has("sound")
        and not pause(clause)
        and (clause.has("verb") or not clause.all("param")[0].text.startswith("quiet"))
        and not clause.has("verb", "loop")
    )


def _measured_out(clause: Clause) -> bool:
    """Whether one silence of a length is named: "2 seconds of silence", "a 1 second pause"."""
    items = [item for item in clause.items if not item.is_("prep", "of")]
    return any(
        item.kind == "quantity"
        and item.number is not None
        and item.number.unit == "s"
        and after.is_("param", "silence")
        and after.text in {"silence", "pause", "gap", "dead air"}
        for item, after in pairwise(items)
    )


def pause(clause: Clause) -> bool:
    """Whether silence is to be put in, or something done where it is, rather than shortened."""
    if not clause.has("param", "silence") or clause.has("sound") or clause.has("verb", "loop"):
        return False
    other = clause.has("verb", "add", "split", "raise", "move", "start", "set")
    other = other or (clause.has("verb", "give") and not clause.has("span"))
    other = other or (clause.has("prep", "at") and clause.has("quantity"))
    other = other or (_measured_out(clause) and not clause.has("verb", "remove", "cut", "drop"))
    return other or clause.has("degree", "more") or clause.has("prep", "with", "as")


def stretch(clause: Clause) -> bool:
    """Whether what is to go between two times is no sound: "the ad between 14:20 and 15:05"."""
    words = clause.all("word")
    return edits(clause) and words[-1].value in lexicon().words["abstract"]
