"""A tiny training pool and the store made of it: tones, clicks and noise under real labels."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sayso.train.data.build import build

RATE = 44_100


def held_out_name(stem: str, one_in: int) -> str:
    """A file name like `stem` that the split by CRC-32 keeps for validation."""
    names = (f"{stem}-{n}.wav" for n in range(1000))
    return next(name for name in names if zlib.crc32(name.encode()) % one_in == 0)


Row = tuple[str, str, str]
ROWS: Sequence[Row] = (
    ("songs/one/vox-lead.wav", "songs", "vocals"),
    ("songs/one/kick.wav", "songs", "drums"),
    ("songs/one/sy-bass.wav", "songs", "bass"),
    ("songs/one/minilogue-synth.wav", "songs", "other"),
    ("songs/3-sodium/vox.wav", "songs", "vocals"),
    ("songs/3-sodium/hats.wav", "songs", "drums"),
    ("songs/3-sodium/bassguitar.wav", "songs", "bass"),
    ("songs/3-sodium/keys.wav", "songs", "other"),
    ("singing/x/a.wav", "singing", "vocals:yuki"),
    ("singing/x/b.wav", "singing", "vocals:minato"),
    ("speech/librispeech/19-1-0.wav", "speech", "speech"),
    ("speech/librispeech/27-1-0.wav", "speech", "speech"),
    ("notes/electric-bass/sustain-a2-f-rr1.wav", "notes", "electric bass"),
    ("notes/piano/samples-ff-c3.wav", "notes", "piano"),
    ("notes/electric-guitar/electric-e2-vl1-rr1.wav", "notes", "electric guitar"),
    ("sounds/sounds-dog-bark-2.wav", "sounds", "dog bark"),
    ("sounds/sounds-cat-meow-2.wav", "sounds", "cat meow"),
    ("sounds/rain-light.wav", "sounds", "rain light"),
    ("sounds/door-knock.wav", "sounds", "door knock"),
    ("ambience/coffee.wav", "ambience", "coffee shop"),
    (f"ambience/{held_out_name('wind', 6)}", "ambience", "wind"),
    (f"sounds/{held_out_name('bird', 10)}", "sounds", "bird"),
    (f"sounds/{held_out_name('cow', 10)}", "sounds", "cow moo"),
    (f"backing/{held_out_name('tune', 4)}", "backing", "music"),
    ("backing/tune.wav", "backing", "music"),
    ("samples/berklee/flute-trill.wav", "samples", "flute trill"),
)


def write_pool(root: Path, rows: Sequence[Row] = ROWS, *, seconds: float = 2.0) -> Path:
    """A pool of a tone and some noise a file, no two alike; speech at 16 kHz."""
    lines = []
    for number, (file, pool, label) in enumerate(rows):
        rate = 16_000 if pool == "speech" else RATE
        channels = 2 if pool in ("songs", "backing") else 1
        rng = np.random.default_rng(number)
        t = np.arange(int(seconds * rate)) / rate
        tone = 0.3 * np.sin(2 * np.pi * (110 + 37 * number) * t)
        samples = tone[:, None] + 0.05 * rng.standard_normal((len(t), channels))
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / file, samples, rate)
        lines.append([file, pool, label, "CC0-1.0", "", "here", seconds, rate, channels])
    with (root / "manifest.csv").open("w", newline="") as handle:
        columns = "file,pool,label,licence,author,origin,seconds,sample_rate,channels"
        csv.writer(handle).writerows([columns.split(","), *lines])
    return root


@pytest.fixture(scope="session")
def pool_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pool(tmp_path_factory.mktemp("pool"))


@pytest.fixture(scope="session")
def store_root(pool_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    build(pool_root, root)
    return root
