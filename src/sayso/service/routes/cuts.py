"""Cuts: what is heard of a recording, choosing it by a scorer, and taking it to other programs."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Query, Response, UploadFile
from pydantic import Field

from sayso.autoedit.choose import SHORTEST_S
from sayso.desk.arrangement import arrangement_of
from sayso.desk.edits import Span
from sayso.service.bodies import Body
from sayso.service.cutting import Cutter
from sayso.service.routes.dependencies import ONE_FILE, Attended, Hearing, Mine, Resolving, Serving
from sayso.service.schemas import Shape
from sayso.timeline import CROSSFADE_S, Timeline
from sayso.timeline.exchange.formats import FORMATS, NAMES

router = APIRouter(prefix="/sessions/{session_id}/cuts", tags=["cuts"])
_EXCHANGED = "|".join(suffix.removeprefix(".") for suffix in FORMATS)
Exchange = Annotated[
    str, Query(description=f"one of {_EXCHANGED}", examples=["otio"], pattern=f"^({_EXCHANGED})$")
]
Edits = Annotated[UploadFile, File(description=f"an edit ({NAMES}), up to 4 MiB")]
Rate = Annotated[
    str | None,
    Query(
        description="frames a second of an edl that does not say: 25, 29.97",
        max_length=20,
        examples=["25"],
    ),
]
Start = Annotated[
    str | None,
    Query(
        description="the recording's first time code, HH:MM:SS:FF, or seconds",
        max_length=20,
        examples=["01:00:00:00"],
    ),
]


class CutFormat(Shape):
    """A format of other programs.

    Attributes:
        format: its name, as `export` takes it.
        name: of the programs that it is for, in words.
        exact: how fine its times are, in words.
    """

    format: str
    name: str
    exact: str


_EXCHANGES = [
    CutFormat(format=suffix.removeprefix("."), name=form.name, exact=form.exact)
    for suffix, form in FORMATS.items()
]


class Cuts(Shape):
    """What is heard of a recording.

    `spans`, `crossfade_s`, `fade_in_s` and `fade_out_s` are what an `arrange` step takes.

    Attributes:
        spans: spans of the recording in the order in which they are heard; None while not known.
        crossfade_s: length of each join that has none of its own.
        fade_in_s, fade_out_s: those of the very beginning and end.
        duration_s: length of what is heard.
        scorers: what `choose` can choose by.
        notes: what an imported edit has and these do not.
        formats: of imports and exports.
    """

    spans: list[Span] | None
    crossfade_s: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    duration_s: float = 0.0
    scorers: list[str]
    notes: list[str] = Field(default_factory=list)
    formats: list[CutFormat] = Field(default_factory=lambda: list(_EXCHANGES))


class Choice(Body):
    """How to choose.

    Attributes:
        by: one of the scorers.
        keep: the share to keep; without it an editor that has learnt does as it would by itself.
        shortest_s: nothing shorter is kept or cut.
        crossfade_s: length of the joins.
    """

    by: Annotated[str, Field(max_length=200)] = "level"
    keep: Annotated[float, Field(gt=0, le=1)] | None = None
    shortest_s: Annotated[float, Field(ge=0, le=600)] = SHORTEST_S
    crossfade_s: Annotated[float, Field(ge=0, le=10)] = CROSSFADE_S


@router.get("")
def get_cuts(session: Mine, service: Serving, turn: Resolving, watch: Attended) -> Cuts:
    """What is heard of the recording as the desk stands."""
    return _cuts(service.cutter, service.cutter.timeline(session, watch=watch))


@router.post("/choose")
def choose_cuts(
    body: Choice, session: Mine, service: Serving, turn: Hearing, watch: Attended
) -> Cuts:
    """What a scorer would keep. Nothing changes: an `arrange` step with all of this commits it.

    The recording is scored when first asked; choosing again then takes no time.
    """
    timeline = service.cutter.choose(
        session,
        body.by,
        keep=body.keep,
        shortest_s=body.shortest_s,
        crossfade_s=body.crossfade_s,
        watch=watch,
    )
    return _cuts(service.cutter, timeline)


@router.get("/export", response_class=Response)
def export_cuts(
    session: Mine,
    service: Serving,
    turn: Resolving,
    watch: Attended,
    format: Exchange = "otio",
) -> Response:
    """The cuts for another program, which finds the recording as NAME.wav beside the file."""
    name = quote(f"{session.name}.{format}", safe="")
    return Response(
        service.cutter.export(session, format, watch=watch),
        media_type="application/octet-stream",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        },
    )


@router.post("/import", dependencies=[ONE_FILE])
def import_cuts(
    session: Mine,
    service: Serving,
    file: Edits,
    watch: Attended,
    rate: Rate = None,
    start: Start = None,
) -> Cuts:
    """What an edit of another program keeps of the recording, whatever it calls that.

    Nothing changes: an `arrange` step with all of this commits it.
    """
    name, content = file.filename or "", file.file.read()
    timeline, notes = service.cutter.bring(
        session, name, content, rate=rate, start=start, watch=watch
    )
    return _cuts(service.cutter, timeline).model_copy(update={"notes": notes})


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
