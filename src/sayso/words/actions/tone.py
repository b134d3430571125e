"""Tone: bells of EQ by name or by frequency, and filters."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from sayso.desk import Eq, Filter, Move
from sayso.words.actions.changes import Declined, Scene
from sayso.words.amounts import BANDPASS_HZ, BANDS_HZ, CUTOFF_HZ, step
from sayso.words.wishes import Aspect

_LARGE = "large"
# A bare number above it is a frequency: "cut the mud around 250".
_MOST_DB = 24.0


def eq(aspect: Aspect, scene: Scene) -> list[Move]:
    """A bell, named by its band or its frequency, up or down by decibels or by a size."""
    frequency = aspect.number("hz")
    hz = frequency.value if frequency is not None else BANDS_HZ.get(aspect.detail)
    if aspect.off and hz is None:
        return scene.without(Eq)
    if hz is None:
        raise Declined(
            "ambiguous",
            "Which part of the tone should change, and which way?",
            ("more treble", "cut the mids", "boost 3 kHz by 5 dB"),
        )
    bare = aspect.number("")
    if bare is not None and frequency is None and abs(bare.value) > _MOST_DB:
        as_hz = replace(bare, unit="hz", value=abs(bare.value))
        numbers = tuple(as_hz if number is bare else number for number in aspect.numbers)
        return eq(replace(aspect, numbers=numbers), scene)
    decibels = aspect.number("db", "")
    if decibels is not None:
        sign = aspect.sign if aspect.sign and not decibels.signed else 1
        bell = Eq(frequency_hz=hz, gain_db=sign * decibels.value)
        return scene.set(bell) if aspect.absolute else scene.move_by(bell)
    if not (aspect.off or aspect.sign or aspect.wanted):
        raise Declined(
            "ambiguous",
            f"Should there be more or less at {hz:g} Hz?",
            ("more treble", "cut the mids", "boost 3 kHz by 5 dB"),
        )
    sign = -1 if aspect.off else aspect.sign or 1
    size = _LARGE if aspect.off and aspect.size == "normal" else aspect.size
    return scene.move_by(Eq(frequency_hz=hz, gain_db=sign * step("eq", size)))


def filters(aspect: Aspect, scene: Scene) -> list[Move]:
    """A low-, high- or bandpass, or a band that is kept ("only below 200 Hz") or cut."""
    hz = [number.value for number in aspect.numbers if number.unit == "hz"]
    hz = hz or [number.value for number in aspect.numbers if number.unit == ""]
    if aspect.detail in {"below", "above", "between"}:
        return _band(aspect, hz, scene)
    if aspect.off:
        return scene.without(Filter)
    if aspect.detail == "any":
        raise Declined(
            "ambiguous",
            "Which frequencies should stay?",
            ("only below 200 Hz", "high-pass at 80 Hz", "keep 300 Hz to 3 kHz"),
        )
    if aspect.detail == "bandpass":
        low, high = (min(hz), max(hz)) if len(hz) > 1 else BANDPASS_HZ
        return scene.set(Filter(type="bandpass", low_hz=low, high_hz=high))
    cutoff_hz = hz[0] if hz else CUTOFF_HZ[aspect.detail]
    if aspect.detail == "lowpass":
        return scene.set(Filter(type="lowpass", cutoff_hz=cutoff_hz))
    return scene.set(Filter(type="highpass", cutoff_hz=cutoff_hz))


def _band(aspect: Aspect, hz: list[float], scene: Scene) -> list[Move]:
    """Everything below, above or between: kept unless it is to be cut or changed in level."""
    away = aspect.off or aspect.sign < 0
    if aspect.number("db") is not None or aspect.sign > 0:
        middle = sqrt(hz[0] * hz[1]) if len(hz) > 1 else hz[0]
        sign = aspect.sign or 1
        decibels = aspect.number("db")
        amount = decibels.value if decibels is not None else step("eq", aspect.size)
        return scene.move_by(Eq(frequency_hz=round(middle), gain_db=sign * amount))
    if aspect.detail == "between":
        low, high = min(hz), max(hz)
        if not away:
            return scene.set(Filter(type="bandpass", low_hz=low, high_hz=high))
        middle = sqrt(low * high)
        q = min(max(middle / (high - low), 0.1), 10.0)
        return scene.move_by(
            Eq(frequency_hz=round(middle), gain_db=-step("eq", "max"), q=round(q, 2))
        )
    if (aspect.detail == "below") != away:
        return scene.set(Filter(type="lowpass", cutoff_hz=hz[0]))
    return scene.set(Filter(type="highpass", cutoff_hz=hz[0]))


def rumble(aspect: Aspect, scene: Scene) -> list[Move]:
    """Without what lies below voices and most instruments."""
    if aspect.sign > 0:
        return scene.move_by(Eq(frequency_hz=BANDS_HZ["sub"], gain_db=step("eq", aspect.size)))
    return scene.set(Filter(type="highpass", cutoff_hz=CUTOFF_HZ["rumble"]))
