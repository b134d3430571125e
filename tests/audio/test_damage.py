"""A bad stretch costs what it hit: what follows is read, in its own time, and the loss is told."""

from __future__ import annotations

import numpy as np
import pytest
from tests.audio.material import contain, delay, spoil, sweep

from sayso.audio import Audio, probe, read, write
from sayso.errors import FormatError, NotFiniteError

SOUND = sweep()
# How many seconds the bad bytes may cost: a page of Ogg is lost whole.
PACKETS = {"mp3": 0.1, "m4a": 0.1, "flac": 0.3, "aac": 0.1, "ogg": 1.3, "opus": 1.1, "mka": 0.3}


def told(path, **options):
    notes = []
    return read(path, notice=notes.append, **options), notes


@pytest.mark.parametrize("share", [1 / 3, 0.6])
@pytest.mark.parametrize("suffix", PACKETS)
def test_bad_bytes_cost_no_more_than_their_packets(tmp_path, suffix, share):
    whole = write(tmp_path / f"a.{suffix}", SOUND)
    intact = read(whole)
    audio, notes = told(spoil(whole, share=share))
    assert abs(audio.frames - intact.frames) <= 0.03 * audio.sample_rate
    if suffix != "mp3":  # its frames hold nothing by which all damage is known
        assert any("damaged" in note or "no sound" in note for note in notes), notes
    assert all(note.startswith("bad-a") for note in notes)
    silent = audio.frames - np.count_nonzero(np.abs(audio.samples).max(axis=0) > 1e-6)
    assert silent <= PACKETS[suffix] * audio.sample_rate
    # What comes after the damage is where it was.
    assert abs(delay(audio, intact, 5.0, 5.7)) <= 0.002 * audio.sample_rate
    assert abs(delay(audio, intact, 0.5, 1.3)) == 0


@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [("a.ts", "aac", None), ("b.ts", "ac3", None), ("a.ac3", "ac3", None), ("a.mkv", "ac3", None),
     ("a.wv", "wavpack", "wv"), ("a.mov", "alac", None), ("a.tta", "tta", None)],
)  # fmt: skip
def test_other_containers_go_on_after_damage(tmp_path, name, codec, form):
    whole = contain(tmp_path / name, [sweep()], codec=codec, form=form)
    intact = read(whole)
    audio, notes = told(spoil(whole, share=0.4, seed=2))
    assert abs(audio.frames - intact.frames) <= 0.03 * audio.sample_rate
    assert any("damaged" in note or "no sound" in note for note in notes), notes
    assert abs(delay(audio, intact, 5.0, 5.7)) <= 0.002 * audio.sample_rate
    assert np.abs(audio.samples).max() < 0.6


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mka", "flac"), ("a.webm", "libopus"), ("b.mka", "ac3"), ("c.mka", "libmp3lame")],
)
def test_a_matroska_loses_packets_and_no_cluster(tmp_path, name, codec, seed):
    whole = contain(tmp_path / name, [sweep(6.0, rate=48_000)], codec=codec)
    intact = read(whole)
    share = np.random.default_rng(seed).uniform(0.15, 0.85)
    audio, _ = told(spoil(whole, share=share, length=(40, 300, 1500)[seed % 3], seed=seed))
    assert abs(audio.frames - intact.frames) <= 0.06 * audio.sample_rate
    silent = audio.frames - np.count_nonzero(np.abs(audio.samples).max(axis=0) > 1e-6)
    assert silent <= 0.3 * audio.sample_rate
    # To the sample, though its time stamps count milliseconds.
    assert delay(audio, intact, 5.4, 5.8) == 0


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.93])
@pytest.mark.parametrize("name", ["a.ogg", "a.opus", "flac.ogg"])
def test_a_page_of_ogg_is_silent_where_it_was_also_the_first_and_the_last(tmp_path, name, share):
    sound = sweep(6.0, rate=48_000)
    if name == "flac.ogg":
        whole = contain(tmp_path / name, [sound], codec="flac")
    else:
        whole = write(tmp_path / name, sound)
    intact = read(whole)
    audio, notes = told(spoil(whole, share=share))
    assert any("damaged" in note or "breaks off" in note for note in notes), notes
    if "breaks off" not in notes[-1]:
        assert abs(audio.frames - intact.frames) <= 0.025 * 48_000
    assert audio.duration_s > 4.7
    start = 1.5 if share < 0.2 else 0.2
    assert delay(audio, intact, start, start + 0.5) == 0
    if share == 0.5:
        assert abs(delay(audio, intact, 4.6, 4.9)) <= 1


