"""What mends, colours and shapes: hum, clicks, s-sounds, noise, peaks, channels, rate."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, integrated_lufs, resample, true_peak_db
from sayso.desk import (
    MIX,
    Adjust,
    Balance,
    Chorus,
    Declick,
    Deess,
    Dehum,
    Desk,
    Distort,
    Gate,
    Mono,
    Normalise,
    SampleRate,
    Strip,
    Swap,
)
from sayso.effects import limiter_notes, process, record
from sayso.effects.repair import hum_of
from sayso.errors import MoveError, RangeError
from sayso.rendering import render
from sayso.separate import Models


def through(audio, *effects):
    return record(process(audio, Strip(effects=effects)))


def sdr_db(reference, samples):
    return 10 * np.log10(np.sum(reference**2) / np.sum((reference - samples) ** 2))


def level_db(samples, rate, hz):
    """The level of a steady tone."""
    at = np.arange(samples.shape[-1]) / rate
    return 20 * np.log10(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hz * at))) + 1e-12)


@pytest.mark.parametrize("mains_hz", [49.98, 60.04])
@pytest.mark.parametrize("told", [True, False])
def test_hum_goes_and_music_stays(demo, mains_hz, told):
    music = demo["mix"].slice(0, 15 * 44_100)
    at = np.arange(music.frames) / music.sample_rate
    numbers = (1, 2, 3, 4, 6)
    hum = sum(0.03 / n * np.sin(2 * np.pi * mains_hz * n * at + n) for n in numbers)
    noisy = Audio((music.samples + hum).astype(np.float32), music.sample_rate)
    out = through(noisy, Dehum(mains_hz=round(mains_hz) if told else None))
    inner = slice(44_100, -44_100)
    for number in numbers:
        before, after, clean = (
            level_db(sound.samples[0, inner], 44_100, mains_hz * number)
            for sound in (noisy, out, music)
        )
        assert after < max(before - 15, clean + 3), number
    # A tone between the harmonics is left alone.
    assert level_db(out.samples[0, inner], 44_100, 440.0) == pytest.approx(
        level_db(noisy.samples[0, inner], 44_100, 440.0), abs=0.1
    )


def test_without_hum_nothing_changes_and_that_is_said(demo):
    music = demo["mix"].slice(0, 10 * 44_100)
    assert hum_of(music) == []
    sound = process(music, Strip(effects=(Dehum(),)))
    assert np.array_equal(record(sound).samples, music.samples)
    assert limiter_notes(sound) == ("no hum of 50 or 60 Hz was found",)


def test_clicks_are_mended_and_attacks_are_not(demo):
    music = demo["mix"].slice(0, 8 * 44_100)
    rng = np.random.default_rng(3)
    samples = music.samples.copy()
    for place in rng.integers(4_000, music.frames - 4_000, 30):
        width = rng.integers(2, 40)
        samples[:, place : place + width] += 0.6 * rng.standard_normal(width)
    out = through(Audio(samples, 44_100), Declick())
    assert sdr_db(music.samples, out.samples) > sdr_db(music.samples, samples) + 10
    clean = through(music, Declick())
    assert np.count_nonzero(clean.samples != music.samples) < 1e-4 * music.samples.size


def test_sharp_s_sounds_are_turned_down_and_all_else_stays():
    rng = np.random.default_rng(4)
    rate = 44_100
    at = np.arange(rate) / rate
    vowel = 0.2 * sum(np.sin(2 * np.pi * 150 * n * at) / n**2 for n in range(1, 20))
    spectrum = np.fft.rfft(rng.standard_normal(rate // 4))
    spectrum[: round(6_000 / 4)] = 0
    hiss = np.fft.irfft(spectrum, rate // 4)
    hiss *= 0.3 / np.abs(hiss).max()
    samples = np.concatenate([vowel, hiss, vowel]).astype(np.float32)[np.newaxis]
    out = through(Audio(samples, rate), Deess(db=-10)).samples
    middle = slice(rate + 2_000, rate + rate // 4 - 2_000)
    turned_db = 10 * np.log10(np.mean(out[0, middle] ** 2) / np.mean(samples[0, middle] ** 2))
    assert turned_db == pytest.approx(-10, abs=1.0)
    assert np.allclose(samples[:, 2_000 : rate - 2_000], out[:, 2_000 : rate - 2_000], atol=1e-4)
    with pytest.raises(RangeError, match="8000 Hz holds no s-sounds"):
        through(Audio(samples, 8_000), Deess())


def test_a_gate_silences_what_is_quiet_and_keeps_what_is_loud(noise, tone):
    hiss, note = noise(1.0, level=0.0003).samples, tone(1.0).samples
    out = through(Audio(np.concatenate([hiss, note, hiss], axis=1), 44_100), Gate()).samples
    assert np.sqrt(np.mean(out[:, :44_000] ** 2)) < 3e-5
    assert np.allclose(out[:, 46_000:88_000], note[:, 1_900:43_900], atol=0.01)


def test_the_peak_is_brought_where_it_is_asked(demo):
    for peak_db in (-12.0, -1.0, 0.0):
        desk = Desk(strips={MIX: Strip(effects=(Normalise(peak_db=peak_db),))})
        made = render(demo["mix"].slice(0, 88_200), desk)[MIX]
        assert true_peak_db(made) == pytest.approx(peak_db, abs=0.02)


def test_distortion_adds_harmonics_at_the_same_loudness(tone):
    note = tone(2.0, hz=441)
    out = through(note, Distort(amount=0.7))
    assert integrated_lufs(out) == pytest.approx(integrated_lufs(note), abs=0.1)
    assert level_db(out.samples[0], 44_100, 1323) > level_db(note.samples[0], 44_100, 1323) + 40


def test_a_chorus_wavers_at_the_same_loudness(demo):
    song = demo["mix"].slice(0, 4 * 44_100)
    out = through(song, Chorus(amount=0.7))
    assert integrated_lufs(out) == pytest.approx(integrated_lufs(song), abs=1.0)
    assert 0 < sdr_db(song.samples, out.samples) < 10


def test_sides_are_exchanged_and_balanced(noise):
    audio = noise(0.2)
    assert np.array_equal(through(audio, Swap()).samples, audio.samples[::-1])
    right = through(audio, Balance(position=1)).samples
    assert not right[0].any() and np.array_equal(right[1], audio.samples[1])
    assert np.allclose(through(audio, Balance(position=-0.5)).samples[1], audio.samples[1] / 2)


@pytest.mark.parametrize("deliver", ["mix", "vocals", "no vocals"])
def test_every_track_shares_channels_and_rate(demo, deliver):
    song = demo["mix"].slice(0, 44_100)
    strip = Strip(effects=(SampleRate(hz=48_000), Mono()))
    models = Models("simple")
    plain = render(song, Desk(deliver=deliver), models=models)[deliver]
    desk = Desk(deliver=deliver, strips={MIX: strip}, limiter=False)
    audio = render(song, desk, models=models)[deliver]
    assert (audio.channels, audio.sample_rate, audio.frames) == (1, 48_000, 48_000)
    mean = Audio(plain.samples.mean(axis=0, keepdims=True), 44_100)
    assert np.allclose(audio.samples, resample(mean, 48_000).samples, atol=1e-5)


def test_shape_comes_last_whatever_was_asked_first(demo):
    song = demo["mix"].slice(0, 44_100)
    first = through(song, Mono(), Balance(position=1), Normalise(peak_db=-6))
    last = through(song, Balance(position=1), Normalise(peak_db=-6), Mono())
    assert first.channels == 1 and np.array_equal(first.samples, last.samples)


@pytest.mark.parametrize("effect", [Mono(), SampleRate(hz=48_000)])
def test_shape_belongs_to_the_whole(effect):
    with pytest.raises(MoveError, match='takes the target "mix"'):
        Adjust(target="vocals", effects=(effect,))
