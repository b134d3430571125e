"""In which format a file is wanted: by the query, or by the header Accept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

from fastapi import Depends, Header, Query, Request

from sayso.audio.formats import FORMATS
from sayso.errors import RangeError
from sayso.service.schemas import Encoding, Format

_OF_MEDIA = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/aiff": "aiff",
    "audio/opus": "opus",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/x-matroska": "mka",
}
_OPUS = "opus"
FormatGiven = Annotated[
    Format | None,
    Query(
        description="of the file; without it, the first of those that `Accept` names, else wav",
        examples=["opus"],
    ),
]
EncodingGiven = Annotated[
    Encoding | None,
    Query(
        description="of the samples in wav, flac and aiff; without it 24 bits, or float32 in a wav "
        "whose samples pass full scale",
        examples=["pcm16"],
    ),
]
BitRate = Annotated[
    int | None,
    Query(ge=8, le=512, description="kbit/s, of opus, mp3, m4a, aac and mka", examples=[96]),
]
Accepted = Annotated[
    str,
    Header(
        alias="accept",
        description="media types by falling preference, such as `audio/ogg; codecs=opus`; "
        "`format` goes before it",
        examples=["audio/flac, audio/wav;q=0.5"],
    ),
]


class Wanted(NamedTuple):
    """A format of `FORMATS`, and an encoding; None takes the usual one."""

    format: str
    encoding: str | None


def wanted_file(
    format: FormatGiven = None,
    encoding: EncodingGiven = None,
    bitrate: BitRate = None,
    accept: Accepted = "",
) -> Wanted:
    """What a request asks for. Raises: RangeError for two things at once."""
    if encoding is not None and bitrate is not None:
        raise RangeError("both an encoding and a bitrate arrived; expected one of them")
    return Wanted(format or accepted(accept), encoding if bitrate is None else f"{bitrate}k")


File = Annotated[Wanted, Depends(wanted_file)]


def accepted(header: str) -> str:
    """The format that a header Accept prefers of those that there are; wav if it names none.

    >>> accepted("audio/ogg; codecs=opus, audio/flac;q=0.5"), accepted("text/html, */*")
    ('opus', 'wav')
    """
    best, found = 0.0, "wav"
    for entry in header.lower().split(","):
        media, *parameters = (part.strip() for part in entry.split(";"))
        given = dict(part.partition("=")[::2] for part in parameters)
        form = _OF_MEDIA.get(media)
        if form is None:
            continue
        if _OPUS in given.get("codecs", ""):
            form = _OPUS
        try:
            weight = min(float(given.get("q", 1)), 1.0)
        except ValueError:
            continue
        if weight > best:
            best, found = weight, form
    return found


async def _turn_to_convert(request: Request, wanted: File) -> AsyncIterator[None]:
    if wanted == ("wav", "float32"):  # it lies there as it is, and a player waits
        yield
    else:
        async with request.app.state.converting:
            yield


Converting = Annotated[None, Depends(_turn_to_convert, scope="function")]
"""A turn at making a file in the format that the request names, if it takes one."""


def media_type(wanted: Wanted) -> str:
    """Of a file in that format."""
    return FORMATS[wanted.format].media_type
