"""Pitch and tempo by Rubber Band's finest engine, in memory that does not grow with the length.

Three things of the library are worked around here. Its streaming pitch shifter gives silence with
`reset=False`. Its engine for whole recordings rounds its hops, so that it drifts off by up to 3 ms
a second; a ratio that dithers about 1 rounds to the truth on average. And it takes whole arrays,
so long sounds go through in pieces that overlap, with the seam where two pieces agree best.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio import Samples
from sayso.audio.blocks import in_blocks
from sayso.audio.crossfade import crossfade
from sayso.effects.sound import Processed, Sound
from sayso.optional import require

_CORE_S = 30.0
_CONTEXT_S = 0.5
"""Thrown away at both ends of a piece, where the engine has not settled."""
_SEARCH_S = 1.5
"""How much two pieces share, within which the seam may lie."""
_FADE_S = 0.03
_SHIFT_S = 0.003
"""How far a piece may move against its neighbour so that their waves agree."""
_DITHER = 0.003
_DITHER_FRAMES = 1024


def transpose(sound: Sound, semitones: float, *, formants: bool = False) -> Sound:
    """`sound` higher by `semitones`, as long and as fast as before.

    Formants move along, unless `formants` are kept: then a voice still sounds like its owner's.

    Beats stay where they were within 5 ms, however long the sound.
    """
    if semitones == 0:
        return sound

    def frames(seconds: float) -> int:
        return max(1, round(seconds * sound.sample_rate / 2)) * 2

    grid = _Grid(*(frames(s) for s in (_CORE_S, _CONTEXT_S, _SEARCH_S, _FADE_S, _SHIFT_S)))

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        delay = _delay(semitones, sound.sample_rate, formants)
        pieces = _pieces(blocks, sound.frames, grid)
        return _sewn(
            (_shift(piece, semitones, sound.sample_rate, delay, formants) for piece in pieces), grid
        )

    # Every piece carries silence or sound past the end, which is cut off here.
    def cut(blocks: Iterator[Samples]) -> Iterator[Samples]:
        left = sound.frames
        for block in transform(blocks):
            yield block[:, :left]
            left -= min(left, block.shape[1])

    return Processed(sound, cut, sound.frames)


def stretch(sound: Sound, rate: float) -> Sound:
    """`sound` `rate` times as fast at the same pitch: `round(T / rate)` frames, at least one.

    Played at another speed, and the pitch put back. The order keeps the treble: what is lowered
    is lowered before it is read faster, what is raised is raised after it was read slower.
    """
    if rate == 1:
        return sound
    semitones = float(-12 * np.log2(rate))
    if rate > 1:
        return _at_speed(transpose(sound, semitones), rate)
    return transpose(_at_speed(sound, rate), -12 * float(np.log2(rate)))


def _at_speed(sound: Sound, rate: float) -> Sound:
    """Read `rate` times as fast, the pitch going with it."""
    total = max(1, round(sound.frames / rate))

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        import soxr

        stream = soxr.ResampleStream(
            sound.sample_rate * rate, sound.sample_rate, sound.channels, "float32", "VHQ"
        )
        left = total
        for block in blocks:
            out = stream.resample_chunk(np.ascontiguousarray(block.T)).T[:, :left]
            left -= out.shape[1]
            yield out
        out = stream.resample_chunk(np.zeros((0, sound.channels), np.float32), last=True).T
        yield np.pad(out[:, :left], ((0, 0), (0, max(0, left - out.shape[1]))))

    return Processed(sound, transform, total)


def _engine(block: Samples, semitones: float, sample_rate: int, formants: bool) -> Samples:
    library = require("pedalboard", extra=None, purpose="another pitch")
    # Multiples of the golden ratio fill an interval evenly, so the mean is exact at every length.
    steps = np.arange(-(-block.shape[1] // _DITHER_FRAMES)) * 0.6180339887498949 % 1 - 0.5
    # About an octave down the engine switches between two sizes of hop; there its rounding is
    # exact anyway, and going back and forth would put it out of tune.
    dither = _DITHER if abs(semitones + 12) > 0.1 else 0.0
    ratio = np.repeat(np.exp(2 * dither * steps), _DITHER_FRAMES)[: block.shape[1]]
    out: Samples = library.time_stretch(
        np.ascontiguousarray(block),
        float(sample_rate),
        stretch_factor=ratio,
        pitch_shift_in_semitones=float(semitones),
        high_quality=True,
        preserve_formants=formants,
    )
    return out


@lru_cache(maxsize=64)
def _delay(semitones: float, sample_rate: int, formants: bool) -> int:
    """How many frames late the engine is at this pitch (early when negative), by trying it out."""
    gap = sample_rate // 2
    burst = np.random.default_rng(0).standard_normal(sample_rate // 100) * np.hanning(
        sample_rate // 100
    )
    centres = np.arange(1, 5) * gap
    probe = np.zeros((1, 5 * gap + sample_rate // 2), np.float32)
    for centre in centres:
        probe[0, centre : centre + len(burst)] = burst
    power = _engine(probe, semitones, sample_rate, formants)[0].astype(np.float64) ** 2
    moments = []
    for centre in centres:
        middle = centre + len(burst) // 2
        around = power[middle - gap // 2 : middle + gap // 2]
        moments.append(np.dot(around, np.arange(len(around)) - gap // 2) / np.sum(around))
    return round(float(np.median(moments)))


def _shift(
    piece: Samples, semitones: float, sample_rate: int, delay: int, formants: bool
) -> Samples:
    out = _engine(piece, semitones, sample_rate, formants)
    out = out[:, delay:] if delay >= 0 else np.pad(out, ((0, 0), (-delay, 0)))
    return np.pad(out, ((0, 0), (0, max(0, piece.shape[1] - out.shape[1]))))[:, : piece.shape[1]]


@dataclass(frozen=True)
class _Grid:
    """Where the pieces lie, in frames."""

    core: int
    context: int
    search: int
    fade: int
    shift: int

    @property
    def reach(self) -> int:
        """How far a piece reaches past its core."""
        return self.search // 2 + self.context


def _pieces(blocks: Iterator[Samples], total: int, grid: _Grid) -> Iterator[Samples]:
    """The cores and what surrounds them; beyond the ends of the sound lies silence."""
    window = _Window(blocks)
    for start in range(0, total, grid.core):
        # What is left is too short for a seam of its own: the last piece takes it in.
        last = total - start < 2 * grid.core
        stop = total if last else start + grid.core
        yield window.read(start - grid.reach, stop + grid.reach)
        if last:
            return


class _Window:
    """Reads spans that only move forward from a stream of blocks, silence beyond its ends."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = in_blocks(blocks, 1 << 18)
        self._held: list[Samples] = []
        self._start = 0
        self._stop = 0

    def read(self, start: int, stop: int) -> Samples:
        """Frames `start` to `stop`; nothing before `start` can be read again."""
        while self._stop < stop and (block := next(self._blocks, None)) is not None:
            self._held.append(block)
            self._stop += block.shape[1]
        while self._start + self._held[0].shape[1] <= start:
            self._start += self._held.pop(0).shape[1]
        held = np.concatenate(self._held, axis=1)[:, max(0, start - self._start) :]
        held = held[:, : stop - max(start, self._start)]
        before = max(0, self._start - start)
        return np.pad(held, ((0, 0), (before, stop - start - before - held.shape[1])))


