"""Data sets named by their XML catalogues give the same songs as their folders do."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest
import soundfile

from sayso.errors import DataError
from sayso.train.data.datasets.layouts import read_data_set
from sayso.train.data.datasets.record import Part, Track
from sayso.train.data.datasets.selection import PublishedSongs
from sayso.train.data.datasets.spans import read_span

RATE = 4000


def put(path: Path, hz: float, *, channels: int = 2) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.2 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)
    wave = np.repeat(wave[:, None], channels, axis=1).astype(np.float32)
    soundfile.write(path, wave, RATE, subtype="FLOAT")
    return wave


def catalogue(
    path: Path, name: str, folder: str, songs: dict[str, list[tuple[str, str]]], split: str = ""
) -> Path:
    """A catalogue of songs, each a list of (instrument, path)."""
    tracks = []
    for title, files in songs.items():
        rows = "".join(
            f"<instrument><relativeFilepath>{escape(file)}</relativeFilepath>"
            f"<audioFormat>wav</audioFormat><sampleRate>{RATE}</sampleRate><length>1.0</length>"
            f"<numChannels>2</numChannels><instrumentName>{instrument}</instrumentName>"
            "</instrument>"
            for instrument, file in files
        )
        subset = f"<databaseSplit>{split}</databaseSplit>" if split else ""
        tracks.append(
            f"<track><title>{escape(title)}</title><artist>Someone</artist>{subset}"
            f"<instrumentList>{rows}</instrumentList></track>"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<database><databaseName>{name}</databaseName>"
        f"<databaseFolderPath>{escape(folder)}</databaseFolderPath>"
        f"<trackList>{''.join(tracks)}</trackList></database>"
    )
    return path


def heard(track: Track, name: str) -> np.ndarray:
    signal = track.mix if name == "mix" else track.stems[name]
    return read_span(signal, 0, RATE, channels=1)[0]


def test_dsd100_s_accompaniment_is_the_mix_less_the_voice(tmp_path: Path) -> None:
    files, waves = [], {}
    for number, stem in enumerate(("bass", "drums", "vocals", "other")):
        file = f"Sources/Dev/051 - A & B/{stem}.wav"
        waves[stem] = put(tmp_path / "DSD100" / file, 100.0 * (number + 1))
        files.append(("Voice" if stem == "vocals" else stem.title(), file))
    mix = tmp_path / "DSD100/Mixtures/Dev/051 - A & B/mixture.wav"
    put(mix, 100)
    soundfile.write(mix, sum(waves.values()), RATE, subtype="FLOAT")
    files.append(("Mix", "Mixtures/Dev/051 - A & B/mixture.wav"))
    xml = catalogue(
        tmp_path / "DSD100.xml", "DSD100", str(tmp_path / "DSD100"), {"A & B": files}, "Training"
    )
    (track,) = read_data_set("dsd100", xml).tracks
    assert (track.name, track.subset, track.sample_rate) == ("Someone - A & B", "train", RATE)
    assert set(track.stems) == {"vocals", "bass", "drums", "other", "accompaniment"}
    rest = sum(waves[name][:, 0] for name in ("bass", "drums", "other"))
    np.testing.assert_allclose(heard(track, "accompaniment"), rest, atol=1e-6)
    np.testing.assert_allclose(heard(track, "vocals"), waves["vocals"][:, 0], atol=1e-6)


def test_medleydb_s_mix_is_the_sum_of_its_stems(tmp_path: Path) -> None:
    root = tmp_path / "MedleyDB"
    put(root / "Audio/S/S_MIX.wav", 900)
    waves = [put(root / f"Audio/S/S_STEMS/S_STEM_0{n}.wav", 100.0 * n) for n in (1, 2, 3)]
    names = ("Bass", "Voice", "Other")
    stems = [(name, f"Audio/S/S_STEMS/S_STEM_0{n + 1}.wav") for n, name in enumerate(names)]
    songs = {
        "Sung": [("Mix", "Audio/S/S_MIX.wav"), *stems],
        "Played": [("Instrumental", "Audio/S/S_MIX.wav"), stems[0], stems[2]],
    }
    xml = catalogue(tmp_path / "MedleyDB.xml", "MedleyDB", "MedleyDB", songs)
    sung, played = read_data_set("medleydb", xml).tracks
    np.testing.assert_allclose(heard(sung, "mix"), sum(waves)[:, 0], atol=1e-6)
    np.testing.assert_allclose(heard(sung, "vocals"), waves[1][:, 0], atol=1e-6)
    np.testing.assert_allclose(heard(played, "mix"), (waves[0] + waves[2])[:, 0], atol=1e-6)
    assert played.stems["vocals"] == ()
    assert not heard(played, "vocals").any()


def test_ccmixter_and_ikala(tmp_path: Path) -> None:
    for number, name in enumerate(("mix", "source-01", "source-02")):
        put(tmp_path / "ccmixter_corpus" / "A" / f"{name}.wav", 100.0 * (number + 1))
    files = [
        ("Voice", "A/source-02.wav"),
        ("Instrumental", "A/source-01.wav"),
        ("Mix", "A/mix.wav"),
    ]
    xml = catalogue(tmp_path / "CCMixter.xml", "CCMixter", "ccmixter_corpus", {"A": files})
    (track,) = read_data_set("ccmixter", xml).tracks
    root = tmp_path / "ccmixter_corpus" / "A"
    assert track.mix == (Part(root / "mix.wav"),)
    assert track.stems["vocals"] == (Part(root / "source-02.wav"),)
    assert track.stems["accompaniment"] == (Part(root / "source-01.wav"),)
    put(tmp_path / "iKala/Wavfile/1_verse.wav", 100)
    song = [(name, "Wavfile/1_verse.wav") for name in ("Mix", "Voice", "Instrumental")]
    xml = catalogue(tmp_path / "iKala.xml", "iKala", "iKala", {"1": song})
    (track,) = read_data_set("ikala", xml).tracks
    wav = tmp_path / "iKala/Wavfile/1_verse.wav"
    assert track.mix == (Part(wav, channel=0), Part(wav, channel=1))
    assert track.stems["vocals"] == (Part(wav, channel=1),)


def test_the_published_partition_out_of_catalogues(tmp_path: Path) -> None:
    """Each in its catalogue's order; folders that moved are named."""
    rows = []
    for number in range(3):
        for name in ("mix", "source-01", "source-02"):
            put(tmp_path / "here" / f"{number}" / f"{name}.wav", 100)
        rows.append(
            [
                ("Mix", f"{number}/mix.wav"),
                ("Instrumental", f"{number}/source-01.wav"),
                ("Voice", f"{number}/source-02.wav"),
            ]
        )
    songs = {f"{3 - number}": files for number, files in enumerate(rows)}
    ccmixter = catalogue(tmp_path / "CCMixter.xml", "CCMixter", "/mnt/elsewhere", songs)
    lists = []
    for split in ("Training", "Test"):
        own = {f"{split} {number}": files for number, files in enumerate(rows[:2])}
        text = catalogue(tmp_path / "x.xml", "DSD100", "here", own, split).read_text()
        lists.append(text.partition("<trackList>")[2].partition("</trackList>")[0])
    head = text.partition("<trackList>")[0]
    dsd100 = tmp_path / "DSD100.xml"
    dsd100.write_text(f"{head}<trackList>{''.join(lists)}</trackList></database>")
    chosen = PublishedSongs.model_validate(
        {
            "dsd100": str(dsd100),
            "others": [
                {"layout": "ccmixter", "root": str(ccmixter), "folder": str(tmp_path / "here")}
            ],
        }
    )
    partition = chosen.select(("accompaniment", "vocals")).partition
    assert [len(part) for part in vars(partition).values()] == [2, 1, 2, 2]
    assert [track.name for track in partition.unsupervised] == ["Someone - 3"]
    with pytest.raises(DataError, match=r"/mnt/elsewhere, which is not there.*folder: \.\.\."):
        read_data_set("ccmixter", ccmixter)


