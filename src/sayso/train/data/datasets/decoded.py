"""Songs decoded once: mono at the network's rate, in files that are mapped into memory.

Decoding and resampling minutes of several files for ten seconds of them is most of the work of a
batch. Here a song's mix and stems are decoded whole when they are first asked for, and excerpts are
cut out of the result. What is kept goes by the content of the song's files and by the rate, so a
file that has changed is decoded anew and moved ones are found again. Files are whole or not there:
a killed run goes on with what it has.

Which signals are kept is settled when a run starts, from their lengths and in their order, so two
runs of one configuration read the same samples whatever the other left behind. Those beyond the
limit are decoded each time, as without a store.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import numpy as np
from pydantic import Field, field_validator

from sayso.atomic import put, writing
from sayso.audio import Audio, Samples, resample
from sayso.configuration import Frozen
from sayso.train.data.datasets.record import Signal, Track
from sayso.train.data.datasets.spans import read_excerpt, read_span

_VERSION = 1  # of what is stored; raise it when decoding changes
_HASHES = "hashes.json"
_Stamp: TypeAlias = tuple[str, int, int]


class DecodedConfig(Frozen):
    """Where decoded songs are kept, and how much of them."""

    folder: Path
    most_gb: float = Field(default=20.0, gt=0, le=100_000)

    @field_validator("folder")
    @classmethod
    def _expand(cls, folder: Path) -> Path:
        return folder.expanduser()


class Decoded:
    """Excerpts of decoded songs; safe to be read by several threads and processes.

    Args:
        config: the folder and its limit.
        signals: what will be asked for, the most wanted first; `signals_of` lists them.
        sample_rate: of the network, in Hz.
    """

    def __init__(
        self, config: DecodedConfig, signals: Iterable[tuple[Track, Signal]], *, sample_rate: int
    ) -> None:
        self._folder, self._rate = config.folder, sample_rate
        self._most_bytes = round(config.most_gb * 1e9)
        self._kept: set[Signal] = set()
        room = self._most_bytes
        for track, signal in signals:
            size = 4 * round(track.duration_s * sample_rate)
            if signal and signal not in self._kept and size <= room:
                self._kept.add(signal)
                room -= size
        self._hashes: dict[_Stamp, str] = self._read_hashes()
        self._files: dict[Signal, Path] = {}
        self._lock = threading.Lock()
        self._busy: defaultdict[Signal, threading.Lock] = defaultdict(threading.Lock)

    def excerpt(
        self, track: Track, signal: Signal, *, start_s: float, frames: int, sample_rate: int
    ) -> Samples:
        """As `read_excerpt`, out of the decoded song where it is kept. Raises: DataError."""
        if sample_rate != self._rate or signal not in self._kept:
            return read_excerpt(
                track, signal, start_s=start_s, frames=frames, sample_rate=sample_rate
            )
        with self._lock:
            busy = self._busy[signal]
        with busy:
            path = self._files.get(signal)
            if path is None or not path.exists():
                path = self._files[signal] = self._store(track, signal)
        whole = np.memmap(path, np.float32, "r")
        first = round(start_s * sample_rate)
        out = np.zeros(frames, np.float32)
        inside = whole[max(first, 0) : max(first + frames, 0)]
        at = max(-first, 0)
        out[at : at + len(inside)] = inside
        return out

    def _store(self, track: Track, signal: Signal) -> Path:
        key = hashlib.blake2b(digest_size=16)
        key.update(f"{_VERSION} {self._rate} {track.sample_rate} {track.frames}".encode())
        for part in signal:
            key.update(repr((self._hash(part.path), *part[1:])).encode())
        path = self._folder / f"{key.hexdigest()}.f32"
        if not path.exists():
            whole = Audio(read_span(signal, 0, track.frames, channels=1), track.sample_rate)
            samples = resample(whole, self._rate).samples[0]
            with self._lock:
                self._make_room(samples.nbytes)
            with writing(path) as part_of:
                samples.tofile(part_of)
        return path

    def _make_room(self, wanted: int) -> None:
        """Deletes what other runs have left, the oldest first, until `wanted` bytes fit."""
        needed = set(self._files.values())
        there = [(p.stat(), p) for p in self._folder.glob("*.f32")]
        used = sum(stat.st_size for stat, _ in there)
        for stat, path in sorted(there, key=lambda item: item[0].st_mtime_ns):
            if used + wanted <= self._most_bytes:
                break
            if path not in needed:
                used -= stat.st_size
                with suppress(OSError):  # mapped by another process, on Windows
                    path.unlink()

    def _hash(self, path: Path) -> str:
        """Of a file's content; read once for a name, size and time of change."""
        stat = path.stat()
        stamp = (str(path.absolute()), stat.st_size, stat.st_mtime_ns)
        with self._lock:
            known = self._hashes.get(stamp)
        if known is None:
            with path.open("rb") as file:
                known = hashlib.file_digest(file, "sha256").hexdigest()
            with self._lock:
                self._hashes[stamp] = known
                rows = [[*key, value] for key, value in self._hashes.items()]
                put(self._folder / _HASHES, json.dumps(rows))
        return known

    def _read_hashes(self) -> dict[_Stamp, str]:
        try:
            rows = json.loads((self._folder / _HASHES).read_bytes())
            return {(str(row[0]), int(row[1]), int(row[2])): str(row[3]) for row in rows}
        except (OSError, ValueError, TypeError, LookupError):
            return {}  # only time is lost


def signals_of(tracks: Sequence[Track], sources: Sequence[str]) -> list[tuple[Track, Signal]]:
    """Mixes and the stems `sources` of tracks, song by song."""
    return [
        (track, signal)
        for track in tracks
        for signal in (*(track.stems[name] for name in sources), track.mix)
    ]
