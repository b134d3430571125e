"""From a message to its clauses, and from a clause to a wish: the checks behind the grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby

from sayso.words.aspects import aspects, complains
from sayso.words.grammar import TARGETS, Clause, Grammar, joins
from sayso.words.items import Item, itemize, known_words
from sayso.words.lexicon import load
from sayso.words.spans import SEPARATOR, grouped
from sayso.words.wishes import Aspect, Wish

# Sounds that spoil speech: taking them from a voice is what cleaning does.
SPOILING = ("noise", "hum", "hiss", "static", "crowd", "traffic", "wind", "fan", "air conditioner",
            "crackle", "buzz", "music")  # fmt: skip
VOICES = ("vocals", "speech")
NAMED = ("param", "quality", "preset", "place", "verb_param")
# What a sound can be given with, where more or less of it would be about its place in the mix.
_STATES = frozenset({"pitch", "reverb", "delay", "compress", "preset", "filter", "tempo"})
_ONLY_AGAIN = frozenset({"degree", "size", "again", "pronoun", "same"})
_SOURCES = frozenset({"from", "in", "over", "under", "by"})
_AIMS = _SOURCES | {"for"}
_HARD_MARKS = frozenset(".;!?\n")
# Verbs with which something is changed rather than taken, split or moved in time.
_CHANGING = frozenset({
    "turn", "bring", "pull", "push", "get", "set", "add", "give", "raise", "lower", "drop", "cut",
    "remove", "crank", "slow", "speed", "tighten", "keep", "is", "sound", "change", "extract", "move",
})  # fmt: skip
_STATING = frozenset({"is", "sound"})
_TELLING = frozenset({"more", "less", "excess", "lack", "excess_loud", "zero"})
_FINITE = frozenset({"was", "did", "have"})


def clauses(text: str) -> list[Clause]:
    """The clauses of an already normalised text, each with what it does.

    >>> [(c.act, c.text) for c in clauses("mute the drums and bass, then turn the piano up")]
    [('remove', 'mute the drums and bass'), ('change', 'turn the piano up')]
    """
    found: list[Clause] = []
    for items, mark in _sentences(grouped(itemize(text))):
        joined = "hard" if found else "start"
        end = -1
        for act, first, last in grammar().divided(items):
            between = items[max(end, 0) : first]
            if any(item.is_("join", "then") for item in between) and found:
                joined = "hard"
            run = tuple(items[first:last])
            soft = bool(between) or end < 0
            found.append(
                Clause(act, run, joined, text[run[0].start : run[-1].end].strip(), run[0].start,
                       asked=mark == "?", led=soft and any(map(_leads, between)))
            )  # fmt: skip
            joined, end = "soft", last
    return _with_leftovers_together(found, text)


def _leads(item: Item) -> bool:
    return item.kind == "join" or item.is_("except", "but")


def _sentences(items: Sequence[Item]) -> Iterator[tuple[list[Item], str]]:
    run: list[Item] = []
    for item in items:
        if item.kind == "mark" and item.value in _HARD_MARKS:
            if run:
                yield run, item.value
            run = []
        else:
            run.append(item)
    if run:
        yield run, ""


def _with_leftovers_together(found: Sequence[Clause], text: str) -> list[Clause]:
    """Words that nothing covers, each run of them as one clause."""
    out: list[Clause] = []
    for leftover, group in groupby(found, key=lambda clause: clause.act == "none"):
        run = list(group)
        if not leftover:
            out += run
            continue
        merged: list[Clause] = []
        for clause in run:
            if merged and clause.joined == "soft" and not clause.led:
                items = (*merged[-1].items, *clause.items)
                start = items[0].start
                merged[-1] = Clause("none", items, merged[-1].joined,
                                    text[start : items[-1].end].strip(), start, clause.asked)  # fmt: skip
            else:
                merged.append(clause)
        out += merged
    return out


@cache
def grammar() -> Grammar:
    """The grammar, read on first use."""
    return Grammar(load("grammar.yaml"), {name: _on_clause(check) for name, check in _CHECKS.items()})


def _on_clause(check: Callable[[Clause], bool]) -> Callable[[Sequence[Item]], bool]:
    return lambda items: check(Clause("", tuple(items), "soft", "", 0))


def _named(clause: Clause) -> bool:
    """Whether an aspect is named, other than by its unit or direction."""
    named = any(item.kind in NAMED and item.value != "silence" for item in clause.items)
    return named or clause.has("verb", "tighten")


def _pure_again(clause: Clause) -> bool:
    """Whether it can only mean the last change: "a bit more", "again", "not enough"."""
    return clause.has("degree") and not clause.has("degree", "zero") or clause.has("again", "again")


def _pure_softer(clause: Clause) -> bool:
    if clause.has("again", "softer"):
        return True
    doubt = clause.has("degree", "excess") or clause.has("degree", "so") or clause.items[0].is_("neg")
    return doubt and not clause.has("degree", "lack", "enough") and not clause.has("size", "high", "low")


def _forgets(clause: Clause) -> bool:
    """Whether an effect is to be as if it had never been asked for."""
    return clause.items[0].is_("undo", "undo")


def _forbids(clause: Clause) -> bool:
    """Whether an order is forbidden rather than given."""
    if clause.has("degree", "so", "excess", "enough", "lack", "less"):
        return False
    return clause.has("verb") or _named(clause) or len(clause.items) > 1


def _stays(clause: Clause) -> bool:
    return not _named(clause)


def _statement(clause: Clause) -> bool:
    """Whether "I", "we" or "she" tells something instead of asking for it."""
    rest = clause.items[1:]
    if not rest:
        return True
    wanting = rest[0].is_("verb", "give") or rest[0].kind in {"degree", "neg", "who"}
    return not wanting


def _runs(clause: Clause) -> int:
    """How many lists of sounds stand without a preposition."""
    count, before = 0, None
    for item in clause.items:
        here = item.kind in TARGETS or item.kind == "word"
        if before is not None and (before.kind == "like" or before.is_("degree", "excess_loud")):
            here = False
        if here and not (before is not None and (before.kind in TARGETS | {"prep", "word"} or joins(before))):
            count += 1
        before = item
    return count


def _one_change(clause: Clause) -> bool:
    """Whether it says one thing of one list of sounds, so that it is one clause."""
    verbs = [item for item in clause.all("verb") if item.freestanding and item.value not in _STATING]
    ways = {item.value for item in clause.all("particle", "up", "down", "forward", "behind")}
    told = [item for item in clause.all("degree") if item.value in _TELLING]
    units = [item.number.unit for item in clause.all("quantity") if item.number]
    if len(verbs) == 2 and verbs[0].value in {"turn", "give", "get"}:
        # "Make the vocals lower."
        verbs = [verb for verb in verbs if verb.value not in {"lower", "raise", "slow", "speed"}]
    if len(verbs) > 1 or any(v.value not in _CHANGING for v in clause.all("verb")):
        return False
    if len(ways) > 1 or len(clause.all("particle")) > 2 or len({d.value for d in told}) > 1:
        return False
    if len(units) != len(set(units)) or _runs(clause) > 1 or len(clause.all("place")) > 1:
        return False
    return _speaks_of_sounds(clause) and not _told(clause)


def _told(clause: Clause) -> bool:
    """Whether it is told of somebody: "I was setting up"."""
    pairs = zip(clause.items, clause.items[1:], strict=False)
    return any(
        first.kind == "who" and (second.kind == "aux" and second.value in _FINITE)
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
    if _when(clause) or not _one_change(clause):
        return False
    if clause.has("verb", "tighten") and not clause.has("sound"):
        return False
    found = aspects(clause)
    return bool(found) and _adjusts(clause, found)


def _when(clause: Clause) -> bool:
    """Whether it names a part of the time."""
    if clause.has("span") or clause.has("section") or clause.has("edge", "start", "end", "before"):
        return True
    about = _named(clause) or clause.has("sound")
    timed = any(item.number and item.number.unit == "s" for item in clause.all("quantity"))
    return timed and about and clause.has("prep", "at") and not clause.has("param", "delay", "preset")


def _timed(clause: Clause) -> bool:
    if not _when(clause) or not _one_change(clause):
        return False
    return _named(clause) or clause.has("sound") or clause.has("group", "rest")


def _adjusts(clause: Clause, found: Sequence[Aspect]) -> bool:
    """Whether a clause with aspects is about them: "drop the drums" is not about their level."""
    if _named(clause) or clause.has("band") or any(aspect.name != "gain" for aspect in found):
        return True
    moved = clause.has("particle", "up", "down", "forward", "behind")
    measured = bool(found[0].numbers) or clause.has("size")
    if clause.has("verb", "cut", "drop", "remove") or clause.has("degree", "zero"):
        return measured or moved
    if clause.has("verb", "extract"):
        return measured or moved
    return True


def _measured(clause: Clause) -> bool:
    return bool(clause.targets) and len(clause.all("quantity")) + len(clause.all("size")) == 1


def _amount(clause: Clause) -> bool:
    return clause.has("quantity") or clause.has("range")


def _edits(clause: Clause) -> bool:
    counted = [*clause.all("quantity"), *clause.all("range")]
    times = [item for item in counted if item.number and item.number.unit in {"s", "bar"}]
    if clause.has("sound") or _named(clause) and not clause.has("place", "centre"):
        return False
    if clause.has("verb", "remove", "cut", "keep"):
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


def _section_only(clause: Clause) -> bool:
    return not clause.has("sound")


def _silence(clause: Clause) -> bool:
    return clause.has("param", "silence") and not clause.has("sound")


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
    cue = clause.first("verb", "remove", "denoise", "lower", "cut") or clause.first("degree", "zero")
    after = [item for item in clause.all("sound") if cue is None or item.start > cue.start]
    sides = clause.has("prep", "from", "in", "on", "of") or clause.has("particle", "out", "off")
    sides = sides or clause.items[0].kind in TARGETS
    return sides and bool(after) and after[0].value in SPOILING


def _restores(clause: Clause) -> bool:
    back = clause.has("particle", "back", "on") and not clause.has("verb", "pull", "push")
    return bool(clause.targets) and (clause.has("verb", "unmute") or back)


def _sounds_alone(clause: Clause) -> bool:
    return clause.has("sound") or clause.has("besides") or clause.has("group", "rest")


def _version(clause: Clause) -> bool:
    return any(item.version for item in clause.items)


def _vague(clause: Clause) -> bool:
    return clause.has("vague") or clause.has("verb", "change", "tighten")


_CHECKS: Mapping[str, Callable[[Clause], bool]] = {
    "amount": _amount,
    "asks": lambda clause: False,
    "changes": _changes,
    "cleans": _cleans,
    "denoises": _denoises,
    "edits": _edits,
    "forbids": _forbids,
    "forgets": _forgets,
    "measured": _measured,
    "mentions": lambda clause: bool(clause.targets),
    "pure_again": _pure_again,
    "pure_softer": _pure_softer,
    "restores": _restores,
    "section_only": _section_only,
    "silence": _silence,
    "sounds_alone": _sounds_alone,
    "sounds": lambda clause: clause.has("sound"),
    "statement": _statement,
    "stays": _stays,
    "timed": _timed,
    "unlike": lambda clause: not _named(clause),
    "vague": _vague,
    "version": _version,
}


def read(clause: Clause) -> Wish:
    """What `clause` wishes."""
    clause, spared = _without_spared(clause)
    if not clause.items:
        return Wish("spare", clause, spared=spared)
    if clause.act == "again":
        return Wish("again", clause, aspects(clause), _targets(clause, "again"), spared)
    if clause.act != "change":
        return Wish(clause.act, clause, (), _targets(clause, clause.act), spared)
    found, targets = _bass_or_tone(clause, aspects(clause))
    told = {"complaint": complains(clause), "apart": _apart(clause, found)}
    return Wish("adjust", clause, found, targets, spared, **told)


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
    words = before[0].text
    served = before[0].is_("verb", "give") and words.endswith((" me", " us", "me", "us"))
    return served and (sound.version or all(aspect.name in _STATES for aspect in found))


def _without_spared(clause: Clause) -> tuple[Clause, tuple[Item, ...]]:
    """`clause` without the part that says what must stay, and the sounds of that part."""
    spared = [item for item in clause.items if item.kind == "exclude"]
    items = [item for item in clause.items if item.kind != "exclude"]
    at = next((n for n, item in enumerate(items) if item.is_("neg", "untouched")), None)
    if at is not None and at == len(items) - 1 and not clause.has("verb"):
        # "The drums alone" asks for them, "leave the drums alone" does not.
        return clause.with_items(items[:at]), tuple(spared)
    if at is None:
        return clause.with_items(items), tuple(spared)
    before, after = items[:at], items[at + 1 :]
    if any(item.kind in TARGETS or item.kind in NAMED for item in after):
        spared += [item for item in after if item.kind in TARGETS]
        return clause.with_items(before), tuple(spared)
    return clause.with_items(after), tuple(spared + [item for item in before if item.kind in TARGETS])


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
