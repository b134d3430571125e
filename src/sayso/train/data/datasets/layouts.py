"""How each public data set lies on disk, and any folder of stems.

| layout       | a song                                                                          |
|--------------|---------------------------------------------------------------------------------|
| `musdb18`    | `{train,test}/SONG.stem.mp4`: sound tracks mix, drums, bass, other, vocals      |
| `musdb18hq`  | `{train,test}/SONG/{mixture,drums,bass,other,vocals}.wav`                       |
| `dsd100`     | `Mixtures/{Dev,Test}/SONG/mixture.wav`, `Sources/{Dev,Test}/SONG/STEM.wav`      |
| `medleydb`   | `Audio/SONG/SONG_METADATA.yaml` and `SONG_STEMS/`; the mix is their plain sum   |
| `ccmixter`   | `SONG/mix.wav`, `source-01.wav` (accompaniment), `source-02.wav` (vocals)       |
| `ikala`      | `Wavfile/SONG.wav`: left channel accompaniment, right channel voice             |
| `folder`     | `SONG/STEM.*`, with `mix` or `mixture` among them or made as their sum          |

Instead of its folder, a data set's XML catalogue can be named (`catalogues`). Every reader only
looks at names and headers; `sayso.train.data.datasets.check` decodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from sayso.configuration import read_values
from sayso.errors import ConfigError, DataError
from sayso.train.data.datasets.catalogues import read_catalogue
from sayso.train.data.datasets.record import (
    ACCOMPANIMENT,
    VOCALS,
    Listing,
    Part,
    Signal,
    Skipped,
    Track,
)
from sayso.train.data.datasets.spans import read_header

_MUSDB_STEMS = ("drums", "bass", "other", "vocals")
_MIX_NAMES = ("mixture", "mix")
_SOUND = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aif", ".aiff"}
# Words in MedleyDB's instrument taxonomy that mean a voice.
_SUNG = ("singer", "vocalists", "choir", "rapper", "speaker", "vocal", "beatboxing", "screamer")
# Encoders pad: a stem may outlast its mix by this much before it is taken for another song's.
_SLACK_S = 0.1


def read_data_set(layout: str, root: Path, *, folder: Path | None = None) -> Listing:
    """All songs below `root`, read as `layout` lies on disk, in the order of their names.

    Where `root` is an XML catalogue, its songs in its own order.

    A song with a missing or unreadable file, stems of several rates, or a stem longer than its mix
    is left out and named. Every song gets an "accompaniment", by subtraction where it has none.

    Args:
        layout: a key of the table above.
        root: the data set's folder, or its catalogue.
        folder: where the songs of a catalogue are, if not where it says.
    Raises: ConfigError for an unknown layout, DataError when no song at all is found there.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"{layout!r} is no known data set; expected one of {', '.join(LAYOUTS)}")
    tracks: list[Track] = []
    skipped: list[Skipped] = []
    for song in _songs(layout, root, folder):
        track = replace(song, data_set=layout)
        try:
            tracks.append(_headed(track).with_accompaniment())
        except DataError as error:
            skipped.append(Skipped(track.title, str(error)))
    if not tracks and not skipped:
        raise DataError(f"{root} holds no song of a {layout} data set; see its layout")
    return Listing(tuple(tracks), tuple(skipped))


def _songs(layout: str, root: Path, folder: Path | None) -> Iterator[Track]:
    if root.suffix.lower() == ".xml" and not root.is_dir():
        return read_catalogue(root, layout, folder=folder)
    if folder is not None:
        raise DataError(f"{root} is no XML catalogue, whose songs alone can be in another folder")
    if not root.is_dir():
        raise DataError(f"{root} is not a folder; expected the root of a {layout} data set")
    return LAYOUTS[layout](root)


def _headed(track: Track) -> Track:
    """`track` with the rate and length that its headers tell; DataError for what cannot be."""
    if not track.mix:
        raise DataError("there is no sound file, or no list of its stems that can be read")
    mixes = [read_header(part) for part in track.mix]
    rate = mixes[0].sample_rate
    frames = max(header.frames for header in mixes)
    for name, signal in (("mix", track.mix), *track.stems.items()):
        for part in signal:
            header = read_header(part)
            if header.sample_rate != rate:
                raise DataError(
                    f"{part.path.name} ({name}) has {header.sample_rate} Hz, the mix {rate} Hz"
                )
            if header.frames > frames + _SLACK_S * rate:
                raise DataError(
                    f"{part.path.name} ({name}) lasts {header.frames / rate:.1f} s, the mix only "
                    f"{frames / rate:.1f} s"
                )
    return replace(track, sample_rate=rate, frames=frames)


