"""Level and place: gain, and the position between left and right."""

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
