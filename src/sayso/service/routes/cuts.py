"""Cuts: what is heard of a recording, choosing it by a scorer, and taking it to other programs."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from sayso.autoedit.choose import SHORTEST_S
from sayso.desk.arrangement import arrangement_of
from sayso.desk.edits import Span
from sayso.service.cutting import Cutter
from sayso.service.routes.dependencies import Hearing, Mine, Resolving, Serving
from sayso.timeline import CROSSFADE_S, Timeline

router = APIRouter(prefix="/sessions/{session_id}/cuts", tags=["cuts"])
Exchange = Literal["otio", "rpp", "xml", "edl", "txt", "json"]
Edits = Annotated[UploadFile, File(description="otio, rpp, xml, edl, txt or json, up to 4 MiB")]


class Cuts(BaseModel):
    """Spans of the recording in the order in which they are heard; null while not known.

    `spans`, `crossfade_s`, `fade_in_s` and `fade_out_s` are what an `arrange` step takes: the
    length of each join that has none of its own, and of the fades of the very beginning and end.
    """

    spans: list[Span] | None
    crossfade_s: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    duration_s: float = 0.0
    scorers: list[str]


class Choice(BaseModel):
    """How to choose.

    `keep` is the share to keep; without it an editor that has learnt does as it would by itself.
    """

    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, Field(max_length=200)] = "level"
    keep: Annotated[float, Field(gt=0, le=1)] | None = None
    shortest_s: Annotated[float, Field(ge=0, le=600)] = SHORTEST_S
    crossfade_s: Annotated[float, Field(ge=0, le=10)] = CROSSFADE_S


@router.get("")
def get_cuts(session: Mine, service: Serving, turn: Resolving) -> Cuts:
    """What is heard of the recording as the desk stands."""
    return _cuts(service.cutter, service.cutter.timeline(session))


@router.post("/choose")
def choose(body: Choice, session: Mine, service: Serving, turn: Hearing) -> Cuts:
    """What a scorer would keep. Nothing changes: an `arrange` step with all of this commits it.

    The recording is scored when first asked; choosing again then takes no time.
    """
    timeline = service.cutter.choose(
        session,
        body.by,
        keep=body.keep,
        shortest_s=body.shortest_s,
        crossfade_s=body.crossfade_s,
    )
    return _cuts(service.cutter, timeline)


@router.get("/export", response_class=Response)
def export(session: Mine, service: Serving, turn: Resolving, format: Exchange = "otio") -> Response:
    """The cuts for another program, which finds the recording as NAME.wav beside the file."""
    name = quote(f"{session.name}.{format}", safe="")
    return Response(
        service.cutter.export(session, format),
        media_type="application/octet-stream",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        },
    )


@router.post("/import")
def bring(session: Mine, service: Serving, file: Edits) -> Cuts:
    """What an edit of another program keeps of the recording, whatever it calls that.

    Nothing changes: an `arrange` step with all of this commits it.
    """
    timeline = service.cutter.bring(session, file.filename or "", file.file.read())
    return _cuts(service.cutter, timeline)


def _cuts(cutter: Cutter, timeline: Timeline | None) -> Cuts:
    if timeline is None:
        return Cuts(spans=None, scorers=cutter.scorers)
    step = arrangement_of(timeline)
    return Cuts(
        spans=list(step.spans),
        crossfade_s=step.crossfade_s,
        fade_in_s=step.fade_in_s,
        fade_out_s=step.fade_out_s,
        duration_s=timeline.duration_s,
        scorers=cutter.scorers,
    )
