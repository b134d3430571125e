"""The sound tracks of a container: which there are, and which one is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sayso.audio.source import Track
from sayso.errors import FormatError

# Two letters, and both codes of three, for languages that are often found on discs and broadcasts.
_SAME = (
    "ar ara", "cs ces cze", "cy cym wel", "da dan", "de deu ger", "el ell gre", "en eng", "es spa",
    "eu eus baq", "fa fas per", "fi fin", "fr fra fre", "he heb", "hi hin", "hu hun", "is isl ice",
    "it ita", "ja jpn", "ka kat geo", "ko kor", "mk mkd mac", "nl nld dut", "no nor nob", "pl pol",
    "pt por", "ro ron rum", "ru rus", "sk slk slo", "sq sqi alb", "sv swe", "th tha", "tr tur",
    "uk ukr", "vi vie", "zh zho chi cmn",
)  # fmt: skip
_CODES = {code: group.split()[0] for group in _SAME for code in group.split()}


def chosen(container: Any, track: str | int | None) -> tuple[list[Any], Any]:
    """The readable sound tracks of `container`, and the one to be read.

    Args:
        container: open for reading.
        track: a number from 1 or a language such as "de"; None takes the one that the file marks
            as its main one, or else the first.
    Raises: FormatError when there is none, or not that one.
    """
    # A codec that is not known leaves a stream without a context.
    streams = [
        stream
        for stream in container.streams.audio
        if stream.codec_context is not None and stream.rate and stream.channels
    ]
    if not streams:
        raise FormatError("the file has no readable sound track")
    if track is None:
        main = [stream for stream in streams if stream.disposition.value & 1]
        # Where all are marked, none is.
        return streams, main[0] if len(main) == 1 else streams[0]
    return streams, streams[_index(tracks_of(streams), track)]


def tracks_of(streams: Sequence[Any]) -> tuple[Track, ...]:
    """What is known of them."""
    return tuple(
        Track(
            number,
            _tag(stream, "language").removesuffix("und"),
            _tag(stream, "title"),
            stream.channels,
        )
        for number, stream in enumerate(streams, 1)
    )


def only_track(track: str | int | None, channels: int) -> None:
    """Raises FormatError if `track` is another than the only one of a file without languages."""
    if track is not None:
        _index((Track(1, "", "", channels),), track)


def seconds_of(clock: str) -> float | None:
    """The seconds of a time such as "00:01:06.500"; None for anything else.

    >>> seconds_of("00:01:06.500")
    66.5
    """
    try:
        hours, minutes, seconds = map(float, clock.split(":"))
    except ValueError:
        return None
    return 3600 * hours + 60 * minutes + seconds


def told(tracks: Sequence[Track], number: int) -> str:
    """Says which of several tracks is read, and how to read another."""
    return (
        f"it has {len(tracks)} sound tracks: {', '.join(map(str, tracks))}; track {number} was "
        "taken. Another one is chosen by its number or language (--track)"
    )


def _index(tracks: Sequence[Track], track: str | int) -> int:
    wanted = str(track).strip()
    if wanted.isdigit():
        if 1 <= int(wanted) <= len(tracks):
            return int(wanted) - 1
    else:
        code = _code(wanted)
        for index, one in enumerate(tracks):
            if _code(one.language) == code:
                return index
    raise FormatError(
        f"there is no sound track {wanted!r}; expected one of {', '.join(map(str, tracks))}, "
        "by its number or language"
    )


def _code(language: str) -> str:
    plain = language.lower().replace("_", "-").split("-")[0]
    return _CODES.get(plain, plain)


def _tag(stream: Any, name: str) -> str:
    return str(stream.metadata.get(name, "")).strip()
