"""The store: decoded material as int16 at 44.1 kHz, memory-mapped, with an index in plain lines.

A store is a folder of parts that are appended to independently: `audio/PART.i16` (samples,
channels interleaved) and `index/PART.jsonl` (a line a segment). Silence is left out: a segment is
a list of pieces `(start, offset, frames)`, `start` in frames on the segment's own time line and
`offset` in int16 values into the part's file, so that stems of one song stay aligned at no cost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sayso.errors import DataError
from sayso.train.data.vocabulary import Label, Vocabulary

SAMPLE_RATE = 44100
FULL_SCALE = 32767.0
BLOCK_FRAMES = 2205
DEPTH_DB = 55.0
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Segment:
    """One sound in the store: what it is, whose, and where its audible pieces lie.

    `rms_db` is the level over its audible blocks, `peak_db` its peak (dBFS); `bandwidth_hz` the
    frequency above which it holds nothing. Segments of one `song` share a time line.
    """

    part: str
    file: str
    pool: str
    text: str
    source: str
    song: str
    split: str
    licence: str
    author: str
    origin: str
    channels: int
    frames: int
    pieces: tuple[tuple[int, int, int], ...]
    rms_db: float = -100.0
    peak_db: float = -100.0
    bandwidth_hz: float = 22050.0

    @property
    def active_frames(self) -> int:
        """The number of frames that are not silence."""
        return sum(frames for _, _, frames in self.pieces)


class PartWriter:
    """Appends segments to one part of a store; a context manager. One writer a part at a time."""

    def __init__(self, root: Path, part: str) -> None:
        """Open `part` of the store at `root`, made where missing."""
        for folder in ("audio", "index"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.part = part
        self._audio = (root / "audio" / f"{part}.i16").open("ab")
        self._index = (root / "index" / f"{part}.jsonl").open("a", encoding="utf-8")
        self._offset = self._audio.tell() // 2

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._audio.close()
        self._index.close()

    def append(self, samples: Floats, about: Segment, *, normalise: bool = True) -> Segment:
        """Store `samples [C, T]` (44.1 kHz) under the words of `about`; the filled-in segment.

        Args:
            samples: one or two channels; two equal ones are stored as one.
            about: everything but level, pieces and shape.
            normalise: bring the peak to 0.7; off for the stems of a song, whose levels matter
                (those that peak above full scale are then held down to it).

        Raises: DataError for silence, values that are not finite, or more than two channels.
        """
        samples = checked(samples, about.file)
        peak = float(np.abs(samples).max())
        gain = 0.7 / peak if normalise else min(1.0, 1.0 / peak)
        spans = active_spans(samples)
        if not spans:
            raise DataError(f"{about.file}: silence; leave it out of the pool")
        pieces = []
        for start, stop in spans:
            pieces.append((start, self._offset, stop - start))
            self._write(samples[:, start:stop], gain)
        self._audio.flush()
        level_db = 20.0 * float(np.log10(gain))
        segment = replace(
            about,
            part=self.part,
            channels=len(samples),
            frames=samples.shape[1],
            pieces=tuple(pieces),
            rms_db=round(gated_rms_db(samples) + level_db, 2),
            peak_db=round(20.0 * float(np.log10(peak)) + level_db, 2),
            bandwidth_hz=min(about.bandwidth_hz, bandwidth_hz(samples)),
        )
        return self._enter(segment)

    def append_packed(self, samples: Floats, about: Segment) -> Segment:
        """Store a segment as it was in another store: `samples [C, T]` are its pieces in a row."""
        pieces = []
        at = 0
        for start, _, frames in about.pieces:
            self._write(samples[:, at : at + frames], 1.0)
            pieces.append((start, self._offset - frames * len(samples), frames))
            at += frames
        self._audio.flush()
        return self._enter(replace(about, part=self.part, pieces=tuple(pieces)))

    def _write(self, samples: Floats, gain: float) -> None:
        block = np.round(np.clip(samples.T * gain, -1.0, 1.0) * FULL_SCALE).astype("<i2")
        self._audio.write(block.tobytes())
        self._offset += block.size

    def _enter(self, segment: Segment) -> Segment:
        self._index.write(json.dumps(asdict(segment)) + "\n")
        self._index.flush()
        return segment


class Store:
    """A store opened for reading: its segments with their labels, and their samples."""

    def __init__(self, root: Path, vocabulary: Vocabulary) -> None:
        """Open the store at `root`. Raises: DataError when there is none or it is damaged."""
        self.segments: list[Segment] = []
        self.labels: list[Label] = []
        for segment in read_index(root):
            label = vocabulary.classify(segment.pool, segment.text)
            if label is not None:
                self.segments.append(segment)
                self.labels.append(label)
        if not self.segments:
            raise DataError(f"the store at {root} holds nothing; build it first")
        self._parts = {
            part: np.memmap(root / "audio" / f"{part}.i16", dtype="<i2", mode="r")
            for part in sorted({segment.part for segment in self.segments})
        }

    def fingerprint(self) -> str:
        """Sixteen hex digits that change with the store's content or labels."""
        digest = hashlib.blake2b(digest_size=8)
        for segment, label in zip(self.segments, self.labels, strict=True):
            digest.update(
                f"{segment.part}/{segment.file}/{segment.pieces}/{label.concept}".encode()
            )
        return digest.hexdigest()

    def read(self, index: int, start: int, frames: int) -> Floats:
        """Samples `[C, frames]` of a segment from frame `start` on its time line.

        Silence where the segment is silent, before its start and after its end.
        """
        segment = self.segments[index]
        out = np.zeros((segment.channels, frames), np.float32)
        data = self._parts[segment.part]
        for at, offset, length in segment.pieces:
            low, high = max(start, at), min(start + frames, at + length)
            if low < high:
                first = offset + (low - at) * segment.channels
                block = data[first : first + (high - low) * segment.channels]
                out[:, low - start : high - start] = block.reshape(-1, segment.channels).T
        out *= np.float32(1.0 / FULL_SCALE)
        return out


