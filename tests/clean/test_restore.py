"""Speech given back after a separator that took too much, and what is clean left as it is."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.clean import masks
from sayso.clean.restore import rest_db, restore
from sayso.desk.cleaning import Restore
from sayso.errors import Cancelled
from sayso.measure.si_sdr import si_sdr
from sayso.measure.speech_loss import speech_loss_db
from sayso.watch import Watch

RATE = 16_000


@pytest.fixture
def unsure(noisy):
    """Speech, a mixture with noise, and a separator's answer: a fifth of both is lost or left."""
    clean, mix = noisy(4.0, level=0.05)
    found = 0.8 * clean.samples + 0.2 * (mix.samples - clean.samples)
    return clean, mix, Audio(found.astype(np.float32), RATE)


def loss_db(found, clean):
    return speech_loss_db(found.samples[0], clean.samples[0], sample_rate=RATE)


def test_lost_speech_comes_back_and_noise_stays_down(unsure):
    clean, mix, found = unsure
    given_back = restore(found, mix, Restore(beta=0.3, floor_db=-15))
    assert loss_db(found, clean) == pytest.approx(1.94, abs=0.05)
    assert loss_db(given_back, clean) < 0.6
    before, after = (float(si_sdr(a.samples[0], clean.samples[0])) for a in (mix, given_back))
    assert after > before + 4


def test_levelled_it_gives_back_less_the_further_the_rest_lies_below(unsure):
    clean, mix, _ = unsure
    noise = mix.samples - clean.samples
    given_back = {}
    for gain in (1.0, 0.1):
        mixture = Audio((clean.samples + gain * noise).astype(np.float32), RATE)
        heard = Audio((0.8 * clean.samples + 0.2 * gain * noise).astype(np.float32), RATE)
        losses = [
            loss_db(restore(heard, mixture, Restore(beta=0.3, levelled=levelled, floor_db=-60,
                                                    enough_db=-100)), clean)
            for levelled in (False, True)
        ]  # fmt: skip
        given_back[gain] = losses[1] - losses[0]
    assert given_back[1.0] < given_back[0.1]


def test_the_rest_is_measured_in_the_pauses(unsure):
    clean, mix, _ = unsure
    noise = mix.samples - clean.samples
    spoken = np.mean(clean.samples[np.abs(clean.samples) > 0.01] ** 2)
    level_db = 10 * np.log10(np.mean(noise**2) / spoken)
    assert rest_db(clean, mix) == pytest.approx(level_db, abs=3)
    # What a separator leaves of speech alone is speech: it counts for 12 dB less.
    muffled = Audio(0.7 * clean.samples, RATE)
    whole = Audio(clean.samples + 1e-5 * noise, RATE)
    assert rest_db(muffled, whole) < -15
    assert rest_db(Audio(0 * mix.samples, RATE), mix) == np.inf


def test_what_is_clean_already_is_left_as_it_is(speak):
    clean = speak(4.0)
    found = Audio((0.9 * clean.samples).astype(np.float32), RATE)
    assert restore(found, clean, Restore()) is clean
    assert restore(found, clean, Restore(enough_db=-60)) is not clean


def test_blocks_do_not_show_and_channels_share_a_mask(unsure, monkeypatch):
    _, mix, found = unsure
    mix, found = (Audio(np.concatenate([a.samples, 0.5 * a.samples]), RATE) for a in (mix, found))
    whole = restore(found, mix, Restore())
    np.testing.assert_allclose(whole.samples[1], 0.5 * whole.samples[0], atol=1e-6)
    monkeypatch.setattr(masks, "_BLOCK_HOPS", 37)
    pieces = restore(found, mix, Restore())
    assert np.abs(whole.samples - pieces.samples).max() < 1e-5


def test_it_can_be_stopped(unsure):
    _, mix, found = unsure
    with pytest.raises(Cancelled):
        restore(found, mix, Restore(), watch=Watch(cancelled=lambda: True))
