"""Room on the disk, asked for before the work."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sayso.audio.formats import format_of
from sayso.audio.recorder import RAM_BYTES
from sayso.audio.writing import check_format
from sayso.errors import OutputError

_BYTES = {"pcm16": 2.0, "pcm24": 3.0, "float32": 4.0}
_PACKED = 0.1
"""The least of its samples that a lossless codec is taken to leave: quiet speech shrinks much."""
_LOSSY_BITS_S = 16_000
"""The least that a lossy codec is taken to write: of silence it makes little."""


class Sound(Protocol):
    """What tells the size of a sound."""

    @property
    def channels(self) -> int: ...  # noqa: D102
    @property
    def frames(self) -> int: ...  # noqa: D102
    @property
    def sample_rate(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Size:
    """The size of a sound that is not read yet; `sample_rate` in Hz."""

    channels: int
    frames: int
    sample_rate: int


def check_sound(places: Sequence[Path], encoding: str | None, sound: Sound) -> None:
    """Finds out before the work whether tracks like `sound` could be written.

    Args:
        places: a file each, all in one folder, which may not be there yet.
        encoding: as `sayso.audio.write` takes it.
        sound: what is worked on.
    Raises: OutputError for what the format does not hold, or too little room on a disk.
    """
    for place in places:
        check_format(place, encoding, channels=sound.channels, frames=sound.frames)
    suffix = places[0].suffix.removeprefix(".")
    check_room(places[0].parent, len(places) * least_bytes(suffix, encoding, sound), "-o")
    # Long tracks lie in scratch files before they are written.
    track = 4 * sound.channels * sound.frames
    if track > RAM_BYTES:
        check_room(Path(tempfile.gettempdir()), len(places) * track, "TMPDIR")


def least_bytes(format: str, encoding: str | None, sound: Sound) -> int:
    """What a file of such sound takes up at the least, so that nothing is refused that would fit.

    Args:
        format: a suffix that `sayso.audio.write` knows.
        encoding: as `write` takes it.
        sound: its length, channels and rate count.
    """
    form = format_of(Path(f"x.{format}"))
    if form.encodings == ("lossy",):
        return int(sound.frames / sound.sample_rate * _LOSSY_BITS_S / 8)
    plain = sound.frames * sound.channels * _BYTES[encoding or form.encodings[0]]
    return int(plain * _PACKED if form.suffix == "flac" else plain)


def check_room(folder: Path, least: int, option: str) -> None:
    """Raises OutputError where the disk of `folder`, which may not be there, has less free.

    `option` is what chooses another folder.
    """
    nearest = next((p for p in (folder.absolute(), *folder.absolute().parents) if p.is_dir()), None)
    if nearest is None:
        return
    try:
        free = shutil.disk_usage(nearest).free
    except OSError:  # a file system that does not say
        return
    if least > free:
        raise OutputError(
            f"this takes {_size(least)} at least, but {nearest} has {_size(free)} of room; free "
            f"some, or choose another folder with {option}"
        )


def _size(count: int) -> str:
    """Bytes for people.

    >>> _size(1_234_567)
    '1.2 MB'
    """
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
