"""Every data set's layout, built on the fly, gives the same record; bad songs are named."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import yaml

from sayso.errors import ConfigError, DataError
from sayso.train.data.datasets.check import check
from sayso.train.data.datasets.layouts import LAYOUTS, read_data_set
from sayso.train.data.datasets.record import Part, Track
from sayso.train.data.datasets.spans import read_span

RATE = 8000
STEMS = ("drums", "bass", "other", "vocals")


def tone(hz: float, *, seconds: float = 1.5, rate: int = RATE, channels: int = 2) -> np.ndarray:
    wave = 0.2 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


WAVES = {stem: tone(100.0 * (number + 2)) for number, stem in enumerate(STEMS)}
MIX = sum(WAVES.values())


def put(path: Path, wave: np.ndarray, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate, subtype="FLOAT" if path.suffix == ".wav" else None)


def musdb18hq(root: Path, song: str = "A - B", subset: str = "train") -> None:
    put(root / subset / song / "mixture.wav", MIX)
    for stem, wave in WAVES.items():
        put(root / subset / song / f"{stem}.wav", wave)


def dsd100(root: Path, song: str = "001 - B", there: str = "Dev") -> None:
    put(root / "Mixtures" / there / song / "mixture.wav", MIX)
    for stem, wave in WAVES.items():
        put(root / "Sources" / there / song / f"{stem}.wav", wave)


def medleydb(root: Path, song: str = "Artist_Song") -> None:
    instruments = {
        "S01": "drum set",
        "S02": ["electric bass"],
        "S03": "piano",
        "S04": "male singer",
    }
    stems = {
        key: {"filename": f"{song}_STEM_{key[1:]}.wav", "instrument": name}
        for key, name in instruments.items()
    }
    folder = root / "Audio" / song
    for (_, stem), wave in zip(stems.items(), WAVES.values(), strict=True):
        put(folder / f"{song}_STEMS" / stem["filename"], wave)
    put(folder / f"{song}_MIX.wav", 0.5 * MIX)  # mastered: not the sum
    metadata = {"stem_dir": f"{song}_STEMS", "stems": stems}
    (folder / f"{song}_METADATA.yaml").write_text(yaml.safe_dump(metadata))


def ccmixter(root: Path, song: str = "Someone_-_Song") -> None:
    put(root / song / "mix.wav", MIX)
    put(root / song / "source-01.wav", MIX - WAVES["vocals"])
    put(root / song / "source-02.wav", WAVES["vocals"])


def ikala(root: Path, song: str = "10161_chorus") -> None:
    band, voice = (MIX - WAVES["vocals"])[:, 0], WAVES["vocals"][:, 0]
    put(root / "Wavfile" / f"{song}.wav", np.stack([band, voice], axis=1))


def folder(root: Path, song: str = "mine") -> None:
    for stem, wave in WAVES.items():
        put(root / song / f"{stem}.flac", wave)
    (root / song / "notes.txt").write_text("not a stem")


def musdb18(root: Path, song: str = "A - B", subset: str = "test") -> None:
    """A stem container: one mp4 file with five AAC sound tracks."""
    path = root / subset / f"{song}.stem.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    rate, seconds = 44_100, 3.0
    waves = [tone(200.0 * (i + 2), seconds=seconds, rate=rate) for i in range(4)]
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=rate, layout="stereo") for _ in range(5)]
        for stream in streams:
            stream.bit_rate = 256_000
        for stream, wave in zip(streams, [sum(waves), *waves], strict=True):
            planar = np.ascontiguousarray(wave.T.astype(np.float32))
            for at in range(0, planar.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(planar[:, at : at + 1024]), "fltp", "stereo"
                )
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


BUILDERS: dict[str, Callable[[Path], None]] = {
    "musdb18": musdb18,
    "musdb18hq": musdb18hq,
    "dsd100": dsd100,
    "medleydb": medleydb,
    "ccmixter": ccmixter,
    "ikala": ikala,
    "folder": folder,
}


def test_every_layout_is_tested() -> None:
    assert set(BUILDERS) == set(LAYOUTS)


def _whole(track: Track, name: str) -> np.ndarray:
    signal = track.mix if name == "mix" else track.stems[name]
    return read_span(signal, 0, track.frames, channels=1)[0]


@pytest.mark.parametrize("layout", [name for name in BUILDERS if name != "musdb18"])
def test_all_layouts_give_the_same_record(layout: str, tmp_path: Path) -> None:
    BUILDERS[layout](tmp_path)
    listing = check(read_data_set(layout, tmp_path), stems=("accompaniment", "vocals"))
    assert not listing.skipped
    (track,) = listing.tracks
    assert (track.data_set, track.sample_rate, track.frames) == (layout, RATE, len(MIX))
    np.testing.assert_allclose(_whole(track, "mix"), MIX[:, 0], atol=1e-3)
    np.testing.assert_allclose(_whole(track, "vocals"), WAVES["vocals"][:, 0], atol=1e-3)
    band = (MIX - WAVES["vocals"])[:, 0]
    np.testing.assert_allclose(_whole(track, "accompaniment"), band, atol=1e-3)


def test_stem_containers_are_read_from_their_five_sound_tracks(tmp_path: Path) -> None:
    musdb18(tmp_path)
    (track,) = check(read_data_set("musdb18", tmp_path), stems=STEMS).tracks
    assert track.subset == "test"
    assert track.sample_rate == 44_100
    for number, stem in enumerate(STEMS):
        found = _whole(track, stem)
        expected = tone(200.0 * (number + 2), seconds=3.0, rate=44_100, channels=1)[:, 0]
        middle = slice(4000, len(expected) - 8000)
        error = np.abs(found[middle] - expected[middle]).max()
        assert error < 0.02, stem


@pytest.mark.parametrize("start", [0, 1, 5000, 20_000, 44_100, 70_001])
def test_a_span_of_a_container_equals_the_same_span_of_the_whole(
    start: int, tmp_path: Path
) -> None:
    musdb18(tmp_path)
    (track,) = read_data_set("musdb18", tmp_path).tracks
    whole = read_span(track.mix, 0, track.frames, channels=2)
    span = read_span(track.mix, start, 10_000, channels=2)
    np.testing.assert_allclose(span, whole[:, start : start + 10_000], atol=1e-5)


def test_time_stamps_in_milliseconds_do_not_tear_frames_apart(tmp_path: Path) -> None:
    rate, path = 44_100, tmp_path / "song.mka"
    wave = (np.random.default_rng(0).uniform(-0.5, 0.5, (1, rate)) * 32_000).astype(np.int16)
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        for at in range(0, rate, 1000):
            block = np.ascontiguousarray(wave[:, at : at + 1000])
            frame = av.AudioFrame.from_ndarray(block, "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    span = read_span((Part(path),), 0, rate, channels=1)
    np.testing.assert_allclose(span, wave / 32_768, atol=1e-6)


def test_spans_beyond_the_ends_are_silence(tmp_path: Path) -> None:
    folder(tmp_path)
    (track,) = read_data_set("folder", tmp_path).tracks
    span = read_span(track.mix, -100, track.frames + 300, channels=2)
    assert not span[:, :100].any()
    assert not span[:, 100 + track.frames :].any()
    np.testing.assert_allclose(span[:, 100 : 100 + track.frames], MIX.T, atol=1e-3)
    assert not read_span(track.mix, -500, 200, channels=1).any()


def test_subsets_are_kept(tmp_path: Path) -> None:
    dsd100(tmp_path)
    dsd100(tmp_path, song="051 - C", there="Test")
    assert [t.subset for t in read_data_set("dsd100", tmp_path).tracks] == ["train", "test"]


def test_a_folder_may_bring_its_own_mix(tmp_path: Path) -> None:
    put(tmp_path / "song" / "mixture.wav", MIX)
    put(tmp_path / "song" / "vocals.wav", WAVES["vocals"])
    (track,) = read_data_set("folder", tmp_path).tracks
    band = (MIX - WAVES["vocals"])[:, 0]
    np.testing.assert_allclose(_whole(track, "accompaniment"), band, atol=1e-6)


def test_an_instrumental_is_all_accompaniment(tmp_path: Path) -> None:
    put(tmp_path / "song" / "piano.wav", WAVES["other"])
    (track,) = read_data_set("folder", tmp_path).tracks
    np.testing.assert_allclose(_whole(track, "accompaniment"), WAVES["other"][:, 0], atol=1e-6)
    assert not _whole(track, "vocals").any()


def _spoil(root: Path, how: str) -> None:
    vocals = root / "train" / "bad" / "vocals.wav"
    if how == "a missing stem":
        vocals.unlink()
    elif how == "a wrong rate":
        put(vocals, WAVES["vocals"], rate=11_025)
    elif how == "a corrupt file":
        vocals.write_bytes(b"RIFF but not really")
    elif how == "a stem longer than its mix":
        put(vocals, tone(300, seconds=3))
    elif how == "an empty file":
        put(vocals, WAVES["vocals"][:0])
    elif how == "silence":
        put(root / "train" / "bad" / "mixture.wav", 0 * MIX)
    elif how == "samples that are not numbers":
        put(vocals, WAVES["vocals"] * np.nan)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("a missing stem", "vocals.wav is missing"),
        ("a wrong rate", "has 11025 Hz, the mix 8000 Hz"),
        ("a corrupt file", "vocals.wav is no audio file, or it is damaged"),
        ("a stem longer than its mix", "lasts 3.0 s, the mix only 1.5 s"),
        ("an empty file", "holds no samples"),
        ("silence", "silent throughout"),
        ("samples that are not numbers", "not numbers"),
    ],
)
def test_bad_songs_are_named_and_skipped(how: str, reason: str, tmp_path: Path) -> None:
    musdb18hq(tmp_path, song="good")
    musdb18hq(tmp_path, song="bad")
    _spoil(tmp_path, how)
    listing = check(read_data_set("musdb18hq", tmp_path), stems=STEMS)
    assert [track.name for track in listing.tracks] == ["good"]
    (skipped,) = listing.skipped
    assert skipped.title == "musdb18hq: bad"
    assert reason in skipped.reason


def test_nothing_usable_is_an_error_before_training(tmp_path: Path) -> None:
    musdb18hq(tmp_path, song="bad")
    _spoil(tmp_path, "silence")
    with pytest.raises(
        DataError, match=r"no usable track; 1 track left out: musdb18hq: bad \(its mix"
    ):
        check(read_data_set("musdb18hq", tmp_path), stems=STEMS)


def test_a_stem_that_no_song_has_is_named(tmp_path: Path) -> None:
    ikala(tmp_path)
    with pytest.raises(DataError, match="no stem drums"):
        check(read_data_set("ikala", tmp_path), stems=("drums",))


def test_a_wrong_folder_and_a_wrong_layout_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        read_data_set("ikala", tmp_path / "nowhere")
    with pytest.raises(DataError, match="no song of a dsd100"):
        read_data_set("dsd100", tmp_path)
    with pytest.raises(ConfigError, match="expected one of musdb18"):
        read_data_set("fma", tmp_path)


@pytest.mark.parametrize("damage", ["stems: [", "stems: {S01: 3}", "[1, 2]", ""])
def test_damaged_metadata_leaves_its_song_out(tmp_path: Path, damage: str) -> None:
    medleydb(tmp_path)
    medleydb(tmp_path, song="Another_Song")
    (tmp_path / "Audio" / "Another_Song" / "Another_Song_METADATA.yaml").write_text(damage)
    listing = read_data_set("medleydb", tmp_path)
    assert [track.name for track in listing.tracks] == ["Artist_Song"]
    assert "no list of its stems" in listing.skipped[0].reason
