"""How well separators hear, on songs whose stems are known.

    python bench/quality.py SONGS [--model NAME or MODEL.onnx ...] [--song NAME ...] [--bss-eval]

SONGS is a folder with a folder a song, whose files are stems: named by their role (vocals.wav,
drums_left.flac, bass.ogg, anything else is "other"), or labelled in a manifest.csv beside SONGS
(columns file and label). The mix is the sum of the stems. Beside names of models, "routed" is what
`auto` asks where HTDemucs is not installed, and "htdemucs:float32" that network without 8 bits.

uSDR is that of the Music Demixing Challenge 2021, so silence scores 0 dB; SDR (`--bss-eval`) is
museval's, the median over windows of a second. "mixture" answers every question with the mix
itself, and "oracle" is the ideal ratio mask: the share of it is the mean over roles of a model's
median over the oracle's. "sum" is the loudest that a song's four stems leave of its mix. Absent
targets give the level of the answer below the mix in dB. Speed is processor time, loading left out.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from sayso.audio import Audio, Samples, istft, read, resample, stft
from sayso.cli.opening import models_store
from sayso.measure.bss_eval import bss_eval
from sayso.measure.sdr import usdr
from sayso.measure.si_sdr import si_sdr
from sayso.separate import Models, Separator
from sayso.separate.catalogue import ROWS
from sayso.separate.htdemucs import HTDemucsSeparator
from sayso.separate.routing import AutoSeparator

RATE = 44_100
ROLES = ("vocals", "drums", "bass", "other")
ABSENT = ("saxophone", "dog barking", "rain")
N_FFT, HOP = 4096, 1024


def labels_of(songs: Path) -> Mapping[str, str]:
    """The label of each file, by its path from the manifest's folder, where there is one."""
    manifest = songs.parent / "manifest.csv"
    if not manifest.is_file():
        return {}
    with manifest.open(newline="") as rows:
        return {row["file"]: row["label"] for row in csv.DictReader(rows)}


def read_song(folder: Path, labels: Mapping[str, str]) -> dict[str, Samples]:
    """Stems [2, T] by role; what belongs to none of them, or to several, is "unasked"."""
    stems: dict[str, Samples] = {}
    for path in sorted(folder.iterdir()):
        role = labels.get(f"{folder.parent.name}/{folder.name}/{path.name}")
        role = role or next((r for r in ROLES if path.stem.lower().startswith(r)), "other")
        if path.suffix == ".txt" or path.stem in ("mix", "mixture"):
            continue
        audio = resample(read(path), RATE)
        samples = np.array(audio.samples) if audio.channels == 2 else np.repeat(audio.samples, 2, 0)
        # What belongs to no single role still sounds in the mix.
        key = role if role in ROLES else "unasked"
        if key in stems:
            length = max(stems[key].shape[1], samples.shape[1])
            stems[key] = padded(stems[key], length) + padded(samples, length)
        else:
            stems[key] = samples
    length = max(stem.shape[1] for stem in stems.values())
    return {role: padded(stem, length) for role, stem in stems.items()}


def padded(samples: Samples, length: int) -> Samples:
    """`samples` with silence after them."""
    return np.pad(samples, ((0, 0), (0, length - samples.shape[1])))