def _sewn(pieces: Iterator[Samples], grid: _Grid) -> Iterator[Samples]:
    """The pieces joined into one, from the start of the first core on; see `_seam`."""
    tail = next(pieces)[:, grid.reach :]
    for piece in pieces:
        keep = tail.shape[1] - 2 * grid.reach
        yield tail[:, :keep]
        ours, theirs = tail[:, keep:], piece[:, : 2 * grid.reach]
        at, shift = _seam(ours[:, grid.context : -grid.context], theirs, grid)
        at += grid.context
        yield ours[:, :at]
        moved = piece[:, at + shift :]
        yield crossfade(ours[:, at : at + grid.fade], moved[:, : grid.fade])
        # Moves are not added up: the next seam finds the piece's end within `shift` of its place.
        length = piece.shape[1] - at - grid.fade
        tail = moved[:, grid.fade : grid.fade + length]
        tail = np.pad(tail, ((0, 0), (0, length - tail.shape[1])))
    yield tail


def _seam(ours: Samples, theirs: Samples, grid: _Grid) -> tuple[int, int]:
    """Where in `ours` the fade should start, and by how much `theirs` should move, in frames.

    The best place is where the difference over the length of a fade is least: waves in step, or
    hardly any sound. `theirs` holds a context more on either side.
    """
    mine, other = np.mean(ours, axis=0), np.mean(theirs, axis=0)
    best = (np.inf, 0, 0)
    stride = max(1, grid.fade // 8)
    # No move comes first, so that equals are left where they are.
    for shift in sorted(range(-grid.shift, grid.shift + 1), key=abs):
        moved = other[grid.context + shift : grid.context + shift + len(mine)]
        difference = _sums((mine - moved) ** 2, grid.fade)[::stride]
        place = int(np.argmin(difference))
        if difference[place] < best[0] * 0.9:
            best = (float(difference[place]), place * stride, shift)
    return best[1], best[2]


def _sums(values: npt.NDArray[Any], width: int) -> npt.NDArray[np.float64]:
    """Sums over every window of `width`."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    sums: npt.NDArray[np.float64] = total[width:] - total[:-width]
    return sums
