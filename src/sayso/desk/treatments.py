"""Effects that mend a recording, colour it, or set its channels, peak and rate."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sayso.desk.effect import BaseEffect
from sayso.desk.knobs import Absolute, Slider


class Swap(BaseEffect):
    """Left and right exchanged."""

    effect: Literal["swap"] = "swap"


class Balance(BaseEffect):
    """The other side quieter; nothing moves across.

    Attributes:
        position: -1 is left alone, 0 both, 1 right alone; -2 to 2 as a difference.
    """

    effect: Literal["balance"] = "balance"
    position: Annotated[float, Field(ge=-2.0, le=2.0), Absolute(-1.0, 1.0)]
    difference = "position"
    neutral = (("position", 0.0),)


class Dehum(BaseEffect):
    """Takes mains hum out: narrow notches at its frequency and those harmonics that stand out.

    Attributes:
        mains_hz: 50 or 60; None finds which. The exact frequency is always measured.
    """

    effect: Literal["dehum"] = "dehum"
    mains_hz: Literal[50, 60] | None = None


class Declick(BaseEffect):
    """Mends clicks of up to 3 ms, such as scratches of a record, from what surrounds them.

    Attributes:
        sensitivity: 0 finds only the loudest, 1 also those that might be music; -1 to 1 as a
            difference.
    """

    effect: Literal["declick"] = "declick"
    sensitivity: Annotated[float, Field(ge=-1.0, le=1.0), Absolute(0.0, 1.0)] = 0.5
    difference = "sensitivity"


class Deess(BaseEffect):
    """Turns sharp s-sounds down; only what lies above 5 kHz changes.

    Attributes:
        db: by how much at most, -24 to 0 dB.
    """

    effect: Literal["deess"] = "deess"
    db: Annotated[float, Field(ge=-24.0, le=24.0), Absolute(-24.0, 0.0)] = -9.0
    difference = "db"
    neutral = (("db", 0.0),)


class Gate(BaseEffect):
    """Silences what stays below a level.

    Attributes:
        threshold_db: the level, -90 to -6 dBFS; -84 to 84 as a difference.
    """

    effect: Literal["gate"] = "gate"
    threshold_db: Annotated[float, Field(ge=-90.0, le=84.0), Absolute(-90.0, -6.0)] = -50.0
    difference = "threshold_db"


class Distort(BaseEffect):
    """Overdriven, as loud as before.

    Attributes:
        amount: 0 (clean) to 1 (fuzz); -1 to 1 as a difference.
    """

    effect: Literal["distort"] = "distort"
    amount: Annotated[float, Field(ge=-1.0, le=1.0), Absolute(0.0, 1.0)]
    difference = "amount"
    neutral = (("amount", 0.0),)
    knobs = (Slider(label="Drive", name="Distortion", field="amount", step=0.02, unit="amount"),)


class Chorus(BaseEffect):
    """Doubled by a wavering copy.

    Attributes:
        amount: 0 (none) to 1 (as loud as the dry sound); -1 to 1 as a difference.
    """

    effect: Literal["chorus"] = "chorus"
    amount: Annotated[float, Field(ge=-1.0, le=1.0), Absolute(0.0, 1.0)]
    difference = "amount"
    neutral = (("amount", 0.0),)
    knobs = (Slider(label="Chorus", name="Chorus", field="amount", step=0.02, unit="amount"),)


class Normalise(BaseEffect):
    """Brings the highest true peak to a level, by one gain for all of it.

    Attributes:
        peak_db: the level, -24 to 0 dBTP.
    """

    effect: Literal["normalise"] = "normalise"
    peak_db: Annotated[float, Field(ge=-24.0, le=0.0)] = -1.0


class Mono(BaseEffect):
    """One channel: the mean of all. The whole mix only, and every track shares it."""

    effect: Literal["mono"] = "mono"
    in_part = False
    on_any = False


class SampleRate(BaseEffect):
    """Converted to another sample rate; pitch and tempo stay.

    The whole mix only, and every track shares it.

    Attributes:
        hz: samples a second, 8000 to 192000.
    """

    effect: Literal["sample_rate"] = "sample_rate"
    hz: Annotated[int, Field(ge=8_000, le=192_000)]
    in_part = False
    on_any = False


Treatment: TypeAlias = (
    Swap
    | Balance
    | Dehum
    | Declick
    | Deess
    | Gate
    | Distort
    | Chorus
    | Normalise
    | Mono
    | SampleRate
)
"""All of them; `sayso.desk.effects.EFFECTS` takes them up."""
