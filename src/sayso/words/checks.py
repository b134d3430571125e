"""What a pattern of the grammar cannot say: the checks that `grammar.yaml` names.

Each is asked of a run of items that a pattern fits, and says whether it is that kind of clause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sayso.words.aspects import aspects
from sayso.words.clearing import clears
from sayso.words.grammar import TARGETS, Check, Clause, joins, once
from sayso.words.meanwhile import describes, ducks
from sayso.words.timing import (
    bare_range,
    edits,
    level,
    mutes,
    named,
    pause,
    section_only,
    silence,
    sounds_in_it,
    stretch,
    when,
)
from sayso.words.wishes import Aspect

# Sounds that spoil speech: taking them from a voice is what cleaning does.
SPOILING = ("noise", "hum", "hiss", "static", "crowd", "traffic", "wind", "fan", "air conditioner",
            "crackle", "buzz", "music")  # fmt: skip
VOICES = ("vocals", "speech")
# Verbs with which something is changed rather than taken, split or moved in time.
_CHANGING = frozenset({
    "turn", "bring", "pull", "push", "get", "set", "add", "give", "raise", "lower", "drop", "cut",
    "remove", "crank", "slow", "speed", "tighten", "keep", "is", "sound", "there", "change",
    "extract", "move",
})  # fmt: skip
_STATING = frozenset({"is", "sound", "there"})
# What a sentence with "is" must say beside its subject to be a complaint.
_TELLS = ("quality", "degree", "size", "preset", "again", "quantity", "range", "place", "particle",
          "neg", "band", "verb_param")  # fmt: skip
_GOVERNING = frozenset({"prep", "word", "pronoun", "like"})
# In one breath; more of them are clauses of their own.
_MOST_QUALITIES = 3
_TELLING = frozenset({"more", "less", "excess", "lack", "excess_loud", "zero"})
_FINITE = frozenset({"was", "have"})


def _pure_again(clause: Clause) -> bool:
    """Whether it can only mean the last change: "a bit more", "again", "not enough"."""
    more = clause.has("degree") and not clause.has("degree", "zero")
    return more or clause.has("again", "again")


def _pure_softer(clause: Clause) -> bool:
    if clause.has("again", "softer"):
        return True
    doubt = (
        clause.has("degree", "excess") or clause.has("degree", "so") or clause.items[0].is_("neg")
    )
    return (
        doubt
        and not clause.has("degree", "lack", "enough")
        and not clause.has("size", "high", "low")
    )


def _forbids(clause: Clause) -> bool:
    """Whether an order is forbidden rather than given."""
    if clause.has("degree", "so", "excess", "enough", "lack", "less"):
        return False
    return clause.has("verb") or named(clause) or len(clause.items) > 1


def _stays(clause: Clause) -> bool:
    return not named(clause)


def _statement(clause: Clause) -> bool:
    """Whether "I", "we" or "she" tells something instead of asking for it."""
    rest = clause.items[1:]
    if not rest:
        return True
    wanting = rest[0].is_("verb", "give") or rest[0].kind in {"degree", "neg", "who"}
    return not wanting


def _runs(clause: Clause) -> int:
    """How many lists of sounds stand without a preposition."""
    count = 0
    for before, item in zip((None, *clause.items), clause.items, strict=False):
        if item.kind not in TARGETS and item.kind != "word":
            continue
        if before is None:
            count += 1
        elif before.kind in _GOVERNING or before.is_("degree", "excess_loud"):
            continue  # what it is on, what it is like, what it drowns
        elif before.is_("edge", "below", "above"):
            continue
        elif item.kind != "word" or before.kind not in TARGETS:
            count += not joins(before)
    return count


@once
def _one_change(clause: Clause) -> bool:
    """Whether it says one thing of one list of sounds, so that it is one clause."""
    if len(clause.all("quality")) > _MOST_QUALITIES:
        return False
    verbs = [
        item for item in clause.all("verb") if item.freestanding and item.value not in _STATING
    ]
    ways = {item.value for item in clause.all("particle", "up", "down", "forward", "behind")}
    told = [item for item in clause.all("degree") if item.value in _TELLING]
    units = [item.number.unit for item in clause.all("quantity") if item.number]
    if [verb.value for verb in verbs[:2]] == ["give", "give"]:
        verbs = verbs[1:]  # "I want hear more piano."
    if len(verbs) == 2 and verbs[0].text == "need":
        verbs = verbs[1:]  # "The drums need turning down."
    if len(verbs) == 2 and verbs[0].value in {"turn", "give", "get"}:
        # "Make the vocals lower."
        verbs = [
            verb for verb in verbs if verb.value not in {"lower", "raise", "slow", "speed", "turn"}
        ]
    if len(verbs) > 1 or any(v.value not in _CHANGING for v in clause.all("verb")):
        return False
    if len(ways) > 1 or len(clause.all("particle")) > 2 or len({d.value for d in told}) > 1:
        return False
    if len(units) != len(set(units)) or _runs(clause) > 1 or len(clause.all("place")) > 1:
        return False
    voices = [item for item in clause.all("sound") if item.value == "speech"]
    if clause.has("prep", "than") and len(voices) > 1:
        return False  # single voices cannot be told apart
    excess = clause.has("degree", "excess")
    if clause.has("prep", "than", "as") and not verbs and not excess:
        return False
    if clause.has("place") and clause.has("particle", "out"):
        return False
    if clause.has("place") and clause.has("verb", "is") and not clause.has("degree"):
        return False
    if clause.has("param", "reverb", "delay") and any(
        item.value.startswith("filter") for item in clause.all("param")
    ):
        return False  # an effect of an effect
    if clause.has("verb", "there") and not clause.has("degree", "excess", "lack", "enough"):
        return False
    if clause.has("aux", "have") and not clause.has("degree"):
        return False
    return _speaks_of_sounds(clause) and not _told(clause)


def _told(clause: Clause) -> bool:
    """Whether it is told of somebody: "I was setting up"."""
    pairs = zip(clause.items, clause.items[1:], strict=False)
    return any(
        first.kind == "who"
        and (second.is_("verb", "is") or (second.kind == "aux" and second.value in _FINITE))
        for first, second in pairs
    ) or (clause.items[0].kind == "who" and _statement(clause) and not clause.has("degree", "lack"))


def _speaks_of_sounds(clause: Clause) -> bool:
    """Whether its unknown words can be the name of a sound, or stand before one."""
    items = clause.items
    words = [at for at, item in enumerate(items) if item.kind == "word"]
    if not words:
        return True
    after = words[-1] + 1
    if after < len(items) and items[after].kind == "sound":
        return True
    named = any(item.kind in TARGETS for item in items)
    free = items[words[0]].definite or (words[0] > 0 and items[words[0] - 1].kind == "prep")
    return not named and free and len(words) <= 3 and words[-1] - words[0] == len(words) - 1


def _changes(clause: Clause) -> bool:
    if when(clause) or not _one_change(clause):
        return False
    if bare_range(clause) and not (clause.has("sound") or named(clause)):
        return False
    if clause.has("verb", "tighten") and not clause.has("sound"):
        return False
    if (
        clause.has("size", "half")
        and clause.has("verb", "cut")
        and not (named(clause) or clause.has("sound"))
    ):
        return False
    if clause.has("degree", "zero") and clause.has("degree", "more"):
        return False
    if clause.has("edge", "long") and not clause.has("param", "delay", "tempo", "reverb"):
        return False  # "Make the solo twice as long"
    if clause.has("like") and clause.has("place") and clause.has("who"):
        return False  # "As though I were right beside you"
    if clause.has("verb", "remove", "cut") and clause.has("place") and not clause.has("sound"):
        return False
    if clause.has("verb", *_STATING) and not any(map(clause.has, _TELLS)):
        return False
    pairs = zip(clause.items, clause.items[1:], strict=False)
    placed = any(a.is_("prep", "at") and b.kind == "quantity" for a, b in pairs)
    placed = placed or any(i.number and i.number.unit == "hz" for i in clause.all("quantity"))
    if placed and clause.has("verb", "remove") and clause.has("sound") and not named(clause):
        return False  # "Lose the hum at 50"
    found = aspects(clause)
    return bool(found) and _adjusts(clause, found)


def _topical(clause: Clause) -> bool:
    """Whether the topic is what is asked for, rather than why: "so I can transcribe"."""
    why, topic = clause.first("aside"), clause.first("topic")
    return why is None or (topic is not None and topic.start < why.start)


def _timed(clause: Clause) -> bool:
    if not when(clause) or not _one_change(clause):
        return False
    return mutes(clause) or named(clause) or sounds_in_it(clause) or clause.has("group", "rest")


def _adjusts(clause: Clause, found: Sequence[Aspect]) -> bool:
    """Whether a clause with aspects is about them: "drop the drums" is not about their level."""
    if named(clause) or clause.has("band") or any(aspect.name != "gain" for aspect in found):
        return True
    moved = clause.has("particle", "up", "down", "forward", "behind")
    measured = bool(found[0].numbers) or clause.has("size")
    if clause.has("verb", "cut", "drop", "remove") or clause.has("degree", "zero"):
        return (measured and not clause.has("size", "max")) or moved
    if clause.has("verb", "extract"):
        return measured or moved
    return True


def _measured(clause: Clause) -> bool:
    return bool(clause.targets) and len(clause.all("quantity")) + len(clause.all("size")) == 1


def _amount(clause: Clause) -> bool:
    return clause.has("quantity") or clause.has("range")


def _cleans(clause: Clause) -> bool:
    if clause.has("verb", "clean") and not clause.has("sound", *SPOILING[:-1]):
        return True
    spoilt = clause.has("sound", *SPOILING)
    away = clause.has("verb", "remove", "denoise", "lower", "cut") or clause.has("degree", "zero")
    away = away or clause.has("particle", "out", "off")
    voice = clause.has("sound", *VOICES) or clause.has("group", "talk")
    return spoilt and away and voice and _parted(clause)


def _denoises(clause: Clause) -> bool:
    return not (clause.has("sound", *VOICES) or clause.has("group", "talk"))


def _parted(clause: Clause) -> bool:
    """Whether it is the noise that should go, and the voice that stays: "noise from my voice"."""
    cue = clause.first("verb", "remove", "denoise", "lower", "cut") or clause.first(
        "degree", "zero"
    )
    after = [item for item in clause.all("sound") if cue is None or item.start > cue.start]
    sides = clause.has("prep", "from", "in", "on", "of") or clause.has("particle", "out", "off")
    sides = sides or clause.items[0].kind in TARGETS
    return sides and bool(after) and after[0].value in SPOILING


def _sounds_alone(clause: Clause) -> bool:
    return clause.has("sound") or clause.has("besides") or clause.has("group", "rest")


def _version(clause: Clause) -> bool:
    return any(item.version for item in clause.items)


def _vague(clause: Clause) -> bool:
    return clause.has("vague") or clause.has("verb", "change", "tighten")


CHECKS: Mapping[str, Check] = {
    "amount": _amount,
    "changes": _changes,
    "cleans": _cleans,
    "clears": clears,
    "denoises": _denoises,
    "describes": describes,
    "ducks": ducks,
    "stretch": stretch,
    "edits": edits,
    "forbids": _forbids,
    # "Sort it out" takes nothing out.
    "goes": lambda clause: not (clause.items[0].kind == "word" and clause.has("pronoun")),
    "level": level,
    "measured": _measured,
    "mentions": lambda clause: bool(clause.targets),
    "pause": pause,
    "pure_again": _pure_again,
    "pure_softer": _pure_softer,
    "section_only": section_only,
    "silence": silence,
    "sounds_alone": _sounds_alone,
    "sounds": lambda clause: clause.has("sound"),
    "statement": _statement,
    "stays": _stays,
    "timed": _timed,
    "topical": _topical,
    "unlike": lambda clause: not named(clause),
    "vague": _vague,
    "version": _version,
}
"""The checks by the names that `grammar.yaml` calls them."""
