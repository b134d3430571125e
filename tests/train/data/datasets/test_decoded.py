"""Songs are decoded once, and what is read of them stays what it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sayso.train.data.datasets import decoded as module
from sayso.train.data.datasets.decoded import Decoded, DecodedConfig, signals_of
from sayso.train.data.datasets.layouts import read_data_set
from sayso.train.data.datasets.record import Track
from sayso.train.data.datasets.spans import read_excerpt

RATE, LOW = 8000, 2000
SOURCES = ("accompaniment", "vocals")


@pytest.fixture
def songs(tmp_path: Path) -> list[Track]:
    """Two songs of 3 s; the accompaniment is made by subtraction."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        voice, rest = rng.standard_normal((2, 3 * RATE, 2)) * 0.1
        for stem, wave in (("mix", voice + rest), ("vocals", voice)):
            path = tmp_path / "songs" / name / f"{stem}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, wave, RATE)
    return list(read_data_set("folder", tmp_path / "songs").tracks)


def store(tmp_path: Path, songs: list[Track], most_gb: float = 1.0) -> Decoded:
    config = DecodedConfig(folder=tmp_path / "decoded", most_gb=most_gb)
    return Decoded(config, signals_of(songs, SOURCES), sample_rate=LOW)


def read(source: object, track: Track, name: str, start_s: float = 0.7) -> np.ndarray:
    signal = track.mix if name == "mix" else track.stems[name]
    return source.excerpt(track, signal, start_s=start_s, frames=LOW, sample_rate=LOW)


def test_excerpts_are_those_of_the_files(tmp_path: Path, songs: list[Track]) -> None:
    """Resampled whole rather than in pieces, so not bit for bit; silence beyond both ends."""
    kept = store(tmp_path, songs)
    for name in ("mix", *SOURCES):
        signal = songs[0].mix if name == "mix" else songs[0].stems[name]
        for start_s, inside in ((-0.5, slice(1010, None)), (0.7, slice(None)), (2.5, slice(990))):
            straight = read_excerpt(songs[0], signal, start_s=start_s, frames=LOW, sample_rate=LOW)
            ours = read(kept, songs[0], name, start_s)
            np.testing.assert_allclose(ours[inside], straight[inside], atol=2e-3)
        assert not read(kept, songs[0], name, -0.5)[:1000].any()
        assert not read(kept, songs[0], name, 2.5)[1000:].any()
        assert not read(kept, songs[0], name, 9.0).any()
    silence = kept.excerpt(songs[0], (), start_s=0, frames=9, sample_rate=LOW)
    assert not silence.any()


def test_a_song_is_decoded_once(
    tmp_path: Path, songs: list[Track], monkeypatch: pytest.MonkeyPatch
) -> None:
    decodings: list[object] = []
    real = module.read_span

    def counted(*arguments: object, **options: object) -> object:
        decodings.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(module, "read_span", counted)
    first = store(tmp_path, songs)
    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(lambda n: read(first, songs[n % 2], "mix"), range(16)))
    assert len(decodings) == 2
    again = store(tmp_path, songs)
    np.testing.assert_array_equal(read(again, songs[0], "mix"), several[0])
    assert len(decodings) == 2


def test_a_changed_file_is_decoded_anew_and_a_moved_one_is_not(
    tmp_path: Path, songs: list[Track]
) -> None:
    before = read(store(tmp_path, songs), songs[0], "vocals")
    (tmp_path / "songs").rename(tmp_path / "moved")
    moved = list(read_data_set("folder", tmp_path / "moved").tracks)
    np.testing.assert_array_equal(read(store(tmp_path, moved), moved[0], "vocals"), before)
    assert len(list((tmp_path / "decoded").glob("*.f32"))) == 1
    path = tmp_path / "moved" / "a" / "vocals.flac"
    wave, _ = soundfile.read(path)
    soundfile.write(path, 0.5 * wave, RATE)
    after = read(store(tmp_path, moved), moved[0], "vocals")
    np.testing.assert_allclose(after, 0.5 * before, atol=1e-3)


def test_beyond_its_limit_songs_are_read_from_their_files(
    tmp_path: Path, songs: list[Track]
) -> None:
    one = 4 * 3 * LOW / 1e9
    small = store(tmp_path, songs, most_gb=1.5 * one)
    for track in songs:
        for name in ("mix", *SOURCES):
            assert np.abs(read(small, track, name)).max() > 0.01
    folder = tmp_path / "decoded"
    assert len(list(folder.glob("*.f32"))) == 1
    other = Decoded(
        DecodedConfig(folder=folder, most_gb=1.5 * one),
        signals_of(songs[1:], SOURCES),
        sample_rate=LOW,
    )
    old = set(folder.glob("*.f32"))
    read(other, songs[1], "accompaniment")
    kept = set(folder.glob("*.f32"))
    assert len(kept) == 1
    assert kept != old  # what another run left gave way


def test_a_damaged_index_costs_time_alone(tmp_path: Path, songs: list[Track]) -> None:
    before = read(store(tmp_path, songs), songs[0], "mix")
    for content in (b"", b"[1, 2]", b"{}", b'[["x"]]', b"\xff"):
        (tmp_path / "decoded" / "hashes.json").write_bytes(content)
        np.testing.assert_array_equal(read(store(tmp_path, songs), songs[0], "mix"), before)
