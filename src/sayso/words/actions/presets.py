"""Sounds that people name as a whole: a telephone, a cathedral, slowed and reverb."""

from __future__ import annotations

from collections.abc import Mapping

from sayso.desk import (
    MIX,
    AnyEffect,
    Delay,
    Eq,
    Filter,
    Move,
    Pitch,
    Reverb,
    Stretch,
)
from sayso.words.actions.changes import Scene
from sayso.words.amounts import BANDS_HZ, step
from sayso.words.wishes import Aspect


def _band(low_hz: float, high_hz: float) -> Filter:
    return Filter(type="bandpass", low_hz=low_hz, high_hz=high_hz)


def _dull(cutoff_hz: float) -> Filter:
    return Filter(type="lowpass", cutoff_hz=cutoff_hz)


PRESETS: Mapping[str, tuple[AnyEffect, ...]] = {
    "telephone": (_band(300.0, 3400.0),),
    "radio": (_band(300.0, 5000.0),),
    "megaphone": (_band(500.0, 4000.0),),
    "muffled": (_dull(800.0),),
    "underwater": (_dull(500.0),),
    "next room": (_dull(400.0),),
    "room": (Reverb(amount=0.2),),
    "bathroom": (Reverb(amount=0.4),),
    "hall": (Reverb(amount=0.6),),
    "cave": (Reverb(amount=0.7),),
    "cathedral": (Reverb(amount=0.8),),
    "drench": (Reverb(amount=0.8),),
    "slapback": (Delay(time_s=0.1, feedback=0.1, mix=0.3),),
    "chipmunk": (Pitch(semitones=8.0),),
    "giant": (Pitch(semitones=-5.0),),
    "nightcore": (Stretch(rate=1.25), Pitch(semitones=4.0)),
    "double time": (Stretch(rate=2.0),),
    "half time": (Stretch(rate=0.5),),
    "slowed and reverb": (Stretch(rate=0.85), Reverb(amount=0.4)),
}


def preset(aspect: Aspect, scene: Scene) -> list[Move]:
    """The effects of a preset; without it, what it would have set is taken off."""
    effects = PRESETS[aspect.detail]
    if aspect.sign < 0 and isinstance(effects[0], Filter):
        # "Less muffled" opens the top rather than closing it less.
        return scene.move_by(Eq(frequency_hz=BANDS_HZ["high"], gain_db=step("eq", aspect.size)))
    if aspect.off or aspect.sign < 0:
        kinds = tuple(type(effect) for effect in effects)
        return scene.without(*kinds)
    if scene.target == MIX and scene.current(Stretch) is None:
        return scene.set(*effects)
    rates = tuple(effect for effect in effects if isinstance(effect, Stretch))
    others = tuple(effect for effect in effects if not isinstance(effect, Stretch))
    moves = Scene(MIX, scene.desk).move_by(*rates) if rates else []
    return moves + (scene.set(*others) if others else [])
