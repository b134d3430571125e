"""The grammar: which runs of items make a clause, and the best way to divide a message into them.

`grammar.yaml` holds the kinds of clause, each a list of patterns over items. An element of a
pattern is `kind`, `kind.value` or several of them joined by `|`, a name in capitals that the file
defines, `word.TEXT` for one plain word, or a group in parentheses; `?`, `*` and `+` mean what they
mean in a regular expression, and a pattern must fit a whole run of items.

The chart holds, for each place in the message, the division of all before it that accounts for the
most: what a pattern covers counts, what no pattern covers costs, and so does every further clause.
Words that are left over are told to the person, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from sayso.words.items import Item

TARGETS = frozenset({"sound", "group", "pronoun", "besides"})
_HARD_MARKS = frozenset(".;!?\n")
_SOFT_MARKS = frozenset(",&+/()-:")
# What a covered item counts, what a skipped one costs, what a clause costs, and one that begins
# without a mark or a conjunction before it.
_COVERED, _SKIPPED, _CLAUSE, _UNPARTED = 10.0, -14.0, -6.0, -3.0
# Skipped without much ado: they carry no content by themselves.
_LIGHT = frozenset({"prep", "aux", "join", "mark", "filler", "who"})
_PASSED = frozenset({"prep", "aux", "filler"})
# Verbs that say nothing without what they are done to.
_TAKING = frozenset({"turn", "bring", "pull", "push", "get", "set", "add", "give"})
# How many items a clause has at most, in sentences of up to so many items: speed is bounded so.
_LONGEST = ((60, 24), (120, 12), (1_000_000, 7))
_ELEMENT = re.compile(r"[A-Z]+|[a-z_]+(?:\.[^\s()|?*+]+)?|[()|?*+]")


@dataclass(frozen=True)
class Clause:
    """A run of items that a pattern covers: what it does, how it hangs on what is before it.

    `act` is the kind of clause, "none" for words that nothing covers. `joined` is "start", "hard"
    (a full stop, "then") or "soft" (a comma, "and", "but", nothing at all). `text` begins at
    `start` of the message. `asked` is whether a question mark ends it, `led` whether a conjunction
    leads to it, `parted` whether a mark or a conjunction stands before it.
    """

    act: str
    items: tuple[Item, ...]
    joined: str
    text: str
    start: int
    asked: bool = False
    led: bool = False
    parted: bool = True

    def words(self, first: Item, last: Item) -> str:
        """What was typed from one item to another."""
        return self.text[first.start - self.start : last.end - self.start]

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.kind, []).append(item)
        return found

    def all(self, kind: str, *values: str) -> list[Item]:
        """Every item of a kind, of certain values if any are given."""
        found = self._by_kind.get(kind, [])
        return [item for item in found if item.value in values] if values else list(found)

    def first(self, kind: str, *values: str) -> Item | None:
        """The first such item."""
        found = self._by_kind.get(kind, ())
        return next((item for item in found if not values or item.value in values), None)

    def has(self, kind: str, *values: str) -> bool:
        """Whether there is such an item."""
        found = self._by_kind.get(kind)
        return found is not None and (not values or any(item.value in values for item in found))

    @property
    def targets(self) -> list[Item]:
        """What names or points at a sound."""
        return [item for item in self.items if item.kind in TARGETS]

    def with_items(self, items: Sequence[Item]) -> Clause:
        """The clause with other items and the same words."""
        return replace(self, items=tuple(items))


Check = Callable[[Clause], bool]


def once(check: Check) -> Check:
    """`check`, asked only once of each clause: several patterns ask it of the same run."""
    name = f"_{check.__name__}_once"

    def known(clause: Clause) -> bool:
        answers = clause.__dict__
        if name not in answers:
            answers[name] = check(clause)
        return bool(answers[name])

    return known


class _Rule(NamedTuple):
    act: str
    pattern: re.Pattern[str]
    gain: float
    cost: float
    check: Check | None
    first: frozenset[str] | None


class Grammar:
    """The kinds of clause, ready to divide messages.

    Args:
        data: `grammar.yaml`.
        checks: what a pattern cannot say, by the name that the file calls it.
    """

    def __init__(self, data: Mapping[str, Any], checks: Mapping[str, Check]) -> None:
        rules = [
            (act, rule if isinstance(rule, dict) else {"is": rule})
            for act, patterns in data["clauses"].items()
            for rule in patterns
        ]
        self._symbols: dict[tuple[str, str], str] = {}
        for pattern in (*data["define"].values(), *(rule["is"] for _, rule in rules)):
            for element in _ELEMENT.findall(pattern):
                if not element.isupper() and element not in "()|?*+":
                    self._symbol(*_parted(element))
        definitions: dict[str, str] = {"ANY": "[^" + self._class("join") + "]"}
        for name, pattern in data["define"].items():
            definitions[name] = self._compiled(pattern, definitions)
        self._definitions = data["define"]
        self._rules = [
            _Rule(
                act,
                re.compile(self._compiled(rule["is"], definitions)),
                float(rule.get("gain", _COVERED)),
                float(rule.get("cost", 0)),
                checks[rule["if"]] if "if" in rule else None,
                self._beginnings(rule["is"]),
            )
            for act, rule in rules
        ]
        self._starting: dict[str, list[_Rule]] = {}

    def _beginnings(self, pattern: str) -> frozenset[str] | None:
        """The letters that a run which fits `pattern` can begin with; None for any."""
        found, optional = self._first(_ELEMENT.findall(pattern)[::-1])
        return None if optional or "ANY" in found else found

    def _first(self, rest: list[str]) -> tuple[frozenset[str], bool]:
        """What the alternatives up to the closing parenthesis begin with; whether one is empty.

        Args:
            rest: the elements that are still to be read, the next one last; they are taken off.
        """
        found: frozenset[str] = frozenset()
        empty, open_ = False, True
        while rest and (element := rest.pop()) != ")":
            if element == "|":
                empty, open_ = empty or open_, True
                continue
            if element == "(":
                begins, void = self._first(rest)
            elif element == "ANY":
                begins, void = frozenset({"ANY"}), False
            elif element.isupper():
                begins, void = self._first(_ELEMENT.findall(self._definitions[element])[::-1])
            else:
                kind, value = _parted(element)
                letters = self._symbols[kind, value] if value else self._class(kind)
                begins, void = frozenset(letters), False
            if rest and rest[-1] in "?*+":
                void = rest.pop() != "+" or void
            found = found | begins if open_ else found
            open_ = open_ and void
        return found, empty or open_

    def _starting_with(self, letter: str) -> list[_Rule]:
        if letter not in self._starting:
            self._starting[letter] = [
                rule for rule in self._rules if rule.first is None or letter in rule.first
            ]
        return self._starting[letter]

    def _symbol(self, kind: str, value: str) -> str:
        """The letter for items of a kind and value; all values that no pattern names share one."""
        for key in ((kind, ""), (kind, value)):
            self._symbols.setdefault(key, chr(0xF0000 + len(self._symbols)))
        return self._symbols[kind, value]

    def _class(self, kind: str) -> str:
        return "".join(letter for (known, _), letter in self._symbols.items() if known == kind)

    def _compiled(self, pattern: str, definitions: Mapping[str, str]) -> str:
        parts = []
        for element in _ELEMENT.findall(pattern):
            if element in "()|?*+":
                parts.append("(?:" if element == "(" else element)
            elif element.isupper():
                parts.append(definitions[element])
            else:
                kind, value = _parted(element)
                parts.append(self._symbols[kind, value] if value else f"[{self._class(kind)}]")
        return "(?:" + "".join(parts) + ")"

    def _letters(self, items: Sequence[Item]) -> str:
        letters: list[str] = []
        for at, item in enumerate(items):
            kind = "join" if item.kind == "mark" else item.kind
            value = item.value
            if kind == "verb" and value == "remove" and not item.freestanding:
                value = "without"
            told = kind == "word" and at > 0 and items[at - 1].kind == "sound"
            if told and value.endswith("s") and not item.definite:
                kind = "does"
            if told and value.endswith("ing") and not item.definite:
                kind = "ing"
            after = items[at + 1] if at + 1 < len(items) else None
            if kind == "word" and not item.definite and after and after.kind in {"sound", "group"}:
                # "Balance the choir" is an order that nobody has taught, "awful drums" are drums.
                kind = "unknown" if after.definite else kind
            if kind == "word" and item.definite and (kind, value) not in self._symbols:
                kind = "name"
            if item.number is not None and item.kind == "quantity":
                value = item.number.unit or "bare"
            letters.append(
                self._symbols.get((kind, value)) or self._symbols.get((kind, "")) or "\0"
            )
        return "".join(letters)

    def _hangs(self, items: Sequence[Item], end: int) -> bool:
        """Whether a clause that ends there would end in the air: on a preposition, on "take"."""
        last = items[end - 1]
        hanging = last.kind == "prep" or (last.is_("verb", *_TAKING) and end > 1)
        return hanging and end < len(items) and not joins(items[end])

    def divided(self, items: Sequence[Item]) -> list[tuple[str, int, int]]:
        """The best division of a sentence: acts with the ranges of items that they cover.

        What no pattern covers is an act "none", what only joins is left out.
        """
        letters, count = self._letters(items), len(items)
        most = next(longest for up_to, longest in _LONGEST if count <= up_to)
        best: list[tuple[float, int, str]] = [(-1e9, 0, "")] * (count + 1)
        best[0] = (0.0, 0, "")

        def betters(start: int, end: int, gain: float) -> bool:
            """Whether a clause there accounts for more; of two alike, the first is the longer."""
            score = best[start][0] + gain
            return score > best[end][0] or (score == best[end][0] and start > best[end][1])

        for at in range(count):
            gain = 0.0 if joins(items[at]) else -1.0 if _passes(items[at]) else _SKIPPED
            if betters(at, at + 1, gain):
                best[at + 1] = (best[at][0] + gain, at, "" if joins(items[at]) else "none")
            run = items[at : at + most]
            clauses: dict[int, Clause] = {}
            entry = _CLAUSE if at == 0 or joins(items[at - 1]) else _CLAUSE + _UNPARTED
            content = list(accumulate(item.kind not in _LIGHT for item in run))
            for rule in self._starting_with(letters[at]):
                longest = rule.pattern.match(letters, at, at + len(run))
                last = longest.end() if longest else at
                for end in range(at + 1, last + 1):
                    gain = entry + rule.gain * content[end - at - 1] - rule.cost
                    if not betters(at, end, gain) or self._hangs(items, end):
                        continue
                    if end < last and not rule.pattern.fullmatch(letters, at, end):
                        continue
                    clause = clauses.get(end) or Clause("", tuple(run[: end - at]), "soft", "", 0)
                    clauses[end] = clause
                    if rule.check is None or rule.check(clause):
                        best[end] = (best[at][0] + gain, at, rule.act)
        found, end = [], count
        while end:
            _, start, act = best[end]
            if act:
                found.append((act, start, end))
            end = start
        return found[::-1]


def _parted(element: str) -> tuple[str, str]:
    kind, _, value = element.partition(".")
    return kind, value


def _passes(item: Item) -> bool:
    """Whether the item can be left over without being missed."""
    return item.kind in _PASSED and not item.is_("prep", "than", "as")


def joins(item: Item) -> bool:
    """Whether the item only joins what stands around it."""
    return item.kind in {"mark", "join"} or item.is_("except", "but")
