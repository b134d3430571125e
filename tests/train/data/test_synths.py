import numpy as np
import pytest

from sayso.train.data.melody import Note
from sayso.train.data.patches import DRUMS, Patch, drum, played, swept
from sayso.train.data.store import SAMPLE_RATE, read_index
from sayso.train.data.synths import SynthsConfig, electronic_song, render_synths
from sayso.train.data.vocabulary import load_vocabulary


def spectrum(samples):
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    return np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE), power


@pytest.mark.parametrize("wave", ["saw", "square", "sine", "fm"])
def test_a_note_sounds_at_its_pitch_and_falls_silent_after_it(wave):
    patch = Patch(wave=wave, cutoff_hz=15_000, sustain=1.0)
    out = played(patch, [Note(0.1, 0.9, 57.0)], 2 * SAMPLE_RATE, np.random.default_rng(0))
    assert np.abs(out[: SAMPLE_RATE // 11]).max() == 0
    assert np.abs(out[int(1.1 * SAMPLE_RATE) :]).max() < 1e-3
    hz, power = spectrum(out[SAMPLE_RATE // 5 : SAMPLE_RATE * 4 // 5])
    harmonics = np.zeros(len(hz), bool)
    for ratio in (0.5, 1, 1.41, 2, 3):  # of the modulator, too
        near = np.abs(hz[:, None] - 220 * np.arange(0, 90) * ratio).min(axis=1) < 12
        harmonics |= near
    assert power[harmonics].sum() > 0.5 * power.sum()
    if wave != "fm":
        strongest = hz[np.argmax(power)]
        assert strongest == pytest.approx(220, abs=4)


def test_a_sawtooth_hardly_aliases():
    patch = Patch(wave="saw", cutoff_hz=18_000, sustain=1.0)
    out = played(patch, [Note(0.0, 1.0, 93.0)], SAMPLE_RATE, np.random.default_rng(0))
    hz, power = spectrum(out[4000:40_000])
    below = hz < 1500  # the fundamental lies at 1760 Hz
    assert 10 * np.log10(power[below].sum() / power.sum()) < -40


def test_a_swept_filter_follows_its_cutoff():
    noise = np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32)
    cutoff = np.repeat([200.0, 8000.0], SAMPLE_RATE // 128 + 1)
    out = swept(noise, cutoff, 0.8)
    dull, bright = out[: SAMPLE_RATE - 2000], out[SAMPLE_RATE + 2000 :]
    for half, least in ((dull, 0.0), (bright, 0.5)):
        hz, power = spectrum(half)
        share = power[hz > 2000].sum() / power.sum()
        assert share >= least if least else share < 0.01


@pytest.mark.parametrize("name", sorted(DRUMS))
def test_a_drum_begins_at_once_and_ends(name):
    rng = np.random.default_rng(1)
    hit = drum(name, rng)(0.8)
    assert np.abs(hit).max() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(hit[: SAMPLE_RATE // 20]).max() > 0.3
    assert hit[-1] == 0
    assert name in load_vocabulary().concepts


def test_stems_of_a_song_are_aligned_and_differ_from_song_to_song():
    first, again, other = (
        electronic_song(np.random.default_rng(seed), length_s=6.0) for seed in (3, 3, 4)
    )
    assert len({samples.shape[1] for samples in first.values()}) == 1
    assert max(np.abs(samples).max() for samples in first.values()) == pytest.approx(0.7)
    assert "kick" in first and len(first) >= 3
    for name, samples in first.items():
        assert np.isfinite(samples).all()
        np.testing.assert_array_equal(samples, again[name])
    assert set(first) != set(other) or not np.array_equal(first["kick"], other["kick"])


def test_songs_come_into_the_store_once(tmp_path):
    config = SynthsConfig(songs=2, song_s=5.0)
    report = render_synths(tmp_path, config=config)
    assert report.stored >= 6
    again = render_synths(tmp_path, config=config)
    assert (again.stored, again.already) == (0, 2)
    segments = list(read_index(tmp_path))
    assert {s.split for s in segments} == {"train"}
    assert len({s.song for s in segments}) == 2
