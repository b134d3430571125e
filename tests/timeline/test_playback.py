from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import Audio
from sayso.desk import Cut, Loop, RemoveSilence, ShortenTo
from sayso.desk.resolving import resolve
from sayso.timeline import Clip, Edited, Timeline, find_silences, whole

RATE = 8000


def played(sound, frames=1 << 14):
    return np.concatenate(list(sound.blocks(frames)), axis=1)


def edited(audio, *steps):
    timeline = resolve(
        steps,
        frames=audio.frames,
        sample_rate=audio.sample_rate,
        silences=lambda: find_silences(audio),
    ).timeline
    return Edited(audio, timeline)


def test_the_whole_is_untouched(noise):
    audio = noise(1.0)
    assert np.array_equal(played(Edited(audio, whole(audio.frames, 44_100))), audio.samples)


@given(
    clips=st.lists(st.tuples(st.integers(0, 3900), st.integers(1, 100)), min_size=1, max_size=6),
    crossfade=st.integers(0, 300),
    frames=st.sampled_from([1, 7, 1000]),
)
def test_length_is_exact_and_blocks_do_not_matter(clips, crossfade, frames):
    samples = np.random.default_rng(1).standard_normal((2, 4000)).astype(np.float32)
    timeline = Timeline(
        sample_rate=RATE,
        clips=tuple(Clip(start=a, stop=a + n) for a, n in clips),
        crossfade_frames=crossfade,
    )
    sound = Edited(Audio(samples, RATE), timeline)
    assert played(sound).shape == (2, timeline.frames)
    assert np.array_equal(played(sound, frames), played(sound))


def test_cuts_do_not_pop(tone):
    audio = tone(2.0, hz=220.0)
    steepest = np.abs(np.diff(audio.samples)).max()
    cut = played(edited(audio, Cut(start_s=0.5003, end_s=1.2001), Loop(end_s=0.3, times=3)))
    assert np.abs(np.diff(cut)).max() < 1.5 * steepest
    started = played(edited(audio, Cut(end_s=0.5005)))
    assert np.abs(started[:, 0]).max() < 0.01
    shortened = played(edited(audio, ShortenTo(seconds=1.0)))
    assert np.abs(shortened[:, -10:]).max() < 0.01


def test_away_from_the_joins_nothing_changes(noise):
    audio = noise(2.0)
    cut = played(edited(audio, Cut(start_s=0.5, end_s=1.0)))
    margin = 1000
    assert np.array_equal(cut[:, : 22_050 - margin], audio.samples[:, : 22_050 - margin])
    assert np.array_equal(cut[:, 22_050 + margin :], audio.samples[:, 44_100 + margin :])


@pytest.mark.parametrize("level", [0.5, 0.005])
@pytest.mark.parametrize("hiss", [0.0, 0.001])
def test_pauses_are_found_at_any_level(tone, level, hiss):
    rng = np.random.default_rng(4)
    gate = np.repeat([1, 0, 1, 0, 1], 44_100)
    audio = tone(5.0)
    samples = audio.samples * gate + hiss * rng.standard_normal(audio.samples.shape)
    found = find_silences(Audio((level / 0.5 * samples).astype(np.float32), 44_100))
    assert len(found) == 2
    for (start, stop), second in zip(found, (1, 3), strict=True):
        # Inside the pause, and nearly all of it.
        assert second * 44_100 <= start < stop <= (second + 1) * 44_100
        assert stop - start > 0.75 * 44_100


def test_what_never_pauses_has_no_silence(noise, demo):
    assert find_silences(noise(3.0)) == []
    assert find_silences(demo["mix"]) == []
    silent = Audio(np.zeros((1, 44_100), np.float32), 44_100)
    assert find_silences(silent) == [(0, 44_100)]


@pytest.mark.parametrize("rumble_hz", [0.0, 20.0])
def test_offsets_and_rumble_are_no_sound(tone, rumble_hz):
    voice, at = tone(3.0), np.arange(3 * 44_100) / 44_100
    samples = voice.samples * np.repeat([1, 0, 1], 44_100) + 0.02 * np.cos(
        2 * np.pi * rumble_hz * at
    )
    assert len(find_silences(Audio(samples.astype(np.float32), 44_100))) == 1


def test_removing_silences_keeps_every_sound(tone):
    audio = tone(3.0)
    samples = audio.samples * np.repeat([1, 0, 1], 44_100).astype(np.float32)
    shorter = played(edited(Audio(samples, 44_100), RemoveSilence()))
    assert 2.2 < shorter.shape[1] / 44_100 < 2.6
    assert np.sum(shorter**2) == pytest.approx(np.sum(samples**2), rel=0.01)
