"""The parameters of every effect, with their ranges: the only place where a range is written.

An effect is a value, not a processor. In a strip its numbers are absolute; in a relative `adjust`
they are differences (`stretch` is a factor). Fields that may be negative only as a difference are
declared with the wider range here and held to the absolute one by `require_absolute`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from sayso.value import OUT_OF_RANGE, Value

Db = Annotated[float, Field(ge=-60.0, le=24.0)]
Hz = Annotated[float, Field(ge=10.0, le=96_000.0)]


class Gain(Value):
    """Louder or quieter, -60 to +24 dB; in a strip it becomes the fader."""

    effect: Literal["gain"] = "gain"
    db: Db


class Reverb(Value):
    """A room: `amount` 0 (dry) to 1 (cathedral); -1 to 1 as a difference."""

    effect: Literal["reverb"] = "reverb"
    amount: Annotated[float, Field(ge=-1.0, le=1.0)]


class Pitch(Value):
    """Transposition by -24 to +24 semitones; the tempo stays."""

    effect: Literal["pitch"] = "pitch"
    semitones: Annotated[float, Field(ge=-24.0, le=24.0)]


class Compress(Value):
    """Evens out the dynamics: low, medium or high."""

    effect: Literal["compress"] = "compress"
    amount: Literal["low", "medium", "high"]


class Eq(Value):
    """A peaking band at `frequency_hz`, -24 to +24 dB, `q` 0.1 to 10."""

    effect: Literal["eq"] = "eq"
    frequency_hz: Hz
    gain_db: Annotated[float, Field(ge=-24.0, le=24.0)]
    q: Annotated[float, Field(ge=0.1, le=10.0)] = 0.7


class Filter(Value):
    """Keeps what lies below (`lowpass`), above (`highpass`) or between (`bandpass`)."""

    effect: Literal["filter"] = "filter"
    type: Literal["lowpass", "highpass", "bandpass"]
    cutoff_hz: Hz | None = None
    low_hz: Hz | None = None
    high_hz: Hz | None = None

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


class Pan(Value):
    """Position from -1 (left) to 1 (right); -2 to 2 as a difference."""

    effect: Literal["pan"] = "pan"
    position: Annotated[float, Field(ge=-2.0, le=2.0)]


class Delay(Value):
    """Echoes: `time_s` 0.01 to 2 s apart, `feedback` 0 to 0.95, `mix` 0 to 1."""

    effect: Literal["delay"] = "delay"
    time_s: Annotated[float, Field(ge=-2.0, le=2.0)] = 0.35
    feedback: Annotated[float, Field(ge=-0.95, le=0.95)] = 0.35
    mix: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.3


class Stretch(Value):
    """Tempo: `rate` 2 is twice as fast, 0.5 half; the pitch stays. The whole mix only."""

    effect: Literal["stretch"] = "stretch"
    rate: Annotated[float, Field(ge=0.25, le=4.0)]


class Limit(Value):
    """No true peak above `ceiling_db`, -24 to 0 dBTP."""

    effect: Literal["limit"] = "limit"
    ceiling_db: Annotated[float, Field(ge=-24.0, le=0.0)] = -1.0


class Loudness(Value):
    """Brings the integrated loudness (BS.1770) to `lufs`, -50 to -5."""

    effect: Literal["loudness"] = "loudness"
    lufs: Annotated[float, Field(ge=-50.0, le=-5.0)]


Effect: TypeAlias = Annotated[
    Gain | Reverb | Pitch | Compress | Eq | Filter | Pan | Delay | Stretch | Limit | Loudness,
    Field(discriminator="effect"),
]
AnyEffect: TypeAlias = (
    Gain | Reverb | Pitch | Compress | Eq | Filter | Pan | Delay | Stretch | Limit | Loudness
)

# effect -> field -> the range of its absolute value, where that is narrower than the declared one.
_ABSOLUTE: dict[str, dict[str, tuple[float, float]]] = {
    "reverb": {"amount": (0.0, 1.0)},
    "pan": {"position": (-1.0, 1.0)},
    "delay": {"time_s": (0.01, 2.0), "feedback": (0.0, 0.95), "mix": (0.0, 1.0)},
}
# The field that a relative adjust adds to; stretch multiplies. The others have no sensible
# difference.
ADDITIVE: dict[str, str] = {
    "gain": "db",
    "reverb": "amount",
    "pitch": "semitones",
    "eq": "gain_db",
    "pan": "position",
    "delay": "mix",
    "loudness": "lufs",
}


def require_absolute(effect: AnyEffect) -> AnyEffect:
    """`effect` itself, if its numbers make sense as absolute ones.

    Raises: pydantic's error naming the field and its range; `Value` turns it into our RangeError.
    """
    for field, (low, high) in _ABSOLUTE.get(effect.effect, {}).items():
        number = getattr(effect, field)
        if not low <= number <= high:
            message = f"{field} {number:g} is out of range; expected {low:g} to {high:g}"
            raise PydanticCustomError(OUT_OF_RANGE, "{message}", {"message": message})
    return effect


AbsoluteEffect: TypeAlias = Annotated[Effect, AfterValidator(require_absolute)]


def field_range(effect: str, field: str) -> tuple[float, float]:
    """The absolute range of a number, as (lowest, highest).

    >>> field_range("reverb", "amount"), field_range("gain", "db")
    ((0.0, 1.0), (-60.0, 24.0))
    """
    return _ABSOLUTE.get(effect, {}).get(field) or difference_range(effect, field)


def difference_range(effect: str, field: str) -> tuple[float, float]:
    """The range of a number as a difference, as (lowest, highest).

    >>> difference_range("reverb", "amount")
    (-1.0, 1.0)
    """
    cls = next(cls for cls in AnyEffect.__args__ if cls.model_fields["effect"].default == effect)
    bounds = cls.model_fields[field].metadata
    low = next(bound.ge for bound in bounds if hasattr(bound, "ge"))
    high = next(bound.le for bound in bounds if hasattr(bound, "le"))
    return float(low), float(high)


def slot(effect: AnyEffect) -> tuple[object, ...]:
    """Which place in a chain an effect takes: one of each kind, one peaking band a frequency."""
    if isinstance(effect, Eq):
        return ("eq", round(effect.frequency_hz))
    if isinstance(effect, Filter):
        return ("filter", effect.type)
    return (effect.effect,)


def combine(current: AnyEffect | None, difference: AnyEffect) -> AnyEffect:
    """`current` moved by `difference`, held at the ends of its range.

    Without a current value the difference starts from nothing (0 dB, dry, centre). What has no
    sensible difference (filters, limits, compression) simply replaces.
    """
    if isinstance(difference, Stretch):
        rate = difference.rate * (current.rate if isinstance(current, Stretch) else 1.0)
        low, high = field_range("stretch", "rate")
        return Stretch(rate=min(max(rate, low), high))
    field = ADDITIVE.get(difference.effect)
    if field is None:
        return difference
    low, high = field_range(difference.effect, field)
    base = getattr(current, field, 0.0)
    moved = min(max(base + getattr(difference, field), low), high)
    return (current or difference).model_copy(update={field: moved})
