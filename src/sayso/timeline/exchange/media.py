"""Finding the recordings that an edit names, and what an edit must be told of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urlparse

from sayso.audio import probe, read
from sayso.errors import DataError, RangeError
from sayso.timeline.exchange import timecode

# Of what may have a picture or a time code; playlists and the like are not opened.
_OPTIONS = {
    "format_whitelist": "wav,w64,aiff,mov,matroska,webm,avi,mpegts,mxf,flv,ogg",
    "protocol_whitelist": "file",
}
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Media:
    """A recording, as far as an edit of it must know.

    Attributes:
        path: where it is.
        sample_rate: in Hz.
        frames: its length.
        picture_hz: pictures a second, where it is a video.
        start_s: what its own time code calls its first sample, such as a BWF time reference.
    """

    path: str
    sample_rate: int
    frames: int
    picture_hz: Fraction | None = None
    start_s: Fraction | None = None


Find: TypeAlias = Callable[[str | None], Media]
"""Gives the recording, by the path that the file names or None where it names none."""


def media_of(path: str | Path) -> Media:
    """A recording on disk, decoded only where its header does not tell its length.

    Raises: as `sayso.audio.read`.
    """
    info = probe(path)
    frames = info.frames if info.frames is not None else read(path).frames
    picture_hz, start_s = _header(Path(path), info.sample_rate)
    return Media(str(path), info.sample_rate, frames, picture_hz, start_s)


def finder(folder: Path, recordings: Iterator[str | Path]) -> Find:
    """Finds the recordings of an edit: those given, in turn, then those that it names.

    A relative path is relative to the edit's own `folder`, and to nothing else.
    """

    def find(named: str | None) -> Media:
        given = next(recordings, None)
        if given is not None:
            return media_of(given)
        if named is None:
            raise DataError("the edit does not name the recording; say which one it is cut from")
        for spelling in _spellings(named):
            if (folder / spelling).is_file():
                return media_of(folder / spelling)
        raise DataError(
            f"the recording {unquote(named)} is not there (looked for as "
            f"{folder / _spellings(named)[-1]}); say where it is now"
        )

    return find


def _spellings(named: str) -> list[str]:
    """The paths that a name may mean: as it is, unquoted, with slashes the other way."""
    if named.lower().startswith("file:"):
        parsed = urlparse(named)
        path = unquote(parsed.path)
        # file:///C:/takes is C:/takes; file://server/takes is a share.
        if len(path) > 2 and path[0] == "/" and path[2] == ":":
            path = path[1:]
        if parsed.netloc not in ("", "localhost"):
            path = f"//{parsed.netloc}{path}"
        return [path]
    spellings = [named, unquote(named), named.replace("\\", "/"), unquote(named).replace("\\", "/")]
    return list(dict.fromkeys(spelling.replace("\0", "") for spelling in spellings))


def named_from(source: str, folder: Path) -> str:
    """How an edit in `folder` names the recording `source`: absolute ones stay so."""
    if Path(source).is_absolute():
        return source
    # Only the folders are resolved: a link's own name is the name that the person knows.
    there = Path(os.path.realpath(Path(source).parent), Path(source).name)
    try:
        return Path(os.path.relpath(there, os.path.realpath(folder))).as_posix()
    except ValueError:  # on another drive
        return str(there)


def url_of(source: str) -> str:
    """A path as the URL of a media reference; relative ones stay relative."""
    return Path(source).as_uri() if Path(source).is_absolute() else quote(source)


def _header(path: Path, sample_rate: int) -> tuple[Fraction | None, Fraction | None]:
    import av

    try:
        with av.open(str(path), options=_OPTIONS) as container:
            return _picture_hz(container), _start_s(container, sample_rate)
    except (av.FFmpegError, ValueError, OSError):
        return None, None


def _picture_hz(container: Any) -> Fraction | None:
    for stream in container.streams.video:
        # A cover is a video of one picture.
        if not stream.disposition & stream.disposition.attached_pic and stream.average_rate:
            return timecode.near(Fraction(round(stream.average_rate * 100), 100))
    return None


def _start_s(container: Any, sample_rate: int) -> Fraction | None:
    reference = container.metadata.get("time_reference", "")
    if reference.isascii() and reference.isdigit():
        return Fraction(int(reference[:20]), sample_rate)
    codes = [container.metadata.get("timecode")]
    codes += [stream.metadata.get("timecode") for stream in container.streams]
    code, rate = next((code for code in codes if code), None), _picture_hz(container)
    if code is None or rate is None:
        return None
    try:
        drop = timecode.drops(rate) and ";" in code
        return timecode.parse(code, rate, drop=drop) / rate % _SECONDS_A_DAY
    except RangeError:
        return None
