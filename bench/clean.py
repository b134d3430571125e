"""How much cleaner speech gets, and at what price, for each configuration and without each stage.

    python bench/clean.py DATA [--config NAME ...] [--set a.b=c ...] [--every-stage] [--items N]

DATA is a folder with a manifest.csv (columns file, pool, label) of recordings: speech of
LibriSpeech whose speaker's number ends in 7, music out of songs' stems that are no voices, noise of
ambience and of sounds whose name's CRC-32 is 0 modulo 10. Each utterance is mixed with one piece of
music, one noise, both, and nothing, at 0, 5 or 10 dB, all at 16 kHz. Figures are means over files;
the residue is the masked music-to-speech ratio by true stems, "loss" the dB of speech that are
gone before the limiter, its mean and greatest.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from sayso.audio import Audio, Samples, read, resample
from sayso.clean import CleanConfig, clean_audio, load_config
from sayso.clean.pipeline import SPEECH
from sayso.measure import dnsmos, speech_loss
from sayso.measure.compared import Compared
from sayso.measure.metrics import evaluated
from sayso.separate import load
from sayso.separate.catalogue import find_row
from sayso.separate.installed import default_weight_store

RATE = 16_000
KINDS = ("music", "noise", "both", "clean")
SNRS_DB = (0.0, 5.0, 10.0)
STAGES = ("separation", "restore", "denoise", "postmask", "gate", "loudness")
SONGS = ("3-sodium", "mdn-multitrack")
SOUNDS = ("rain", "wind", "fan", "engine", "radio", "crowd", "train", "cicada", "water", "fire")


def material(data: Path, items: int) -> Iterator[tuple[str, Samples, Samples, Samples]]:
    """Name, speech, music and noise [T] of each item."""
    with (data / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    speech = [
        row["file"]
        for row in rows
        if row["file"].startswith("speech/librispeech/")
        and Path(row["file"]).name.split("-")[2].endswith("7")
    ]
    noise = [
        row["file"]
        for row in rows
        if row["pool"] == "ambience"
        or (
            row["pool"] == "sounds"
            and zlib.crc32(Path(row["file"]).name.encode()) % 10 == 0
            and any(sound in row["label"] for sound in SOUNDS)
        )
    ]
    songs = [song(data, rows, name) for name in SONGS]
    for number in range(min(items, len(speech))):
        voice = mono(data / speech[number])
        rng = np.random.default_rng(number)
        hiss = stretch_to(mono(data / noise[number % len(noise)]), len(voice), rng)
        yield Path(speech[number]).stem, voice, loud_part(songs[number % 2], len(voice), rng), hiss


def song(data: Path, rows: list[dict[str, str]], name: str) -> Samples:
    """All stems of a song but its voices, [T]."""
    total = np.zeros(0, np.float32)
    for row in rows:
        voice = row["label"] in ("vocals", "ambiguous") or "vox" in row["file"]
        if row["file"].startswith(f"songs/{name}/") and not voice:
            stem = mono(data / row["file"])
            longest = max(len(stem), len(total))
            total = np.pad(total, (0, longest - len(total)))
            total[: len(stem)] += stem
    return total


def mono(path: Path) -> Samples:
    """[T] at the bench's rate."""
    return np.asarray(resample(read(path), RATE).samples.mean(axis=0), np.float32)


def loud_part(music: Samples, length: int, rng: np.random.Generator) -> Samples:
    """A stretch of a song that is not one of its pauses."""
    stretches = [music[at : at + length] for at in rng.integers(0, len(music) - length, 12)]
    return max(stretches, key=lambda part: float(np.mean(np.abs(part))))


