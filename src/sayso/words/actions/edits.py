"""Edits of time: what to cut, keep, loop, move and shorten.

Cuts of one sentence all speak of the recording as it is before any of them, so they are made from
the last to the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sayso.desk import (
    LATEST_S,
    Cut,
    CutTail,
    EditStep,
    Keep,
    KeepBest,
    KeepTail,
    Like,
    Loop,
    LoopChorus,
    MoveSpan,
    RemoveSilence,
    ShortenTo,
)
from sayso.words.actions.changes import Declined
from sayso.words.grammar import Clause
from sayso.words.items import Item

_SUFFIX = r"\.(?:wav|mp3|flac|m4a|aac|ogg|opus|mp4|mov|mkv|webm|editor)"
_EXAMPLE = re.compile(
    r"\b(?:like|as|way|example)\b[^\n]*?"
    rf"(?:[\"“']([^\"”'\n]{{1,900}}{_SUFFIX})[\"”']|([\w./-]{{1,900}}{_SUFFIX})\b)",
    re.IGNORECASE,
)
_NAMING = re.compile(r"\b(?:save|export|call|name|write|store|download|render|rename)\b", re.I)
_LONGER = ("longer", "over", "above", "more", "greater", "higher", "beyond", "exceeding")
_TIMES = {"double": 2, "triple": 3}
_NEED_TIMES = (
    "keep from 0:30 to 1:00",
    "cut the first 10 seconds",
    "cut from 1:15 to 1:20",
)
_CUTTING = ("cut", "remove", "drop", "lower")
_KEEPING = ("keep", "extract", "give")
# Verbs beside which a stretch may be what is to be kept.
_NEUTRAL = frozenset({"is", "turn", "get", "set", "start", "end", "shorten", "give", "change"})


def example(text: str) -> Like | None:
    """The file that an edit should be like, if one is named, as it is written; quoted with spaces.

    >>> example("edit it like Episode1.wav").example, example("cut it like 'part 2.mp3'").example
    ('Episode1.wav', 'part 2.mp3')
    """
    found = _EXAMPLE.search(text)
    if found and _NAMING.search(text[: found.start()]):
        return None  # "save it as song.wav" names the output
    return Like(example=found.group(1) or found.group(2)) if found else None


def verb_of(clause: Clause, inherited: str) -> str:
    """What is done to the time that a clause names: "cut", "keep", "loop", "move"..."""
    if any(item.number and item.number.unit == "x" for item in clause.all("quantity")):
        return "loop"
    for verb in ("loop", "move", "start", "end", "shorten"):
        if clause.has("verb", verb):
            return verb
    if clause.has("quantity") and not clause.has("span") and clause.has("prep", "at", "from"):
        for edge in ("start", "end"):
            if clause.has("edge", edge):
                return edge
    moved = clause.has("verb", "bring", "turn", "pull", "push", "add")
    if moved and _destination(clause) is not None and clause.has("span"):
        return "move"
    if clause.has("neg", "wish") or clause.has("degree", "zero") or clause.has("go"):
        return "cut"
    if clause.has("verb", *_CUTTING) or clause.has("particle", "off", "out", "away"):
        return "keep" if _is_to(clause, "span") and clause.has("verb", "cut") else "cut"
    if clause.has("verb", *_KEEPING):
        return "keep"
    if inherited:
        return inherited
    others = [verb for verb in clause.all("verb") if verb.value not in _NEUTRAL]
    if (others and not clause.has("edge", "below")) or clause.has("edge", "above"):
        raise Declined(
            "ambiguous",
            f"What should happen to “{clause.text}”?",
            ("cut the first 10 seconds", "keep from 0:30 to 1:00"),
        )
    return "keep"


def edit_steps(clause: Clause, verb: str) -> list[EditStep]:
    """The steps that a clause asks for. Raises: Declined where a time is missing."""
    if any(item.number and item.number.unit == "bar" for item in clause.all("quantity")):
        raise Declined("unsupported", "I count seconds, not bars or beats.", _NEED_TIMES)
    if clause.has("takes"):
        return [KeepBest()]
    if verb == "loop":
        return [_loop(clause)]
    if verb == "move":
        return [_move(clause)]
    spans = clause.all("span")
    if spans or (clause.has("range") and verb):
        # "Between 10 and 20 seconds as well as 40 to 45."
        spans += [replace(r, kind="span", value="between") for r in clause.all("range")]
        return [_spanned(span, verb) for span in spans]
    return [_by_length(clause, verb)]


def _seconds(item: Item) -> float:
    assert item.number is not None
    return item.number.value


def _bounds(span: Item) -> tuple[float, float | None]:
    """Start and end of a span. Raises: Declined for one that is counted from the end."""
    if span.value == "head":
        return 0.0, _seconds(span)
    if span.value == "after":
        return _seconds(span), None
    if span.value == "between" and span.upper is not None:
        return _seconds(span), span.upper.value
    raise _needs_times()


def _needs_times() -> Declined:
    return Declined(
        "unsupported",
        "I do not know the length here, so for that I need times counted from the start.",
        _NEED_TIMES,
    )


def _spanned(span: Item, verb: str) -> EditStep:
    if span.value == "tail":
        return (KeepTail if verb == "keep" else CutTail)(seconds=_seconds(span))
    start_s, end_s = _bounds(span)
    if verb == "keep":
        return Keep(start_s=start_s, end_s=end_s)
    return Cut(start_s=start_s, end_s=end_s)


def _times(clause: Clause) -> int:
    for item in clause.all("quantity"):
        if item.number is not None and item.number.unit in {"x", ""}:
            return round(item.number.value) + clause.has("degree", "more")
    size = clause.first("size", *_TIMES)
    return _TIMES[size.value] if size is not None else 2


def _loop(clause: Clause) -> Loop | LoopChorus:
    span = clause.first("span")
    if clause.has("section", "chorus") and span is None:
        return LoopChorus(times=_times(clause))
    if clause.has("section") and span is None:
        part = clause.all("section")[0].value
        raise Declined(
            "ambiguous",
            f"I do not know where the {part} is; tell me its times.",
            ("loop the chorus twice", "loop 0:30 to 0:45 twice"),
            asks="times",
        )
    if clause.has("edge", "end", "start") or clause.has("prep", "at"):
        raise Declined(
            "unsupported",
            "I can repeat a stretch where it is, but not put a copy of it elsewhere yet.",
            ("loop the first 8 seconds twice", "move 0:00-0:08 to the end"),
        )
    start_s, end_s = _bounds(span) if span is not None else (0.0, None)
    return Loop(start_s=start_s, end_s=end_s, times=_times(clause))


def _move(clause: Clause) -> MoveSpan:
    span, to_s = clause.first("span"), _destination(clause)
    if span is None or to_s is None:
        raise Declined(
            "ambiguous",
            "Tell me which stretch should move, and where it should begin.",
            ("move 0:00-0:10 to the end", "move 1:00-1:10 to 2:00"),
        )
    start_s, end_s = _bounds(span)
    return MoveSpan(start_s=start_s, end_s=end_s, to_s=to_s)


def _destination(clause: Clause) -> float | None:
    spans = clause.all("span")
    if len(spans) > 1 and spans[1].value in {"after", "head"}:
        return _seconds(spans[1])
    if clause.has("edge", "end", "whole"):
        return LATEST_S
    if clause.has("edge", "start"):
        return 0.0
    times = [item for item in clause.all("quantity") if item.number and item.number.unit == "s"]
    return _seconds(times[0]) if times else None


def _is_to(clause: Clause, kind: str) -> bool:
    pairs = zip(clause.items, clause.items[1:], strict=False)
    return any(first.is_("prep", "to") and second.kind == kind for first, second in pairs)


def _by_length(clause: Clause, verb: str) -> EditStep:
    """A length or a place instead of a span: "to two minutes", "start at 0:42"."""
    quantities = [item for item in clause.all("quantity") if item.number is not None]
    if not quantities:
        raise Declined(
            "ambiguous",
            "How long should it be, or which times should go?",
            ("shorten it to two minutes", "cut the first 10 seconds"),
            asks="times",
            template=_waiting(verb),
        )
    seconds = _seconds(quantities[0])
    if verb == "start":
        return Cut(start_s=0.0, end_s=seconds)
    if verb == "end" or (verb == "cut" and clause.has("prep", "at")):
        return Cut(start_s=seconds)
    if clause.has("prep", "by") and verb in {"shorten", "cut"}:
        return CutTail(seconds=seconds)
    whole = clause.has("prep", "to") or clause.has("edge", "long")
    if verb == "shorten" or whole or clause.has("verb", "turn"):
        return ShortenTo(seconds=seconds)
    if verb == "keep" and not clause.has("prep", "at"):
        return ShortenTo(seconds=seconds)
    raise Declined(
        "ambiguous",
        f"Tell me where these {seconds:g} seconds are: at the start, at the end, or from when.",
        (f"cut the first {seconds:g} seconds", f"cut the last {seconds:g} seconds"),
        asks="times",
    )


def _waiting(verb: str) -> str:
    """The order that waits for its times."""
    return f"{'cut' if verb in _CUTTING else 'shorten it to' if verb == 'shorten' else verb} {{}}"


def silence_step(clause: Clause) -> RemoveSilence:
    """Shorter pauses; how long they may be is said or left as it is on the desk.

    Raises: Declined for those at the start or the end alone.
    """
    if clause.has("edge", "start", "end", "first", "last"):
        raise Declined(
            "unsupported",
            "I shorten every pause, wherever it is, and cannot tell those at the start or the end.",
            ("remove the silences", "cut the first 2 seconds", "cut the last 2 seconds"),
        )
    for item in clause.items:
        if item.kind == "span" and not item.text.startswith(_LONGER):
            raise Declined(
                "unsupported",
                "I shorten the pauses of the whole length, not those of a part of it.",
                ("remove the silences", "mute it from 0:05 to 0:07"),
            )
        if item.kind in {"quantity", "span"} and item.number and item.number.unit in {"s", ""}:
            return RemoveSilence(longest_s=item.number.value)
    return RemoveSilence()


def in_order(steps: Sequence[EditStep]) -> list[EditStep]:
    """Steps of one sentence so that each speaks of the recording as it was before all of them.

    Raises: Declined where the end is to be kept beside another stretch.
    """
    stretches = [step for step in steps if isinstance(step, Keep | Cut | CutTail | KeepTail)]
    if len(stretches) > 1 and any(isinstance(step, KeepTail) for step in stretches):
        raise _needs_times()
    if [_edge_of(step) for step in steps] == ["head", "rest"]:
        # "Start at 1:05 and end at 3:20" keeps what lies between.
        first, last = steps
        assert isinstance(first, Cut) and isinstance(last, Cut)
        if first.end_s is not None and first.end_s < last.start_s:
            return [Keep(start_s=first.end_s, end_s=last.start_s)]
    keeps = [step for step in steps if isinstance(step, Keep)]
    if len(keeps) > 1 and len(keeps) == len(steps):
        return _all_but(keeps)
    cuts = [step for step in steps if isinstance(step, Cut)]
    latest_first = iter(sorted(cuts, key=lambda cut: cut.start_s, reverse=True))
    return [next(latest_first) if isinstance(step, Cut) else step for step in steps]


def _edge_of(step: EditStep) -> str:
    """Whether a cut takes the head of the recording or the rest of it."""
    if not isinstance(step, Cut):
        return ""
    return "rest" if step.end_s is None else "head" if step.start_s == 0 else ""


def _all_but(keeps: Sequence[Keep]) -> list[EditStep]:
    """What must be cut, from the last to the first, so that several stretches stay."""
    ordered = sorted(keeps, key=lambda keep: keep.start_s)
    cuts: list[EditStep] = []
    end_s: float | None = 0.0
    for keep in ordered:
        if end_s is not None and keep.start_s > end_s:
            cuts.append(Cut(start_s=end_s, end_s=keep.start_s))
        end_s = None if end_s is None or keep.end_s is None else max(end_s, keep.end_s)
    if end_s is not None:
        cuts.append(Cut(start_s=end_s))
    return cuts[::-1]
