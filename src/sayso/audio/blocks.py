"""Streams of blocks, whatever made them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from sayso.audio.audio import BLOCK_FRAMES, Samples


class _Shaped(Protocol):
    @property
    def channels(self) -> int: ...

    @property
    def sample_rate(self) -> int: ...


class FromSource:
    """The channels and rate of a sound that is made of a `source`; its length is its own."""

    source: _Shaped

    @property
    def channels(self) -> int:
        """As the source."""
        return self.source.channels

    @property
    def sample_rate(self) -> int:
        """As the source."""
        return self.source.sample_rate


class InPieces(ABC):
    """A sound that is made in pieces of any length, and played in blocks of one."""

    @abstractmethod
    def pieces(self) -> Iterator[Samples]:
        """All of it, [C, t] at a time, from the beginning."""

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [C, `frames`], the last one shorter."""
        return in_blocks(self.pieces(), frames)


def in_blocks(pieces: Iterator[Samples], frames: int) -> Iterator[Samples]:
    """The same samples cut anew: blocks [C, `frames`], the last one shorter."""
    waiting: list[Samples] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += piece.shape[1]
        if count < frames:
            continue
        joined = np.concatenate(waiting, axis=1)
        whole = count - count % frames
        for at in range(0, whole, frames):
            yield joined[:, at : at + frames]
        waiting, count = [joined[:, whole:]], count - whole
    if count:
        yield np.concatenate(waiting, axis=1)
