"""Level and place: gain and fades, the position between left and right, the width of the image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sayso.audio import Samples
from sayso.effects.sound import Processed, Sound
from sayso.errors import ShapeError


def amplify(sound: Sound, gain_db: float) -> Sound:
    """`sound` louder by `gain_db`; nothing is clipped, so peaks may pass full scale."""
    if gain_db == 0:
        return sound
    factor = np.float32(10 ** (gain_db / 20))

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            yield block * factor

    return Processed(sound, transform, sound.frames)


def pan(sound: Sound, position: float) -> Sound:
    """`sound` moved to `position`, -1 (left) to 1 (right); 0 leaves it untouched.

    What sits in the centre moves at constant power. The width shrinks on the way to a side, so
    that there all of the sound is heard from that side alone, also what was on the other.

    Raises: ShapeError for anything but stereo; `Widened` makes a mono sound stereo.
    """
    if position == 0:
        return sound
    if sound.channels != 2:
        raise ShapeError(
            f"the audio has {sound.channels} channel{'s' * (sound.channels > 1)}; "
            "panning expects two. Make it stereo first"
        )
    matrix = pan_matrix(position)

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            yield matrix @ block

    return Processed(sound, transform, sound.frames)


def pan_matrix(position: float) -> Samples:
    """What maps [left, right] to the panned [left, right]: [2, 2].

    A player (such as a web page) that applies the same matrix sounds as the render does.
    """
    angle = (position + 1) * np.pi / 4
    centre = np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])
    width = centre.min()
    middle, side = np.array([0.5, 0.5]), np.array([0.5, -0.5])
    rows = [centre[0] * middle + width * side, centre[1] * middle - width * side]
    return np.array(rows, np.float32)


def widen(sound: Sound, amount: float) -> Sound:
    """`sound` with a stereo image `amount` times as wide: 0 is mono, 1 leaves it untouched.

    What both sides share stays, what tells them apart is multiplied. A mono sound stays as it is.
    Raises: ShapeError for more than two channels.
    """
    if amount == 1 or sound.channels == 1:
        return sound
    if sound.channels != 2:
        raise ShapeError(
            f"the audio has {sound.channels} channels; a width expects two. Make it stereo first"
        )
    same, other = np.float32((1 + amount) / 2), np.float32((1 - amount) / 2)
    matrix = np.array([[same, other], [other, same]])

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            yield matrix @ block

    return Processed(sound, transform, sound.frames)


def fade(sound: Sound, rise: int, fall: int) -> Sound:
    """`sound` with its first `rise` frames coming in from silence, its last `fall` going to it."""
    if not rise and not fall:
        return sound
    total = sound.frames

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        at = 0
        for block in blocks:
            stop = at + block.shape[1]
            if at < rise:
                block = block * np.clip(np.arange(at, stop) / rise, 0, 1).astype(np.float32)
            if stop > total - fall:
                left = total - np.arange(at, stop)
                block = block * np.clip(left / fall, 0, 1).astype(np.float32)
            at = stop
            yield block

    return Processed(sound, transform, total)
