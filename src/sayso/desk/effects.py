"""The effects: their numbers, ranges and neutral values, how they differ, and their knobs.

One class an effect is the only place where these are written; `EFFECTS` is the table of them. What
an effect does to a sound is the row of its class in `sayso.effects.chain.DSP`.

An effect is a value, not a processor. In a strip its numbers are absolute; in a relative `adjust`
they are differences (`stretch` is a factor). A number whose absolute range is narrower than that of
its differences carries it as `Absolute`; `require_absolute` holds it to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from sayso.desk.effect import BaseEffect, Db, FadeSeconds, Hz, Target
from sayso.desk.knobs import Absolute, Edge, Slider, Steps
from sayso.desk.treatments import Treatment
from sayso.value import OUT_OF_RANGE


class Gain(BaseEffect):
    """Louder or quieter; throughout it becomes the fader of a strip.

    Attributes:
        db: -60 to 24 dB.
    """

    effect: Literal["gain"] = "gain"
    db: Db
    difference = "db"
    neutral = (("db", 0.0),)


class Mute(BaseEffect):
    """Silence for a span; a whole strip is silenced by `remove`, or `set` with `mute`."""

    effect: Literal["mute"] = "mute"

    @model_validator(mode="after")
    def _holds_for_a_span(self) -> Mute:
        if self.span is None:
            raise ValueError('expected a span; `remove`, or `set` with "mute", silences throughout')
        return self


class Fade(BaseEffect):
    """In from silence at the beginning, out to silence at the end.

    Attributes:
        in_s: how many seconds the beginning takes.
        out_s: how many seconds the end takes.
    """

    effect: Literal["fade"] = "fade"
    in_s: FadeSeconds = 0.0
    out_s: FadeSeconds = 0.0
    neutral = (
        ("in_s", 0.0),
        ("out_s", 0.0),
    )
    in_part = False


class Duck(BaseEffect):
    """Quieter while another sound is heard.

    Attributes:
        under: the sound that it makes room for.
        db: by how much, -60 to 0 dB.
        attack_s: time to go down, so that it is down when `under` sets in; 0.005 to 10 s.
        release_s: time to come back, 0.005 to 10 s.
    """

    effect: Literal["duck"] = "duck"
    under: Target
    db: Annotated[float, Field(ge=-60.0, le=60.0), Absolute(-60.0, 0.0)] = -12.0
    attack_s: Annotated[float, Field(ge=0.005, le=10.0)] = 0.1
    release_s: Annotated[float, Field(ge=0.005, le=10.0)] = 0.5
    difference = "db"
    neutral = (("db", 0.0),)


class Reverb(BaseEffect):
    """A room.

    Attributes:
        amount: 0 (dry) to 1 (cathedral); -1 to 1 as a difference.
    """

    effect: Literal["reverb"] = "reverb"
    amount: Annotated[float, Field(ge=-1.0, le=1.0), Absolute(0.0, 1.0)]
    difference = "amount"
    neutral = (("amount", 0.0),)
    knobs = (Slider(label="Room", name="Reverb", field="amount", step=0.02, unit="amount"),)


class Pitch(BaseEffect):
    """Transposition; the tempo stays.

    Attributes:
        semitones: -24 to 24.
    """

    effect: Literal["pitch"] = "pitch"
    semitones: Annotated[float, Field(ge=-24.0, le=24.0)]
    difference = "semitones"
    neutral = (("semitones", 0.0),)
    knobs = (Slider(label="Pitch", name="Pitch", field="semitones", step=1, unit="semitones"),)


class Compress(BaseEffect):
    """Evens out the dynamics.

    Attributes:
        amount: how much: low, medium or high.
    """

    effect: Literal["compress"] = "compress"
    amount: Literal["low", "medium", "high"]
    knobs = (
        Steps(label="Squash", name="Compression", field="amount", values=("low", "medium", "high")),
    )


class Eq(BaseEffect):
    """A peaking band.

    Attributes:
        frequency_hz: its middle.
        gain_db: -24 to 24 dB.
        q: how narrow it is, 0.1 to 10.
    """

    effect: Literal["eq"] = "eq"
    frequency_hz: Hz
    gain_db: Annotated[float, Field(ge=-24.0, le=24.0)]
    q: Annotated[float, Field(ge=0.1, le=10.0)] = 0.7
    difference = "gain_db"
    neutral = (("gain_db", 0.0),)

    @property
    def reaches_hz(self) -> float:
        """The middle of the band, unless it does nothing."""
        return self.frequency_hz if self.gain_db else 0.0


class Filter(BaseEffect):
    """Keeps what is below (`lowpass`), above (`highpass`) or between (`bandpass`).

    Attributes:
        type: which of these.
        cutoff_hz: the edge of a lowpass or highpass.
        low_hz, high_hz: the edges of a bandpass.
    """

    effect: Literal["filter"] = "filter"
    type: Literal["lowpass", "highpass", "bandpass"]
    cutoff_hz: Hz | None = None
    low_hz: Hz | None = None
    high_hz: Hz | None = None
    knobs = (
        Edge(label="Low cut", name="Low cut", type="highpass", low=20, high=2000, off=20),
        Edge(label="High cut", name="High cut", type="lowpass", low=200, high=20_000, off=20_000),
    )

    @model_validator(mode="after")
    def _has_its_own_frequencies(self) -> Filter:
        if self.type == "bandpass":
            if self.cutoff_hz is not None or self.low_hz is None or self.high_hz is None:
                raise ValueError("a bandpass takes low_hz and high_hz, and no cutoff_hz")
            if self.low_hz >= self.high_hz:
                raise ValueError("low_hz must lie below high_hz")
        elif self.cutoff_hz is None or self.low_hz is not None or self.high_hz is not None:
            raise ValueError(f"a {self.type} takes cutoff_hz alone")
        return self

    @property
    def reaches_hz(self) -> float:
        """The lower edge: a low-pass above all that is there changes nothing."""
        edge_hz = self.low_hz if self.type == "bandpass" else self.cutoff_hz
        return 0.0 if edge_hz is None or self.type == "lowpass" else edge_hz


class Pan(BaseEffect):
    """Position between left and right.

    Attributes:
        position: -1 (left) to 1 (right); -2 to 2 as a difference.
    """

    effect: Literal["pan"] = "pan"
    position: Annotated[float, Field(ge=-2.0, le=2.0), Absolute(-1.0, 1.0)]
    difference = "position"
    neutral = (("position", 0.0),)
    knobs = (Slider(label="Pan", name="Pan", field="position", step=0.05, unit="place"),)


class Width(BaseEffect):
    """The stereo image. What is mono stays so.

    Attributes:
        amount: 0 is mono, 1 as it is, 2 twice as wide; -2 to 2 as a difference.
    """

    effect: Literal["width"] = "width"
    amount: Annotated[float, Field(ge=-2.0, le=2.0), Absolute(0.0, 2.0)]
    difference = "amount"
    neutral = (("amount", 1.0),)
    knobs = (Slider(label="Width", name="Width", field="amount", step=0.05, unit="percent"),)


class Delay(BaseEffect):
    """Echoes.

    Attributes:
        time_s: how far apart, 0.01 to 2 s.
        feedback: how much of each comes again, 0 to 0.95.
        mix: how loud, 0 to 1; differences are -1 to 1.
    """

    effect: Literal["delay"] = "delay"
    time_s: Annotated[float, Field(ge=-2.0, le=2.0), Absolute(0.01, 2.0)] = 0.35
    feedback: Annotated[float, Field(ge=-0.95, le=0.95), Absolute(0.0, 0.95)] = 0.35
    mix: Annotated[float, Field(ge=-1.0, le=1.0), Absolute(0.0, 1.0)] = 0.3
    difference = "mix"
    neutral = (("mix", 0.0),)
    knobs = (Slider(label="Echo", name="Echo", field="mix", step=0.02, unit="amount"),)


class Reverse(BaseEffect):
    """Played backwards: all of it, or a span in its place."""

    effect: Literal["reverse"] = "reverse"


class Stretch(BaseEffect):
    """Tempo; the pitch stays. The whole mix only.

    Attributes:
        rate: 2 is twice as fast, 0.5 half.
    """

    effect: Literal["stretch"] = "stretch"
    rate: Annotated[float, Field(ge=0.25, le=4.0)]
    neutral = (("rate", 1.0),)
    knobs = (
        Slider(
            label="Tempo", name="Tempo", field="rate", step=0, unit="percent", master=True,
            low=0.5, high=2.0,
        ),
    )  # fmt: skip
    in_part = False
    on_any = False


class Limit(BaseEffect):
    """No true peak above a ceiling.

    Attributes:
        ceiling_db: -24 to 0 dBTP.
    """

    effect: Literal["limit"] = "limit"
    ceiling_db: Annotated[float, Field(ge=-24.0, le=0.0)] = -1.0


class Loudness(BaseEffect):
    """Brings the integrated loudness (BS.1770), of the span if it has one, to a level.

    Attributes:
        lufs: the level, -50 to -5 LUFS.
    """

    effect: Literal["loudness"] = "loudness"
    lufs: Annotated[float, Field(ge=-50.0, le=-5.0)]
    difference = "lufs"


AnyEffect: TypeAlias = (
    Gain | Mute | Fade | Duck | Pan | Width | Reverb | Delay | Filter | Pitch | Compress | Eq
    | Reverse | Stretch | Limit | Loudness | Treatment
)  # fmt: skip
"""Every effect; their knobs are shown in this order."""
Effect: TypeAlias = Annotated[AnyEffect, Field(discriminator="effect")]
EFFECTS: Mapping[str, type[AnyEffect]] = {
    cls.model_fields["effect"].default: cls for cls in get_args(AnyEffect)
}
"""Every effect by its name."""
ADDITIVE: Mapping[str, str] = {
    name: cls.difference for name, cls in EFFECTS.items() if cls.difference is not None
}
"""The field that a relative adjust adds to, of those that have a sensible difference."""


def require_absolute(effect: AnyEffect) -> AnyEffect:
    """`effect` itself, if its numbers make sense as absolute ones.

    Raises: pydantic's error naming the field and its range; `Value` turns it into our RangeError.
    """
    for field, info in type(effect).model_fields.items():
        number = getattr(effect, field)
        for bound in info.metadata:
            if isinstance(bound, Absolute) and not bound.low <= number <= bound.high:
                message = f"{field} {number:g} is out of range; expected {bound.low:g} to "
                context = {"message": f"{message}{bound.high:g}"}
                raise PydanticCustomError(OUT_OF_RANGE, "{message}", context)
    return effect


AbsoluteEffect: TypeAlias = Annotated[Effect, AfterValidator(require_absolute)]


def numbers_of(effect: str) -> list[str]:
    """The fields of an effect that are numbers with a range.

    >>> numbers_of("delay")
    ['time_s', 'feedback', 'mix']
    """
    fields = EFFECTS[effect].model_fields.items()
    return [name for name, info in fields if any(hasattr(m, "ge") for m in info.metadata)]


def field_range(effect: str, field: str) -> tuple[float, float]:
    """The absolute range of a number, as (lowest, highest).

    >>> field_range("reverb", "amount"), field_range("gain", "db")
    ((0.0, 1.0), (-60.0, 24.0))
    """
    for bound in EFFECTS[effect].model_fields[field].metadata:
        if isinstance(bound, Absolute):
            return bound.low, bound.high
    return difference_range(effect, field)


def difference_range(effect: str, field: str) -> tuple[float, float]:
    """The range of a number as a difference, as (lowest, highest).

    >>> difference_range("reverb", "amount")
    (-1.0, 1.0)
    """
    bounds = EFFECTS[effect].model_fields[field].metadata
    low = next(bound.ge for bound in bounds if hasattr(bound, "ge"))
    high = next(bound.le for bound in bounds if hasattr(bound, "le"))
    return float(low), float(high)


def is_neutral(effect: AnyEffect) -> bool:
    """Whether it does nothing."""
    return bool(effect.neutral) and all(
        getattr(effect, field) == value for field, value in effect.neutral
    )


def slot(effect: AnyEffect) -> tuple[object, ...]:
    """Which place in a chain an effect takes: one of each kind, one band a frequency, and so on.

    The same effect may stand there once throughout and once for each span.
    """
    own: tuple[object, ...] = (effect.effect,)
    if isinstance(effect, Eq):
        own = ("eq", round(effect.frequency_hz))
    elif isinstance(effect, Filter):
        own = ("filter", effect.type)
    elif isinstance(effect, Duck):
        own = ("duck", effect.under)
    return own if effect.span is None else (*own, *effect.span.place)


def combine(current: AnyEffect | None, difference: AnyEffect) -> AnyEffect:
    """`current` moved by `difference`, held at the ends of its range.

    Without a current value the difference starts from the neutral one (0 dB, dry, centre). What has
    no sensible difference (filters, limits, compression) simply replaces. A band keeps its width
    unless the difference has one of its own.
    """
    if isinstance(difference, Stretch):
        rate = difference.rate * (current.rate if isinstance(current, Stretch) else 1.0)
        low, high = field_range("stretch", "rate")
        return Stretch(rate=min(max(rate, low), high))
    field = difference.difference
    if field is None:
        return difference
    low, high = field_range(difference.effect, field)
    base = getattr(current, field, dict(difference.neutral).get(field, 0.0))
    moved = min(max(base + getattr(difference, field), low), high)
    if isinstance(difference, Eq) and difference.q != Eq.model_fields["q"].default:
        current = difference  # a width that was asked for is the band's
    return (current or difference).model_copy(update={field: moved})
