"""Pitch and tempo."""

from __future__ import annotations

from sayso.desk import MIX, Move, Pitch, Stretch, Tempo
from sayso.words.actions.changes import Declined, Reason, Scene
from sayso.words.amounts import step
from sayso.words.wishes import Aspect
from sayso.words.wording import spoken

_RATES = {"double": 2.0, "triple": 3.0, "half": 0.5}
# A tempo changed by more may be one that is counted in halves or doubles.
_USUAL = 1.6
# Bare numbers above it are percent.
_FASTEST = 4.0
# "Slower, like 80%" is a speed: nobody can follow what is 80% slower.
_A_SPEED = 60.0
# A "step" of a scale, without "half", is a whole tone.
_SEMITONES = {"semitone": 1.0, "interval": 1.0, "step": 2.0, "": 1.0}


def pitch(aspect: Aspect, scene: Scene) -> list[Move]:
    """Transposition by semitones, octaves, cents or intervals; up unless said otherwise."""
    if aspect.off:
        return scene.set(Pitch(semitones=0.0))
    number = aspect.number("semitone", "interval", "step") or aspect.number("")
    if number is None:
        if not aspect.sign:
            raise Declined(
                "ambiguous",
                "Which way should the pitch go, and how far?",
                ("pitch it up 2 semitones", "an octave down"),
                asks="aspect",
                template=f"pitch {'it' if scene.target == MIX else 'the ' + scene.target} {{}}",
            )
        return scene.move_by(Pitch(semitones=aspect.sign * step("pitch", aspect.size)))
    sign = 1 if number.signed or not aspect.sign else aspect.sign
    semitones = round(sign * number.value * _SEMITONES[number.unit], 4)
    if aspect.absolute and number.signed:
        return scene.set(Pitch(semitones=semitones))
    return scene.move_by(Pitch(semitones=semitones))


def tempo(aspect: Aspect, scene: Scene) -> list[Move]:
    """Faster or slower at the same pitch; the whole mix only."""
    if scene.target != MIX:
        raise Declined(
            "unsupported",
            f"The tempo belongs to the whole recording, so I cannot change it for "
            f"{spoken(scene.target)} alone.",
            ("make the whole thing 10% faster", "slow it down a bit"),
        )
    if aspect.off:
        return scene.set(Stretch(rate=1.0))
    length = aspect.number("s")
    if length is not None:
        raise Declined(
            "unsupported",
            "I change the tempo by a share of it, not to a length; a length I reach by cutting.",
            (f"shorten it to {length.value:g} seconds", "10% faster"),
        )
    if aspect.number("bpm") is not None or aspect.ranged is not None:
        return _by_bpm(aspect, scene)
    percent, times = aspect.number("percent"), aspect.number("x") or aspect.number("")
    if times is not None and not times.unit and times.value > _FASTEST:
        percent = times
    if percent is not None:
        if aspect.absolute or not aspect.sign:
            return scene.set(Stretch(rate=round(percent.value / 100, 4)))
        if aspect.sign < 0 and percent.value >= _A_SPEED:
            return scene.set(Stretch(rate=round(percent.value / 100, 4)))
        return scene.move_by(Stretch(rate=round(1 + aspect.sign * percent.value / 100, 4)))
    if times is not None:
        if aspect.absolute or not aspect.sign:
            return scene.set(Stretch(rate=times.value))
        # A rate of 0 is answered with the range.
        rate = times.value**aspect.sign if times.value > 0 else 0.0
        return scene.move_by(Stretch(rate=round(rate, 4)))
    if aspect.size in _RATES:
        rate = _RATES[aspect.size]
        if not aspect.sign:
            return scene.set(Stretch(rate=rate))
        return scene.move_by(Stretch(rate=1 / rate if aspect.sign < 0 < rate - 1 else rate))
    if not aspect.sign:
        raise Declined(
            "ambiguous",
            "How fast should it be?",
            ("10% faster", "half speed", "slow it down a bit"),
        )
    return scene.move_by(Stretch(rate=1 + aspect.sign * step("tempo", aspect.size)))


def _by_bpm(aspect: Aspect, scene: Scene) -> list[Move]:
    """A tempo in beats a minute: from the one that is said or heard, or measured later."""
    if aspect.ranged is not None and aspect.ranged[0].value > 0:
        now, then = aspect.ranged
        return scene.move_by(Stretch(rate=round(then.value / now.value, 4)))
    if not aspect.bpm or scene.music is None:
        why = "I do not know the tempo in BPM that it has now."
        raise _needs_the_tempo(aspect, why, "unsupported")
    heard = scene.music()
    if heard is None:
        scene.notes.append("The tempo that it has is measured when this is carried out.")
        return scene.set(Tempo(bpm=aspect.bpm))
    own = heard.sure_bpm
    if own is None:
        raise _needs_the_tempo(aspect, f"I am not sure of its tempo: {heard.worded[0]}.")
    rate = aspect.bpm / own
    if not 1 / _USUAL < rate < _USUAL and any(1 / _USUAL < rate * k < _USUAL for k in (0.5, 2.0)):
        told = f"I hear {own:.1f} beats a minute, which some count as half or twice that."
        raise _needs_the_tempo(aspect, told)
    if rate * aspect.sign < aspect.sign:
        told = f"I hear {own:.1f} beats a minute, so {aspect.bpm:g} is the other way."
        raise _needs_the_tempo(aspect, told)
    scene.notes.append(f"Its own tempo is {heard.worded[0]}.")
    return scene.set(Stretch(rate=round(rate, 6)))


def _needs_the_tempo(aspect: Aspect, why: str, reason: Reason = "ambiguous") -> Declined:
    return Declined(
        reason,
        f"{why} Tell me the tempo that it has now.",
        ("take it from 120 to 128 bpm", "10% faster"),
        asks="bpm",
        template=f"take it from {{}} to {aspect.bpm:g} bpm" if aspect.bpm else "",
    )
