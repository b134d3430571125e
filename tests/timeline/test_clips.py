"""Clips with speeds, gaps and joins of their own: lengths, silence, and what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.audio import Audio
from sayso.desk import Arrange
from sayso.desk.arrangement import arranged, arrangement_of
from sayso.effects import record
from sayso.effects.pitch import stretch
from sayso.errors import MoveError
from sayso.timeline import Clip, Edited, Timeline, select, take

RATE = 16_000
CLIPS = st.builds(
    lambda start, length, gain, speed, gap, join: Clip(
        start=start, stop=start + length, gain_db=gain, speed=speed, gap=gap, crossfade_frames=join
    ),
    st.integers(0, 900),
    st.integers(1, 100),
    st.sampled_from([0.0, -6.0]),
    st.sampled_from([1.0, 0.5, 2.0]),
    st.sampled_from([0, 0, 7]),
    st.sampled_from([None, 0, 8]),
)
TIMELINES = st.builds(
    Timeline,
    sample_rate=st.just(1000),
    clips=st.lists(CLIPS, min_size=1, max_size=6).map(tuple),
    crossfade_frames=st.sampled_from([0, 6]),
    fade_in_frames=st.sampled_from([0, 5]),
    fade_out_frames=st.sampled_from([0, 9]),
)


def respeed(audio, rate):
    return record(stretch(audio, rate))


def played(audio, timeline, frames=1 << 12):
    return np.concatenate(list(Edited(audio, timeline, respeed).blocks(frames)), axis=1)


@given(timeline=TIMELINES)
def test_nothing_of_a_timeline_is_lost_on_its_way_through_a_step(timeline):
    step = arrangement_of(timeline)
    again = arranged(Arrange.model_validate_json(step.model_dump_json()), 1000, 1000)
    # Neighbours that go on from each other become one clip.
    assert again.frames == timeline.frames
    joined = sum(
        b.start == a.stop
        and not b.gap
        and b.crossfade_frames is None
        and (a.gain_db, a.speed) == (b.gain_db, b.speed)
        for a, b in zip(timeline.clips, timeline.clips[1:], strict=False)
    )
    assert len(again.clips) == len(timeline.clips) - joined
    if not joined:
        assert again == timeline


@settings(max_examples=15)
@given(timeline=TIMELINES.filter(lambda t: all(c.speed == 1 for c in t.clips)))
def test_any_timeline_is_as_long_as_it_says_in_any_blocks(timeline):
    audio = Audio(np.random.default_rng(2).standard_normal((1, 1000)).astype(np.float32), 4000)
    timeline = timeline.model_copy(update={"sample_rate": 4000})
    whole = played(audio, timeline)
    assert whole.shape[1] == timeline.frames
    assert np.array_equal(played(audio, timeline, frames=7), whole)


@given(
    clips=st.lists(CLIPS, min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 1500), min_size=2, max_size=2),
)
def test_taking_the_parts_gives_the_whole(clips, cuts):
    low, high = sorted(cuts)
    total = sum(clip.length for clip in clips)
    parts = select(clips, [(0, low), (low, high), (high, total)])
    # A clip with a speed rounds where it is divided.
    assert abs(sum(clip.length for clip in parts) - total) <= 4
    assert take(clips, 0, total) == tuple(clips)


def test_gaps_are_silent_and_what_is_around_them_fades(tone):
    audio = tone(2.0, rate=RATE, channels=1)
    clips = (Clip(start=4000, stop=8000), Clip(start=16_000, stop=20_000, gap=1000))
    out = played(audio, Timeline(sample_rate=RATE, clips=clips, crossfade_frames=200))
    assert out.shape[1] == 9000
    assert not out[:, 4000:5000].any()
    assert np.abs(out[:, 3995:4000]).max() < 0.05
    assert np.abs(out[:, 5000:5005]).max() < 0.05
    assert np.array_equal(out[:, 200:3800], audio.samples[:, 4200:7800])


def test_an_empty_clip_carries_silence(tone):
    audio = tone(1.0, rate=RATE, channels=1)
    clips = (Clip(start=0, stop=4000), Clip(start=4000, stop=4000, gap=500))
    out = played(audio, Timeline(sample_rate=RATE, clips=clips))
    assert out.shape[1] == 4500
    assert not out[:, 4000:].any()
    with pytest.raises(MoveError, match="must lie after"):
        Clip(start=5, stop=5)


def test_a_join_has_its_own_length():
    samples = np.concatenate([np.ones(8000), np.full(8000, -1.0)])[None].astype(np.float32)
    clips = (Clip(start=2000, stop=4000), Clip(start=10_000, stop=12_000, crossfade_frames=400))
    timeline = Timeline(sample_rate=RATE, clips=clips, crossfade_frames=10)
    out = played(Audio(samples, RATE), timeline)[0]
    changing = np.flatnonzero(np.abs(np.abs(out) - 1) > 1e-3)
    inner = changing[(changing > 100) & (changing < 3900)]
    assert (inner.min() >= 1800, inner.max() < 2200) == (True, True)
    assert np.ptp(inner) > 300


def test_a_clip_twice_as_fast_keeps_its_pitch(tone):
    audio = tone(3.0, hz=440, rate=RATE, channels=1)
    clips = (Clip(start=8000, stop=40_000, speed=2.0), Clip(start=0, stop=8000))
    out = played(audio, Timeline(sample_rate=RATE, clips=clips, crossfade_frames=320))[0]
    assert len(out) == 16_000 + 8000
    spectrum = np.abs(np.fft.rfft(out[2000:14_000] * np.hanning(12_000)))
    assert spectrum.argmax() * RATE / 12_000 == pytest.approx(440, abs=3)
    assert np.sqrt(np.mean(out[2000:14_000] ** 2)) == pytest.approx(0.5 / 2**0.5, rel=0.1)


def test_fades_at_the_very_ends(tone):
    audio = Audio(np.ones((1, 4000), np.float32), RATE)
    clips = (Clip(start=0, stop=4000),)
    timeline = Timeline(sample_rate=RATE, clips=clips, fade_in_frames=1000, fade_out_frames=500)
    out = played(audio, timeline)[0]
    assert (out[0], out[500], out[1000]) == (0, 0.5, 1)
    assert out[3750] == 0.5
