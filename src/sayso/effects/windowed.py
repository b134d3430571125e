"""Sound that is worked out piece by piece from recorded audio, each with what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from sayso.audio import Audio, Samples
from sayso.audio.blocks import InPieces
from sayso.effects.sound import OfSource


@dataclass(frozen=True, eq=False)
class Windowed(OfSource, InPieces):
    """`source` as `change` leaves it, which sees `context` frames on either side of each piece.

    Attributes:
        source: recorded.
        change: from [C, t] to [C, t], of which the outer `context` frames are thrown away; silence
            lies beyond the ends.
        context: in frames.
        told: what is to be said of it, if anything.
    """

    source: Audio
    change: Callable[[Samples], Samples]
    context: int
    told: str | None = None
    piece: ClassVar[int] = 1 << 14

    def note(self) -> str | None:
        """What a person should know."""
        return self.told

    def pieces(self) -> Iterator[Samples]:
        """Each as `change` leaves it."""
        for start in range(0, self.frames, self.piece):
            stop = min(start + self.piece, self.frames)
            seen = self.source.block(start - self.context, stop + self.context)
            yield self.change(seen)[:, self.context : self.context + stop - start]
