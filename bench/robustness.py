"""What the way a recording was made costs: levels, rates, mono, codecs, offset, clipping.

    python bench/robustness.py SONGS [--model NAME or MODEL.onnx] [--song NAME ...] [--seconds 30]

Songs as in bench/quality.py. The mix is changed and separated; what comes out is compared with the
stem changed alike, where that is linear, or else with the stem as it was: uSDR in dB, means over
songs. It ends where anything comes out that is not finite or has not the length, rate and channels
of what went in.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from quality import RATE, ROLES, excerpts, level_db
from sayso.audio import Audio, Samples, read, resample, write
from sayso.measure.sdr import usdr
from sayso.separate import Separator, load

Change = Callable[[Audio], Audio]


def gained(db: float) -> Change:
    """Louder or softer."""
    return lambda audio: Audio(audio.samples * np.float32(10 ** (db / 20)), audio.sample_rate)


def coded(suffix: str) -> Change:
    """Through a lossy format and back."""

    def change(audio: Audio) -> Audio:
        with tempfile.TemporaryDirectory() as folder:
            return resample(read(write(Path(folder) / f"mix.{suffix}", audio)), audio.sample_rate)

    return change


def to_rate(rate: int) -> Change:
    """At another rate."""
    return lambda audio: resample(audio, rate)


def mono(audio: Audio) -> Audio:
    """Both channels as one."""
    return Audio(audio.samples.mean(0, keepdims=True), audio.sample_rate)


def offset(audio: Audio) -> Audio:
    """With a tenth of full scale of direct current."""
    return Audio(audio.samples + np.float32(0.1), audio.sample_rate)


def clipped(db: float) -> Change:
    """Driven `db` into full scale."""

    def change(audio: Audio) -> Audio:
        gain = np.float32(10 ** (db / 20) / np.abs(audio.samples).max())
        return Audio(np.clip(audio.samples * gain, -1, 1) / gain, audio.sample_rate)

    return change


# What is done to the mix, and whether the stems it is judged by are changed alike.
CHANGES: Mapping[str, tuple[Change, bool]] = {
    "as it is": (lambda audio: audio, True),
    **{f"{db} dB": (gained(db), True) for db in (-40, -20)},
    **{f"{rate} Hz": (to_rate(rate), True) for rate in (8000, 16000, 22050, 48000, 96000)},
    "mono": (mono, True),
    "offset of 0.1": (offset, False),
    "mp3": (coded("mp3"), False),
    "opus": (coded("opus"), False),
    "clipped by 3 dB": (clipped(3), False),
    "clipped by 9 dB": (clipped(9), False),
}


def measured(
    separator: Separator, stems: Mapping[str, Samples], change: Change, *, alike: bool
) -> dict[str, float]:
    """Each role's uSDR in a changed song."""
    mix = np.sum(list(stems.values()), axis=0).astype(np.float32)
    roles = [r for r in ROLES if r in stems and level_db(stems[r], mix) > -40]
    given = change(Audio(mix, RATE))
    out = separator.separate(given, roles)
    found = {}
    for role in roles:
        made, stem = out[role], Audio(stems[role].astype(np.float32), RATE)
        if (made.samples.shape, made.sample_rate) != (given.samples.shape, given.sample_rate):
            raise SystemExit(f"{role}: {made} came out of {given}")
        if not np.all(np.isfinite(made.samples)):
            raise SystemExit(f"{role}: not finite")
        wanted = change(stem) if alike else stem
        length = min(made.frames, wanted.frames)
        found[role] = float(usdr(made.samples[:, :length], wanted.samples[:, :length]))
    return found


def main() -> None:
    """Measures every change and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--song", nargs="+", help="only these folders")
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    separator = load(arguments.model)
    songs = [stems for _, stems in excerpts(arguments.songs, arguments.seconds, arguments.song)]
    for number, (name, (change, alike)) in enumerate(CHANGES.items()):
        found = [measured(separator, stems, change, alike=alike) for stems in songs]
        roles = [role for role in ROLES if any(role in each for each in found)]
        if number == 0:
            print("| mix | " + " | ".join(roles) + " |\n|---" + "|---" * len(roles) + "|")
        means = [np.mean([each[role] for each in found if role in each]) for role in roles]
        print(f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
