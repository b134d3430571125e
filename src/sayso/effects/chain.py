"""A strip's effects, one after another, on a sound of any length."""

from __future__ import annotations

from sayso.audio import Audio, calmed, programme_lufs
from sayso.desk import (
    AnyEffect,
    Compress,
    Delay,
    Eq,
    Filter,
    Gain,
    Limit,
    Loudness,
    Pan,
    Pitch,
    Reverb,
    Stretch,
    Strip,
)
from sayso.effects.dynamics import SETTINGS, compress
from sayso.effects.level import amplify, pan
from sayso.effects.limiter import limit
from sayso.effects.pitch import stretch, transpose
from sayso.effects.sound import Sound, record
from sayso.effects.space import echo, reverberate
from sayso.effects.tone import cut_off, equalise
from sayso.watch import SILENT, Watch


def process(sound: Sound, strip: Strip, *, watch: Watch = SILENT) -> Sound:
    """`sound` through the effects of `strip`, then its fader, then its limiter.

    The fader comes after the effects, as on a mixing desk, so that it cannot change what a
    compressor does; a limiter comes last of all, so that its ceiling holds. Nothing else is
    scaled or clipped. Mute and solo are left to whoever adds the strips up.

    Args:
        sound: any length, rate and number of channels (two for a pan; see `Widened`).
        strip: what to do; a neutral one gives `sound` itself.
        watch: cancelling, polled while the sound is recorded, for effects that must know its
            loudness before they can begin. All others are worked out as the result is played.

    Returns: a sound of the same rate, channels and length, in step with the original, unless a
        `stretch` changes the length. Whatever size of block it is played in, the samples are
        the same.
    Raises: RangeError for a frequency that the rate cannot hold, ShapeError for a pan of
        anything but stereo, Cancelled.
    """
    for effect in strip.effects:
        if not isinstance(effect, Limit):
            sound = _apply(sound, effect, watch)
    sound = amplify(sound, strip.gain_db)
    for effect in strip.effects:
        if isinstance(effect, Limit):
            sound = limit(sound, effect.ceiling_db)
    return sound


def _apply(sound: Sound, effect: AnyEffect, watch: Watch) -> Sound:
    match effect:
        case Gain(db=db):
            return amplify(sound, db)
        case Reverb():
            return reverberate(sound, effect)
        case Pitch(semitones=semitones):
            return transpose(sound, semitones)
        case Compress():
            return _compressed(sound, effect, watch)
        case Eq():
            return equalise(sound, effect)
        case Filter():
            return cut_off(sound, effect)
        case Pan(position=position):
            return pan(sound, position)
        case Delay():
            return echo(sound, effect)
        case Stretch(rate=rate):
            return stretch(sound, rate)
        case Limit(ceiling_db=ceiling_db):
            return limit(sound, ceiling_db)
        case Loudness(lufs=lufs):
            return _at_loudness(record(sound, watch=watch.quiet), lufs)


def _compressed(sound: Sound, effect: Compress, watch: Watch) -> Sound:
    """Compressed relative to its own loudness, and brought back to that loudness afterwards."""
    audio = record(sound, watch=watch.quiet)
    loudness_lufs = programme_lufs(calmed(audio))
    if loudness_lufs == -float("inf"):
        return audio
    squeezed = compress(audio, SETTINGS[effect.amount], loudness_lufs=loudness_lufs)
    return _at_loudness(record(squeezed, watch=watch.quiet), loudness_lufs)


def _at_loudness(audio: Audio, lufs: float) -> Sound:
    """`audio` by one gain at `lufs`; silence stays silence."""
    measured_lufs = programme_lufs(calmed(audio))
    return audio if measured_lufs == -float("inf") else amplify(audio, lufs - measured_lufs)
