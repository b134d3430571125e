"""What a render gives: tracks, what should be known of them, and writing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.audio import Audio, decibels, write
from sayso.errors import OutputError
from sayso.timeline import Timeline

if TYPE_CHECKING:
    from sayso.clean import Cleaned


@dataclass(frozen=True)
class Track:
    """One rendered track.

    Attributes:
        audio: the samples; peaks above full scale are kept.
        peak: the largest sample, 1 is full scale.
        notes: what the person should know of it.
    """

    audio: Audio
    peak: float
    notes: tuple[str, ...] = ()

    @property
    def peak_db(self) -> float:
        """The largest sample in dBFS."""
        return decibels(self.peak)

    def write(self, path: str | Path, *, encoding: str | None = None) -> Path:
        """Writes it to a file, whose suffix is the format, and returns the path.

        Args:
            path: folders are made.
            encoding: "pcm16", "pcm24", "float32"; None takes the format's own, but keeps peaks
                above full scale by writing wav as float32.

        Raises: OutputError.
        """
        if encoding is None and Path(path).suffix.lower() == ".wav" and self.peak > 1.0:
            encoding = "float32"
        return write(path, self.audio, encoding=encoding)


@dataclass(frozen=True)
class Result:
    """Rendered tracks by name, in the order of asking, and what the person should know of them.

    Attributes:
        tracks: by target.
        name: what they are filed under.
        timeline: what is heard of the recording, once it was cleaned and before any tempo.
        cleaned: what the cleaning gave, where the desk asks for it and there was speech.
        no_speech: why there was none, where the desk asks for cleaning; the tracks are silent then.
    """

    tracks: Mapping[str, Track]
    name: str
    timeline: Timeline
    cleaned: Cleaned | None = None
    no_speech: str | None = None

    def write(
        self,
        folder: str | Path,
        *,
        pattern: str = "{track}/{target}.{ext}",
        format: str = "wav",
        encoding: str | None = None,
    ) -> Mapping[str, Path]:
        """Writes every track and returns where each went.

        Args:
            folder: made if it is not there.
            pattern: of the file names in it; may use {track}, {target} and {ext}.
            format: a suffix that `sayso.audio.write` knows.
            encoding: as `Track.write` takes it.

        Raises: OutputError.
        """
        paths = {}
        for target, track in self.tracks.items():
            path = Path(folder) / file_name(pattern, self.name, target, format)
            paths[target] = track.write(path, encoding=encoding)
        return paths


def file_name(pattern: str, track: str, target: str, ext: str) -> str:
    """A file name from a pattern such as "{track}/{target}.{ext}".

    Raises: OutputError for other fields in the pattern, or one that leaves the folder.

    >>> file_name("{track}/{target}.{ext}", "song", "no vocals", "wav")
    'song/no_vocals.wav'
    """
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in target)
    try:
        name = pattern.format(track=track, target=safe, ext=ext)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise OutputError(
            f"the file name pattern {pattern!r} does not work; "
            "it may use {track}, {target} and {ext}"
        ) from None
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise OutputError(f"the file name pattern {pattern!r} leaves the output folder")
    return name
