"""Items to clauses: where one wish ends and the next begins.

Commas and "and" part clauses and join lists alike; what stands around them decides. A list of
sounds belongs to the verb before it ("remove the drums and the bass") or, where that has all it
needs, to the words after it ("vocals and drums louder").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sayso.words.items import Item, itemize
from sayso.words.spans import grouped

TARGETS = frozenset({"sound", "group", "pronoun", "besides"})
# What may stand in a segment that is nothing but a list of targets.
_LIST = TARGETS | {"prep"}
# What makes "turn the vocals" whole.
_FULFILS = ("particle", "quality", "param", "preset", "place", "quantity", "span", "band", "range",
            "vague", "section", "takes")  # fmt: skip
_CUES = ("quality", "particle", "place", "preset", "vague")
# Verbs that begin a wish wherever they stand.
_STARTING = ("extract", "remove", "add", "raise", "lower", "crank", "bring", "set", "loop", "split",
             "turn")  # fmt: skip
# What a wish that nothing parts from the one before can begin with, and how far it is looked at.
_BEGINNING = frozenset({"verb", "prep", "degree", "quality", "param", "sound"})
_AHEAD = 12
_TAKING = frozenset({"extract", "give", "keep"})
_UNFINISHED = frozenset({"turn", "set", "sound", "is", "pull", "push", "bring", "get"})
_HARD_MARKS = frozenset(".;!?\n")
_SOFT_MARKS = frozenset(",&+/()-")


@dataclass(frozen=True, slots=True)
class Clause:
    """One wish: its items, how it hangs on the one before, and its words as they were typed.

    `text` begins at `start` of the message. `joined` is "start", "hard" (a full stop, "then") or
    "soft" (a comma, "and", "but").
    """

    items: tuple[Item, ...]
    joined: str
    text: str
    start: int

    def words(self, first: Item, last: Item) -> str:
        """What was typed from one item to another."""
        return self.text[first.start - self.start : last.end - self.start]

    def all(self, kind: str, *values: str) -> list[Item]:
        """Every item of a kind, of certain values if any are given."""
        return [item for item in self.items if item.is_(kind, *values)]

    def first(self, kind: str, *values: str) -> Item | None:
        """The first such item."""
        return next((item for item in self.items if item.is_(kind, *values)), None)

    def has(self, kind: str, *values: str) -> bool:
        """Whether there is such an item."""
        return self.first(kind, *values) is not None

    @property
    def targets(self) -> list[Item]:
        """What names or points at a sound."""
        return [item for item in self.items if item.kind in TARGETS]


def clauses(text: str) -> list[Clause]:
    """The clauses of an already normalised text.

    >>> [clause.text for clause in clauses("mute the drums and bass, then turn the piano up")]
    ['mute the drums and bass', 'turn the piano up']
    """
    segments = list(_segments(grouped(itemize(text))))
    merged: list[tuple[str, list[Item]]] = []
    for at, (joined, items) in enumerate(segments):
        after = segments[at + 1] if at + 1 < len(segments) else None
        if merged and joined == "soft" and _goes_with(merged[-1][1], items, after):
            merged[-1][1].extend(items)
        else:
            merged.append((joined, list(items)))
    return [_clause(joined, items, text) for joined, items in merged]


def _clause(joined: str, items: Sequence[Item], text: str) -> Clause:
    start = items[0].start
    return Clause(tuple(items), joined, text[start : items[-1].end].strip(), start)


def _segments(items: Sequence[Item]) -> Iterator[tuple[str, list[Item]]]:
    """Runs of items between marks and conjunctions, each with how it is joined."""
    run: list[Item] = []
    joined, aside = "start", False
    for at, item in enumerate(items):
        after = items[at + 1] if at + 1 < len(items) else None
        boundary = _boundary(item, after)
        if boundary is None:
            if run and not aside and _runs_on(run, items[at : at + _AHEAD]):
                yield joined, run
                run, joined = [], "soft"
            aside = aside or item.kind == "aside"
            if not aside:
                run.append(item)
            continue
        if aside and boundary == "soft" and item.kind == "join" and not _orders(after):
            continue
        if run:
            yield joined, run
        elif joined == "start" and item.kind != "join" and not aside:
            continue
        harder = not run and joined == "hard"
        run, aside = [], False
        joined = "hard" if harder else boundary
    if run:
        yield joined, run


def _runs_on(run: Sequence[Item], rest: Sequence[Item]) -> bool:
    """Whether a new wish begins without a mark: "louder vocals softer drums"."""
    here = rest[0]
    if here.kind == "retract":
        return True
    if here.kind not in _BEGINNING:
        return False
    ahead = []
    for item in rest:
        if _boundary(item, None) is not None:
            break
        ahead.append(item)
    if not any(item.kind in TARGETS for item in run):
        return False
    verbs, cues = _with(run, "verb"), _with(run, *_CUES)
    if here.is_("prep", "with") or (here.is_("verb", "remove") and not here.freestanding):
        # "Isolate the vocals without the reverb" is two wishes.
        taken = any(verb.value in _TAKING for verb in verbs) and run[-1].kind in TARGETS
        return taken and bool(_with(ahead, "param", "preset"))
    follows = any(item.kind in TARGETS for item in ahead[1:])
    if not (follows or here.kind == "sound"):
        return False
    if here.kind == "verb":
        spares = any(item.is_("neg", "untouched") for item in run)
        return bool(verbs or cues or spares) and here.value in _STARTING and here.freestanding
    if here.is_("degree", "lack"):
        return bool(cues)
    if here.kind in {"quality", "param"}:
        # What began with a cue goes on with one: "louder vocals softer drums".
        return follows and run[0].kind == here.kind and run[-1].kind in TARGETS
    if here.kind == "sound":
        # What began with a sound goes on with one: "vocals up drums down".
        return run[0].kind == "sound" and run[-1].kind in _CUES and bool(_with(ahead, *_CUES))
    return False


def _with(items: Sequence[Item], *kinds: str) -> list[Item]:
    return [item for item in items if item.kind in kinds]


def _orders(item: Item | None) -> bool:
    return item is not None and item.kind == "verb"


def _boundary(item: Item, after: Item | None) -> str | None:
    if item.kind == "mark":
        return (
            "hard" if item.value in _HARD_MARKS else "soft" if item.value in _SOFT_MARKS else None
        )
    if item.kind == "join":
        return "hard" if item.value == "then" else "soft"
    if item.is_("except", "but"):
        return "soft"
    # "so take out the drums"
    return "hard" if item.is_("degree", "so") and _orders(after) else None


def is_list(items: Sequence[Item]) -> bool:
    """Whether these are sounds and nothing else."""
    named = [item for item in items if item.kind in TARGETS or item.kind == "word"]
    if not named or any(item.kind not in _LIST | {"word"} for item in items):
        return False
    words = [item for item in items if item.kind == "word"]
    return not words or (words[0].definite and len(words) <= 3)


def _goes_with(
    before: Sequence[Item], items: Sequence[Item], after: tuple[str, Sequence[Item]] | None
) -> bool:
    """Whether two segments are one wish, because either is nothing without the other."""
    # "Vocals and drums" has no verb before "drums louder" gives it one.
    waits = is_list(before) and _takes_over(items)
    return waits or _continues(before, items, after)


def _continues(
    before: Sequence[Item], items: Sequence[Item], after: tuple[str, Sequence[Item]] | None
) -> bool:
    """Whether a segment goes on with the list or the wish before it."""
    if any(item.kind == "verb" for item in items):
        return False
    if is_list(items):
        # "vocals up, drums and bass down": the drums go with what follows.
        goes_on = after is not None and after[0] == "soft" and _takes_over(after[1])
        complete = any(item.kind in _FULFILS for item in before)
        return _ends_open(before) and not (goes_on and complete)
    verbs = [item for item in before if item.kind == "verb"]
    fulfilled = any(item.kind in _FULFILS for item in before)
    if not verbs or fulfilled or not any(item.kind in TARGETS for item in before):
        return False
    given = all(verb.value == "give" for verb in verbs)
    return all(verb.value in _UNFINISHED for verb in verbs) or (given and _takes_over(items))


def _ends_open(items: Sequence[Item]) -> bool:
    return items[-1].kind in TARGETS | {"word"}


def _takes_over(items: Sequence[Item]) -> bool:
    """Whether a segment says what to do with sounds and begins with one: "drums louder"."""
    verbless = not any(item.kind == "verb" for item in items)
    begins = items[0].kind in TARGETS or items[0].kind == "word"
    return verbless and begins and any(item.kind in _FULFILS for item in items)


def retext(clause: Clause, items: Sequence[Item]) -> Clause:
    """`clause` with other items and the same words."""
    return replace(clause, items=tuple(items))
