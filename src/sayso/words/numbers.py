"""Numbers, durations and units out of tokens: digits, words, "half a second", "1 min 30".

Units are brought to one each: seconds, hertz, decibels, semitones, percent. What is counted in
something that has no fixed length in seconds (bars, beats) keeps its own unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sayso.words.tokens import Token


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit, "" for a bare number.

    `signed` when a plus or minus was written; `scale` is what one of the unit that was written
    comes to in the unit that is kept: 60 for minutes.
    """

    value: float
    unit: str = ""
    signed: bool = False
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity and the range of the text that it came from."""

    quantity: Quantity
    start: int
    end: int


Piece: TypeAlias = Token | Measured

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBER_WORDS = {word: float(n) for n, word in enumerate(_SMALL.split())} | {
    word: 10.0 * n for n, word in enumerate(_TENS.split(), start=2)
}
_SCALES = {"hundred": 100.0, "thousand": 1000.0, "grand": 1000.0}
_VAGUE: dict[tuple[str, ...], float] = {
    ("a", "couple", "of"): 2.0, ("a", "couple"): 2.0, ("couple", "of"): 2.0, ("a", "few"): 3.0,
    ("a", "dozen"): 12.0, ("half", "a", "dozen"): 6.0,
}  # fmt: skip
_PARTS: dict[tuple[str, ...], float] = {
    ("half", "a"): 0.5, ("half", "an"): 0.5, ("half", "of", "a"): 0.5, ("a", "half"): 0.5,
    ("half",): 0.5, ("a", "quarter", "of", "a"): 0.25, ("a", "quarter", "of", "an"): 0.25,
    ("quarter", "of", "a"): 0.25, ("quarter",): 0.25, ("a",): 1.0, ("an",): 1.0, ("one",): 1.0,
    ("another",): 1.0, ("a", "single"): 1.0, ("a", "whole"): 1.0,
}  # fmt: skip
_SHARES: dict[tuple[str, ...], float] = {
    ("a", "quarter"): 25.0,
    ("a", "third"): 33.3,
    ("one", "third"): 33.3,
    ("two", "thirds"): 66.7,
    ("three", "quarters"): 75.0,
}
# What a share is of, without "by": "a quarter wet", "a third louder".
_SHARED = frozenset({
    "wet", "wetter", "dry", "drier", "louder", "quieter", "softer", "faster", "slower", "less",
    "more", "volume", "speed", "left", "right",
})  # fmt: skip
_AND_PARTS: dict[tuple[str, ...], float] = {
    ("and", "a", "half"): 0.5,
    ("and", "a", "quarter"): 0.25,
}
# What may stand before a unit that has no number of its own: "the last minute".
_ORDINALS = {"first", "last", "final", "opening", "initial"}

UNITS: dict[str, tuple[str, float]] = {}
for _name, _scale, _spellings in (
    ("db", 1.0, "db dbs decibel decibels dbfs dbtp"),
    ("hz", 1.0, "hz hertz cycle cycles"),
    ("hz", 1000.0, "khz k kilohertz"),
    ("s", 1.0, "s sec secs second seconds"),
    ("s", 0.001, "ms msec millis millisecond milliseconds"),
    ("s", 60.0, "m min mins minute minutes"),
    ("s", 3600.0, "h hr hrs hour hours"),
    ("semitone", 1.0, "semitone semitones semi semis st sts halfstep halfsteps key keys"),
    ("semitone", 2.0, "tone tones"),
    ("semitone", 12.0, "octave octaves oct"),
    ("semitone", 0.01, "cent cents"),
    ("step", 1.0, "step steps"),
    ("percent", 1.0, "% percent pct"),
    ("x", 1.0, "x times"),
    ("lufs", 1.0, "lufs lkfs lu"),
    ("bpm", 1.0, "bpm"),
    ("bar", 1.0, "bar bars beat beats measure measures"),
):
    UNITS |= dict.fromkeys(_spellings.split(), (_name, _scale))
_TWO_WORD_UNITS: dict[tuple[str, ...], tuple[str, float]] = {
    ("half", "step"): ("semitone", 1.0), ("half", "steps"): ("semitone", 1.0),
    ("half", "tone"): ("semitone", 1.0), ("half", "tones"): ("semitone", 1.0),
    ("whole", "step"): ("semitone", 2.0), ("whole", "steps"): ("semitone", 2.0),
    ("whole", "tone"): ("semitone", 2.0), ("whole", "tones"): ("semitone", 2.0),
    ("semi", "tones"): ("semitone", 1.0), ("semi", "tone"): ("semitone", 1.0),
    ("per", "cent"): ("percent", 1.0), ("minor", "third"): ("interval", 3.0),
    ("major", "third"): ("interval", 4.0), ("perfect", "fourth"): ("interval", 5.0),
    ("perfect", "fifth"): ("interval", 7.0),
}  # fmt: skip
INTERVALS = {"third": 4.0, "fourth": 5.0, "fifth": 7.0, "sixth": 9.0, "seventh": 11.0}
# One letter is a unit only where it touches its digits: "5m", but "5 m" could be anything.
_TOUCHING = {"m", "h", "x"}
# "Minute 2" is a time.
_NUMBERED = frozenset({"minute", "minutes", "second", "seconds"})
# "key" and "beat" are things as often as units: only after a number of their own.
_COUNTED = {"key", "keys", "beat", "beats", "bar", "bars", "k", "s", "m", "h", "x", "times", "st"}

_Read: TypeAlias = tuple[Quantity, int] | None


def measure(tokens: Sequence[Token]) -> list[Piece]:
    """`tokens` with every run that means a quantity replaced by it.

    >>> [p.quantity for p in measure([Token("two", 0, 3), Token("minutes", 4, 11)])]
    [Quantity(value=120.0, unit='s', signed=False, scale=60.0)]
    """
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        read = _duration(tokens, at) or _quantity(tokens, at)
        if read is None:
            pieces.append(tokens[at])
            at += 1
        else:
            quantity, after = read
            pieces.append(Measured(quantity, tokens[at].start, tokens[after - 1].end))
            at = after
    return pieces


def _texts(tokens: Sequence[Token], at: int, count: int) -> tuple[str, ...]:
    return tuple(token.text for token in tokens[at : at + count])


def _duration(tokens: Sequence[Token], at: int) -> _Read:
    """Minutes and seconds that belong together: "1 minute 20", "1m30s"."""
    read = _quantity(tokens, at)
    if read is None or read[0].unit != "s" or tokens[at].text.count(":"):
        return None
    total, after = read
    smallest = _scale_of(tokens[after - 1].text)
    while smallest > 1.0:
        joined = after + (_texts(tokens, after, 1) == ("and",))
        more = _quantity(tokens, joined)
        if more is None:
            break
        quantity, end = more
        bare = quantity.unit == "" and joined == after and quantity.value < 60
        scale = 1.0 if bare else _scale_of(tokens[end - 1].text)
        if quantity.signed or not (bare or quantity.unit == "s") or scale >= smallest:
            break
        total, after = Quantity(total.value + quantity.value, "s"), end
        smallest = scale
    return total, after


def _scale_of(word: str) -> float:
    unit, scale = UNITS.get(word, ("", 0.0))
    return scale if unit == "s" else 0.0


def _quantity(tokens: Sequence[Token], at: int) -> _Read:
    if at >= len(tokens):
        return None
    return _clock(tokens, at) or _share(tokens, at) or _counted(tokens, at) or _part_of(tokens, at)


def _clock(tokens: Sequence[Token], at: int) -> _Read:
    text = tokens[at].text
    if ":" not in text or not text[0].isdigit():
        return None
    if text.endswith(":1"):
        return Quantity(float(text[:-2]), "ratio"), at + 1
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    after = at + 1
    if _texts(tokens, after, 1) in {("min",), ("mins",), ("minutes",)}:
        after += 1
    return Quantity(seconds, "s"), after


def _counted(tokens: Sequence[Token], at: int) -> _Read:
    """A number, and its unit if there is one."""
    if tokens[at].text == "x" and at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].end:
        number = _digits(tokens, at + 1)
        return (Quantity(number[0], "x"), number[1]) if number else None
    minus = tokens[at].text in {"minus", "negative"} and at + 1 < len(tokens)
    at += minus
    number = _digits(tokens, at) or _spelled(tokens, at)
    if number is None:
        return None
    value, after = number
    value = -value if minus else value
    signed = minus or tokens[at].text[0] in "+-"
    for words, part in _AND_PARTS.items():
        if _texts(tokens, after, 3) == words:
            value, after = value + part, after + 3
    unit, scale, after = _unit(tokens, after)
    if not unit and not tokens[at].text[-1].isdigit() and _stays_a_word(tokens, at, after):
        return None
    if unit and _texts(tokens, after, 3) in _AND_PARTS:
        value, after = value + _AND_PARTS[_texts(tokens, after, 3)], after + 3
    return Quantity(value * scale, unit, signed, scale), after


def _stays_a_word(tokens: Sequence[Token], at: int, after: int) -> bool:
    """Whether it points rather than counts: "the one", "the two"."""
    before = tokens[at - 1].text if at else ""
    if before in {"up", "down", "by"} or (
        before == "minus" and _texts(tokens, at - 2, 1)[0] in {"at", "to"}
    ):
        return False
    return after - at == 1 and (tokens[at].text == "one" or before in {"the", "these", "other"})


def _digits(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    text = tokens[at].text.replace(" ", "")
    if "/" in text and text[0].isdigit():
        top, bottom = text.split("/")
        return (float(top) / float(bottom), at + 1) if float(bottom) else None
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        text = text.replace(",", "")
    if not re.fullmatch(r"[+-]?\d*[.,]?\d+", text, re.ASCII):
        return None
    return float(text.replace(",", ".")), at + 1


def _spelled(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    for words, value in _VAGUE.items():
        if tokens[at].text == words[0] and _texts(tokens, at, len(words)) == words:
            return value, at + len(words)
    total, current, after = 0.0, 0.0, at
    if _texts(tokens, at, 1) == ("a",) and at + 1 < len(tokens) and tokens[at + 1].text in _SCALES:
        current, after = 1.0, at + 1
    while after < len(tokens):
        text = tokens[after].text
        if text in NUMBER_WORDS and (after == at or current % 10 == 0 or current == 0):
            current += NUMBER_WORDS[text]
        elif text in _SCALES and after > at:
            current *= _SCALES[text]
            if current >= 1000:
                total, current = total + current, 0.0
        elif text in {"-", "and"} and _goes_on(tokens, after, current):
            pass
        else:
            break
        after += 1
    if after == at:
        return None
    value = total + current
    if _texts(tokens, after, 1) == ("point",) and after + 1 < len(tokens):
        digit = NUMBER_WORDS.get(tokens[after + 1].text)
        if digit is not None and digit < 10:
            return value + digit / 10, after + 2
    return value, after


def _goes_on(tokens: Sequence[Token], at: int, current: float) -> bool:
    """Whether a hyphen or "and" stands inside a number: "twenty-five", "a hundred and ten"."""
    following = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if tokens[at].text == "-":
        return 20 <= current < 100 and 0 < NUMBER_WORDS.get(following, 0) < 10
    return current >= 100 and following in NUMBER_WORDS


def _share(tokens: Sequence[Token], at: int) -> _Read:
    """A share in words: "by a third", "a quarter wet", "three quarters speed"."""
    share = _SHARES.get(_texts(tokens, at, 2))
    if share is None:
        return None
    after = tokens[at + 2].text if at + 2 < len(tokens) else ""
    shared = bool(at and tokens[at - 1].text == "by") or after in _SHARED or _of_it(tokens, at + 2)
    return (Quantity(share, "percent"), at + 2) if shared or share > 50 else None


def _part_of(tokens: Sequence[Token], at: int) -> _Read:
    """Half a second, an octave, and the bare unit after "the last"."""
    for words, part in _PARTS.items():
        if tokens[at].text != words[0] or _texts(tokens, at, len(words)) != words:
            continue
        after = at + len(words)
        unit, scale, end = _unit(tokens, after)
        if unit and tokens[after].text not in _COUNTED | {"beat", "bar"}:
            if _texts(tokens, end, 3) in _AND_PARTS:
                part, end = part + _AND_PARTS[_texts(tokens, end, 3)], end + 3
            return Quantity(part * scale, unit, scale=scale), end
        interval = _texts(tokens, after, 1)
        if words == ("a",) and interval and interval[0] in INTERVALS:
            return Quantity(INTERVALS[interval[0]], "interval"), after + 1
    if tokens[at].text in _NUMBERED and at + 1 < len(tokens):
        place = _digits(tokens, at + 1)
        if place is not None:
            scale = UNITS[tokens[at].text][1]
            return Quantity(place[0] * scale, "s", scale=scale), place[1]
    if tokens[at].text in {"octave", "semitone"}:
        return Quantity(UNITS[tokens[at].text][1], "semitone"), at + 1
    if at and tokens[at - 1].text in _ORDINALS and tokens[at].text not in _COUNTED:
        unit, scale, after = _unit(tokens, at)
        if unit == "s":
            extra = _AND_PARTS.get(_texts(tokens, after, 3), 0.0)
            return Quantity((1.0 + extra) * scale, unit, scale=scale), after + (3 if extra else 0)
    return None


def _of_it(tokens: Sequence[Token], at: int) -> bool:
    """Whether "of the volume" follows."""
    words = [word for word in _texts(tokens, at, 3) if word not in {"of", "the", "its"}]
    return _texts(tokens, at, 1) == ("of",) and words[:1] != [] and words[0] in _SHARED | {"level"}


def _unit(tokens: Sequence[Token], at: int) -> tuple[str, float, int]:
    two = _texts(tokens, at, 2)
    if two in _TWO_WORD_UNITS:
        return (*_TWO_WORD_UNITS[two], at + 2)
    # "3-second" is "3 second".
    if two[:1] == ("-",) and len(two) == 2 and two[1] in UNITS and len(two[1]) > 2:
        return (*UNITS[two[1]], at + 2)
    if not two or two[0] not in UNITS:
        return "", 1.0, at
    touching = at > 0 and tokens[at - 1].end == tokens[at].start
    if two[0] in _TOUCHING and not touching:
        return "", 1.0, at
    return (*UNITS[two[0]], at + 1)
