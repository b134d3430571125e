"""Clauses to wishes: the table of acts, and which sounds an act is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sayso.words.aspects import aspects, complains
from sayso.words.clauses import TARGETS, Clause, is_list, retext
from sayso.words.items import Item, known_words
from sayso.words.spans import SEPARATOR
from sayso.words.wishes import Aspect, Wish

# Sounds that spoil speech: taking them from a voice is what cleaning does.
SPOILING = ("noise", "hum", "hiss", "static", "crowd", "traffic", "wind", "fan", "air conditioner",
            "crackle", "buzz", "music")  # fmt: skip
VOICES = ("vocals", "speech")
_NAMED = ("param", "quality", "preset", "place", "verb_param")
# What a sound can be given with, where more or less of it would be about its place in the mix.
_STATES = frozenset({"pitch", "reverb", "delay", "compress", "preset", "filter", "tempo"})
_ONLY_AGAIN = frozenset({"degree", "size", "again", "pronoun", "same"})
_SOURCES = frozenset({"from", "in", "over", "under", "by"})
_AIMS = _SOURCES | {"for"}

_Test = Callable[[Clause], bool]


def _has(kind: str, *values: str) -> _Test:
    return lambda clause: clause.has(kind, *values)


def _named(clause: Clause) -> bool:
    """Whether an aspect is named, other than by its unit or direction."""
    kinds = {item.kind for item in clause.items if item.value != "silence"}
    return bool(kinds & set(_NAMED))


def _pure_again(clause: Clause) -> bool:
    """Whether it can only mean the last change: "a bit more", "again", "not enough"."""
    kinds = {item.kind for item in clause.items}
    if clause.has("size", "high", "low"):
        return False
    return kinds <= _ONLY_AGAIN and bool(kinds & {"degree", "again"})


def _pure_softer(clause: Clause) -> bool:
    if clause.has("again", "softer"):
        return not (_named(clause) or clause.has("sound"))
    doubt = clause.has("degree", "excess") or clause.text.startswith("not ")
    return _pure_again(clause) and doubt and not clause.has("degree", "lack")


def _same(clause: Clause) -> bool:
    if not clause.has("same") and not clause.has("again", "again"):
        return False
    rest = [item for item in clause.items if item.kind not in {"same", "again"}]
    return is_list(rest)


def _negated(clause: Clause) -> bool:
    """Whether an order is forbidden rather than given."""
    if clause.has("degree", "so", "excess", "enough", "lack", "less"):
        return False
    if clause.has("neg", "wish"):
        # "I don't want the drums" is an order, "I don't want the drums louder" forbids one.
        return clause.has("verb", "remove", "extract", "raise", "lower") or clause.has("quality")
    return clause.has("neg", "not")


def _timed(clause: Clause) -> bool:
    looped = clause.has("verb", "loop") and not clause.has("sound")
    when = clause.has("span") or (clause.has("section") and not looped)
    if clause.has("sound") and not _named(clause):
        when = when or any(n.number.unit == "s" for n in clause.all("quantity") if n.number)
    about = _named(clause) or clause.has("sound") or clause.has("group", "rest")
    return when and about and not clause.has("param", "silence")


def _edits(clause: Clause) -> bool:
    times = [item for item in clause.all("quantity") if item.number and item.number.unit == "s"]
    if clause.has("sound"):
        return False
    if clause.has("verb", "remove", "cut", "keep"):
        # "The middle ten seconds", "the first half": stretches whose times are still to be asked.
        middle = bool(times) and clause.has("place", "centre")
        if middle or (clause.has("edge", "first", "last") and clause.has("size", "half")):
            return True
    if _named(clause):
        return False
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


def _cleans(clause: Clause) -> bool:
    if clause.has("verb", "clean") and not clause.has("sound", *SPOILING[:-1]):
        return True
    spoilt = clause.has("sound", *SPOILING)
    away = clause.has("verb", "remove", "denoise", "lower", "cut") or clause.has("degree", "zero")
    away = away or clause.has("particle", "out", "off")
    voice = clause.has("sound", *VOICES) or clause.has("group", "talk")
    if clause.has("verb", "denoise"):
        return voice
    return spoilt and away and voice and _parted(clause)


def _parted(clause: Clause) -> bool:
    """Whether it is the noise that should go, and the voice that stays: "noise from my voice"."""
    cue = clause.first("verb", "remove", "denoise", "lower", "cut") or clause.first(
        "degree", "zero"
    )
    after = [item for item in clause.all("sound") if cue is None or item.start > cue.start]
    sides = clause.has("prep", "from", "in", "on", "of") or clause.has("particle", "out", "off")
    sides = sides or clause.items[0].kind in TARGETS
    return sides and bool(after) and after[0].value in SPOILING


def _splits(clause: Clause) -> bool:
    return clause.has("stems") or (clause.has("verb", "split") and not clause.has("sound"))


def _removes(clause: Clause) -> bool:
    if clause.has("verb", "remove", "cut", "drop") or clause.has("neg", "wish"):
        return True
    if clause.has("degree", "zero"):
        return True
    out = clause.has("particle", "out", "off", "away")
    return out and not clause.has("verb", "extract", "pull", "bring", "give", "split")


def _extracts(clause: Clause) -> bool:
    if clause.has("verb", "extract", "give", "split"):
        return True
    if any(item.version for item in clause.items):
        return True
    if clause.has("verb", "pull", "bring") and clause.has("particle", "out"):
        return True
    return clause.has("verb", "keep", "get")


def _restores(clause: Clause) -> bool:
    back = clause.has("particle", "back", "on") and not clause.has("verb", "pull", "push")
    return clause.has("verb", "unmute") or back


# The first that fits is the act; the order settles what two cues in one clause mean.
_ACTS: tuple[tuple[str, _Test], ...] = (
    ("topic", _has("topic")),
    ("redo", _has("undo", "redo")),
    ("reset", _has("undo", "reset")),
    ("softer", _pure_softer),
    ("same", _same),
    ("again", _pure_again),
    ("forbid", _negated),
    ("silence", _has("param", "silence")),
    ("like", lambda clause: clause.has("like") and not _named(clause)),
    ("timed", _timed),
    ("edit", _edits),
    ("clean", _cleans),
    ("denoise", _has("verb", "denoise")),
    ("split", _splits),
    ("section", _has("section")),
)
# These need a sound to do it to.
_ACTS_ON_TARGETS: tuple[tuple[str, _Test], ...] = (
    ("restore", _restores),
    ("remove", _removes),
    ("extract", _extracts),
    ("add", _has("verb", "add")),
    ("change", lambda clause: clause.has("verb", "change") or clause.has("vague")),
    ("mention", _has("verb")),
)


def read(clause: Clause, text: str) -> Wish:
    """What `clause` wishes; `text` is the whole normalised text that it is part of."""
    clause, spared = _without_spared(clause)
    if not clause.items:
        return Wish("spare", clause, spared=spared)
    if clause.has("undo", "undo") and not (_named(clause) or clause.has("sound")):
        return Wish("undo", clause, spared=spared)
    for act, fits in _ACTS:
        if fits(clause):
            about = aspects(clause, text) if act == "again" else ()
            return Wish(act, clause, about, _targets(clause, act), spared)
    found = aspects(clause, text)
    if found and _adjusts(clause, found):
        found, targets = _bass_or_tone(clause, found)
        if not targets and clause.has("word") and not _all_plain(clause):
            return Wish("none", clause, (), (), spared)
        told = {"complaint": complains(clause), "apart": _apart(clause, found)}
        return Wish("adjust", clause, found, targets, spared, **told)
    return _on_targets(clause, spared)


def _all_plain(clause: Clause) -> bool:
    """Whether every word that is no cue is at least an English one."""
    return all(clause.words(word, word) in known_words() for word in clause.all("word"))


def _on_targets(clause: Clause, spared: tuple[Item, ...]) -> Wish:
    for act, fits in _ACTS_ON_TARGETS:
        if fits(clause):
            targets = _targets(clause, act)
            if act == "change" or targets:
                return Wish(act, clause, (), targets, spared)
    if clause.has("undo"):
        return Wish("reset", clause, (), _targets(clause, "reset"), spared)
    if {item.kind for item in clause.items} <= TARGETS | {"prep"} and clause.targets:
        return Wish("bare", clause, (), _targets(clause, "bare"), spared)
    if {item.kind for item in clause.items} <= TARGETS | {"prep", "quantity", "size"}:
        return Wish("measured", clause, (), _targets(clause, "adjust"), spared)
    if is_list(clause.items) and clause.has("sound"):
        return Wish("bare", clause, (), _targets(clause, "bare"), spared)
    return Wish("none", clause, (), tuple(clause.targets), spared)


def _adjusts(clause: Clause, found: Sequence[Aspect]) -> bool:
    """Whether a clause with aspects is about them: "drop the drums" is not about their level."""
    if _named(clause) or clause.has("band") or any(aspect.name != "gain" for aspect in found):
        return True
    moved = clause.has("particle", "up", "down", "forward", "behind")
    measured = bool(found[0].numbers) or clause.has("size")
    if clause.has("verb", "cut", "drop", "remove") or clause.has("degree", "zero"):
        return measured or moved
    return True


def _apart(clause: Clause, found: Sequence[Aspect]) -> bool:
    """Whether a sound is wanted by itself and changed: "isolate the vocals an octave up".

    "Give me the drums louder" is about the mix, and "give the drums an echo" about the drums in it.
    """
    at = next((n for n, item in enumerate(clause.items) if item.kind == "sound"), 0)
    sound, before = clause.items[at], clause.items[:at]
    verbs = [item for item in clause.items[at:] if item.kind == "verb" and item.freestanding]
    if any(not verb.is_("verb", "slow", "speed") for verb in verbs):
        return False
    if not before:
        return sound.version
    if len(before) > 1 or not before[0].freestanding:
        return False
    if before[0].is_("verb", "extract"):
        return True
    words = clause.words(before[0], before[0])
    served = before[0].is_("verb", "give") and words.endswith((" me", " us"))
    return served and (sound.version or all(aspect.name in _STATES for aspect in found))


def _without_spared(clause: Clause) -> tuple[Clause, tuple[Item, ...]]:
    """`clause` without the part that says what must stay, and the sounds of that part."""
    spared = [item for item in clause.items if item.kind == "exclude"]
    items = [item for item in clause.items if item.kind != "exclude"]
    at = next((n for n, item in enumerate(items) if item.is_("neg", "untouched")), None)
    if at is not None and at == len(items) - 1 and not clause.has("verb"):
        # "The drums alone" asks for them, "leave the drums alone" does not.
        return retext(clause, items[:at]), tuple(spared)
    if at is None:
        return retext(clause, items), tuple(spared)
    before, after = items[:at], items[at + 1 :]
    if any(item.kind in TARGETS or item.kind in _NAMED for item in after):
        spared += [item for item in after if item.kind in TARGETS]
        return retext(clause, before), tuple(spared)
    return retext(clause, after), tuple(spared + [item for item in before if item.kind in TARGETS])


def spared_names(items: Sequence[Item]) -> list[str]:
    """The names of sounds that must be left as they are."""
    return [
        name
        for item in items
        if item.kind in {"exclude", "sound", "besides"}
        for name in item.value.split(SEPARATOR)
    ]


def _targets(clause: Clause, act: str) -> tuple[Item, ...]:
    """What the act is done to: the sounds, without those that only say where to look."""
    governed = _governed(clause)
    named = [entry for entry in governed if entry[0].kind in {"sound", "besides", "word"}]
    named += [entry for entry in governed if entry[0].is_("group", "rest")]
    named.sort(key=lambda entry: entry[0].start)
    if act == "remove" and any(item.kind == "sound" for item, _ in named):
        named = [entry for entry in named if entry[0].kind != "group"]
    overpowering = clause.first("degree", "excess_loud")
    if overpowering is not None:
        named = [entry for entry in named if entry[0].start < overpowering.start]
    if act == "remove":
        cue = leaning_removal(clause)
        named = [entry for entry in named if cue is None or entry[0].start > cue.start]
    into = clause.first("prep", "in") if clause.has("verb", "split") else None
    parts = [entry for entry in named if into is not None and entry[0].start > into.start]
    named = parts or named
    sources = _AIMS if act in {"extract", "remove", "bare"} else _SOURCES
    if named and named[0][1] not in sources and not clause.has("verb", "split"):
        named = [entry for entry in named if entry[1] not in sources]
    if act == "mention" or any(item.kind == "sound" for item, _ in named):
        named = [entry for entry in named if entry[0].kind != "word" or _names(entry[0], clause)]
    if act == "adjust" and all(item.kind == "word" for item, _ in named):
        pointed = any(item.kind in {"group", "pronoun"} for item, _ in governed)
        named = [] if pointed else [e for e in named if e[1] not in _AIMS and _names(e[0], clause)]
    if named:
        return tuple(_unique([item for item, _ in named]))
    return tuple(item for item, _ in governed if item.kind in {"group", "pronoun"})


def leaning_removal(clause: Clause) -> Item | None:
    """The "without" that leans on something before it."""
    found = [item for item in clause.all("verb", "remove") if not item.freestanding]
    return found[0] if found else None


def _names(word: Item, clause: Clause) -> bool:
    """Whether an unknown word beside known sounds can be a sound too: "the drums and the wub"."""
    before = [item for item in clause.items if item.end <= word.start]
    after = [item for item in clause.items if item.start >= word.end]
    if after and after[0].kind == "sound":
        return True
    while before and before[-1].kind == "word":
        word = before.pop()
    return word.definite


def _unique(items: Sequence[Item]) -> list[Item]:
    return list({(item.kind, item.value, item.kind == "word" and item.start): item
                 for item in items}.values())  # fmt: skip


def _governed(clause: Clause) -> list[tuple[Item, str]]:
    """Every target or unknown word, and the preposition that it hangs on."""
    found: list[tuple[Item, str]] = []
    prep = ""
    for item in clause.items:
        if item.kind == "prep":
            prep = item.value
        elif item.is_("edge", "below", "above"):
            prep = "under"
        elif item.kind in TARGETS or item.kind == "word":
            found.append((item, prep))
        else:
            prep = ""
    return found


def _bass_or_tone(
    clause: Clause, found: tuple[Aspect, ...]
) -> tuple[tuple[Aspect, ...], tuple[Item, ...]]:
    """Tells "more bass on the drums", which is about their tone, from "more bass"."""
    governed = [entry for entry in _governed(clause) if entry[0].kind == "sound"]
    basses = [item for item, prep in governed if item.value == "bass" and not prep]
    others = [item for item, prep in governed if prep and item.value != "bass"]
    if [aspect.name for aspect in found] == ["gain"] and basses and others:
        tone = Aspect("eq", "low", found[0].sign or 1, size=found[0].size, numbers=found[0].numbers)
        return (tone,), tuple(others)
    return found, _targets(clause, "adjust")
