"""Where a recording is silent: in talk the noise of the room counts as nothing, music does not."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from sayso.audio import Audio, read, resample
from sayso.autoedit.content import ContentAnalyser
from sayso.desk import Desk, RemoveSilence
from sayso.rendering import render

RATE = 16_000
PAUSES_S = (1.5, 2.0, 2.5)


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Sentences with pauses of digital silence, and which samples those are."""
    place = tmp_path_factory.mktemp("talk") / "said.wav"
    text = "We went to the river before the rain began, and nobody had thought of an umbrella."
    subprocess.run(["espeak-ng", "-w", place, text], check=True)
    said = resample(read(place), RATE).samples
    said = said / np.abs(said).max() * 0.5
    parts, silent = [said], [np.zeros(said.shape[1], bool)]
    for seconds in PAUSES_S:
        pause = round(seconds * RATE)
        parts += [np.zeros((1, pause), np.float32), said]
        silent += [np.ones(pause, bool), np.zeros(said.shape[1], bool)]
    return np.concatenate(parts, axis=1), np.concatenate(silent)


def found(samples):
    inside = np.zeros(samples.shape[1], bool)
    for start, stop in ContentAnalyser(Audio(samples.astype(np.float32), RATE)).silences():
        inside[start:stop] = True
    return inside


def room(frames, *, snr_db):
    """Noise that falls with the frequency, as that of rooms does."""
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(frames))
    noise = np.fft.irfft(spectrum / np.sqrt(1 + np.arange(len(spectrum))), frames)
    return noise / noise.std() * 0.1 * 10 ** (-snr_db / 20)


@pytest.mark.parametrize("snr_db", [60, 25, 12])
def test_pauses_are_found_under_the_noise_of_a_room(talk, snr_db):
    samples, silent = talk
    inside = found(samples + room(samples.shape[1], snr_db=snr_db))
    assert inside[silent].mean() > 0.8
    # What is said stays, but for the pauses of the speaker.
    spoken = np.abs(samples[0]) > 0.05
    assert inside[spoken].mean() < 0.01


def test_music_between_the_words_is_no_silence(talk, demo):
    samples, silent = talk
    music = resample(demo["mix"], RATE).samples.mean(axis=0)
    at = np.flatnonzero(silent)[: round(PAUSES_S[0] * RATE)]
    with_music = samples + room(samples.shape[1], snr_db=25)
    with_music[0, at] += 0.5 * music[RATE : RATE + len(at)]
    inside = found(with_music)
    assert inside[at].mean() < 0.05
    assert inside[silent & ~np.isin(np.arange(len(silent)), at)].mean() > 0.75


def test_a_song_is_not_cut_where_nobody_sings(demo):
    song = demo["mix"]
    assert not found(song.samples).any()


def test_cutting_the_silences_of_a_noisy_room_shortens_the_talk(talk):
    samples, _ = talk
    noisy = (samples + room(samples.shape[1], snr_db=15)).astype(np.float32)
    desk = Desk(edits=(RemoveSilence(longest_s=0.3),))
    made = render(Audio(noisy, RATE), desk)["mix"]
    shorter_s = (samples.shape[1] - made.frames) / RATE
    assert shorter_s > 0.75 * (sum(PAUSES_S) - 0.3 * len(PAUSES_S))
