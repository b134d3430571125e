"""What reading a file gives: what it holds, its sound in blocks, and what a person should know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sayso.audio.audio import Samples

Notice: TypeAlias = Callable[[str], None]
"""Told, in a sentence, what a person should know about a file that could be read."""


_LONGEST_S = 14 * 86_400  # no recorder goes on for longer in one file


@dataclass(frozen=True)
class Track:
    """One of the sound tracks of a file; `number` counts from 1."""

    number: int
    language: str
    title: str
    channels: int

    def __str__(self) -> str:
        told = [part for part in (self.language, self.title) if part]
        channels = f"{self.channels} channel{'s' * (self.channels != 1)}"
        return f"{self.number} ({', '.join([*told, channels])})"


@dataclass(frozen=True)
class Info:
    """What a file holds, as its header tells.

    Attributes:
        format: of the file, such as "wav".
        encoding: of the samples, such as "pcm24".
        sample_rate: in Hz.
        channels: of the track that is read.
        frames: the exact length; None where only decoding can tell it.
        estimated_frames: `frames`, or else the header's guess; never to be decided by.
        tracks: all sound tracks.
        track: the number of the one that is read.
    """

    format: str
    encoding: str
    sample_rate: int
    channels: int
    frames: int | None
    estimated_frames: int | None = None
    tracks: tuple[Track, ...] = ()
    track: int = 1

    @property
    def duration_s(self) -> float | None:
        """The exact length in seconds; None where only decoding can tell it."""
        return None if self.frames is None else self.frames / self.sample_rate


def believable(frames: int | None, rate: int) -> int | None:
    """A length that a header states; None for what is none, as zeros and damage make it."""
    return frames if frames and 0 < frames <= _LONGEST_S * rate else None


def short_note(frames: int, stated: int | None, rate: int) -> str:
    """Says that a file of `frames` breaks off, and where it should have ended if that is known."""
    there, digits = frames / rate, 1
    if stated is not None and f"{there:.1f}" == f"{stated / rate:.1f}":
        digits = 3
    of = "" if stated is None else f" of {stated / rate:.{digits}f} s"
    return f"the file breaks off after {there:.{digits}f} s{of}; what is there was read"


class Source(Protocol):
    """A file open for reading."""

    info: Info
    tell: Notice

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t] from the beginning."""

    def close(self) -> None:
        """Closes it."""


def behind(source: Source, given: int) -> Iterator[Samples]:
    """The blocks of a source after its first `given` frames."""
    for block in source.blocks():
        block, given = block[:, given:], max(0, given - block.shape[1])
        if block.shape[1]:
            yield block