@pytest.mark.parametrize("share", [0.15, 0.4, 0.7])
def test_fragments_behind_a_damaged_index_are_read(tmp_path, share):
    options = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}
    whole = contain(tmp_path / "a.mp4", [SOUND], codec="aac", options=options)
    intact = read(whole)
    data = bytearray(whole.read_bytes())
    at = data.find(b"moof", round(len(data) * share))
    data[at - 4 : at + 60] = np.random.default_rng(1).bytes(64)
    whole.write_bytes(data)
    audio, notes = told(whole)
    assert audio.frames == intact.frames
    assert "damaged" in notes[0]
    silent = audio.frames - np.count_nonzero(np.abs(audio.samples).max(axis=0) > 1e-6)
    assert silent <= 0.6 * audio.sample_rate
    assert delay(audio, intact, 5.3, 5.8) == 0


@pytest.mark.parametrize(("name", "lost_s"), [("a.wv", 1.05), ("a.tta", 1.05)])
def test_a_lost_first_block_is_told_as_damage(tmp_path, name, lost_s):
    codec = {"a.wv": "wavpack", "a.tta": "tta"}[name]
    whole = contain(tmp_path / name, [SOUND], codec=codec)
    intact = read(whole)
    audio, (note,) = told(spoil(whole, share=0.02))
    assert audio.frames == intact.frames
    assert "damaged at 0.0 s" in note
    begin = round(lost_s * 44_100)
    assert np.array_equal(audio.samples[:, begin:], intact.samples[:, begin:])


def test_a_lost_beginning_moves_nothing(tmp_path):
    whole = write(tmp_path / "a.m4a", SOUND)
    intact = read(whole)
    data = bytearray(whole.read_bytes())
    start = data.find(b"mdat") + 8
    data[start : start + 2500] = np.random.default_rng(1).bytes(2500)
    whole.write_bytes(data)
    audio, notes = told(whole)
    assert audio.frames == intact.frames
    assert notes
    assert abs(delay(audio, intact, 1.0, 2.0)) == 0


def test_several_bad_places_are_counted(tmp_path):
    path = write(tmp_path / "a.flac", SOUND)
    for share in (0.2, 0.5, 0.8):
        path = spoil(path, share=share, length=40)
    audio, notes = told(path)
    assert audio.frames == SOUND.frames
    assert "3 places, first at" in notes[0]
    error = np.abs(audio.samples - SOUND.samples).max(axis=0) > 2**-20
    assert error.mean() < 0.1


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "opus", "mp3", "mka"])
def test_a_file_cut_in_half_is_said_to_break_off(tmp_path, suffix):
    whole = write(tmp_path / f"a.{suffix}", SOUND)
    half = tmp_path / f"half.{suffix}"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    audio, notes = told(half)
    assert 1.5 < audio.duration_s < 4.5
    assert any("breaks off after" in note for note in notes), notes
    whole_audio, nothing = told(whole)
    assert not nothing
    assert whole_audio.duration_s == pytest.approx(6.0, abs=0.03)


