from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.desk import Delay, Reverb, Strip
from sayso.effects import process, record


def wet(audio, effect):
    """What the effect adds."""
    return record(process(audio, Strip(effects=(effect,)))).samples - audio.samples


def impulse(seconds=1.0, *, channels=2, rate=44_100):
    samples = np.zeros((channels, round(seconds * rate)), np.float32)
    samples[:, 0] = 1
    return Audio(samples, rate)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("amount", [0.2, 1.0])
def test_the_room_is_as_strong_as_asked_for(channels, amount):
    rang = wet(impulse(6.0, channels=channels, rate=16_000), Reverb(amount=amount))
    assert np.mean(np.sum(rang**2, axis=1)) == pytest.approx(amount**2, rel=0.02)


@pytest.mark.parametrize("effect", [Reverb(amount=1), Delay(time_s=0.1)])
def test_the_dry_sound_keeps_its_level(effect):
    audio = impulse()
    assert record(process(audio, Strip(effects=(effect,)))).samples[0, 0] == 1


def test_echoes_come_when_and_as_loud_as_asked_for():
    rang = wet(impulse(), Delay(time_s=0.2, feedback=0.5, mix=0.4))
    assert np.flatnonzero(np.abs(rang[0]) > 0.01).tolist() == [8820, 17_640, 26_460, 35_280]
    assert rang[0, [8820, 17_640, 26_460]] == pytest.approx([0.4, 0.2, 0.1], abs=1e-4)


@pytest.mark.parametrize("effect", [Reverb(amount=1), Delay(time_s=0.05, feedback=0.9)])
def test_what_would_ring_on_is_faded_out_at_the_end(effect, noise):
    rang = np.abs(wet(noise(1.0), effect))
    assert rang[:, -5:].max() < 1e-5
    assert rang[:, -6000:-4000].max() > 0.02


def test_a_room_is_wide():
    rang = wet(impulse(), Reverb(amount=0.5))
    assert abs(np.corrcoef(rang)[0, 1]) < 0.3
