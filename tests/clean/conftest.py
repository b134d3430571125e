"""Made-up speech: syllables that glide, with formants, hisses and pauses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sayso.audio import Audio

Speak = Callable[..., Audio]
_FORMANTS = ((700, 1200, 2500), (300, 2200, 3000), (450, 900, 2400), (500, 1700, 2500))


def speech(seconds: float = 4.0, *, rate: int = 16_000, seed: int = 0) -> Audio:
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * rate))
    start_s = 0.1
    while start_s < seconds - 0.4:
        length_s = rng.uniform(0.12, 0.22)
        at = np.arange(round(length_s * rate)) / rate
        f0 = rng.uniform(100, 140) + rng.uniform(-120, 120) * at
        phase = 2 * np.pi * np.cumsum(f0) / rate
        formants = _FORMANTS[rng.integers(len(_FORMANTS))]
        voice = sum(
            np.sin(h * phase)
            * sum(1 / (1 + ((h * f0 - f) / 120) ** 2) for f in formants)
            * (h * f0 < 0.45 * rate)
            for h in range(1, 40)
        )
        voice *= np.sin(np.pi * at / length_s)
        hiss = 0.15 * rng.standard_normal(round(0.05 * rate)) * np.hanning(round(0.05 * rate))
        begin = round(start_s * rate)
        out[begin : begin + len(voice)] += voice[: len(out) - begin]
        end = begin + len(voice)
        out[end : end + len(hiss)] += hiss[: max(0, len(out) - end)]
        start_s += length_s + 0.06 + (0.35 if rng.uniform() < 0.2 else 0.0)
    return Audio((0.1 * out / out.std())[None].astype(np.float32), rate)


@pytest.fixture(scope="session")
def speak() -> Speak:
    return speech


@pytest.fixture(scope="session")
def noisy(speak: Speak) -> Callable[..., tuple[Audio, Audio]]:
    def make(seconds: float = 4.0, *, rate: int = 16_000, level: float = 0.03):
        clean = speak(seconds, rate=rate)
        noise = level * np.random.default_rng(3).standard_normal(clean.samples.shape)
        return clean, Audio((clean.samples + noise).astype(np.float32), rate)

    return make
