"""Sending files and outlines: what the routes of sources and of tracks share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import Query, Response
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from sayso.errors import NotFoundError
from sayso.service.downloads import outline
from sayso.service.schemas import Peaks
from sayso.service.segments import segment
from sayso.watch import Watch

Buckets = Annotated[
    int, Query(ge=1, le=20_000, description="stretches that it is drawn in", examples=[1000])
]
Frame = Annotated[
    int | None,
    Query(ge=0, le=2**53, description="an end of a part of it, in frames", examples=[44_100]),
]
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
OneFile: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"audio/*": _BYTES, "application/zip": _BYTES}},
    206: {"description": "The bytes that `Range` asked for", "content": {"audio/*": _BYTES}},
    416: {"description": "No such bytes"},
}
Start = Annotated[int, Query(ge=0, le=2**53, description="the first frame", examples=[441_000])]
Frames = Annotated[
    int, Query(ge=1, le=2**20, description="how many frames, at most", examples=[220_500])
]
Segment: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "a FLAC of these frames alone",
        "content": {"audio/flac": _BYTES},
        "headers": {
            "Sayso-Gain": {
                "description": "what the samples are to be multiplied with",
                "schema": {"type": "number"},
            }
        },
    },
}
_FOREVER = "private, max-age=604800, immutable"


class _Kept(FileResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await anyio.Path(self.path).exists():
            raise NotFoundError("the file was deleted a moment ago")
        await super().__call__(scope, receive, send)


def send(path: Path, name: str, media_type: str) -> FileResponse:
    """A file that never changes, for download under a name; byte ranges are answered."""
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept"}
    return _Kept(path, media_type=media_type, filename=name, headers=headers)


def peaks_of(
    response: Response,
    sample_rate: int,
    kept: Path,
    buckets: int,
    part: tuple[int, int],
    watch: Watch,
) -> Peaks:
    """The outline of a kept recording or track, from one frame to another."""
    found = outline(kept, buckets, *part, watch=watch)
    response.headers["Cache-Control"] = _FOREVER
    start, stop = part
    return Peaks(sample_rate=sample_rate, frames=stop - start, peaks=found)


def segment_of(kept: Path, start: int, frames: int) -> Response:
    """Some frames of a kept recording or track, as `sayso.service.segments` makes them."""
    if not kept.exists():
        raise NotFoundError("the file was deleted a moment ago")
    data, gain = segment(kept, start, frames)
    headers = {"Cache-Control": _FOREVER, "Sayso-Gain": f"{gain:g}"}
    return Response(data, media_type="audio/flac", headers=headers)
