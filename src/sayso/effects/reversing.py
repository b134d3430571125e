"""Sound played backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sayso.audio import BLOCK_FRAMES, Audio, Samples
from sayso.effects.sound import OfSource


@dataclass(frozen=True, eq=False)
class Reversed(OfSource):
    """`source` from its end to its beginning."""

    source: Audio

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [C, `frames`], the last one shorter."""
        for stop in range(self.frames, 0, -frames):
            block = self.source.block(max(0, stop - frames), stop)
            yield np.ascontiguousarray(block[:, ::-1])
