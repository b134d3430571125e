"""How well separators hear, on songs whose stems are known.

    python bench/quality.py SONGS [--model NAME or MODEL.onnx ...] [--song NAME ...]

SONGS is a folder with a folder a song, whose files are stems: named by their role (vocals.wav,
drums_left.flac, bass.ogg, anything else is "other"), or labelled in a manifest.csv beside SONGS
(columns file and label). The mix is the sum of the stems. uSDR is that of the Music Demixing
Challenge 2021, so silence scores 0 dB; "mixture" answers every question with the mix itself, and
"oracle" is the ideal ratio mask. Absent targets give the level of the answer below the mix in dB.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from sayso.audio import Audio, Samples, istft, read, resample, stft
from sayso.cli.opening import models_store
from sayso.measure.sdr import usdr
from sayso.measure.si_sdr import si_sdr
from sayso.separate import load

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


def main() -> None:
    """Measures every song and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", nargs="+", default=["simple", "embedded"])
    parser.add_argument("--song", nargs="+", help="only these folders")
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    separators = {name: load(name, weight_store=models_store()) for name in arguments.model}
    metrics: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    absent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for song, stems in excerpts(arguments.songs, arguments.seconds, arguments.song):
        mix = np.sum(list(stems.values()), axis=0)
        asked = [r for r in ROLES if r in stems and level_db(stems[r], mix) > -40]
        answers = {"mixture": dict.fromkeys(asked, mix), "oracle": oracle(stems, mix)}
        for name, separator in separators.items():
            heard = [role for role in asked if separator.supports(role)]
            missing = [sound for sound in ABSENT if separator.supports(sound)]
            out = separator.separate(Audio(mix.astype(np.float32), RATE), [*heard, *missing])
            answers[name] = {role: out[role].samples for role in heard}
            for sound in missing:
                absent[name, sound].append(level_db(out[sound].samples, mix))
        for name, found in answers.items():
            for role in asked:
                if role in found:
                    pair = (
                        float(usdr(found[role], stems[role])),
                        float(np.mean(si_sdr(found[role], stems[role]))),
                    )
                    metrics[name, role].append(pair)
                    print(f"{song:24} {role:8} {name:12} uSDR {pair[0]:6.2f}")
    show(metrics, absent)


def show(metrics, absent) -> None:
    """Prints medians over songs."""
    names = sorted({name for name, _ in metrics}, key=lambda n: (n == "oracle", n != "mixture"))
    print("\nmedian uSDR / SI-SDR in dB")
    print("| target | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
    for role in ROLES:
        if not any(heard == role for _, heard in metrics):
            continue
        cells = []
        for name in names:
            pairs = metrics.get((name, role))
            cells.append("{:.2f} / {:.2f}".format(*np.median(pairs, axis=0)) if pairs else "")
        print(f"| {role} | " + " | ".join(cells) + " |")
    for (name, sound), levels in absent.items():
        print(f"absent {sound!r} by {name}: {np.median(levels):.1f} dB below the mix")


if __name__ == "__main__":
    main()
