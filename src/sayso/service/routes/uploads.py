"""Uploads in pieces, by the open protocol tus 1.0 (https://tus.io): core, creation, termination.

A client that was interrupted asks with HEAD how much is here, and goes on there with PATCH.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from starlette.requests import ClientDisconnect

from sayso.service.routes.dependencies import Asking, Attended, Decoding, Id, Serving, session_state
from sayso.service.schemas import SessionState, shown_name
from sayso.service.tables import Upload

_VERSION = "1.0.0"
_PIECE = "application/offset+octet-stream"
_MOST = 2**63 - 1
_BODY = {"requestBody": {"content": {_PIECE: {"schema": {"type": "string", "format": "binary"}}}}}


def _speaks_tus(
    request: Request,
    tus_resumable: Annotated[
        str | None,
        Header(
            description="the version of the protocol",
            examples=[_VERSION],
            json_schema_extra={"const": _VERSION},
        ),
    ] = None,
) -> None:
    given = tus_resumable or ""
    if given != _VERSION:
        raise HTTPException(
            412, f"Tus-Resumable: {given[:20]!r}; expected {_VERSION}", _offer(request)
        )


def _answer(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status_code=status, headers={"Tus-Resumable": _VERSION, **named})


def _offer(request: Request) -> dict[str, str]:
    most = request.app.state.service.settings.limits.upload_bytes
    return {
        "Tus-Resumable": _VERSION,
        "Tus-Version": _VERSION,
        "Tus-Extension": "creation,termination",
        "Tus-Max-Size": str(most),
    }


def _the_upload(upload_id: Id, service: Serving, asking: Asking) -> Upload:
    return service.store.upload(upload_id, asking)


router = APIRouter(prefix="/uploads", tags=["uploads"])
_Tus = Depends(_speaks_tus)
_Mine = Annotated[Upload, Depends(_the_upload)]
_Length = Annotated[
    int, Header(ge=0, le=_MOST, description="bytes of the whole file", examples=[52_428_800])
]
_Offset = Annotated[
    int, Header(ge=0, le=_MOST, description="bytes that are here already", examples=[0])
]


@router.options("", status_code=204, response_class=Response)
def describe_uploads(request: Request) -> Response:
    """What of tus this service speaks, and how large a file may be."""
    return Response(status_code=204, headers=_offer(request))


@router.post("", status_code=201, response_class=Response, dependencies=[_Tus])
def begin_upload(
    service: Serving,
    asking: Asking,
    upload_length: _Length,
    upload_metadata: Annotated[
        str,
        Header(
            max_length=4000,
            description="keys and values in Base64; `filename` is what it is called",
            examples=["filename c29uZy53YXY="],
        ),
    ] = "",
) -> Response:
    """Begins an upload of so many bytes; `Upload-Metadata: filename BASE64` names it."""
    name = shown_name(_file_name(upload_metadata))
    upload = service.uploads.begin(name, upload_length, asking)
    return _answer(201, Location=f"/uploads/{upload.id}")


@router.head("/{upload_id}", response_class=Response, dependencies=[_Tus])
def get_upload(upload: _Mine, service: Serving) -> Response:
    """How many bytes are here (`Upload-Offset`), of how many."""
    return _answer(
        200,
        Upload_Offset=str(service.uploads.offset(upload)),
        Upload_Length=str(upload.bytes),
        Upload_Metadata=f"filename {b64encode(upload.name.encode()).decode()}",
        Cache_Control="no-store",
    )


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    dependencies=[_Tus],
    openapi_extra=_BODY,
)
async def append_to_upload(
    upload: _Mine,
    service: Serving,
    request: Request,
    upload_offset: _Offset,
    content_type: Annotated[str, Header(description=f"`{_PIECE}`", examples=[_PIECE])] = "",
) -> Response:
    """Adds bytes from `Upload-Offset` on; those that arrive before an interruption are kept."""
    if content_type != _PIECE:
        raise HTTPException(415, f"{content_type[:100]!r} arrived; expected {_PIECE}")
    with suppress(ClientDisconnect):  # then nobody listens
        await service.uploads.append(upload, upload_offset, request.stream())
    return _answer(204, Upload_Offset=str(service.uploads.offset(upload)))


@router.delete("/{upload_id}", status_code=204, response_class=Response, dependencies=[_Tus])
def delete_upload(upload: _Mine, service: Serving) -> Response:
    """Gives an upload up."""
    service.uploads.forget(upload)
    return _answer(204)


@router.post("/{upload_id}/session", status_code=201, tags=["sessions"])
def open_upload(
    upload_id: Id,
    service: Serving,
    asking: Asking,
    response: Response,
    turn: Decoding,
    watch: Attended,
) -> SessionState:
    """Opens a session on an upload that is whole; the upload is used up."""
    session = service.open_upload(upload_id, asking, watch=watch)
    response.headers["Location"] = f"/sessions/{session.id}"
    return session_state(service, session)


def _file_name(metadata: str) -> str:
    """What "filename" is in tus's list of keys and values in Base64; empty if it is not there."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return b64decode(value).decode(errors="replace")
            except (binascii.Error, ValueError):
                return ""
    return ""
