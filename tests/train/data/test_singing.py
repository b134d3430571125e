from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from sayso.errors import DataError
from sayso.train.data.melody import Note, melody, scale_step
from sayso.train.data.singing import SingingConfig, render_singing, sing
from sayso.train.data.store import PartWriter, Segment, Store, read_index
from sayso.train.data.treble import widen_speech, widened
from sayso.train.data.vocabulary import load_vocabulary
from sayso.train.data.voice import Manner, analyse, perform, world

RATE = 44_100


def babble(seconds: float = 3.0) -> np.ndarray:
    """Something like speech up to 8 kHz: pulses at a moving pitch through formants, syllables."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = np.cumsum((120 + 20 * np.sin(3 * t)) / RATE)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    out = np.zeros_like(t)
    for hz in (600, 1100, 2600):
        b, a = scipy.signal.iirpeak(hz, 6, fs=RATE)
        out += scipy.signal.lfilter(b, a, pulses)
    out *= np.clip(np.sin(2 * np.pi * 3 * t) * 3, 0, 1)
    sos = scipy.signal.butter(8, 7500, fs=RATE, output="sos")
    out = scipy.signal.sosfilt(sos, out + 1e-4 * np.random.default_rng(0).standard_normal(len(t)))
    return (out / np.abs(out).max() * 0.5).astype(np.float32)


def test_it_sings_the_notes_it_is_given():
    voice = analyse(babble(), 7800.0)
    assert len(voice.syllables) >= 5
    notes = [Note(0.2, 1.0, 57.0), Note(1.0, 1.8, 60.0), Note(1.8, 2.8, 64.0)]
    plain = Manner(1.0, 0.0, 5.5, 0.0, 0.03, 0.0)
    out = perform(voice, notes, plain, np.random.default_rng(0), first=0)
    f0, times = world().dio(out.astype(float), RATE, f0_floor=60.0, f0_ceil=600.0)
    for note in notes:
        inside = (times > note.start_s + 0.3) & (times < note.end_s - 0.1) & (f0 > 0)
        sung = 69 + 12 * np.log2(np.median(f0[inside]) / 440)
        assert abs(sung - note.pitch) < 0.6
    assert np.isfinite(out).all()


def test_takes_are_finite_differ_and_may_be_stereo():
    config = SingingConfig(take_s=3.0, doubled=0.0, harmony=0.0)
    lone = sing((babble(), 7800.0), np.random.default_rng(1), config)
    many = SingingConfig(take_s=3.0, doubled=1.0, harmony=1.0, driven=1.0)
    choir = sing((babble(), 7800.0), np.random.default_rng(1), many)
    assert lone.shape[0] == 1 and choir.shape[0] == 2
    for take in (lone, choir):
        assert np.isfinite(take).all() and np.abs(take).max() > 0.1
        spectrum = np.abs(np.fft.rfft(take[0]))
        hz = np.arange(len(spectrum)) * RATE / take.shape[1]
        assert spectrum[(hz > 9000) & (hz < 14000)].sum() > 0  # treble is made up


def test_silence_cannot_sing():
    with pytest.raises(DataError, match="voice"):
        analyse(np.zeros(RATE, np.float32), 8000.0)


def test_rendering_appends_once(tmp_path: Path):
    with PartWriter(tmp_path, "speech") as writer:
        blank = Segment("", "speech/a/19-1-1.ogg", "speech", "speech", "speech/a", "", "train",
                        "CC BY 4.0", "", "", 0, 0, (), bandwidth_hz=8000.0)  # fmt: skip
        writer.append(babble()[None], blank)
    config = SingingConfig(takes=2, take_s=3.0)
    assert render_singing(tmp_path, config=config).stored == 2
    assert render_singing(tmp_path, config=config).already == 2
    made = [s for s in Store(tmp_path, load_vocabulary()).segments if s.pool == "made-singing"]
    assert len(made) == 2 and all(s.text == "=vocals" and s.licence == "CC BY 4.0" for s in made)


def test_without_voices_there_is_no_singing(tmp_path: Path):
    with pytest.raises(DataError, match="no store"):
        render_singing(tmp_path, config=SingingConfig(takes=1))


@given(st.integers(0, 2**31), st.floats(45, 74))
def test_melodies_are_in_order_in_range_and_in_key(seed: int, centre: float):
    notes = melody(np.random.default_rng(seed), centre=centre, length_s=10.0)
    assert notes
    for note, after in pairwise(notes):
        assert note.start_s < note.end_s <= after.start_s + 1e-9
    for note in notes:
        assert abs(note.pitch - centre) <= 9
        assert (note.pitch - note.root) % 12 in note.scale
        assert (scale_step(note, 2) - note.root) % 12 in note.scale


def test_treble_is_added_above_the_edge_only():
    speech = babble()[None]
    wide = widened(speech, 7800.0, np.random.default_rng(0))
    assert wide.shape == speech.shape
    before, after = (np.abs(np.fft.rfft(x[0])) ** 2 for x in (speech, wide))
    hz = np.arange(len(before)) * RATE / speech.shape[1]
    low, high = hz < 7000, (hz > 8500) & (hz < 16000)
    assert np.sqrt(after[low].sum() / before[low].sum()) == pytest.approx(1.0, abs=0.02)
    assert after[high].sum() > 10 * before[high].sum()


def test_speech_is_widened_once(store_root: Path):
    narrow = sum(
        s.pool == "speech" and s.split == "train"
        for s in Store(store_root, load_vocabulary()).segments
    )
    first, second = widen_speech(store_root), widen_speech(store_root)
    assert first.stored + second.already >= narrow and second.stored == 0
    names = [segment.file for segment in read_index(store_root)]
    assert len(names) == len(set(names))