def stretch_to(sound: Samples, length: int, rng: np.random.Generator) -> Samples:
    """A stretch of `sound`, repeated as often as it takes."""
    whole = np.tile(sound, -(-length // len(sound)) + 1)
    at = int(rng.integers(0, len(whole) - length))
    return whole[at : at + length]


def mixtures(
    speech: Samples, music: Samples, noise: Samples, number: int
) -> Mapping[str, tuple[Samples, Samples]]:
    """Kind -> mixture and what was added, [T]."""
    snr_db = SNRS_DB[number % len(SNRS_DB)]

    def scaled(sound: Samples) -> Samples:
        power = max(float(np.mean(sound**2)), 1e-12)
        gain = np.sqrt(float(np.mean(speech**2)) / power) * 10 ** (-snr_db / 20)
        return (gain * sound).astype(np.float32)

    both = scaled(music / np.std(music) + noise / max(float(np.std(noise)), 1e-6))
    added = {"music": scaled(music), "noise": scaled(noise), "both": both, "clean": 0 * speech}
    return {kind: (speech + rest, rest) for kind, rest in added.items()}


def metrics(heard: Samples, speech: Samples, rest: Samples) -> dict[str, float]:
    """Everything that is measured of one result at the level of the speech, [T]."""
    sounds = [Audio(wave[None].astype(np.float32), RATE) for wave in (heard, speech, rest)]
    compared = Compared(*sounds, judge=lambda name: opinions())
    found = evaluated(compared, "reference")
    if opinions() is not None:
        found |= dnsmos.evaluate(compared)
    if rest.any():
        found |= evaluated(compared, "reference", "rest")
    return found


@cache
def opinions() -> dnsmos.Dnsmos | None:
    """DNSMOS, where it is installed."""
    path = default_weight_store().find(find_row("dnsmos").files[0])
    return None if path is None else dnsmos.Dnsmos(path)


def judge(
    config: CleanConfig, mix: Samples, speech: Samples, rest: Samples
) -> tuple[dict[str, float], float]:
    """Figures of the cleaned sound at the mixture's level, and how long the cleaning took.

    The speech lost is that before the loudness stage: a limiter takes peaks, and no words.
    """
    gated: list[Audio] = []

    def keep(stage: str, audio: Audio) -> None:
        if stage == "gate":
            gated.append(audio)

    started = time.perf_counter()
    cleaned = clean_audio(Audio(mix[None], RATE), config, keep=keep)
    spent = time.perf_counter() - started
    heard = cleaned.audio.samples[0] * np.float32(10 ** (-cleaned.gain_db / 20))
    (unlimited,) = (gated or [cleaned.speech])[0].samples
    found = metrics(heard, speech, rest)
    loss_db = speech_loss.speech_loss_db(unlimited, speech, sample_rate=RATE)
    return found | {"speech_loss_db": loss_db}, spent


def tables(results: Mapping[str, Mapping[str, list[tuple[dict, dict]]]]) -> str:
    """Markdown: a table a kind, a row a configuration."""
    lines = []
    for kind in KINDS:
        lines += ["", f"### {kind}", ""]
        names = ("si_sdr", "stoi", "estoi", "pesq", "dnsmos_ovr", "music_to_speech_db")
        lines.append("| configuration | " + " | ".join(names) + " | loss | greatest |")
        lines.append("|---|" + "---:|" * (len(names) + 2))
        for row, (config, kinds) in enumerate(results.items()):
            pairs = kinds[kind]
            if not row:
                cells = [mean(before.get(name) for before, _ in pairs) for name in names]
                lines.append("| (before) | " + " | ".join(cells) + " | | |")
            cells = [mean(after.get(name) for _, after in pairs) for name in names]
            losses = [after["speech_loss_db"] for _, after in pairs]
            cells += [f"{np.mean(losses):.2f}", f"{max(losses):.2f}"]
            lines.append(f"| {config} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def mean(found: Iterator[float | None]) -> str:
    """The mean of what is there."""
    known = [figure for figure in found if figure is not None]
    return f"{np.mean(known):.3f}" if known else ""


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--config", action="append", default=[])
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--every-stage", action="store_true")
    parser.add_argument("--items", type=int, default=24)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    separator = load()
    trained = separator.route(SPEECH).trained
    print(f"separator: {separator.name}{'' if trained else ', left out'}")
    configs: dict[str, CleanConfig] = {}
    for name in arguments.config or ["embedded"]:
        configs[name] = load_config(name, arguments.overrides)
        for stage in STAGES if arguments.every_stage else ():
            # Where no separator has learned, it and what follows from it are left out.
            idle = not trained and stage in ("separation", "restore", "postmask")
            if getattr(configs[name], stage) is not None and not idle:
                configs[f"{name} without {stage}"] = configs[name].model_copy(update={stage: None})
    results: dict[str, dict[str, list[tuple[dict, dict]]]] = {
        name: {kind: [] for kind in KINDS} for name in configs
    }
    spent, heard_s = dict.fromkeys(configs, 0.0), 0.0
    for number, (_, speech, music, noise) in enumerate(material(arguments.data, arguments.items)):
        for kind, (mix, rest) in mixtures(speech, music, noise, number).items():
            heard_s += len(mix) / RATE
            before = metrics(mix, speech, rest)
            for name, config in configs.items():
                after, took = judge(config, mix, speech, rest)
                spent[name] += took
                results[name][kind].append((before, after))
    print(tables(results))
    print("\ntimes real time:", {name: round(heard_s / took, 1) for name, took in spent.items()})
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
