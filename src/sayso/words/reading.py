"""From a message to its clauses, and from a clause to what it wishes and of which sounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby

from sayso.words.aspects import aspects, complains
from sayso.words.checks import CHECKS, VOICES
from sayso.words.grammar import TARGETS, Clause, Grammar
from sayso.words.items import Item, itemize
from sayso.words.lexicon import load
from sayso.words.senses import settled
from sayso.words.spans import SEPARATOR, grouped
from sayso.words.timing import NAMED
from sayso.words.wishes import Aspect, Wish

# What a sound can be given with, where more or less of it would be about its place in the mix.
_STATES = frozenset({"pitch", "reverb", "delay", "compress", "preset", "filter", "tempo"})
_SOURCES = frozenset({"from", "in", "over", "under", "by", "than"})
_AIMS = _SOURCES | {"for"}
_SENTENCE = re.compile(r"[.;!?\n]")
_WONDERING = frozenset({"what", "which", "who", "when", "where", "why", "how"})
# "How about more bass?", "why don't you mute the drums?" ask for it.
_SUGGESTING = frozenset({"about", "if", "do", "don't", "dont", "not", "left"})
_HARD_MARKS = frozenset(".;!?\n")


def clauses(text: str) -> list[Clause]:
    """The clauses of an already normalised text, each with what it does.

    >>> [(c.act, c.text) for c in clauses("mute the drums and bass, then turn the piano up")]
    [('remove', 'mute the drums and bass'), ('change', 'turn the piano up')]
    """
    found: list[Clause] = []
    for items, mark in _sentences(grouped(settled(itemize(text), text))):
        joined = "hard" if found else "start"
        end = -1
        if mark == "?" and _wonders(text, items[0]):
            words = text[items[0].start : items[-1].end]
            found.append(Clause("ask", tuple(items), joined, words, items[0].start, asked=True))
            continue
        for act, first, last in grammar().divided(items):
            between = items[max(end, 0) : first]
            if any(item.is_("join", "then") for item in between) and found:
                joined = "hard"
            run = tuple(items[first:last])
            soft = bool(between) or end < 0
            found.append(
                Clause(act, run, joined, text[run[0].start : run[-1].end].strip(), run[0].start,
                       asked=mark == "?", led=soft and any(map(_leads, between)), parted=soft)
            )  # fmt: skip
            joined, end = "soft", last
    return _with_leftovers_together(found, text)


def _wonders(text: str, first: Item) -> bool:
    """Whether a sentence that ends in a question mark asks what, who or why."""
    if first.is_("verb", "is"):
        return True
    opening = _SENTENCE.split(text[: first.end])[-1].replace("'s", " is").split()[:2]
    return opening[:1] != [] and opening[0] in _WONDERING and opening[-1] not in _SUGGESTING


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
                words = text[items[0].start : items[-1].end].strip()
                merged[-1] = replace(merged[-1], items=items, text=words, asked=clause.asked)
            else:
                merged.append(clause)
        out += merged
    return out


@cache
def grammar() -> Grammar:
    """The grammar, read on first use."""
    return Grammar(load("grammar.yaml"), CHECKS)


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
    if any(not verb.is_("verb", "slow", "speed", "lower", "raise") for verb in verbs):
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
    return clause.with_items(after), tuple(
        spared + [item for item in before if item.kind in TARGETS]
    )


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
    if complains(clause):
        # "Too high for my singer" is not about the singer.
        named = [entry for entry in named if entry[1] != "for"]
    if act in {"extract", "remove", "bare"} and named and not named[0][1]:
        # "Someone typing on a keyboard" is one sound.
        named = [entry for entry in named if entry[1] not in {"on", "at"}]
    whose = [item for item, prep in named if prep == "of" and item.value in VOICES]
    if whose and named[0][0] not in whose and named[0][0].value in VOICES:
        # "The voice of the woman" is one.
        named = [entry for entry in named if entry[0] not in whose]
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
    cue = leaning_removal(clause) if act == "remove" else None
    pointing = [item for item, _ in governed if item.kind in {"group", "pronoun"}]
    if cue is None or cue == clause.items[-1]:  # "Can it be taken out?"
        return tuple(pointing)
    return tuple(item for item in pointing if item.start > cue.start)


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
