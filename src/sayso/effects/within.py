"""Effects that hold for a span: outside of it every sample stays as it is.

Within it the sound is x + w (f(x) - x), where f is the effect and w rises from 0 to 1 and falls
again inside of the span.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Recorder, Samples
from sayso.audio.blocks import InPieces
from sayso.desk.placing import Piece
from sayso.effects.sound import STEP_FRAMES, OfSource, Sound

_LEAST_RAMP_S = 0.004
"""What an effect takes at least to come in or go, so that nothing clicks."""


@dataclass(frozen=True, eq=False)
class Within(OfSource, InPieces):
    """`wet` in `places`, `source` elsewhere; both of one length, rate and number of channels.

    Attributes:
        source: as it is.
        wet: with the effect.
        places: in order; none overlaps another.
    """

    source: Sound
    wet: Sound
    places: Sequence[Piece]

    def pieces(self) -> Iterator[Samples]:
        """The source, and the effect where it holds."""
        at, waiting = 0, list(self.places)[::-1]
        dry, wet = self.source.blocks(STEP_FRAMES), self.wet.blocks(STEP_FRAMES)
        for plain, changed in zip(dry, wet, strict=True):
            stop = at + plain.shape[1]
            while waiting and waiting[-1].start < stop:
                piece = waiting[-1]
                low, high = max(piece.start, at), min(piece.stop, stop)
                here = slice(low - at, high - at)
                weight = weights(piece, low, high, self.sample_rate, self.frames)
                mixed = plain[:, here] + weight * (changed[:, here] - plain[:, here])
                # Where the weight is 1 it is the effect itself, to the last bit.
                plain[:, here] = np.where(weight == 1, changed[:, here], mixed)
                if piece.stop > stop:
                    break
                waiting.pop()
            at = stop
            yield plain


def weights(
    piece: Piece, low: int, high: int, sample_rate: int, frames: int
) -> npt.NDArray[np.float32]:
    """How much of an effect is heard in frames `low` to `high` of a sound of `frames`, 0 to 1."""
    least = round(_LEAST_RAMP_S * sample_rate)
    length = piece.stop - piece.start
    # Where the sound itself begins or ends nothing can click.
    rise = max(piece.fade_in, least if piece.start > 0 else 0)
    fall = max(piece.fade_out, least if piece.stop < frames else 0)
    if rise + fall > length:
        share = length / (rise + fall)
        rise, fall = int(rise * share), int(fall * share)
    at = np.arange(low, high) - piece.start + 0.5
    weight = np.ones(high - low)
    if rise:
        weight = np.minimum(weight, np.clip(at / rise, 0, 1))
    if fall:
        weight = np.minimum(weight, np.clip((length - at) / fall, 0, 1))
    smooth: npt.NDArray[np.float32] = (np.sin(weight * np.pi / 2) ** 2).astype(np.float32)
    return smooth


@dataclass(frozen=True, eq=False)
class Patched(OfSource, InPieces):
    """`source` with each of `places` replaced by what `change` makes of it alone."""

    source: Sound
    change: Callable[[Audio], Sound]
    places: Sequence[Piece]

    def pieces(self) -> Iterator[Samples]:
        """The source, and what became of each place."""
        at, waiting = 0, list(self.places)[::-1]
        part: Recorder | None = None
        for block in self.source.blocks(STEP_FRAMES):
            while block.shape[1]:
                edge = waiting[-1].start if waiting and part is None else self.frames
                edge = waiting[-1].stop if part is not None else edge
                head, block = block[:, : edge - at], block[:, edge - at :]
                at += head.shape[1]
                if part is None:
                    yield head
                else:
                    part.append(head)
                if at == edge and part is not None:
                    yield from self.change(part.audio()).blocks(STEP_FRAMES)
                    part = None
                    waiting.pop()
                elif at == edge and waiting:
                    part = Recorder(self.channels, self.sample_rate)
