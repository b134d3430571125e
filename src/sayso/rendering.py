"""From source and desk to tracks: a pure function, worked out in one pass over each track.

A remix is never rebuilt from its stems. It is the source plus what each strip changes::

    mix = source + sum over strips of (strip(stem) - stem)

so that what was not asked for stays untouched to the last bit, whatever the separator missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sayso.audio import Audio, decibels
from sayso.autoedit.content import ContentAnalyser
from sayso.clean import clean_audio, load_config
from sayso.desk import MIX, Desk, Limit, Pan, Stretch, Strip, complement_of
from sayso.desk.resolving import resolve
from sayso.effects import Mixed, Processed, Sound, Widened, amplify, limit, process, record
from sayso.errors import SilenceError
from sayso.timeline import Edited, find_silences
from sayso.watch import SILENT, Watch

CEILING_DB = -0.3
"""Where the limiter holds a remix, in dBTP, unless the desk asks for another ceiling."""
SPEECH = "speech"
_CLEANING = "embedded"
_AT_REST = Strip()
_SEPARATING = 0.8  # the share of the work that is separation, for the progress

Separate: TypeAlias = Callable[..., Mapping[str, Audio]]
"""`separate(mix, targets, watch=)`: a separator, with whatever cache it has."""


@dataclass(frozen=True)
class Track:
    """One rendered track.

    Attributes:
        audio: the samples; peaks above full scale are kept.
        peak: the largest sample, 1 is full scale.
        notes: what the person should know of it.
    """

    audio: Audio
    peak: float
    notes: tuple[str, ...] = ()

    @property
    def peak_db(self) -> float:
        """The largest sample in dBFS."""
        return decibels(self.peak)


def render(
    source: Audio,
    desk: Desk,
    *,
    separate: Separate,
    trained: bool = True,
    watch: Watch = SILENT,
) -> dict[str, Track]:
    """The tracks that `desk` delivers, in its order.

    Args:
        source: any length, rate and channels.
        desk: what was asked for.
        separate: makes the stems.
        trained: whether it has learned what speech is; one that has not is no use in cleaning.
        watch: progress and cancelling, polled between blocks.

    Raises: UnknownTargetError, RangeError for edits beyond the end, Cancelled.
    """
    report = watch.part(0.0, _SEPARATING)
    cleaning = 0.5 if desk.clean and desk.targets() else float(desk.clean)
    notes: tuple[str, ...] = ()
    if desk.clean:
        speech = separate if trained else None
        source, notes = _cleaned(source, speech, report.part(0.0, cleaning))
    parts: Mapping[str, Audio] = {}
    if desk.targets():
        parts = separate(source, desk.targets(), watch=report.part(cleaning, 1.0))
    audios = {MIX: source, **parts}
    sounds: Mapping[str, Sound] = audios
    if desk.edits:
        timeline = resolve(
            desk.edits,
            frames=source.frames,
            sample_rate=source.sample_rate,
            silences=lambda: find_silences(source),
            listener=ContentAnalyser(source),
        )
        sounds = {name: Edited(audio, timeline) for name, audio in audios.items()}
    if source.channels == 1 and _pans(desk):
        sounds = {name: Widened(sound) for name, sound in sounds.items()}
    sounds = {**sounds, **_rests(sounds, desk)}
    tracks = {}
    share = (1 - _SEPARATING) / len(desk.deliver)
    for at, name in enumerate(desk.deliver):
        sound = _deliver(name, sounds, desk, watch)
        start = _SEPARATING + at * share
        tracks[name] = _track(sound, notes, watch.part(start, start + share))
    return tracks


def _cleaned(
    source: Audio,
    speech: Separate | None,
    watch: Watch,
) -> tuple[Audio, tuple[str, ...]]:
    """The speech in `source` at the level that it has there, or silence; and what to know of it."""
    config = load_config(_CLEANING, ["loudness=null"])
    try:
        cleaned = clean_audio(
            source,
            config,
            open_model=lambda name, target: speech,
            watch=watch,
        )
    except SilenceError as error:
        return record(amplify(source, -math.inf), watch=watch.quiet), (str(error),)
    return cleaned.audio, cleaned.notes


def _rests(sounds: Mapping[str, Sound], desk: Desk) -> dict[str, Sound]:
    """What is left without a sound, for every strip that is for such a rest: "no vocals"."""
    left_out = {name: complement_of(name) for name in desk.strips}
    return {
        name: Mixed([sounds[MIX], _negated(sounds[sound])])
        for name, sound in left_out.items()
        if sound is not None
    }


def _pans(desk: Desk) -> bool:
    return any(isinstance(effect, Pan) for s in desk.strips.values() for effect in s.effects)


def _deliver(name: str, sounds: Mapping[str, Sound], desk: Desk, watch: Watch) -> Sound:
    """The track `name`: a stem with its strip, or a mix of what is not left out."""
    left_out = complement_of(name)
    if name != MIX and left_out is None:
        strip = desk.strip(name)
        sound = process(sounds[name], strip, watch=watch)
        sound = process(sound, _tempo(desk))
        return _held(sound, desk, changed=sound is not sounds[name])
    strips = {target: strip for target, strip in desk.strips.items() if target != MIX}
    if left_out is not None:
        strips[left_out] = Strip(mute=True)
    mixed = _mixed(sounds, strips, watch)
    if name == MIX:
        master = desk.strip(MIX)
        sound = amplify(mixed, -math.inf) if master.mute else process(mixed, master, watch=watch)
        return _held(sound, desk, changed=sound is not sounds[MIX])
    mixed = process(mixed, _tempo(desk))
    return _held(mixed, desk, changed=len(strips) > 1 or _tempo(desk) != _AT_REST)


def _tempo(desk: Desk) -> Strip:
    """The part of the master that every track shares."""
    effects = desk.strip(MIX).effects
    return Strip(effects=tuple(effect for effect in effects if isinstance(effect, Stretch)))


def _mixed(sounds: Mapping[str, Sound], strips: Mapping[str, Strip], watch: Watch) -> Sound:
    soloed = {target: strip for target, strip in strips.items() if strip.solo}
    if soloed:
        heard = [process(sounds[t], s, watch=watch) for t, s in soloed.items() if not s.mute]
        return Mixed(heard or [sounds[MIX], _negated(sounds[MIX])])
    changes = [part for t, s in strips.items() for part in _change(sounds[t], s, watch)]
    return Mixed([sounds[MIX], *changes]) if changes else sounds[MIX]


def _change(stem: Sound, strip: Strip, watch: Watch) -> list[Sound]:
    """What a strip adds to the mix: its output less its input."""
    if strip.mute:
        return [_negated(stem)]
    sound = process(stem, strip, watch=watch)
    return [] if sound is stem else [sound, _negated(stem)]


def _negated(sound: Sound) -> Sound:
    return Processed(sound, lambda blocks: (-block for block in blocks), sound.frames)


def _held(sound: Sound, desk: Desk, *, changed: bool) -> Sound:
    """`sound` under the true-peak ceiling, if the desk changed it and wants that.

    Untouched stems are left alone, because they must sum to the source.
    """
    asked = any(isinstance(effect, Limit) for effect in desk.strip(MIX).effects)
    if not changed or not desk.limiter or asked:
        return sound
    return limit(sound, CEILING_DB)


def _track(sound: Sound, notes: tuple[str, ...], watch: Watch) -> Track:
    audio = record(sound, watch=watch)
    watch.report(1.0)
    peak = max(float(abs(block).max()) for block in audio.blocks())
    if peak == 0.0:
        notes = ("silent", *notes)
    elif peak > 1.0:
        notes = ("peaks above full scale", *notes)
    return Track(audio, peak, notes)
