"""What users know that needs no weights, on the same material: librosa's HPSS and noisereduce.

HPSS (Fitzgerald 2010, librosa.effects.hpss) splits what lasts from what strikes: its percussive
part is taken for the drums, its harmonic part for the mix without them. noisereduce (Sainburg 2020)
gates each band by its statistics over time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import numpy as np

import noisy_pairs
import quality
from costs import Given, in_turns, need
from sayso.audio import Audio, Samples
from sayso.demo import SAMPLE_RATE, demo_song
from sayso.measure.sdr import usdr
from sayso.measure.si_sdr import si_sdr
from sayso.measure.stoi import stoi
from sayso.separate import load
from tables import SkippedError, Table

Way = Callable[[Audio], Samples]


def drums(given: Given) -> Table:
    """The drums of songs: ours, HPSS, the mixture as it is."""
    need("librosa", extra="bench")
    import librosa

    ours = {name: load(name, threads=given.threads) for name in ("simple", "embedded")}
    ways: dict[str, Way] = {
        "librosa HPSS": lambda mix: np.stack(
            [librosa.effects.hpss(channel)[1] for channel in mix.samples]
        ),
        **{
            name: lambda mix, it=it: it.separate(mix, ["drums"])["drums"].samples
            for name, it in ours.items()
        },
        "the mix as it is": lambda mix: mix.samples,
    }
    demo = demo_song()["mix"]
    work = {name: lambda way=way: way(demo) for name, way in ways.items()}
    in_turns(work, rounds=1)
    seconds = in_turns(work, rounds=2 if given.quick else 5)
    found: dict[str, list[float]] = defaultdict(list)
    for stems in _songs(given):
        mix = Audio(np.sum(list(stems.values()), axis=0).astype(np.float32), quality.RATE)
        for name, way in ways.items():
            found[name].append(float(usdr(way(mix), stems["drums"])))
    rows = [
        (
            name,
            f"{seconds[name] / seconds['librosa HPSS']:.2f}",
            f"{np.median(found[name]):.2f}" if found else "",
        )
        for name in ways
    ]
    songs = f"songs: {len(found['simple'])}" if found else "no uSDR, as no --songs were given"
    return Table(
        "Drums, without weights and with",
        ("", "time, times HPSS's", "median uSDR of the drums in dB"),
        rows,
        f"Time on {demo.frames / SAMPLE_RATE:.0f} s of stereo, {given.threads} threads; {songs}.",
    )


def _songs(given: Given) -> Iterator[Mapping[str, Samples]]:
    """The densest half minute of each song with drums."""
    if given.songs is None:
        return
    for _, stems in quality.excerpts(given.songs, 10 if given.quick else 30):
        if "drums" in stems and np.any(stems["drums"]):
            yield stems


def speech(given: Given) -> Table:
    """Noisy speech: ours, noisereduce, as it is."""
    need("noisereduce", extra="bench")
    need("pystoi", extra="metrics")
    if given.noisy is None or given.clean is None:
        raise SkippedError("needs --pairs NOISY CLEAN")
    import noisereduce

    own = load("embedded", threads=given.threads)
    rate = noisy_pairs.RATE
    ways: dict[str, Way] = {
        "as it is": noisy_pairs.mono,
        "noisereduce": lambda audio: noisereduce.reduce_noise(noisy_pairs.mono(audio), rate),
        "noisereduce, stationary": lambda audio: noisereduce.reduce_noise(
            noisy_pairs.mono(audio), rate, stationary=True
        ),
        "embedded": lambda audio: noisy_pairs.mono(own.separate(audio, ["speech"])["speech"]),
    }
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    pairs = list(noisy_pairs.pairs(given.noisy, given.clean))[: 10 if given.quick else None]
    if not pairs:
        raise SkippedError(f"{given.noisy} holds no .wav files")
    for way in ways.values():
        way(pairs[0][0])  # what is loaded or compiled once
    for audio, clean in pairs:
        for name, way in ways.items():
            began = time.perf_counter()
            made = way(audio)
            seconds[name] += time.perf_counter() - began
            length = min(len(made), len(clean))
            made, wanted = made[:length], clean[:length]
            sdr_db = float(si_sdr(made[None], wanted[None])[0])
            found[name].append((sdr_db, stoi(made, wanted, sample_rate=rate)))
    rows = [
        (
            name,
            f"{seconds[name] / seconds['noisereduce']:.2f}",
            *(f"{value:.2f}" for value in np.mean(found[name], axis=0)),
        )
        for name in ways
    ]
    return Table(
        "Noisy speech, without weights and with",
        ("", "time, times noisereduce's", "SI-SDR in dB", "STOI"),
        rows,
        f"Means over {len(pairs)} pairs at 16 kHz.",
    )
