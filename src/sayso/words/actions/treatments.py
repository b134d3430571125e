"""Treatments: hum, clicks and s-sounds taken out, gates, drive, chorus, channels, peak and rate."""

from __future__ import annotations

from collections.abc import Callable

from sayso.desk import Move
from sayso.desk.effects import AnyEffect
from sayso.desk.treatments import (
    Chorus,
    Declick,
    Deess,
    Dehum,
    Distort,
    Gate,
    Mono,
    Normalise,
    SampleRate,
    Swap,
)
from sayso.words.actions.changes import Declined, Scene
from sayso.words.amounts import setting, step
from sayso.words.wishes import Aspect
from sayso.words.wording import spoken

_CLICKS = {"small": 0.3, "large": 0.8, "max": 1.0}
_DEESS_DB = {"small": 5.0, "large": 14.0, "max": 20.0}
_DEESS_STEP_DB = 3.0


def _off(scene: Scene, kind: type[AnyEffect], what: str) -> list[Move]:
    """Without an effect that was added here. Raises: Declined where none was."""
    moves = scene.without(kind)
    if moves:
        return moves
    raise Declined("unsupported", f"No {what} was added to {spoken(scene.target)}.", ("undo",))


def swap(aspect: Aspect, scene: Scene) -> list[Move]:
    """Left and right exchanged; once more, as they were."""
    back = scene.without(Swap)
    if aspect.off and not back:
        return _off(scene, Swap, "exchange of the sides")
    return back or scene.set(Swap())


def dehum(aspect: Aspect, scene: Scene) -> list[Move]:
    """Mains hum, at 50 or 60 Hz where that is said."""
    hz = aspect.number("hz", "")
    if hz is None or round(hz.value) not in (50, 60):
        return scene.set(Dehum())
    return scene.set(Dehum(mains_hz=50 if round(hz.value) == 50 else 60))


def declick(aspect: Aspect, scene: Scene) -> list[Move]:
    """Clicks of a record, as eagerly as the size says."""
    return scene.set(Declick(sensitivity=_CLICKS.get(aspect.size, 0.5)))


def deess(aspect: Aspect, scene: Scene) -> list[Move]:
    """Softer s-sounds, by decibels or by a size; "more" goes on from what is set."""
    decibels = aspect.number("db", "")
    if scene.current(Deess) is not None and aspect.more and decibels is None:
        return scene.move_by(Deess(db=-(aspect.sign or 1) * _DEESS_STEP_DB))
    db = abs(decibels.value) if decibels is not None else _DEESS_DB.get(aspect.size, 9.0)
    return scene.set(Deess(db=-db))


def gate(aspect: Aspect, scene: Scene) -> list[Move]:
    """Silence below a level in decibels."""
    if aspect.off:
        return _off(scene, Gate, "gate")
    decibels = aspect.number("db", "")
    return scene.set(Gate() if decibels is None else Gate(threshold_db=-abs(decibels.value)))


def _shared(
    kind: type[Distort | Chorus], name: str, what: str
) -> Callable[[Aspect, Scene], list[Move]]:
    def action(aspect: Aspect, scene: Scene) -> list[Move]:
        current = scene.current(kind)
        if aspect.off or (aspect.sign < 0 and current is None):
            return _off(scene, kind, what)
        number = aspect.number("percent", "")
        if number is not None:
            share = number.value / 100 if number.unit or number.value > 1 else number.value
            return scene.set(kind(amount=share))
        if current is not None and (aspect.more or aspect.sign < 0):
            return scene.move_by(kind(amount=(aspect.sign or 1) * step(name, aspect.size)))
        return scene.set(kind(amount=setting(name, aspect.size)))

    return action


distort = _shared(Distort, "distort", "distortion")
chorus = _shared(Chorus, "chorus", "chorus effect")


def normalise(aspect: Aspect, scene: Scene) -> list[Move]:
    """The highest peak at a level in decibels."""
    decibels = aspect.number("db", "")
    if decibels is None:
        return scene.set(Normalise())
    return scene.set(Normalise(peak_db=-abs(decibels.value)))


def one_channel(aspect: Aspect, scene: Scene) -> list[Move]:
    """A file of one channel."""
    return scene.set(Mono())


def sample_rate(aspect: Aspect, scene: Scene) -> list[Move]:
    """So many samples a second. Raises: Declined where none are named."""
    hz = aspect.number("hz", "")
    if hz is None:
        raise Declined("ambiguous", "To which sample rate?", ("resample it to 48 kHz",))
    value = hz.value * 1000 if hz.value < 1000 else hz.value
    return scene.set(SampleRate(hz=round(value)))
