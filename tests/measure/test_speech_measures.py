"""Measures of speech: against references, and of what lies beside it."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import (
    EmptyAudioError,
    MissingExtraError,
    RangeError,
    ShapeError,
    SilenceError,
)
from sayso.measure import masked_ratio, pesq, speech_loss, stoi
from sayso.measure.compared import Compared

RATE = 16_000


@pytest.fixture(scope="module")
def pair():
    """Noise that comes and goes as speech does, and other noise."""
    rng = np.random.default_rng(5)
    at = np.arange(3 * RATE) / RATE
    speech = rng.standard_normal(len(at)) * np.maximum(np.sin(2 * np.pi * 2 * at), 0)
    return 0.1 * speech, 0.03 * rng.standard_normal(len(at))


def test_stoi_falls_as_noise_rises_and_knows_no_level(pair):
    speech, noise = pair
    clear, dim = (stoi.stoi(speech + k * noise, speech, sample_rate=RATE) for k in (0.3, 3))
    assert 1 >= clear > dim > -1
    assert stoi.stoi(5 * speech, speech, sample_rate=RATE) == pytest.approx(1, abs=1e-3)
    heard = speech + noise
    extended = stoi.stoi(heard, speech, sample_rate=RATE, extended=True)
    assert extended < stoi.stoi(heard, speech, sample_rate=RATE)


def test_stoi_refuses_what_it_cannot_judge(pair):
    speech, _ = pair
    with pytest.raises(EmptyAudioError):
        stoi.stoi(speech[:100], speech[:100], sample_rate=RATE)
    with pytest.raises(ShapeError):
        stoi.stoi(speech[None], speech[None], sample_rate=RATE)
    with pytest.raises(SilenceError):
        stoi.stoi(speech, 0 * speech, sample_rate=RATE)
    click = np.zeros_like(speech)
    click[10] = 1
    with pytest.raises(SilenceError, match="less than"):
        stoi.stoi(speech, click, sample_rate=RATE)


def test_pesq_where_its_extra_is_installed(pair):
    speech, noise = pair
    with pytest.raises(RangeError, match="8000 and 16000"):
        pesq.pesq(speech, speech, sample_rate=44_100)
    if find_spec("pesq") is None:
        with pytest.raises(MissingExtraError, match=r"sayso\[metrics\]"):
            pesq.pesq(speech, speech, sample_rate=RATE)
    else:
        best, worse = (pesq.pesq(speech + k * noise, speech, sample_rate=RATE) for k in (0, 3))
        assert best > 4 > worse


def test_speech_loss_hears_a_muffled_voice_and_no_noise(pair):
    from scipy.signal import butter, sosfiltfilt

    speech, noise = pair
    loss = lambda x: speech_loss.speech_loss_db(x, speech, sample_rate=RATE)  # noqa: E731
    assert abs(loss(speech + noise)) < 0.1
    half = sosfiltfilt(butter(8, 4000, fs=RATE, output="sos"), speech)
    assert loss(half) == pytest.approx(3.0, abs=0.4)
    cut = np.where(np.arange(len(speech)) % RATE < RATE // 2, speech, 0)
    assert loss(cut) == pytest.approx(3.0, abs=0.4)  # half of its energy, not a gain of a half
    offset = speech_loss.speech_loss_db(speech, speech + 0.1, sample_rate=RATE)
    assert offset == pytest.approx(0, abs=1e-3)
    assert loss(0 * speech) == np.inf
    with pytest.raises(SilenceError):
        speech_loss.speech_loss_db(speech, 0 * speech, sample_rate=RATE)


def test_the_masked_ratio_is_of_what_lies_beside_the_speech(tone):
    speech = tone(2.0, hz=500, channels=1, rate=RATE, level=0.5)
    music = tone(2.0, hz=3000, channels=1, rate=RATE, level=0.05)
    ratio = masked_ratio.masked_ratio_db
    mix = Audio(speech.samples + music.samples, RATE)
    assert ratio(mix, speech, music) == pytest.approx(-20, abs=0.2)
    cleaner = Audio(3 * (speech.samples + 0.1 * music.samples), RATE)
    assert ratio(cleaner, speech, music) == pytest.approx(-40, abs=0.3)
    assert masked_ratio.evaluate(Compared(mix, speech, music)) == {
        "music_to_speech_db": ratio(mix, speech, music)
    }


def test_the_masked_ratio_refuses_other_shapes_and_silence(tone):
    speech = tone(1.0, channels=1, rate=RATE)
    with pytest.raises(ShapeError):
        masked_ratio.masked_ratio_db(speech, speech, tone(2.0, channels=1, rate=RATE))
    silent = Audio(0 * speech.samples, RATE)
    with pytest.raises(SilenceError):
        masked_ratio.masked_ratio_db(silent, speech, silent)
