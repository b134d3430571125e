"""Treble for recordings that have none: spectral band replication up to 18 kHz.

Most free speech stops at 8 kHz. A separator trained on it alone learns that speech has no treble,
so part of the speech is given some: the octave under the edge is copied upwards, its level carried
on from frame to frame, falling with frequency (the idea of MPEG-4 SBR, without side information).
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.signal

from sayso.errors import DataError
from sayso.train.data.build import BuildReport, reason, stored_files
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Store
from sayso.train.data.vocabulary import load_vocabulary
from sayso.watch import SILENT, Watch

PART = "wide-speech"
N_FFT, HOP = 1024, 256
TOP_HZ = 18000.0


def widened(samples: Floats, edge_hz: float, rng: np.random.Generator) -> Floats:
    """`samples [C, T]` with a made-up continuation above `edge_hz` (3000..16000), to 18 kHz.

    The fall per octave is drawn by `rng`; what lies below the edge is unchanged.
    """
    _, _, spectrum = scipy.signal.stft(samples, nperseg=N_FFT, noverlap=N_FFT - HOP)
    edge = int(edge_hz * 0.95 / SAMPLE_RATE * N_FFT)
    # Multiples of N / hop keep the phases of a copied bin right from frame to frame.
    shift = edge // 2 // 4 * 4
    top = min(int(TOP_HZ / SAMPLE_RATE * N_FFT), spectrum.shape[1])
    fall_db = rng.uniform(3.0, 14.0)
    edge_power = np.square(np.abs(spectrum[:, edge - shift // 3 : edge])).mean(axis=1)
    spectrum[:, edge:] = 0
    for start in range(edge, top, shift):
        stop = min(start + shift, top)
        patch = spectrum[:, edge - shift : edge - shift + stop - start]
        power = np.square(np.abs(patch[:, : shift // 3])).mean(axis=1)
        carried = np.sqrt(edge_power / (power + 1e-12))
        # Where the copied octave is much weaker than the edge, a big gain would raise noise.
        carried = np.minimum(carried, 2.0)[:, None]
        octaves = np.log2(np.arange(start, stop) / edge)[None, :, None]
        gain = 10 ** (-(fall_db * octaves + 2.0) / 20)
        spectrum[:, start:stop] = patch * gain * carried
    _, above = scipy.signal.istft(_only_above(spectrum, edge), nperseg=N_FFT, noverlap=N_FFT - HOP)
    frames = samples.shape[1]
    out = samples.copy()
    out[:, : min(frames, above.shape[1])] += above[:, :frames].astype(np.float32)
    return out


def widen_speech(store_root: Path, *, watch: Watch = SILENT) -> BuildReport:
    """Store a widened copy of every narrow-band training speech segment of the store."""
    store = Store(store_root, load_vocabulary())
    there = stored_files(store_root)
    todo = [
        number
        for number, segment in enumerate(store.segments)
        if segment.pool == "speech" and segment.bandwidth_hz < 9000 and segment.split == "train"
    ]
    stored = 0
    skipped: Counter[str] = Counter()
    with PartWriter(store_root, PART) as writer:
        for done, number in enumerate(todo):
            segment = store.segments[number]
            name = f"{segment.file}+treble"
            if name not in there:
                rng = np.random.default_rng((0, zlib.crc32(segment.file.encode())))
                samples = store.read(number, 0, segment.frames)
                about = replace(segment, file=name, pool=PART, text="=speech", bandwidth_hz=22050.0)
                try:
                    writer.append(widened(samples, segment.bandwidth_hz, rng), about)
                    stored += 1
                except DataError as error:
                    skipped[reason(error)] += 1
            watch.check()
            watch.report((done + 1) / len(todo))
    return BuildReport(
        stored=stored, already=len(todo) - stored - skipped.total(), skipped=dict(skipped)
    )


def _only_above(spectrum: Floats, edge: int) -> Floats:
    out = spectrum.copy()
    out[:, :edge] = 0
    return out
