"""Sound keeps its time against the picture, and every channel its place."""

from __future__ import annotations

import numpy as np
import pytest
from tests.audio.material import contain, delay, sweep

from sayso.audio import Audio, probe, read, write
from sayso.errors import FormatError

SOUND = sweep(4.0, rate=48_000)


def told(path, **options):
    notes = []
    return read(path, notice=notes.append, **options), notes


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "pcm_s16le"), ("a.mov", "pcm_s16le"), ("a.mp4", "aac"), ("a.ts", "mp2"),
     ("a.ts", "aac"), ("a.mkv", "aac")],
)  # fmt: skip
def test_sound_that_begins_after_the_picture_is_heard_when_it_was(tmp_path, name, codec):
    path = contain(tmp_path / name, [SOUND], codec=codec, picture_s=5.0, starts_s=0.5)
    audio, notes = told(path)
    assert ["its sound begins at 0." in note for note in notes] == [True]
    expected = Audio(np.pad(SOUND.samples, ((0, 0), (24_000, 0))), 48_000)
    assert abs(delay(audio, expected, 2.0, 3.0)) <= 0.0021 * 48_000
    assert not audio.samples[:, : round(0.46 * 48_000)].any()
    if codec == "pcm_s16le":
        assert audio.frames == expected.frames
        assert np.abs(audio.samples - expected.samples).max() < 1e-4


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts", "a.mka"])
def test_a_hole_is_silent_and_what_follows_keeps_its_time(tmp_path, name):
    codec = {"a.ts": "mp2", "a.mp4": "aac"}.get(name, "pcm_s16le")
    picture_s = 0.0 if name == "a.mka" else 4.0
    intact = read(contain(tmp_path / f"whole-{name}", [SOUND], codec=codec, picture_s=picture_s))
    path = contain(tmp_path / name, [SOUND], codec=codec, picture_s=picture_s, without=(1.0, 2.5))
    audio, notes = told(path)
    assert audio.duration_s == pytest.approx(4.0, abs=0.06)
    assert any("there is no sound from 1.0" in note for note in notes), notes
    assert not audio.samples[:, round(1.1 * 48_000) : round(2.4 * 48_000)].any()
    assert abs(delay(audio, intact, 3.0, 3.8)) <= 0.0021 * 48_000
    assert abs(delay(audio, intact, 0.2, 0.9)) <= 0.0021 * 48_000


def test_sound_alone_that_begins_late_keeps_its_time(tmp_path):
    path = contain(tmp_path / "a.mka", [SOUND], starts_s=0.25)
    audio, notes = told(path)
    assert audio.frames == SOUND.frames + 12_000
    assert "begins at 0.250 s" in notes[0]


@pytest.mark.parametrize("name", ["v.mkv", "v.mp4", "v.ts", "v.mov"])
def test_a_picture_that_lasts_longer_is_no_loss_of_sound(tmp_path, name):
    codec = "mp2" if name == "v.ts" else "aac"
    path = contain(tmp_path / name, [SOUND], codec=codec, picture_s=9.0)
    audio, notes = told(path)
    assert audio.duration_s == pytest.approx(4.0, abs=0.06)
    assert notes == []
    assert probe(path).frames is None


def test_one_of_several_sound_tracks_is_chosen_and_the_choice_is_told(tmp_path):
    tracks = [sweep(1.0), sweep(2.0, channels=2), sweep(3.0)]
    path = contain(tmp_path / "a.mkv", tracks, languages=["eng", "ger", "fre"], codec="flac")
    audio, notes = told(path)
    assert audio.frames == tracks[0].frames
    (note,) = notes
    assert "3 sound tracks: 1 (eng, 1 channel), 2 (ger, 2 channels), 3 (fre, 1 channel)" in note
    assert "track 1 was taken" in note
    for choice, number in ((2, 2), ("2", 2), ("de", 2), ("ger", 2), ("deu", 2), ("fr-CA", 3)):
        audio, notes = told(path, track=choice)
        assert (audio.frames, notes) == (tracks[number - 1].frames, [])
        assert probe(path, track=choice).track == number
    for wrong in ("4", 0, "ita"):
        with pytest.raises(FormatError, match=r"a\.mkv: there is no sound track .*2 \(ger"):
            read(path, track=wrong)
    wav = write(tmp_path / "a.wav", SOUND)
    assert read(wav, track=1).frames == SOUND.frames
    with pytest.raises(FormatError, match="there is no sound track '2'"):
        read(wav, track=2)


def chord(channels):
    """A tone of its own in each channel; a low one where the LFE is."""
    at = np.arange(24_000) / 48_000
    hertz = [100 if n == 3 and channels > 5 else 400 + 200 * n for n in range(channels)]
    tones = [0.1 * np.sin(2 * np.pi * hz * at) for hz in hertz]
    return Audio(np.array(tones, np.float32), 48_000), hertz


def pitches(audio):
    middle = audio.samples[:, 4_800:19_200] * np.hanning(14_400)
    bins = np.argmax(np.abs(np.fft.rfft(middle)), axis=1)
    return [round(float(found) / 14_400 * audio.sample_rate / 100) * 100 for found in bins]


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "ogg", "opus", "m4a", "aac", "mka"])
@pytest.mark.parametrize("channels", range(1, 9))
def test_every_channel_stays_in_its_place(tmp_path, suffix, channels):
    audio, hertz = chord(channels)
    path = write(tmp_path / f"a.{suffix}", audio)
    back = read(path)
    assert pitches(back) == hertz
    # And so does another program hear it.
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", stream.layout.name, stream.rate)
        found = [
            part.to_ndarray().reshape(-1, channels)
            for frame in container.decode(stream)
            for part in resampler.resample(frame)
        ]
    assert pitches(Audio(np.concatenate(found).T.astype(np.float32), stream.rate)) == hertz
