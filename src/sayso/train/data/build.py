"""Building the store from a pool: decode, resample to 44.1 kHz, cut silence, append."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import soundfile
import soxr

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.pool import Clip, read_pool
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment, read_index
from sayso.train.data.vocabulary import load_vocabulary
from sayso.watch import SILENT, Watch


class BuildReport(Frozen):
    """What a build stored (segments), and what it left out and why (reason: count)."""

    stored: int
    already: int
    skipped: dict[str, int]


def build(
    pool_root: Path,
    store_root: Path,
    *,
    watch: Watch = SILENT,
) -> BuildReport:
    """Bring every usable file of the pool into the store; what is there already is kept.

    Args:
        pool_root: folder with `manifest.csv`.
        store_root: the store's folder, made where missing; a part a pool.
        watch: progress and cancelling, polled between files.

    Raises: DataError when the pool cannot be read at all; single bad files are counted.
    """
    pool = read_pool(pool_root, load_vocabulary())
    skipped = Counter(pool.skipped)
    there = stored_files(store_root)
    todo = [clip for clip in pool.clips if clip.file not in there]
    stored = 0
    for done, clip in enumerate(todo):
        try:
            samples, bandwidth_hz = decode(clip.path)
            with PartWriter(store_root, clip.pool) as writer:
                writer.append(samples, _about(clip, bandwidth_hz), normalise=clip.pool != "songs")
            stored += 1
        except DataError as error:
            skipped[reason(error)] += 1
        watch.check()
        watch.report((done + 1) / len(todo))
    return BuildReport(stored=stored, already=len(pool.clips) - len(todo), skipped=dict(skipped))


def reason(error: DataError) -> str:
    """Why something was skipped, without its name and what to do: alike for all that are alike.

    >>> reason(DataError("a.wav: silence; leave it out"))
    'silence'
    """
    return str(error).split(": ", 1)[-1].split(";")[0]


def stored_files(store_root: Path) -> set[str]:
    """The pool files that the store holds already; empty where there is no store yet."""
    if not (store_root / "index").is_dir():
        return set()
    return {segment.file for segment in read_index(store_root)}


def decode(path: Path) -> tuple[Floats, float]:
    """Samples `[C, T]` of a sound file at 44.1 kHz, and half its own rate in Hz.

    Raises: DataError for a file that cannot be read or has a rate outside 4..384 kHz.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise DataError(f"{path.name}: cannot be decoded; replace the file") from error
    if not 4000 <= rate <= 384000:
        raise DataError(f"{path.name}: wrong sample rate; expected 4 to 384 kHz, not {rate}")
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, rate, SAMPLE_RATE, "HQ")
    return np.ascontiguousarray(samples[:, :2].T), min(rate / 2.0, SAMPLE_RATE / 2.0)


def _about(clip: Clip, bandwidth_hz: float) -> Segment:
    return Segment(
        part=clip.pool,
        file=clip.file,
        pool=clip.pool,
        text=clip.text,
        source=clip.source,
        song=clip.source if clip.pool == "songs" else "",
        split=clip.split,
        licence=clip.licence,
        author=clip.author,
        origin=clip.origin,
        channels=0,
        frames=0,
        pieces=(),
        bandwidth_hz=bandwidth_hz,
    )
