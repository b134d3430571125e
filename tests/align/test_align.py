from __future__ import annotations

import numpy as np
import pytest

from sayso.align.align import align
from sayso.audio import Audio, resample
from sayso.desk import Stretch, Strip
from sayso.effects import process, record
from sayso.errors import DataError, EmptyAudioError, SilenceError
from sayso.timeline import Clip, Edited, Timeline

RATE = 22_050


def melody(seconds: float, seed: int) -> Audio:
    """Plucked notes at odd times over a little noise: nothing in it repeats."""
    rng = np.random.default_rng(seed)
    out = 0.003 * rng.standard_normal(round(seconds * RATE))
    at = 0.0
    while at < seconds - 1.2:
        hz, length = 110 * 2 ** (rng.integers(0, 36) / 12), int(rng.uniform(0.3, 1.1) * RATE)
        time = np.arange(length) / RATE
        note = sum(np.sin(2 * np.pi * hz * k * time) / k for k in (1, 2, 3, 5))
        start = int(at * RATE)
        out[start : start + length] += 0.15 * note * np.exp(-4 * time)
        at += rng.uniform(0.1, 0.35)
    return Audio(np.tile(out.astype(np.float32), (2, 1)), RATE)


@pytest.fixture(scope="module")
def raw():
    return melody(60.0, 1)


def made(raw, *spans, gain_db=0.0, fade_s=0.02):
    clips = tuple(Clip(start=int(a * RATE), stop=int(b * RATE), gain_db=gain_db) for a, b in spans)
    timeline = Timeline(sample_rate=RATE, clips=clips, crossfade_frames=round(fade_s * RATE))
    return record(Edited(raw, timeline))


def errors_ms(found, spans):
    assert len(found.timeline.clips) == len(spans)
    pairs = zip(found.timeline.clips, spans, strict=True)
    ends = [(clip.start / RATE - a, clip.stop / RATE - b) for clip, (a, b) in pairs]
    return 1e3 * np.abs(np.array(ends))


SPANS = [(30.0, 38.5), (3.2, 14.0), (3.2, 14.0), (45.1, 52.0)]


def test_cuts_repeats_and_reorderings_are_found_with_their_gain(raw):
    found = align(raw, made(raw, *SPANS, gain_db=-6.0))
    assert errors_ms(found, SPANS).max() < 25
    assert np.median(errors_ms(found, SPANS)) < 5
    assert all(abs(clip.gain_db + 6) < 0.3 for clip in found.timeline.clips)
    assert found.known == 1.0
    assert found.new == ()


def test_a_run_is_placed_to_the_sample(raw):
    found = align(raw, made(raw, (10.0, 20.0)))
    (match,) = found.matches
    assert match.clip.start - match.start == 10 * RATE


def test_other_rates_noise_and_tone_are_seen_through(raw):
    edited = made(raw, *SPANS)
    noisy = edited.samples[:1] + 0.01 * np.random.default_rng(0).standard_normal(edited.frames)
    dull = np.convolve(noisy[0], [0.4, 0.3, 0.2, 0.1], "same").astype(np.float32)[None]
    found = align(raw, resample(Audio(dull, RATE), 16_000))
    assert np.median(errors_ms(found, SPANS)) < 10


@pytest.mark.parametrize("rate", [0.98, 1.02])
def test_tempo_is_found(raw, rate):
    stretched = record(process(made(raw, *SPANS), Strip(effects=(Stretch(rate=rate),))))
    found = align(raw, stretched)
    assert np.median(errors_ms(found, SPANS)) < 8
    assert all(match.speed == pytest.approx(rate, abs=0.002) for match in found.matches)


def test_tape_speed_is_found(raw):
    edited = made(raw, *SPANS)
    faster = Audio(resample(edited, round(RATE / 1.015)).samples, RATE)
    found = align(raw, faster)
    assert np.median(errors_ms(found, SPANS)) < 20
    assert all(match.speed == pytest.approx(1.015, abs=0.002) for match in found.matches)


def test_new_material_is_marked(raw):
    before, after = made(raw, (5.0, 15.0)), made(raw, (30.0, 40.0))
    jingle = melody(6.0, 2)
    whole = np.concatenate([before.samples, jingle.samples, after.samples], axis=1)
    found = align(raw, Audio(whole, RATE))
    assert errors_ms(found, [(5.0, 15.0), (30.0, 40.0)]).max() < 120
    ((start, stop),) = found.new
    assert "only 7" in found.doubt
    assert start / RATE == pytest.approx(10.0, abs=0.2)
    assert stop / RATE == pytest.approx(16.0, abs=0.5)


def test_what_does_not_belong_together_is_told(raw):
    with pytest.raises(DataError, match="does not seem to be made"):
        align(raw, melody(30.0, 9))
    with pytest.raises(DataError, match="swapped"):
        align(made(raw, (5.0, 20.0)), raw)
    with pytest.raises(SilenceError, match="edited"):
        align(raw, Audio(np.zeros((1, 10 * RATE), np.float32), RATE))
    with pytest.raises(EmptyAudioError, match="at least 2 s"):
        align(raw, raw.slice(0, RATE))


