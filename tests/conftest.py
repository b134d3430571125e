"""What every test may use: seeded noise, tones and the demo song."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import settings

from sayso.audio import Audio
from sayso.demo import demo_song

settings.register_profile("sayso", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("sayso")

Make = Callable[..., Audio]


@pytest.fixture(scope="session")
def demo() -> Mapping[str, Audio]:
    return demo_song()


@pytest.fixture(scope="session")
def noise() -> Make:
    def make(seconds: float = 1.0, *, channels: int = 2, rate: int = 44_100, level: float = 0.1):
        shape = (channels, max(1, round(seconds * rate)))
        samples = level * np.random.default_rng(7).standard_normal(shape)
        return Audio(samples.astype(np.float32), rate)

    return make


@pytest.fixture(scope="session")
def tone() -> Make:
    def make(
        seconds: float = 1.0,
        *,
        hz: float = 440.0,
        channels: int = 2,
        rate: int = 44_100,
        level: float = 0.5,
    ):
        at = np.arange(round(seconds * rate)) / rate
        samples = np.tile(level * np.sin(2 * np.pi * hz * at), (channels, 1))
        return Audio(samples.astype(np.float32), rate)

    return make
