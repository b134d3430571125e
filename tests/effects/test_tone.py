from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.desk import Eq, Filter, Strip
from sayso.effects import process, record
from sayso.errors import RangeError


def response_db(effect, hz, rate=44_100):
    """The magnitude of an effect's impulse response at `hz`."""
    impulse = np.zeros((1, rate), np.float32)
    impulse[0, 0] = 1
    out = record(process(Audio(impulse, rate), Strip(effects=(effect,)))).samples[0]
    at = np.exp(-2j * np.pi * hz / rate * np.arange(len(out)))
    return 20 * np.log10(abs(np.dot(out, at)) + 1e-12)


@pytest.mark.parametrize("gain_db", [-12.0, 5.0])
@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
def test_a_bell_has_its_gain_at_its_frequency_and_none_far_off(gain_db, rate):
    bell = Eq(frequency_hz=1000, gain_db=gain_db, q=1.0)
    assert response_db(bell, 1000, rate) == pytest.approx(gain_db, abs=0.01)
    assert response_db(bell, 20, rate) == pytest.approx(0, abs=0.05)
    assert response_db(bell, 1000 * 2**0.5, rate) == pytest.approx(gain_db / 2, abs=2.5)


def test_a_boost_and_the_same_cut_cancel(noise):
    audio = noise(0.3)
    both = (Eq(frequency_hz=3000, gain_db=9), Eq(frequency_hz=3000.4, gain_db=-9))
    out = record(process(audio, Strip(effects=both)))
    assert np.abs(out.samples - audio.samples).max() < 1e-3


def test_edges_are_3_db_down_and_fall_by_24_db_an_octave():
    low = Filter(type="lowpass", cutoff_hz=1000)
    high = Filter(type="highpass", cutoff_hz=1000)
    for effect, passed, stopped in ((low, 100, 4000), (high, 10_000, 250)):
        assert response_db(effect, passed) == pytest.approx(0, abs=0.1)
        assert response_db(effect, 1000) == pytest.approx(-3, abs=0.1)
        assert response_db(effect, stopped) == pytest.approx(-48, abs=2)


def test_a_bandpass_keeps_what_lies_between():
    phone = Filter(type="bandpass", low_hz=300, high_hz=3400)
    assert response_db(phone, 1000) == pytest.approx(0, abs=0.1)
    assert response_db(phone, 75) < -45
    assert response_db(phone, 13_600) < -45


def test_frequencies_that_the_rate_cannot_hold(noise):
    audio = noise(0.1, rate=8000)
    low = Filter(type="lowpass", cutoff_hz=5000)
    assert process(audio, Strip(effects=(low,))) is audio
    wide = Filter(type="bandpass", low_hz=300, high_hz=5000)
    assert np.isfinite(record(process(audio, Strip(effects=(wide,)))).samples).all()
    for effect in (Filter(type="highpass", cutoff_hz=4000), Eq(frequency_hz=6000, gain_db=3)):
        with pytest.raises(RangeError, match="nothing from 4000 Hz up"):
            process(audio, Strip(effects=(effect,)))


def test_the_lowest_filter_at_the_highest_rate_is_stable(noise):
    audio = noise(0.5, rate=192_000)
    out = record(process(audio, Strip(effects=(Filter(type="highpass", cutoff_hz=10),))))
    assert np.abs(out.samples).max() < 1
