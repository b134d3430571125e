"""From the sounds of a recording and a desk to the tracks that it delivers.

A remix is never rebuilt from its stems. It is the source plus what each strip changes::

    mix = source + sum over strips of (strip(stem) - stem)

so that what was not asked for stays untouched to the last bit, whatever the separator missed. Where
clips have a speed, which is no linear thing, what no strip changes is one sound instead::

    mix = rest + sum over strips of strip(stem), where rest = source - sum over strips of stem
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sayso.audio import Audio
from sayso.desk import MIX, REST, Desk, Limit, Normalise, Pan, Strip, complement_of
from sayso.desk.placing import Resolved
from sayso.effects import Mixed, Processed, Scene, Sound, Widened, amplify, limit, process, record
from sayso.effects.pitch import stretch
from sayso.timeline import Edited
from sayso.watch import SILENT, Watch

CEILING_DB = -0.3
"""Where the limiter holds a remix, in dBTP, unless the desk asks for another ceiling."""
_AT_REST = Strip()


@dataclass(frozen=True)
class Mixer:
    """Makes the tracks of `desk`.

    Attributes:
        desk: what was asked for.
        audios: the recording under "mix", and every sound that the desk needs of it.
        time: what the desk's edits come to.
        watch: polled while sounds are recorded.
    """

    desk: Desk
    audios: Mapping[str, Audio]
    time: Resolved
    watch: Watch = SILENT

    def track(self, name: str) -> Sound:
        """The track `name`: a stem with its strip, or a mix of what is not left out."""
        desk, left_out = self.desk, complement_of(name)
        if name != MIX and left_out is None:
            dry = self._sound(name)
            sound = process(dry, desk.strip(name), scene=self._scene)
            sound = process(sound, _shared(desk))
            return _held(sound, desk, changed=sound is not dry)
        strips = {target: strip for target, strip in desk.strips.items() if target != MIX}
        if left_out is not None:
            strips[left_out] = Strip(mute=True)
        mixed, touched = self._mixed(strips)
        if name != MIX:
            mixed = process(mixed, _shared(desk))
            return _held(mixed, desk, changed=len(strips) > 1 or _shared(desk) != _AT_REST)
        master = desk.strip(MIX)
        if master.mute:
            return _held(amplify(mixed, -math.inf), desk, changed=True)
        sound = process(mixed, master, scene=self._scene)
        return _held(sound, desk, changed=touched or sound is not mixed)

    @property
    def _scene(self) -> Scene:
        return Scene(self.time.place, self._sound, self.desk.tempo, self.watch.quiet)

    def _sound(self, target: str) -> Sound:
        """A sound of the recording as the desk edits it, on its own."""
        without = self._without(target)
        if without is None:
            return self._played(self.audios[target])
        if self._is_linear:
            return Mixed([self._sound(MIX), *(_negated(self._sound(name)) for name in without)])
        return self._played(record(self._alone(target), watch=self.watch.quiet))

    def _alone(self, target: str) -> Sound:
        """A sound of the recording before it is edited."""
        without = self._without(target)
        if without is None:
            return self.audios[target]
        return Mixed([self.audios[MIX], *(_negated(self._alone(name)) for name in without)])

    def _without(self, target: str) -> tuple[str, ...] | None:
        """What is taken from the recording to get a sound; None for one that was separated."""
        if target == REST:
            return self.desk.sounds()
        left_out = complement_of(target)
        return None if left_out is None else (left_out,)

    @property
    def _is_linear(self) -> bool:
        return all(clip.speed == 1.0 for clip in self.time.timeline.clips)

    def _played(self, audio: Audio) -> Sound:
        sound: Sound = audio
        if self.desk.edits:
            sound = Edited(audio, self.time.timeline, self._respeed)
        pans = any(isinstance(e, Pan) for s in self.desk.strips.values() for e in s.effects)
        return Widened(sound) if audio.channels == 1 and pans else sound

    def _respeed(self, audio: Audio, rate: float) -> Audio:
        return record(stretch(audio, rate), watch=self.watch.quiet)

    def _mixed(self, strips: Mapping[str, Strip]) -> tuple[Sound, bool]:
        """The sum of the strips, and whether they change the recording at all."""
        whole = self._sound(MIX)
        soloed = {target: strip for target, strip in strips.items() if strip.solo}
        if soloed:
            heard = [
                process(self._sound(target), strip, scene=self._scene)
                for target, strip in soloed.items()
                if not strip.mute
            ]
            return Mixed(heard or [whole, _negated(whole)]), True
        wet = {target: self._wet(target, strip) for target, strip in strips.items()}
        changed = {target: parts for target, parts in wet.items() if parts is not None}
        if not changed:
            return whole, False
        if self._is_linear:
            gone = {target: [_negated(self._sound(target))] for target in changed}
            return Mixed([whole, *(part for t in changed for part in changed[t] + gone[t])]), True
        rest = [self.audios[MIX], *(_negated(self._alone(target)) for target in changed)]
        left = self._played(record(Mixed(rest), watch=self.watch.quiet))
        return Mixed([left, *(part for parts in changed.values() for part in parts)]), True

    def _wet(self, target: str, strip: Strip) -> list[Sound] | None:
        """What a strip plays: one sound, or none if it is muted; None if it changes nothing."""
        if strip == _AT_REST:
            return None  # nobody may have separated it
        if strip.mute:
            return []
        dry = self._sound(target)
        sound = process(dry, strip, scene=self._scene)
        return None if sound is dry else [sound]


def _shared(desk: Desk) -> Strip:
    """The part of the master that every track shares."""
    return Strip(effects=tuple(e for e in desk.strip(MIX).effects if not e.on_any))


def _negated(sound: Sound) -> Sound:
    return Processed(sound, lambda blocks: (-block for block in blocks), sound.frames)


def _held(sound: Sound, desk: Desk, *, changed: bool) -> Sound:
    """`sound` under the true-peak ceiling, if the desk changed it and wants that.

    Untouched stems are left alone, because they must sum to the source.
    """
    effects = desk.strip(MIX).effects
    asked = any(isinstance(e, Limit | Normalise) and e.span is None for e in effects)
    if not changed or not desk.limiter or asked:
        return sound
    return limit(sound, CEILING_DB)
