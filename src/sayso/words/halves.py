"""Orders that something left over beside them may change: they are asked about, not done."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.words.actions.changes import Declined
from sayso.words.grammar import Clause
from sayso.words.turn import Turn

# Left over beside an order, these change what it means, so that it is not carried out without them.
_GRAVE = frozenset({
    "quantity", "range", "span", "band", "neg", "section", "except", "edge", "cond", "swap", "undo",
    "go",
})  # fmt: skip
_MERE = frozenset({"quantity", "range", "prep", "size", "degree"})
_GUESSED = frozenset({"change", "edit", "again", "softer"})
_TAKING = frozenset({"remove", "extract", "edit", "silence", "clean", "denoise", "split"})
_TOLD = frozenset({"none", "aside", "remark", "topic", "ask", "condition"})


def without_halves(turn: Turn, found: Sequence[Clause]) -> list[Clause]:
    """The clauses without those that something left over beside them may change."""
    conditional = [clause for clause in found if clause.act == "condition"]
    if conditional:
        return conditional
    out: list[Clause] = []
    asked: set[int] = set()
    lost = -1
    for at, clause in enumerate(found):
        mere = clause.joined == "soft" and all(item.kind in _MERE for item in clause.items)
        hangs = _touch(found[lost], clause) or mere
        if lost == at - 1 >= 0 and hangs and not clause.targets:
            lost = at  # it hangs on what is not clear
            continue
        if clause.act in _TOLD:
            out.append(clause)
            continue
        if any(other.act == "ask" for other in found[:at]) and not _orders(clause):
            continue  # "What is the difference between reverb and echo?" is one question
        unclear = _unclear(clause, found[:at], found[at + 1 :])
        if unclear is None:
            out.append(clause)
            continue
        asked.add(clause.start)
        lost = at
        if unclear.start in asked:
            continue
        turn.answers.append(
            Declined(
                "ambiguous",
                f"I am not sure how “{unclear.text}” belongs to “{clause.text}”, so I leave that "
                "as it is. Please say it another way.",
                ("turn the drums down by 3 dB", "cut the first 10 seconds"),
            )
        )
    return out


def _orders(clause: Clause) -> bool:
    return clause.joined == "hard" or (clause.led and clause.items[0].kind == "verb")


def _unclear(clause: Clause, before: Sequence[Clause], after: Sequence[Clause]) -> Clause | None:
    """What stands right beside `clause` and may change what it means; None where nothing does."""
    earlier = before[-1] if before and _touch(before[-1], clause) else None
    later = after[0] if after and _touch(clause, after[0]) else None
    if later is not None and later.items[0].text in {"who", "which", "that"}:
        return later  # "the lady who coughs" is not every lady
    for other in filter(None, (earlier, later)):
        if other.act != "none" or all(item.kind in {"retract", "join"} for item in other.items):
            continue
        grave = any(
            (i.kind in _GRAVE and not i.is_("edge", "between")) or i.is_("prep", "than")
            for i in other.items
        )
        # "Dru ms louder": what is unknown is the sound, not the whole.
        named = any(item.kind != "pronoun" or clause.has("verb") for item in clause.targets)
        lost = clause.act in _GUESSED and not named and _names_something(other)
        # "The snare lacks snap" is not about its level.
        lacking = other is later and clause.items[-1].kind == "degree"
        rest = clause.act == "same" and any(
            item.kind not in {"prep", "word"} for item in other.items
        )
        # "It will get me in trouble" is no order.
        leads = other is earlier and other.items[-1].kind in {"verb", "aux"}
        verb = leads and clause.act in _TAKING and not clause.asked
        lost = lost or lacking or rest or verb or clause.act == "bare"
        lost = lost or (other is later and _to_a_name(other))
        # "The left hand of the piano" is not the piano.
        part = other is earlier and other.items[-1].is_("prep", "of")
        if grave or lost or part:
            return other
    if clause.act in {"extract", "bare"} and later is not None and later.act == "edit":
        return later
    if later is not None and clause.act in {"change", "bare"} and not clause.has("verb"):
        told = later.items[0].is_("verb", "is") or later.items[0].kind == "aux"
        if told and clause.targets and not later.targets:
            return later  # "The guy on the left" "is louder"
    if clause.act == "bare" and later is not None and later.act not in _TOLD:
        return later  # "Guitar another 1"
    if clause.act == "edit" and not clause.has("verb"):
        # A stretch beside something else need not be what is to be kept.
        return next((c for c in (earlier, later) if c is not None and c.act not in _TOLD), None)
    if clause.act == "edit" and earlier is not None and earlier.act in {"extract", "bare"}:
        return earlier
    if clause.act == "bare" and earlier is not None and earlier.act not in _TOLD - {"none"}:
        return earlier  # the words before it may be its verb
    if _two_halves(clause, later) or (earlier is not None and _two_halves(earlier, clause)):
        return later or earlier
    if clause.act in _TAKING and later is not None and _runs_on(later):
        return later
    if _runs_on(clause) and earlier is not None and earlier.act in _TAKING:
        return earlier
    return None


def _to_a_name(clause: Clause) -> bool:
    """Whether it says to what: "to E flat"."""
    return clause.items[0].is_("prep", "to") and clause.has("word")


def _two_halves(first: Clause, second: Clause | None) -> bool:
    """Whether two changes of no sound run into each other: "high-cut the reverb"."""
    if second is None or first.act != "change" or second.act != "change":
        return False
    verbless = second.items[0].kind != "verb" and _touch(first, second)
    return verbless and not (first.targets or second.targets)


def _runs_on(clause: Clause) -> bool:
    """Whether a clause that nothing parts from the one before goes on with it."""
    return clause.act in {"bare", "change", "again", "measured"} and clause.items[0].kind != "verb"


def _names_something(clause: Clause) -> bool:
    return any(item.kind in {"word", "verb"} for item in clause.items)


def _touch(earlier: Clause, later: Clause) -> bool:
    """Whether nothing parts two clauses that follow each other."""
    return later.joined == "soft" and not later.parted
