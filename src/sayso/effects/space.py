"""Space: reverberation and echoes, added to a dry sound whose level stays as it was.

The result is as long as the sound, so that stems stay aligned: what would ring on past the end is
faded out over the last twentieth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from sayso.audio import Samples
from sayso.desk import Delay, Reverb
from sayso.effects.sound import Processed, Sound
from sayso.optional import require

_FADE_S = 0.05
# A cathedral rings for about four seconds.
_SMALLEST_ROOM, _LARGEST_ROOM = 0.4, 0.9
_Wet: TypeAlias = Callable[[Samples], Samples]


def reverberate(sound: Sound, room: Reverb) -> Sound:
    """`sound` in a room; `amount` is the strength of the room against the dry sound, as amplitudes.

    At 1 the room is as loud as a sound in the middle of the stereo image; larger amounts are also
    larger rooms, from about one to four seconds. 0 changes nothing.
    """
    if room.amount == 0:
        return sound
    size = _SMALLEST_ROOM + (_LARGEST_ROOM - _SMALLEST_ROOM) * room.amount

    def start() -> list[_Wet]:
        # The library's room is mono or stereo; more channels get a room each.
        rooms = 1 if sound.channels <= 2 else sound.channels
        return [_room(size, room.amount, sound, sound.channels // rooms) for _ in range(rooms)]

    return _added(sound, start)


def _room(size: float, level: float, sound: Sound, channels: int) -> _Wet:
    library = require("pedalboard", extra=None, purpose="reverb")

    def make() -> Any:
        return library.Reverb(
            room_size=size, damping=0.4, wet_level=1 / 3, dry_level=0.0, width=1.0
        )

    rate = float(sound.sample_rate)
    impulse = np.zeros((channels, 8 * sound.sample_rate), np.float32)
    impulse[:, 0] = 1
    energy = np.sum(make().process(impulse, rate) ** 2, axis=1)
    gain, room = np.float32(level / np.sqrt(np.mean(energy))), make()
    return lambda block: gain * room.process(block, rate, reset=False)


def echo(sound: Sound, echoes: Delay) -> Sound:
    """`sound` with echoes: the first at `mix` of its amplitude, each next at `feedback` of that."""
    if echoes.mix == 0:
        return sound

    def start() -> list[_Wet]:
        library = require("pedalboard", extra=None, purpose="an echo")
        line = library.Delay(delay_seconds=echoes.time_s, feedback=echoes.feedback, mix=1.0)
        gain, rate = np.float32(echoes.mix), float(sound.sample_rate)
        return [lambda block: gain * line.process(block, rate, reset=False)]

    return _added(sound, start)


def _added(sound: Sound, start: Callable[[], list[_Wet]]) -> Sound:
    """Dry plus wet; `start` makes the wet side, one function for all channels or one for each."""
    fade = max(1, round(_FADE_S * sound.sample_rate))

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        wets, at = start(), 0
        for block in blocks:
            groups = np.array_split(block, len(wets))
            wet = np.concatenate([ring(g) for ring, g in zip(wets, groups, strict=True)])
            at += block.shape[1]
            left = sound.frames - at + np.arange(block.shape[1], 0, -1) - 1
            if left[-1] < fade:
                wet = wet * np.sin(np.minimum(left / fade, 1) * np.pi / 2).astype(np.float32) ** 2
            yield block + wet

    return Processed(sound, transform, sound.frames)