def test_of_equal_copies_the_simplest_edit_is_told():
    once = melody(12.0, 3)
    pasted = np.concatenate([melody(15.0, 1).samples, once.samples, melody(15.0, 2).samples,
                             once.samples * 0.7, melody(10.0, 4).samples], axis=1)  # fmt: skip
    raw = Audio(pasted, RATE)
    # What goes on from the second copy is told by it; what stands alone counts as the first.
    spans = [(44.0, 60.0), (44.0, 52.0), (2.0, 9.0)]
    found = align(raw, made(raw, *spans, (44.0, 52.0)))
    assert errors_ms(found, [spans[0], spans[1], spans[2], (44.0, 52.0)]).max() < 25
    alone = align(raw, made(raw, (2.0, 9.0), (44.0, 52.0), (2.0, 9.0)))
    assert errors_ms(alone, [(2.0, 9.0), (17.0, 25.0), (2.0, 9.0)]).max() < 25


def test_a_stretch_that_begins_before_a_copy_stays_where_all_of_it_is():
    once = melody(12.0, 3)
    whole = [melody(15.0, 1).samples, once.samples, melody(15.0, 2).samples, 0.7 * once.samples]
    raw = Audio(np.concatenate([*whole, melody(10.0, 4).samples], axis=1), RATE)
    spans = [(40.0, 53.0), (11.0, 26.5), (56.0, 60.0)]
    assert errors_ms(align(raw, made(raw, *spans)), spans).max() < 25


def tightened(raw, every_s, cut_s, seed):
    """Where `cut_s` or so was taken out every `every_s` seconds or so."""
    rng = np.random.default_rng(seed)
    spans, at = [], 0.0
    while at < raw.duration_s - 2 * every_s:
        stop = at + every_s * rng.uniform(0.7, 1.3)
        spans.append((at, stop))
        at = stop + cut_s * rng.uniform(0.6, 1.4)
    return spans


def placed(found, spans):
    """The share of the edit that was placed within 20 ms, speeds and all."""
    at, good = 0.0, []
    for begin, end in spans:
        times = np.arange(at, at + end - begin, 0.01)
        got = np.full(len(times), np.inf)
        for match in found.matches:
            inside = (times * RATE >= match.start) & (times * RATE < match.stop)
            place = match.clip.start + (times[inside] * RATE - match.start) * match.speed
            got[inside] = place / RATE
        good.append(np.abs(got - (begin + times - at)) < 0.02)
        at += end - begin
    return float(np.concatenate(good).mean())


@pytest.mark.parametrize(("every_s", "cut_s"), [(4.0, 0.3), (3.0, 0.2), (6.0, 0.4)])
def test_many_small_cuts_are_no_tempo(every_s, cut_s):
    raw = melody(90.0, 5)
    spans = tightened(raw, every_s, cut_s, 0)
    found = align(raw, made(raw, *spans, fade_s=0.01))
    assert {match.speed for match in found.matches} == {1.0}
    assert placed(found, spans) > 0.99


def test_cuts_are_found_under_music():
    rng = np.random.default_rng(7)
    raw = melody(60.0, 5).samples.copy()
    for at in np.arange(4.0, 58.0, 7.0):  # pauses, in which only the music is heard
        raw[:, int(at * RATE) : int((at + 1.5) * RATE)] = 0.0005 * rng.standard_normal(
            int(1.5 * RATE)
        )
    raw = Audio(raw, RATE)
    spans = tightened(raw, 9.0, 0.4, 1)
    edited = made(raw, *spans)
    music = melody(70.0, 8).samples[:, : edited.frames]
    found = align(raw, Audio(edited.samples + np.float32(0.3) * music, RATE))
    assert placed(found, spans) > 0.97
    assert (found.new, found.doubt) == ((), None)


@pytest.mark.parametrize("tape", [1.0137, 0.9873, 1.0052])
def test_short_clips_at_an_odd_tape_speed_are_placed(tape):
    raw = melody(60.0, 5)
    spans = [(2.0, 7.5), (30.0, 35.0), (12.0, 17.0), (44.0, 49.5), (22.0, 27.0)]
    cut = made(raw, *spans).samples
    edited = resample(Audio(cut, 600_000), round(600_000 / tape)).samples
    found = align(raw, Audio(edited, RATE))
    speeds = {match.speed for match in found.matches}
    assert max(abs(speed - tape) for speed in speeds) < 2e-5
    heard_s = found.known * edited.shape[1] / RATE
    assert heard_s == pytest.approx(26.0 / tape, abs=0.2)
    assert np.median(errors_ms(found, spans)) < 20


@pytest.mark.parametrize("fade_s", [0.1, 1.0, 4.0])
def test_crossfades_are_found_to_a_tenth_of_their_length(fade_s):
    raw = melody(80.0, 6)
    spans = [(0.0, 14.0), (20.0, 34.0), (41.0, 55.0), (62.0, 80.0)]
    found = align(raw, made(raw, *spans, fade_s=fade_s))
    joins = [found.timeline.join(number) / RATE for number in (1, 2, 3)]
    assert joins == pytest.approx([fade_s] * 3, rel=0.1)
    assert errors_ms(found, spans).max() < 150
    assert found.new == ()


def test_of_equal_copies_the_one_a_short_cut_away_is_told():
    piece = melody(12.0, 9).samples
    parts = [melody(15.0, 10).samples, piece, melody(15.0, 11).samples, piece]
    raw = Audio(np.concatenate(parts, axis=1), RATE)
    spans = [(31.0, 41.6), (42.1, 45.0), (45.4, 53.5)]
    found = align(raw, made(raw, *spans))
    assert placed(found, spans) > 0.99
