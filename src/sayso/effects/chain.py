"""A strip's effects, one after another, on a sound of any length."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sayso.audio import Audio, calmed, programme_lufs, true_peak_db
from sayso.desk import AnyEffect, Strip
from sayso.desk.effects import (
    Compress,
    Delay,
    Duck,
    Eq,
    Fade,
    Filter,
    Gain,
    Limit,
    Loudness,
    Mute,
    Pan,
    Pitch,
    Reverb,
    Reverse,
    Stretch,
    Width,
)
from sayso.desk.placing import Piece
from sayso.desk.resolving import resolve
from sayso.desk.spans import During
from sayso.desk.treatments import (
    Balance,
    Chorus,
    Declick,
    Deess,
    Dehum,
    Distort,
    Gate,
    Key,
    Mono,
    Normalise,
    SampleRate,
    Swap,
    Tempo,
)
from sayso.effects.channels import balance, convert, fold, swap
from sayso.effects.clicks import declick
from sayso.effects.colour import chorus, distort
from sayso.effects.ducking import duck
from sayso.effects.dynamics import SETTINGS, compress
from sayso.effects.level import amplify, fade, pan, widen
from sayso.effects.limiter import limit
from sayso.effects.pitch import stretch, transpose
from sayso.effects.repair import deess, dehum, gate
from sayso.effects.reversing import Reversed
from sayso.effects.sound import Sound, record
from sayso.effects.space import echo, reverberate
from sayso.effects.tone import cut_off, equalise
from sayso.effects.within import Patched, Within
from sayso.errors import RequestError
from sayso.watch import SILENT, Watch


@dataclass(frozen=True)
class Scene:
    """What a strip must be told of the rest of the desk.

    Attributes:
        place: where a span is in the frames of the sound, before any tempo.
        key: the sound of a target, which a duck follows.
        tempo: how fast all of it is played.
        watch: polled while a sound is recorded.
    """

    place: Callable[[During], Sequence[Piece]]
    key: Callable[[str], Sound]
    tempo: float = 1.0
    watch: Watch = SILENT


@dataclass(frozen=True)
class Row:
    """How an effect is done.

    Attributes:
        make: from a sound, the effect and the scene to the changed sound.
        at: where in a strip: in the chain, with the fader after it, as the limiter after that, or
            as the shape of the result after all.
        alone: whether a span of it is changed as a sound of its own, rather than as a window on
            the effect throughout.
    """

    make: Callable[[Sound, Any, Scene], Sound]
    at: Literal["chain", "fader", "end", "shape"] = "chain"
    alone: bool = False


def process(
    sound: Sound, strip: Strip, *, scene: Scene | None = None, watch: Watch = SILENT
) -> Sound:
    """`sound` through the effects of `strip`, then its fader, then its limiter.

    The fader comes after the effects, as on a mixing desk, so that it cannot change what a
    compressor does, and with it what moves it: spans of gain and silence, fades, ducking; a
    limiter comes last of all, so that its ceiling holds. Nothing else is scaled or clipped. Mute
    and solo are left to whoever adds the strips up.

    Args:
        sound: any length, rate and number of channels (two for a pan; see `Widened`).
        strip: what to do; a neutral one gives `sound` itself.
        scene: the rest of the desk; None for a sound that is all there is.
        watch: polled while the sound is recorded, for effects that must know its loudness before
            they can begin. All others are worked out as the result is played. A scene has its own.

    Returns: a sound of the same rate, channels and length, in step with the original, unless a
        `stretch` changes the length, `mono` the channels or `sample_rate` the rate.
        Whatever size of block it is played in, the samples are the same.
    Raises: RangeError for a frequency that the rate cannot hold or a span that begins after the
        end, ShapeError for a pan of anything but stereo, Cancelled.
    """
    scene = scene or _alone(sound, watch)
    passed = 1.0
    for at in ("chain", "fader", "end", "shape"):
        if at == "fader":
            sound = amplify(sound, strip.gain_db)
        for effect in strip.effects:
            row = DSP[type(effect)]
            if row.at != at:
                continue
            if isinstance(effect, Stretch):
                passed *= effect.rate
            sound = _apply(sound, effect, row, scene, passed)
    return sound


def _alone(sound: Sound, watch: Watch) -> Scene:
    def key(target: str) -> Sound:
        raise AssertionError(f"{target} is not there to duck under")

    rate = sound.sample_rate
    here = resolve((), frames=sound.frames, sample_rate=rate, silences=tuple[tuple[int, int], ...])
    return Scene(here.place, key, watch=watch.quiet)


def _apply(sound: Sound, effect: AnyEffect, row: Row, scene: Scene, passed: float) -> Sound:
    """`sound` with an effect, which comes once it was played `passed` times as fast."""
    if effect.span is None:
        return row.make(sound, effect, scene)
    pieces = [_sped(piece, passed) for piece in scene.place(effect.span)]
    pieces = [piece for piece in pieces if piece.start < min(piece.stop, sound.frames)]
    if not pieces:
        return sound
    if row.alone:
        wet: Sound = Patched(sound, lambda part: row.make(part, effect, scene), pieces)
    else:
        wet = row.make(sound, effect, scene)
    return sound if wet is sound else Within(sound, wet, pieces)


def _sped(piece: Piece, rate: float) -> Piece:
    if rate == 1.0:
        return piece
    return Piece(
        *(round(f / rate) for f in (piece.start, piece.stop, piece.fade_in, piece.fade_out))
    )


def _faded(sound: Sound, effect: Fade, scene: Scene) -> Sound:
    # Frames before the tempo, whose seconds are heard after it.
    rise, fall = (round(s * scene.tempo * sound.sample_rate) for s in (effect.in_s, effect.out_s))
    return fade(sound, min(rise, sound.frames), min(fall, sound.frames))


def _ducked(sound: Sound, effect: Duck, scene: Scene) -> Sound:
    return duck(sound, record(scene.key(effect.under), watch=scene.watch), effect)


def _reversed(sound: Sound, effect: Reverse, scene: Scene) -> Sound:
    return Reversed(record(sound, watch=scene.watch))


def _levelled(sound: Sound, effect: Loudness, scene: Scene) -> Sound:
    return _at_loudness(record(sound, watch=scene.watch), effect.lufs)


def _compressed(sound: Sound, effect: Compress, scene: Scene) -> Sound:
    """Compressed relative to its own loudness, and brought back to that loudness afterwards."""
    audio = record(sound, watch=scene.watch)
    loudness_lufs = programme_lufs(calmed(audio))
    if loudness_lufs == -float("inf"):
        return audio
    squeezed = compress(audio, SETTINGS[effect.amount], loudness_lufs=loudness_lufs)
    return _at_loudness(record(squeezed, watch=scene.watch), loudness_lufs)


def _at_loudness(audio: Audio, lufs: float) -> Sound:
    """`audio` by one gain at `lufs`; silence stays silence."""
    measured_lufs = programme_lufs(calmed(audio))
    return audio if measured_lufs == -float("inf") else amplify(audio, lufs - measured_lufs)


def _distorted(sound: Sound, effect: Distort, scene: Scene) -> Sound:
    """Overdriven, and brought back to the loudness that it had."""
    if effect.amount == 0:
        return sound
    audio = record(sound, watch=scene.watch)
    loudness_lufs = programme_lufs(calmed(audio))
    if loudness_lufs == -float("inf"):
        return audio
    return _at_loudness(record(distort(audio, effect.amount), watch=scene.watch), loudness_lufs)


def _normalised(sound: Sound, effect: Normalise, scene: Scene) -> Sound:
    audio = record(sound, watch=scene.watch)
    peak_db = true_peak_db(audio)
    return audio if peak_db == -float("inf") else amplify(audio, effect.peak_db - peak_db)


def _unmeasured(sound: Sound, effect: Tempo | Key, scene: Scene) -> Sound:
    raise RequestError(
        f"{effect.effect}: it is measured of a whole recording, by `sayso.render`, and has to be a "
        "stretch or a pitch here"
    )


def _gained(sound: Sound, effect: Gain, scene: Scene) -> Sound:
    return amplify(sound, effect.db)


DSP: Mapping[type[AnyEffect], Row] = {
    Gain: Row(_gained),
    Mute: Row(lambda sound, effect, scene: amplify(sound, -math.inf), at="fader"),
    Fade: Row(_faded, at="fader"),
    Duck: Row(_ducked, at="fader"),
    Reverb: Row(lambda sound, effect, scene: reverberate(sound, effect)),
    Pitch: Row(
        lambda sound, effect, scene: transpose(
            sound, effect.semitones, formants=effect.formants == "kept"
        ),
        alone=True,
    ),
    Compress: Row(_compressed),
    Eq: Row(lambda sound, effect, scene: equalise(sound, effect)),
    Filter: Row(lambda sound, effect, scene: cut_off(sound, effect)),
    Pan: Row(lambda sound, effect, scene: pan(sound, effect.position)),
    Width: Row(lambda sound, effect, scene: widen(sound, effect.amount)),
    Delay: Row(lambda sound, effect, scene: echo(sound, effect)),
    Reverse: Row(_reversed, alone=True),
    Stretch: Row(lambda sound, effect, scene: stretch(sound, effect.rate)),
    Limit: Row(lambda sound, effect, scene: limit(sound, effect.ceiling_db), at="end"),
    Loudness: Row(_levelled, alone=True),
    Swap: Row(lambda sound, effect, scene: swap(sound)),
    Balance: Row(lambda sound, effect, scene: balance(sound, effect.position)),
    Dehum: Row(lambda sound, effect, scene: dehum(record(sound, watch=scene.watch), effect)),
    Declick: Row(
        lambda sound, effect, scene: declick(record(sound, watch=scene.watch), effect.sensitivity)
    ),
    Deess: Row(lambda sound, effect, scene: deess(record(sound, watch=scene.watch), effect)),
    Gate: Row(lambda sound, effect, scene: gate(sound, effect)),
    Distort: Row(_distorted),
    Chorus: Row(lambda sound, effect, scene: chorus(sound, effect.amount)),
    Normalise: Row(_normalised, at="end", alone=True),
    Mono: Row(lambda sound, effect, scene: fold(sound), at="shape"),
    SampleRate: Row(lambda sound, effect, scene: convert(sound, effect.hz), at="shape"),
    Tempo: Row(_unmeasured),
    Key: Row(_unmeasured),
}
"""What every effect does to a sound."""
