"""A small rehearsal: two tunes, each played twice, with pauses between; all of it computed."""

from __future__ import annotations

import numpy as np

from sayso.audio import Audio

RATE = 16_000
TAKE_S = 6.0
PAUSE_S = 1.2
TAKES = ("a", "a", "b", "b")


def tune(name: str, seed: int) -> np.ndarray:
    """One take: the notes of a tune, each a little different in touch."""
    notes = {"a": (0, 4, 7, 12, 7, 4), "b": (2, 5, 11, 9, 14, 1)}[name]
    rng = np.random.default_rng(seed)
    out = np.zeros(int(TAKE_S * RATE))
    for number in range(12):
        hz = 262 * 2 ** (notes[number % 6] / 12)
        time = np.arange(int(0.5 * RATE)) / RATE
        sound = sum(np.sin(2 * np.pi * hz * k * time) / k for k in (1, 2, 3))
        start = int(number * 0.5 * RATE)
        out[start : start + len(time)] += rng.uniform(0.15, 0.2) * sound * np.exp(-5 * time)
    return out


def rehearsal(seed: int = 0, takes: tuple[str, ...] = TAKES) -> tuple[Audio, list[tuple[int, int]]]:
    """The recording, and the frames of its takes."""
    pieces: list[np.ndarray] = [np.zeros(int(PAUSE_S * RATE))]
    spans, at = [], int(PAUSE_S * RATE)
    for number, name in enumerate(takes):
        take = tune(name, 100 * seed + number)
        pieces += [take, np.zeros(int(PAUSE_S * RATE))]
        spans.append((at, at + len(take)))
        at += len(take) + int(PAUSE_S * RATE)
    whole = np.concatenate(pieces)
    whole = whole + 3e-4 * np.random.default_rng(seed).standard_normal(len(whole))
    return Audio(whole.astype(np.float32)[None], RATE), spans