def densest(stems: Mapping[str, Samples], frames: int) -> int:
    """Where the excerpt begins in which the quietest of the roles is loudest."""
    length = next(iter(stems.values())).shape[1]
    if length <= frames:
        return 0
    starts = range(0, length - frames, frames // 4)
    roles = [stems[role] for role in ROLES if role in stems and np.any(stems[role])]
    whole = [float(np.sum(stem**2)) for stem in roles]

    def score(start: int) -> float:
        powers = [float(np.sum(stem[:, start : start + frames] ** 2)) for stem in roles]
        return sum(min(p / w * length / frames, 1.0) for p, w in zip(powers, whole, strict=True))

    return max(starts, key=score)


def excerpts(
    songs: Path, seconds: float, only: Collection[str] | None = None
) -> Iterator[tuple[str, dict[str, Samples]]]:
    """Each song's name and its stems [2, T] by role, in its densest `seconds`.

    Args:
        songs: the folder of songs.
        seconds: of each; a shorter song is taken whole.
        only: these folders; None takes all.
    """
    labels, frames = labels_of(songs), round(seconds * RATE)
    for folder in sorted(path for path in songs.iterdir() if path.is_dir()):
        if only is None or folder.name in only:
            stems = read_song(folder, labels)
            start = densest(stems, frames)
            yield folder.name, {r: stem[:, start : start + frames] for r, stem in stems.items()}


def oracle(stems: Mapping[str, Samples], mix: Samples) -> dict[str, Samples]:
    """What the ideal ratio mask on magnitudes gives."""
    spectra = {role: np.abs(stft(stem, N_FFT, hop=HOP)) for role, stem in stems.items()}
    total = sum(spectra.values()) + 1e-9
    mixed = stft(mix, N_FFT, hop=HOP)
    length = mix.shape[1]
    return {
        role: istft(mixed * (s / total), N_FFT, hop=HOP, length=length)
        for role, s in spectra.items()
    }


def level_db(samples: Samples, mix: Samples) -> float:
    """How far `samples` lie above or below the mix."""
    return float(10 * np.log10((np.mean(samples**2) + 1e-15) / np.mean(mix**2)))


def opened(name: str, models: Models) -> Separator:
    """What goes by `name`: a model, the set without HTDemucs, or HTDemucs without 8 bits."""
    if name == "routed":
        return AutoSeparator(ROWS, ["embedded", "spleeter", "deepfilternet3"], models.open)
    if name == "htdemucs:float32":
        (path,) = models.files("htdemucs")
        return HTDemucsSeparator(path, threads=models.threads or 0, eight_bits=False)
    return models.open(name)


def sdr(answers: Mapping[str, Samples], stems: Mapping[str, Samples]) -> dict[str, float]:
    """SDR by the rules of museval, of each answer; NaN where no window counts."""
    whole = {**stems, **answers}
    rows = [np.stack([of[role] for role in whole]).astype(np.float64) for of in (whole, stems)]
    frames = bss_eval(*rows, sample_rate=RATE).sdr
    medians = {
        role: float(np.nanmedian(row)) if np.isfinite(row).any() else np.nan
        for role, row in zip(whole, frames, strict=True)
    }
    return {role: medians[role] for role in answers}


class Metrics:
    """What was measured, over songs."""

    def __init__(self, *, museval: bool) -> None:
        self._museval = museval
        self._quality: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
        self._absent: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._left: dict[str, list[float]] = defaultdict(list)
        self._spent: dict[str, list[float]] = defaultdict(list)

    def ask(
        self, name: str, separator: Separator, mix: Samples, roles: Collection[str]
    ) -> dict[str, Samples]:
        """The roles as `separator` hears them in `mix`, and what it hears that is not there."""
        missing = [sound for sound in ABSENT if separator.supports(sound)]
        # All four, so that they can be summed.
        heard = [role for role in ROLES if separator.supports(role)]
        started = time.process_time()
        found = separator.separate(Audio(mix, RATE), heard)
        spent = time.process_time() - started
        self._spent[name].append(spent / (mix.shape[1] / RATE))
        if set(heard) == set(ROLES):
            rest = mix - np.sum([found[role].samples for role in ROLES], axis=0)
            self._left[name].append(level_db(rest, np.ones_like(rest)))
        out = separator.separate(Audio(mix, RATE), missing) if missing else {}
        for sound, audio in out.items():
            self._absent[name, sound].append(level_db(audio.samples, mix))
        return {role: found[role].samples for role in roles if role in found}

    def add(self, song: str, name: str, found: Mapping[str, Samples], stems) -> None:
        """The quality of what was found of one song."""
        ratios = sdr(found, stems) if self._museval else {}
        for role, made in found.items():
            row = (
                float(usdr(made, stems[role])),
                float(np.mean(si_sdr(made, stems[role]))),
                ratios.get(role, np.nan),
            )
            self._quality[name, role].append(row)
            print(f"{song:24} {role:8} {name:16} uSDR {row[0]:6.2f}  SDR {row[2]:6.2f}", flush=True)

    def show(self) -> None:
        """Prints medians over songs."""
        names = list(dict.fromkeys(name for name, _ in self._quality))
        names.sort(key=lambda n: (n == "oracle", n != "mixture"))
        roles = [role for role in ROLES if any(heard == role for _, heard in self._quality)]
        kinds = "uSDR / SI-SDR" + (" / SDR" if self._museval else "")
        print(f"\nmedian {kinds} in dB")
        print("| target | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
        for role in roles:
            print(f"| {role} | " + " | ".join(self._cell(name, role) for name in names) + " |")
        print("| share of the oracle | " + " | ".join(self._share(n, roles) for n in names) + " |")
        cells = [f"{max(self._left[n]):.0f} dBFS" if n in self._left else "" for n in names]
        print("| sum | " + " | ".join(cells) + " |")
        spent = [f"{np.median(self._spent[n]):.3f}" if n in self._spent else "" for n in names]
        print("| processor seconds a second | " + " | ".join(spent) + " |")
        for (name, sound), levels in self._absent.items():
            print(f"absent {sound!r} by {name}: {np.median(levels):.1f} dB below the mix")

    def _cell(self, name: str, role: str) -> str:
        rows = self._quality.get((name, role))
        if not rows:
            return ""
        count = 3 if self._museval else 2
        return " / ".join(f"{value:.2f}" for value in np.nanmedian(rows, axis=0)[:count])

    def _share(self, name: str, roles: Collection[str]) -> str:
        if not all(self._quality.get((name, role)) for role in roles):
            return ""
        shares = [
            np.median(self._quality[name, role], axis=0)[0]
            / np.median(self._quality["oracle", role], axis=0)[0]
            for role in roles
        ]
        return f"{100 * np.mean(shares):.0f}%"


def main() -> None:
    """Measures every song and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", nargs="+", default=["simple", "embedded"])
    parser.add_argument("--song", nargs="+", help="only these folders")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--bss-eval", action="store_true", help="SDR by museval's rules, too")
    arguments = parser.parse_args()
    models = Models(weight_store=models_store(), threads=arguments.threads)
    separators = {name: opened(name, models) for name in arguments.model}
    metrics = Metrics(museval=arguments.bss_eval)
    for separator in separators.values():  # their weights are loaded here, not while timed
        if separator.supports("vocals"):
            separator.separate(Audio(np.zeros((2, RATE // 10), np.float32), RATE), ["vocals"])
    for song, stems in excerpts(arguments.songs, arguments.seconds, arguments.song):
        mix = np.sum(list(stems.values()), axis=0).astype(np.float32)
        asked = [r for r in ROLES if r in stems and level_db(stems[r], mix) > -40]
        stems = {role: stem for role, stem in stems.items() if np.any(stem)}
        metrics.add(song, "mixture", dict.fromkeys(asked, mix), stems)
        ideal = oracle(stems, mix)
        metrics.add(song, "oracle", {role: ideal[role] for role in asked}, stems)
        for name, separator in separators.items():
            metrics.add(song, name, metrics.ask(name, separator, mix, asked), stems)
    metrics.show()


if __name__ == "__main__":
    main()
