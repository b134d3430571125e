"""Rendered songs for the semi-supervised experiment: `python bench/adversarial_songs.py POOL OUT`.

A song is 60 s of a General MIDI piece, played by FluidSynth, under 60 s of singing by one voice;
both are written as 8192 Hz mono stems, `OUT/{paired,unpaired,validation,test}/NN/{vocals,
accompaniment}.wav`, a folder layout that `sayso.train.data.datasets` reads.

No piece and no voice is in two parts. The few paired songs are narrow (three voices, one
soundfont), the others broad: the situation that the published method is for.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, read, resample, write

RATE_HZ = 8192
SONG_S = 60.0
SONGS = {"paired": 6, "unpaired": 54, "validation": 12, "test": 24}
VOICES = {
    "paired": ("songs/1-hydrogen", "songs/2-lithium", "vocals:yuki"),
    "unpaired": ("songs/4-potassium", "songs/5-rubidium", "vocals:alys", "vocals:ps-etv"),
    "validation": ("songs/6-caesium", "vocals:ps-dvs"),
    "test": ("songs/3-sodium", "vocals:erithacus", "vocals:minato", "vocals:ps-shv", "vocadito"),
}
SHARED_OUT = ("unpaired", "validation", "test")  # voices not named above are dealt to these
SOUND_FONTS = ("TimGM6mb.sf2", "FluidR3_GM.sf2")

Wave = npt.NDArray[np.float32]


def main() -> None:
    """Render all songs that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path, help="the training pool, with its manifest.csv")
    parser.add_argument("out", type=Path)
    parser.add_argument("--soundfonts", type=Path, default=Path("/usr/share/sounds/sf2"))
    args = parser.parse_args()
    voices = deal_voices(args.pool)
    pieces = sorted((args.pool / "midi" / "freedoom").glob("*.mid"))
    np.random.default_rng(0).shuffle(pieces)  # type: ignore[arg-type]
    waiting = iter(pieces)
    for part, count in SONGS.items():
        for number in range(count):
            folder = args.out / part / f"{number:02d}"
            piece = next(waiting)
            if (folder / "vocals.wav").exists():
                continue
            rng = np.random.default_rng([zlib.crc32(part.encode()), number])
            names = sorted(voices[part])
            voice = sing(voices[part][names[number % len(names)]], rng)
            fonts = SOUND_FONTS[:1] if part == "paired" else SOUND_FONTS
            band = play(piece, args.soundfonts / str(rng.choice(fonts)), rng)
            write_song(folder, voice, band)
            print(f"{folder}: {names[number % len(names)]} over {piece.name}", flush=True)


def deal_voices(pool: Path) -> dict[str, dict[str, list[Path]]]:
    """Files of each voice, by part and voice."""
    dealt: dict[str, dict[str, list[Path]]] = {part: {} for part in VOICES}
    with (pool / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["label"].startswith("vocals") or not row["file"].endswith(".ogg"):
                continue
            if row["pool"] not in ("songs", "singing"):
                continue
            song = "/".join(row["file"].split("/")[:2])
            voice = song if row["pool"] == "songs" else row["label"]
            voice = "vocadito" if "vocadito" in row["file"] else voice
            named = [part for part, kept in VOICES.items() if voice.startswith(kept)]
            turn = zlib.crc32(voice.encode()) % len(SHARED_OUT)
            part = named[0] if named else SHARED_OUT[turn]
            dealt[part].setdefault(voice, []).append(pool / row["file"])
    return dealt


def sing(files: list[Path], rng: np.random.Generator) -> Wave:
    """A minute of one voice: a stretch of a song's vocal stems, or short clips in a row."""
    frames = round(SONG_S * RATE_HZ)
    first = mono(read(files[0]))
    if len(first) > frames:
        stems = [first, *(mono(read(path)) for path in files[1:])]
        whole = np.zeros(max(len(stem) for stem in stems), np.float32)
        for stem in stems:
            whole[: len(stem)] += stem
        return loudest(whole, frames, rng)
    line = np.zeros(0, np.float32)
    while len(line) < frames:
        clip = mono(read(files[int(rng.integers(len(files)))]))
        gap = np.zeros(round(float(rng.uniform(0.02, 0.5)) * RATE_HZ), np.float32)
        line = np.concatenate([line, clip / (np.sqrt(np.mean(clip**2)) + 1e-4), gap])
    return line[:frames]


def play(piece: Path, font: Path, rng: np.random.Generator) -> Wave:
    """A minute of a MIDI file rendered by FluidSynth."""
    if shutil.which("fluidsynth") is None:
        raise SystemExit("fluidsynth is not installed; on Debian: apt install fluidsynth")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "band.wav"
        subprocess.run(
            ["fluidsynth", "-niq", "-r", "22050", "-g", "0.4", "-F", path, font, piece],
            check=True,
            capture_output=True,
        )
        band = mono(read(path))
    band = np.tile(band, 1 + round(SONG_S * RATE_HZ) // len(band))
    return loudest(band, round(SONG_S * RATE_HZ), rng)


def mono(audio: Audio) -> Wave:
    """One channel at the experiment's rate."""
    mixed = Audio(audio.samples.mean(axis=0, keepdims=True, dtype=np.float32), audio.sample_rate)
    return resample(mixed, RATE_HZ).samples[0]


def loudest(wave: Wave, frames: int, rng: np.random.Generator) -> Wave:
    """One of the better filled stretches of `wave`: the best of eight drawn at random."""
    starts = rng.integers(0, len(wave) - frames + 1, 8)
    filled = [float(np.mean(np.abs(wave[s : s + frames]) > 0.01)) for s in starts]
    start = int(starts[int(np.argmax(filled))])
    return wave[start : start + frames]


def write_song(folder: Path, voice: Wave, band: Wave) -> None:
    """Both stems at -20 dBFS each while they sound, so that the mix is balanced."""
    stems = {"accompaniment": band, "vocals": voice}
    folder.mkdir(parents=True, exist_ok=True)
    for name, stem in stems.items():
        sounding = stem[np.abs(stem) > 0.01 * np.abs(stem).max()]
        level = np.sqrt(np.mean(sounding**2))
        levelled = np.clip(0.1 * stem / level, -1, 1).astype(np.float32)
        write(folder / f"{name}.wav", Audio(levelled[None], RATE_HZ))


if __name__ == "__main__":
    main()