def _folders(root: Path) -> Iterator[Path]:
    yield from sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else ()


def _musdb18(root: Path) -> Iterator[Track]:
    for subset in ("train", "test"):
        for path in sorted((root / subset).glob("*.stem.mp4")):
            stems = {stem: (Part(path, stream=i),) for i, stem in enumerate(_MUSDB_STEMS, start=1)}
            name = path.name.removesuffix(".stem.mp4")
            yield Track("", name, (Part(path),), stems, subset=subset)


def _musdb18hq(root: Path) -> Iterator[Track]:
    for subset in ("train", "test"):
        for folder in _folders(root / subset):
            stems = {stem: (Part(folder / f"{stem}.wav"),) for stem in _MUSDB_STEMS}
            yield Track("", folder.name, (Part(folder / "mixture.wav"),), stems, subset=subset)


def _dsd100(root: Path) -> Iterator[Track]:
    for there, subset in (("Dev", "train"), ("Test", "test")):
        for folder in _folders(root / "Mixtures" / there):
            sources = root / "Sources" / there / folder.name
            stems = {stem: (Part(sources / f"{stem}.wav"),) for stem in _MUSDB_STEMS}
            yield Track("", folder.name, (Part(folder / "mixture.wav"),), stems, subset=subset)


def _medleydb(root: Path) -> Iterator[Track]:
    for folder in _folders(root / "Audio"):
        described = _medleydb_stems(folder)
        voices = tuple(Part(path) for path, sung in described if sung)
        others = tuple(Part(path) for path, sung in described if not sung)
        # The released mixes are mastered: only the plain sum equals its stems.
        stems = {VOCALS: voices, ACCOMPANIMENT: others}
        yield Track("", folder.name, voices + others, stems)


def _medleydb_stems(folder: Path) -> list[tuple[Path, bool]]:
    """Stems of a MedleyDB song, and whether each is a voice; none where its metadata is damaged."""
    found = []
    try:
        metadata = read_values(folder / f"{folder.name}_METADATA.yaml")
        stems = folder / str(metadata.get("stem_dir", f"{folder.name}_STEMS"))
        for _, stem in sorted(metadata["stems"].items()):
            instruments = stem.get("instrument", "")
            listed = instruments if isinstance(instruments, list) else [instruments]
            sung = any(word in str(name) for name in listed for word in _SUNG)
            found.append((stems / str(stem["filename"]), sung))
    except (ConfigError, KeyError, AttributeError, TypeError):
        return []
    return found


def _ccmixter(root: Path) -> Iterator[Track]:
    for folder in _folders(root):
        stems = {
            VOCALS: (Part(folder / "source-02.wav"),),
            ACCOMPANIMENT: (Part(folder / "source-01.wav"),),
        }
        yield Track("", folder.name, (Part(folder / "mix.wav"),), stems)


def _ikala(root: Path) -> Iterator[Track]:
    for path in sorted((root / "Wavfile").glob("*.wav")):
        left, right = Part(path, channel=0), Part(path, channel=1)
        yield Track("", path.stem, (left, right), {ACCOMPANIMENT: (left,), VOCALS: (right,)})


def _folder(root: Path) -> Iterator[Track]:
    for folder in _folders(root):
        files = {
            path.stem.lower(): (Part(path),)
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in _SOUND
        }
        mixes = [files.pop(name) for name in _MIX_NAMES if name in files]
        mix: Signal = mixes[0] if mixes else tuple(part for stem in files.values() for part in stem)
        yield Track("", folder.name, mix, files)


LAYOUTS: dict[str, Callable[[Path], Iterator[Track]]] = {
    "musdb18": _musdb18,
    "musdb18hq": _musdb18hq,
    "dsd100": _dsd100,
    "medleydb": _medleydb,
    "ccmixter": _ccmixter,
    "ikala": _ikala,
    "folder": _folder,
}