def test_a_song_whose_file_is_missing_is_left_out_and_named(tmp_path: Path) -> None:
    put(tmp_path / "d/a.wav", 100)
    songs = {
        title: [("Mix", f"{file}.wav"), ("Voice", "a.wav")]
        for title, file in (("x", "a"), ("y", "b"))
    }
    xml = catalogue(tmp_path / "c.xml", "mine", "d", songs)
    found = read_data_set("folder", xml)
    assert [track.name for track in found.tracks] == ["Someone - x"]
    assert [(item.title, item.reason) for item in found.skipped] == [
        ("folder: Someone - y", "b.wav is missing")
    ]


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><database>&b;</database>'
FILE = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><database>&a;</database>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB.encode(), "declares a document type"),
        (FILE.encode(), "declares a document type"),
        (BOMB.encode("utf-16"), "not UTF-8 text"),
        (b"<database>&b;</database>", "undefined entity"),
        (b"<database><track></database>", "mismatched tag"),
        (b"<playlist/>", "expected <database>, found <playlist>"),
        (b"<database/>", "no databaseFolderPath"),
        (b"", "no element found"),
        (b"<database>" + b" " * (4 << 20), "more than 4 MiB"),
        (b"<database>" + b"<a>" * 200_000, "is no catalogue"),
    ],
)
def test_what_is_no_catalogue_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "DSD100.xml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_data_set("dsd100", path)


@pytest.mark.parametrize("file", ["../../etc/passwd", "/etc/passwd", ""])
def test_paths_stay_within_the_data_set(tmp_path: Path, file: str) -> None:
    xml = catalogue(tmp_path / "c.xml", "DSD100", ".", {"x": [("Mix", file)]})
    with pytest.raises(DataError, match="expected a path within the data set's folder"):
        read_data_set("dsd100", xml)


def test_a_catalogue_of_another_data_set_is_refused(tmp_path: Path) -> None:
    xml = catalogue(tmp_path / "c.xml", "DSD100", ".", {})
    with pytest.raises(DataError, match="a catalogue of dsd100, not of medleydb"):
        read_data_set("medleydb", xml)
    with pytest.raises(DataError, match="no catalogue describes musdb18"):
        read_data_set("musdb18", xml)
    with pytest.raises(DataError, match="is no XML catalogue"):
        read_data_set("dsd100", tmp_path, folder=tmp_path)