@pytest.mark.parametrize("name", ["w.wav", "a.au", "a.caf", "a.w64"])
def test_half_of_other_uncompressed_files(tmp_path, name):
    import soundfile

    whole = tmp_path / name
    form = {"w.wav": "WAVEX"}.get(name)
    soundfile.write(whole, SOUND.samples.T, 44_100, subtype="PCM_24", format=form)
    half = tmp_path / f"half-{name}"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    audio, notes = told(half)
    assert audio.duration_s == pytest.approx(3.0, abs=0.02)
    assert np.abs(audio.samples - SOUND.samples[:, : audio.frames]).max() < 2**-22
    assert ["breaks off after 3.0 s of 6.0 s" in note for note in notes] == [True]


def test_an_mp4_without_its_index_is_called_so(tmp_path):
    whole = write(tmp_path / "a.m4a", SOUND)
    part = tmp_path / "part.m4a"
    part.write_bytes(whole.read_bytes()[:20_000])
    with pytest.raises(FormatError, match="index"):
        read(part)


def test_joined_mp3_files_are_read_whole_without_their_tags_and_padding(tmp_path):
    first = write(tmp_path / "a.mp3", SOUND).read_bytes()
    picture = np.random.default_rng(1).bytes(30_000)  # a cover full of what looks like frames
    size = len(picture) + 10
    lengths = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0"
    tag = b"ID3\x03\0\0" + lengths + frame + picture
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(first + tag + first)
    audio, notes = told(joined)
    assert audio.frames == 2 * SOUND.frames
    assert notes == ["joined.mp3: it is 2 recordings one after the other; all were read"]
    again = audio.slice(SOUND.frames, audio.frames)
    assert np.abs(again.samples - read(tmp_path / "a.mp3").samples).max() < 1e-6


@pytest.mark.parametrize("suffix", ["ogg", "opus", "flac", "wav", "aiff"])
def test_chained_and_joined_files_are_read_whole(tmp_path, suffix):
    one = write(tmp_path / f"one.{suffix}", SOUND)
    two = write(tmp_path / f"two.{suffix}", sweep(2.0))
    three = tmp_path / f"three.{suffix}"
    three.write_bytes(one.read_bytes() + two.read_bytes() + one.read_bytes())
    audio, notes = told(three)
    parts = [read(path) for path in (one, two, one)]
    assert audio.frames == sum(part.frames for part in parts)
    assert np.array_equal(audio.samples, np.concatenate([part.samples for part in parts], axis=1))
    assert notes == [f"three.{suffix}: it is 3 recordings one after the other; all were read"]
    assert probe(three).frames in (audio.frames, None)


def test_a_chain_of_other_rates_and_channels_takes_those_of_its_first_link(tmp_path):
    one = write(tmp_path / "one.ogg", sweep(2.0, channels=2))
    two = write(tmp_path / "two.opus", sweep(3.0, rate=48_000))
    both = tmp_path / "both.ogg"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    audio = read(both)
    assert (audio.sample_rate, audio.channels) == (44_100, 2)
    assert audio.duration_s == pytest.approx(5.0, abs=0.01)
    rest = Audio(audio.samples[:1, 88_200:], 44_100)
    assert abs(delay(rest, sweep(3.0), 1.0, 2.0)) <= 2


def test_numbers_that_are_none_are_silent_where_they_are_few(tmp_path):
    samples = SOUND.samples.copy()
    samples[0, 5000:5003] = [np.nan, np.inf, -np.inf]
    import soundfile

    path = tmp_path / "a.wav"
    soundfile.write(path, samples.T, 44_100, subtype="FLOAT")
    audio, notes = told(path)
    assert not audio.samples[0, 5000:5003].any()
    assert np.array_equal(audio.samples[0, 5003:], samples[0, 5003:])
    assert notes == ["a.wav: 3 samples are not numbers, the first at 0.1 s; they are silent"]
    samples[0, ::2] = np.nan
    soundfile.write(path, samples.T, 44_100, subtype="FLOAT")
    with pytest.raises(NotFiniteError, match=r"a\.wav: sample 0 is not a number"):
        read(path)
