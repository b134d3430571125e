"""How well separators keep speech out of noise, on pairs of noisy and clean recordings.

    python bench/noisy_pairs.py NOISY CLEAN [--model NAME or MODEL.onnx ...] [--dtln FOLDER]

NOISY and CLEAN are folders with files of the same names, as in VoiceBank-DEMAND or the DNS
challenge's test set. `--dtln` takes the folder with DTLN's published `model_1.onnx` and
`model_2.onnx` (Westhausen and Meyer 2020) and runs it beside. SI-SDR in dB, STOI and wide-band
PESQ at 16 kHz, means over files. `--picture` draws the mean spectra of the last pair at its own
rate: whether a full-band voice keeps its treble.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from sayso.audio import Audio, Samples, read, resample, stft
from sayso.measure.pesq import pesq
from sayso.measure.si_sdr import si_sdr
from sayso.measure.stoi import stoi
from sayso.separate import load

RATE = 16_000


def mono(audio: Audio) -> Samples:
    """One channel [T] at 16 kHz."""
    return resample(audio, RATE).samples.mean(0)


def dtln(folder: Path) -> Callable[[Audio], Samples]:
    """DTLN's two stages over blocks of 512 samples every 128, states carried along."""
    import onnxruntime

    stages = [onnxruntime.InferenceSession(folder / f"model_{n}.onnx") for n in (1, 2)]
    names = [[put.name for put in stage.get_inputs()] for stage in stages]

    def denoise(audio: Audio) -> Samples:
        padded = np.pad(mono(audio), (384, 512)).astype(np.float32)
        out = np.zeros_like(padded)
        states = [np.zeros((1, 2, 128, 2), np.float32) for _ in stages]
        for start in range(0, len(padded) - 511, 128):
            spectrum = np.fft.rfft(padded[start : start + 512])
            magnitude = np.abs(spectrum).astype(np.float32)[None, None]
            given = dict(zip(names[0], (magnitude, states[0]), strict=True))
            mask, states[0] = stages[0].run(None, given)
            block = np.fft.irfft(spectrum * mask[0, 0]).astype(np.float32)[None, None]
            given = dict(zip(names[1], (block, states[1]), strict=True))
            block, states[1] = stages[1].run(None, given)
            out[start : start + 512] += block[0, 0]
        return out[384 : len(out) - 512]

    return denoise


def metrics(made: Samples, clean: Samples) -> Mapping[str, float]:
    """What one estimate [T] is worth."""
    return {
        "SI-SDR": float(si_sdr(made[None], clean[None])[0]),
        "STOI": stoi(made, clean, sample_rate=RATE),
        "PESQ": pesq(made, clean, sample_rate=RATE),
    }


def pairs(noisy: Path, clean: Path) -> Iterable[tuple[Audio, Samples]]:
    """The recordings, each with its clean version [T]."""
    for path in sorted(noisy.glob("*.wav")):
        yield read(path), mono(read(clean / path.name))


def draw(path: Path, signals: Mapping[str, Audio]) -> None:
    """Mean spectra, in dB."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for name, audio in signals.items():
        power = np.mean(np.abs(stft(audio.samples, 2048, hop=1024)) ** 2, axis=(0, 2))
        axes.plot(
            np.linspace(0, audio.sample_rate / 2000, len(power)),
            10 * np.log10(power + 1e-9),
            label=name,
            linewidth=1,
        )
    axes.set(xlabel="kHz", ylabel="dB", title="mean spectrum")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measures every pair and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("noisy", type=Path)
    parser.add_argument("clean", type=Path)
    parser.add_argument("--model", nargs="+", default=["embedded"])
    parser.add_argument("--dtln", type=Path)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    ways: dict[str, Callable[[Audio], Samples]] = {"noisy": mono}
    for name in arguments.model:
        separator = load(name)
        ways[name] = lambda audio, it=separator: mono(it.separate(audio, ["speech"])["speech"])
    if arguments.dtln:
        ways["DTLN"] = dtln(arguments.dtln)
    found: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for audio, clean in pairs(arguments.noisy, arguments.clean):
        for name, way in ways.items():
            made = way(audio)
            length = min(len(made), len(clean))
            found[name].append(metrics(made[:length], clean[:length]))
    if arguments.picture:
        last = max(arguments.noisy.glob("*.wav"))
        noisy = read(last)
        made = load(arguments.model[0]).separate(noisy, ["speech"])["speech"]
        clean = read(arguments.clean / last.name)
        draw(arguments.picture, {"noisy": noisy, "speech kept": made, "clean": clean})
    print("| | SI-SDR | STOI | PESQ |\n|---|---|---|---|")
    for name, rows in found.items():
        cells = [f"{np.mean([row[k] for row in rows]):.2f}" for k in ("SI-SDR", "STOI", "PESQ")]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
