"""Sessions: opening them on a recording, and everything that changes their desks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from sayso.service.bodies import DeskPatch, Do, Rename, Say
from sayso.service.downloads import converted
from sayso.service.paging import LINKED, cursor, link_next, place
from sayso.service.routes.dependencies import (
    ONE_FILE,
    Asking,
    Attended,
    Decoding,
    Mine,
    Named,
    Reading,
    Serving,
    Talking,
    answer_of,
    session_state,
    state_of,
)
from sayso.service.routes.files import (
    Buckets,
    Frame,
    Frames,
    OneFile,
    Segment,
    Start,
    peaks_of,
    segment_of,
    send,
)
from sayso.service.routes.wanted import Converting, media_type
from sayso.service.routes.wanted import File as FileWanted
from sayso.service.schemas import (
    Answer,
    DeskState,
    Peaks,
    Said,
    SessionState,
    SessionSummary,
    shown_text,
)

router = APIRouter(tags=["sessions"])
Upload = Annotated[UploadFile, File(description="an audio or video file")]
Limit = Annotated[int, Query(ge=1, le=1000, description="the most of one page", examples=[20])]
After = Annotated[
    str | None,
    Query(
        max_length=200,
        description="where a page begins, as the link to it says",
        examples=["MTc2NDU0NzIwMC4wOjRmOWMxZDJl"],
    ),
]
AfterMessage = Annotated[
    int,
    Query(ge=0, le=2**31 - 1, description="the message that they come after", examples=[12]),
]
Order = Annotated[
    Literal["touched", "created"], Query(description="the latest first, by which of its times")
]
RenderToo = Annotated[bool, Query(description="whether the desk that comes of it is rendered")]


@router.post("/sessions", status_code=201, dependencies=[ONE_FILE])
def open_session(
    file: Upload,
    service: Serving,
    asking: Asking,
    response: Response,
    turn: Decoding,
    watch: Attended,
) -> SessionState:
    """Opens a session on an uploaded recording."""
    session = service.open(file.file, file.filename or "", asking, watch=watch)
    response.headers["Location"] = f"/sessions/{session.id}"
    return session_state(service, session)


@router.post("/sessions/demo", status_code=201)
def open_demo(service: Serving, asking: Asking, response: Response, turn: Decoding) -> SessionState:
    """Opens a session on the demo song, twenty seconds of our own making."""
    session = service.open_demo(asking)
    response.headers["Location"] = f"/sessions/{session.id}"
    return session_state(service, session)


@router.get("/sessions", responses=LINKED)
def list_sessions(
    service: Serving,
    asking: Asking,
    request: Request,
    response: Response,
    limit: Limit = 100,
    after: After = None,
    order: Order = "touched",
) -> list[SessionSummary]:
    """The asker's sessions, page by page: `Link` leads to the next one.

    A session that is touched between two pages moves to the beginning of the order "touched", where
    later pages do not come by; in the order "created" none moves.
    """
    start = None if after is None else place(after)
    found = service.store.of(asking, most=limit + 1, order=order, after=start)
    if len(found) > limit:
        last = found[limit - 1]
        link_next(request, response, after=cursor(getattr(last, f"{order}_s"), last.id))
    return [
        SessionSummary(
            id=session.id,
            name=session.name,
            created_s=session.created_s,
            touched_s=session.touched_s,
            duration_s=session.frames / session.sample_rate,
        )
        for session in found[:limit]
    ]


@router.get("/sessions/{session_id}")
def get_session(session: Mine, service: Serving) -> SessionState:
    """A session: its recording, its desk, and what was rendered."""
    return session_state(service, session)


@router.patch("/sessions/{session_id}")
def rename_session(
    session_id: Named, body: Rename, service: Serving, asking: Asking
) -> SessionState:
    """Gives a session another name, under which its files are downloaded."""
    session = service.store.rename(session_id, asking, shown_text(body.name))
    return session_state(service, session)


@router.delete("/sessions/{session_id}", status_code=204)
def delete_session(session_id: Named, service: Serving, asking: Asking) -> None:
    """Ends a session; its recording and its renders are deleted."""
    service.delete(session_id, asking)


@router.get("/sessions/{session_id}/source", response_class=Response, responses=OneFile)
def get_source(
    session: Mine,
    service: Serving,
    turn: Converting,
    watch: Attended,
    wanted: FileWanted,
) -> Response:
    """The recording as it was decoded; takes byte ranges."""
    path = converted(service.source(session), 1.0, **wanted._asdict(), watch=watch)
    return send(path, f"{session.name}.{wanted.format}", media_type(wanted))


@router.get("/sessions/{session_id}/source/peaks")
def get_source_peaks(
    session: Mine,
    service: Serving,
    response: Response,
    buckets: Buckets,
    turn: Reading,
    watch: Attended,
    start: Frame = None,
    stop: Frame = None,
) -> Peaks:
    """The outline of the recording's waveform, or of a part of it."""
    part = (start or 0, session.frames if stop is None else stop)
    source = service.source(session)
    return peaks_of(response, session.sample_rate, source, buckets, part, watch)


@router.get("/sessions/{session_id}/source/segment", response_class=Response, responses=Segment)
def get_source_segment(session: Mine, service: Serving, start: Start, frames: Frames) -> Response:
    """A stretch of the recording for a player: frames from `start` on, exact to the sample."""
    return segment_of(service.source(session), start, frames)


@router.get("/sessions/{session_id}/messages", responses=LINKED)
def list_messages(
    session: Mine,
    service: Serving,
    request: Request,
    response: Response,
    after: AfterMessage = 0,
    limit: Limit = 1000,
) -> list[Said]:
    """What was said and done, in order, page by page: `Link` leads to the next one."""
    found = service.store.messages(session.id, after=after, most=limit + 1)
    if len(found) > limit:
        link_next(request, response, after=found[limit - 1].id)
    return [Said.model_validate(message, from_attributes=True) for message in found[:limit]]


@router.post("/sessions/{session_id}/messages")
def say(
    session_id: Named,
    body: Say,
    service: Serving,
    asking: Asking,
    turn: Talking,
    watch: Attended,
) -> Answer:
    """Says what should happen. The answer comes at once; the sound, with the render in it."""
    return answer_of(
        service, *service.say(session_id, asking, body.text, render=body.render, watch=watch)
    )


@router.post("/sessions/{session_id}/moves")
def make_moves(session_id: Named, body: Do, service: Serving, asking: Asking) -> Answer:
    """Applies moves as one turn: all that words could ask for, as plain data."""
    return answer_of(service, *service.do(session_id, asking, body.moves, render=body.render))


@router.get("/sessions/{session_id}/desk")
def get_desk(session: Mine) -> DeskState:
    """The desk as it stands."""
    return state_of(session)


@router.patch("/sessions/{session_id}/desk")
def patch_desk(session_id: Named, body: DeskPatch, service: Serving, asking: Asking) -> Answer:
    """Sets faders, mutes, solos and effects by hand, as one turn that undo takes back."""
    return answer_of(service, *service.patch(session_id, asking, body))


@router.post("/sessions/{session_id}/undo")
def undo(session_id: Named, service: Serving, asking: Asking, render: RenderToo = False) -> Answer:
    """Takes the last turn back, whether it was words or a hand."""
    return answer_of(service, *service.undo(session_id, asking, render=render))


@router.post("/sessions/{session_id}/redo")
def redo(session_id: Named, service: Serving, asking: Asking, render: RenderToo = False) -> Answer:
    """Brings back the turn that was taken back last."""
    return answer_of(service, *service.redo(session_id, asking, render=render))
