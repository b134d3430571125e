"""The stages one by one: what each takes away, what it leaves, and that blocks do not show."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from sayso.audio import Audio, integrated_lufs, read, resample
from sayso.clean import masks
from sayso.clean.gate import gate
from sayso.clean.masks import postmask
from sayso.clean.pipeline import prepare
from sayso.clean.spectral import denoise, noise_power
from sayso.desk.cleaning import PauseGate, PostMask, Preprocess
from sayso.effects import record
from sayso.errors import Cancelled
from sayso.measure.si_sdr import si_sdr
from sayso.measure.speech_loss import speech_loss_db
from sayso.watch import Watch


def test_noise_goes_and_speech_stays(noisy):
    clean, mix = noisy(6.0)
    found = denoise(mix, floor_db=-12)
    before, after = (float(si_sdr(audio.samples[0], clean.samples[0])) for audio in (mix, found))
    assert after > before + 3
    assert speech_loss_db(found.samples[0], clean.samples[0], sample_rate=16_000) < 0.5


def test_clean_speech_passes_the_denoiser(speak):
    clean = speak(4.0)
    found = denoise(clean, floor_db=-12)
    assert float(si_sdr(found.samples[0], clean.samples[0])) > 25


def test_the_power_of_steady_noise_is_found():
    power = np.random.default_rng(1).exponential(2.0, (600, 65)).astype(np.float32)
    found = noise_power(power, 0.01)
    assert 0.8 * 2 < found.mean() < 1.3 * 2


def test_both_channels_share_a_gain(noisy):
    _, mix = noisy(3.0)
    stereo = Audio(np.concatenate([mix.samples, 0.5 * mix.samples]), mix.sample_rate)
    left, right = denoise(stereo, floor_db=-12).samples
    np.testing.assert_allclose(right, 0.5 * left, atol=1e-6)


def test_a_mask_over_blocks_is_the_mask_over_all(noisy, monkeypatch):
    clean, mix = noisy(4.0)
    whole = postmask(clean, mix, PostMask(beta=1))
    monkeypatch.setattr(masks, "_BLOCK_HOPS", 37)
    pieces = postmask(clean, mix, PostMask(beta=1))
    assert np.abs(whole.samples - pieces.samples).max() < 1e-5


def test_the_mask_takes_what_leaked(noisy):
    clean, mix = noisy(4.0, level=0.1)
    leaky = Audio((0.7 * clean.samples + 0.3 * mix.samples).astype(np.float32), 16_000)
    masked = postmask(leaky, mix, PostMask(beta=2, floor_db=-30))
    before, after = (float(si_sdr(a.samples[0], clean.samples[0])) for a in (leaky, masked))
    assert after > before + 1


def test_the_gate_closes_in_pauses_and_opens_before_words(noise, tone):
    word, hiss = tone(0.5, rate=16_000, channels=1), noise(1.0, rate=16_000, channels=1, level=1e-4)
    samples = np.concatenate([hiss.samples, word.samples, hiss.samples], axis=1)
    audio = Audio(samples, 16_000)
    settings = PauseGate(threshold_lu=-30, range_db=-20)
    gated = record(gate(audio, settings, loudness_lufs=integrated_lufs(audio))).samples
    assert gated.shape == samples.shape
    pause = slice(4000, 12_000)
    assert np.std(gated[:, pause]) == pytest.approx(0.1 * np.std(samples[:, pause]), rel=0.05)
    onset = slice(16_000, 17_000)
    np.testing.assert_allclose(gated[:, onset], samples[:, onset], atol=0.02)


def said_by_a_machine(folder, text):
    """`text` in a synthetic voice, `[1, T]` at 16 kHz."""
    path = folder / "said.wav"
    subprocess.run(["espeak-ng", "-w", path, text], check=True)
    said = resample(read(path), 16_000).samples
    return 0.05 * said / np.std(said)


def test_a_gate_told_by_the_voice_closes_where_nobody_speaks(tmp_path):
    said = said_by_a_machine(tmp_path, "The first word, and the last one.")
    hiss = 0.002 * np.random.default_rng(0).standard_normal((1, 2 * said.shape[1] + 48_000))
    samples = hiss.astype(np.float32)
    samples[:, : said.shape[1]] += said
    samples[:, -said.shape[1] :] += said
    audio = Audio(np.concatenate([samples, samples]), 16_000)
    settings = PauseGate(told_by="voice", range_db=-20)
    gated = record(gate(audio, settings, loudness_lufs=integrated_lufs(audio))).samples
    middle = slice(said.shape[1] + 16_000, said.shape[1] + 32_000)
    np.testing.assert_allclose(gated[:, middle], 0.1 * audio.samples[:, middle], rtol=1e-4)
    spoken = np.flatnonzero(np.abs(said[0]) > 0.05)
    np.testing.assert_array_equal(gated[:, spoken], audio.samples[:, spoken])


def test_a_gate_told_by_the_voice_leaves_what_has_none(noise):
    audio = noise(2.0)
    assert gate(audio, PauseGate(told_by="voice"), loudness_lufs=-23.0) is audio


def test_a_gate_told_by_the_voice_takes_no_loud_sound_for_a_pause(noise, tmp_path):
    hiss = noise(1.0, rate=16_000, channels=1, level=0.1).samples
    said = said_by_a_machine(tmp_path, "These words lie between two noises.")
    audio = Audio(np.concatenate([hiss, said, hiss], axis=1), 16_000)
    assert gate(audio, PauseGate(told_by="voice"), loudness_lufs=-23.0) is audio


def test_a_gate_over_less_than_its_attack_gives_as_much(tone):
    audio = tone(0.002, rate=16_000, channels=1)
    gated = record(gate(audio, PauseGate(attack_s=0.1), loudness_lufs=-23.0))
    assert gated.frames == audio.frames


def test_preprocessing_takes_the_offset_mixes_and_resamples(noise):
    audio = noise(1.0, rate=8_000)
    off = Audio(audio.samples + np.float32(0.2), 8_000)
    made = prepare(off, Preprocess(sample_rate=16_000, channels="mono"))
    assert (made.channels, made.sample_rate, made.frames) == (1, 16_000, 16_000)
    assert abs(float(made.samples.mean())) < 1e-4
    assert prepare(audio, Preprocess(remove_dc=False)) is audio


def test_work_can_be_stopped(noisy):
    _, mix = noisy(2.0)
    for stage in (
        lambda: denoise(mix, floor_db=-12, watch=Watch(cancelled=lambda: True)),
        lambda: postmask(mix, mix, PostMask(), watch=Watch(cancelled=lambda: True)),
    ):
        with pytest.raises(Cancelled):
            stage()