def read_index(root: Path) -> Iterator[Segment]:
    """Every segment in the index of the store at `root`, part by part in order of name.

    Raises: DataError when the folder holds no index, or a line of it is damaged.
    """
    if not (root / "index").is_dir():
        raise DataError(f"no store at {root}; build it first")
    for path in sorted((root / "index").glob("*.jsonl")):
        size = (root / "audio" / f"{path.stem}.i16").stat().st_size // 2
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                fields: dict[str, Any] = json.loads(line)
                fields["pieces"] = tuple(tuple(piece) for piece in fields["pieces"])
                segment = Segment(**fields)
            except (ValueError, TypeError, KeyError) as error:
                raise DataError(f"{path} line {number} is damaged; rebuild the part") from error
            _, offset, frames = segment.pieces[-1]
            if offset + frames * segment.channels > size:
                raise DataError(f"{path} line {number} points past its audio; rebuild the part")
            yield segment


def checked(samples: Floats, name: str) -> Floats:
    """`samples [C, T]`, equal channels made one. Raises: DataError, which says what is wrong."""
    if samples.ndim != 2 or samples.shape[0] > 2 or samples.shape[1] < 2:
        raise DataError(f"{name}: shape {samples.shape}; expected one or two channels of sound")
    if not np.isfinite(samples).all():
        raise DataError(f"{name}: values that are not finite")
    if float(np.abs(samples).max()) < 1e-4:
        raise DataError(f"{name}: silence (peak under -80 dBFS); leave it out of the pool")
    if len(samples) == 2 and np.abs(samples[0] - samples[1]).max() < 1e-4:
        return samples[:1]
    return samples


def block_power(samples: Floats) -> npt.NDArray[np.float32]:
    """Mean square over channels of each 50 ms block of `samples [C, T]`."""
    channels, frames = samples.shape
    blocks = max(1, frames // BLOCK_FRAMES)
    if frames < BLOCK_FRAMES:
        return np.array([np.mean(np.square(samples))], np.float32)
    cut = samples[:, : blocks * BLOCK_FRAMES].reshape(channels, blocks, BLOCK_FRAMES)
    power: npt.NDArray[np.float32] = np.einsum("cbt,cbt->b", cut, cut) / (channels * BLOCK_FRAMES)
    return power.astype(np.float32)


def gated_rms_db(samples: Floats) -> float:
    """Level in dBFS over the blocks within 35 dB of the loudest; -100 for silence."""
    power = block_power(samples)
    top = float(power.max())
    if top < 1e-10:
        return -100.0
    return float(10.0 * np.log10(np.mean(power[power > top * 10**-3.5])))


def active_spans(samples: Floats) -> list[tuple[int, int]]:
    """The spans `(start, stop)` in frames that hold sound, silences over half a second between.

    A 50 ms block holds sound where it peaks within 55 dB of the clip's peak.
    """
    frames = samples.shape[1]
    count = -(-frames // BLOCK_FRAMES)
    peaks = np.zeros(count * BLOCK_FRAMES, np.float32)
    peaks[:frames] = np.abs(samples).max(axis=0)
    loud = peaks.reshape(count, BLOCK_FRAMES).max(axis=1)
    active = np.flatnonzero(loud > max(loud.max() * 10 ** (-DEPTH_DB / 20.0), 1e-4))
    if not len(active):
        return []
    breaks = np.flatnonzero(np.diff(active) > 10)
    firsts = active[np.concatenate(([0], breaks + 1))]
    lasts = active[np.concatenate((breaks, [len(active) - 1]))]
    return [
        (max(0, int(a) - 2) * BLOCK_FRAMES, min(frames, (int(b) + 3) * BLOCK_FRAMES))
        for a, b in zip(firsts, lasts, strict=True)
    ]


def bandwidth_hz(samples: Floats) -> float:
    """The frequency above which the mean spectrum lies 85 dB under its strongest bin."""
    n_fft = 4096
    mono = samples.mean(axis=0)
    if len(mono) < n_fft:
        mono = np.pad(mono, (0, n_fft - len(mono)))
    starts = np.linspace(0, len(mono) - n_fft, 64).astype(int)
    power = np.zeros(n_fft // 2 + 1)
    for start in np.unique(starts):
        spectrum = np.fft.rfft(mono[start : start + n_fft] * np.hanning(n_fft))
        power += np.abs(spectrum) ** 2
    above = np.flatnonzero(power > power.max() * 10**-8.5)
    return round(float((above[-1] if len(above) else 0) * SAMPLE_RATE / n_fft), 1)
