"""Renders: asking for them, and fetching their tracks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sayso.service.bodies import RenderRequest
from sayso.service.downloads import archive, converted
from sayso.service.renders import opening_file
from sayso.service.routes.dependencies import (
    Asking,
    Attended,
    Made,
    Mine,
    Named,
    Reading,
    Serving,
    render_state,
    render_states,
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
from sayso.service.routes.wanted import Converting, File, media_type
from sayso.service.schemas import Peaks, RenderState

router = APIRouter(prefix="/sessions/{session_id}/renders", tags=["renders"])
Number = Annotated[int, Path(ge=0, le=1000, description="of the track, from 0", examples=[0])]


@router.post("", status_code=202)
def start_render(
    session_id: Named, body: RenderRequest, service: Serving, asking: Asking, response: Response
) -> RenderState:
    """Renders the desk as it stands, another `desk`, or `targets` of the untouched recording."""
    render = service.render(session_id, asking, body.wanted())
    state = render_state(service, render)
    response.headers["Location"] = state.url
    return state


@router.get("")
def list_renders(session: Mine, service: Serving) -> list[RenderState]:
    """What was rendered, the latest first: of the desk and of stems, twenty each."""
    return render_states(service, session)


@router.get("/{render_id}")
def get_render(render: Made, service: Serving) -> RenderState:
    """A render: how far it is, and its tracks once it is done."""
    return render_state(service, render)


@router.post("/{render_id}/cancel")
def cancel_render(render: Made, service: Serving) -> RenderState:
    """Stops a render; one that has ended stays as it is."""
    return render_state(service, render, service.cancel(render))


@router.get("/{render_id}/tracks/{number}", response_class=Response, responses=OneFile)
def get_track(
    render: Made,
    number: Number,
    session: Mine,
    service: Serving,
    turn: Converting,
    watch: Attended,
    wanted: File,
) -> Response:
    """A track as a file; takes byte ranges. It is made when it is first asked for, then kept."""
    track, kept = service.track(render, number)
    path = converted(kept, track["peak"], **wanted._asdict(), watch=watch)
    name = f"{session.name} - {track['target']}.{wanted.format}"
    return send(path, name.replace("/", "_"), media_type(wanted))


@router.get("/{render_id}/tracks/{number}/peaks")
def get_peaks(
    render: Made,
    number: Number,
    service: Serving,
    response: Response,
    buckets: Buckets,
    turn: Reading,
    watch: Attended,
    start: Frame = None,
    stop: Frame = None,
) -> Peaks:
    """The outline of a track's waveform, or of a part of it."""
    track, kept = service.track(render, number)
    part = (start or 0, track["frames"] if stop is None else stop)
    return peaks_of(response, track["sample_rate"], kept, buckets, part, watch)


@router.get("/{render_id}/tracks/{number}/segment", response_class=Response, responses=Segment)
def get_segment(
    render: Made, number: Number, service: Serving, start: Start, frames: Frames
) -> Response:
    """A stretch of a track for a player: frames from `start` on, exact to the sample."""
    return segment_of(service.track(render, number)[1], start, frames)


@router.get("/{render_id}/opening/{number}/segment", response_class=Response, responses=Segment)
def get_opening_segment(
    render: Made, number: Number, service: Serving, start: Start, frames: Frames
) -> Response:
    """A stretch of the first seconds of a stem, while the rest is being separated."""
    return segment_of(opening_file(service.render_folder(render), number), start, frames)


@router.get("/{render_id}/archive", response_class=Response, responses=OneFile)
def get_archive(
    render: Made,
    session: Mine,
    service: Serving,
    turn: Reading,
    watch: Attended,
    wanted: File,
) -> Response:
    """All tracks as a zip, in the format that is asked for."""
    tracks = [
        (track["target"], track["peak"], service.track(render, number)[1])
        for number, track in enumerate(service.tracks(render))
    ]
    folder = service.render_folder(render)
    path = archive(folder, session.name, tracks, **wanted._asdict(), watch=watch)
    return send(path, f"{session.name}.zip", "application/zip")
