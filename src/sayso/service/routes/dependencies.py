"""What routes are given: the service, who asks, and how answers are put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import cookie_parser

from sayso.desk import Desk
from sayso.errors import RequestError
from sayso.jobs import Job
from sayso.service import access
from sayso.service.problems import problem_of
from sayso.service.renders import opened
from sayso.service.schemas import (
    Answer,
    DeskState,
    Opening,
    RenderState,
    SessionState,
    Source,
    Track,
)
from sayso.service.service import Service
from sayso.service.store import conversation_of
from sayso.service.tables import Message, Render, Session
from sayso.watch import Watch

Id = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{32}$",
        description="32 hexadecimal digits, as the answer that made it named it",
        examples=["4f9c1d2e8a7b4c3d9e0f1a2b3c4d5e6f"],
    ),
]


def the_service(request: Request) -> Service:
    """The service behind the application."""
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(the_service)]


def owner(request: Request, service: Serving) -> str | None:
    """Who asks: the id of the token, None on a service without tokens.

    Raises: TokenError, LimitError.
    """
    rates: access.Rates = request.app.state.rates
    address = request.client.host if request.client else ""
    if not service.settings.tokens:
        rates.take(address)
        return None
    # Where a body was let in, its token has been looked up already.
    found: str = request.scope.get("token_id") or token_of(
        request.headers, address, service=service, guesses=request.app.state.guesses
    )
    rates.take(found)
    return found


def token_of(
    headers: Mapping[str, str], address: str, *, service: Service, guesses: access.Rates
) -> str:
    """The id of the token that a request carries, by its headers alone.

    Raises: TokenError, LimitError for too many wrong ones from `address`; the right one is let in
        whatever else came from there.
    """
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    cookies = cookie_parser(headers.get("cookie", ""))
    given = secret.strip() if scheme.lower() == "bearer" else cookies.get(access.COOKIE)
    return access.owner_or_guess(service.store.engine, given, address, guesses)


Asking = Annotated[str | None, Depends(owner)]


def _attended(request: Request) -> Watch:
    watch: Watch = request.scope["watch"]
    return watch


Attended = Annotated[Watch, Depends(_attended)]
"""Stops the work for a client that has hung up."""


async def _one_file(request: Request) -> None:
    """Raises RequestError where several files came: all but one would be dropped without a word."""
    form = await request.form()
    if len(files := [part for _, part in form.multi_items() if isinstance(part, UploadFile)]) > 1:
        raise RequestError(f"{len(files)} files came; expected one. Send each in its own request")


ONE_FILE = Depends(_one_file)


async def session_named(session_id: Id, service: Serving, asking: Asking) -> AsyncIterator[str]:
    """The id of a session in the path. What fails since it was deleted meanwhile is told as that.

    Raises: NotFoundError.
    """
    try:
        yield session_id
    except Exception:
        await run_in_threadpool(service.store.get, session_id, asking)
        raise


Named = Annotated[str, Depends(session_named, scope="function")]


def the_session(session_id: Named, service: Serving, asking: Asking) -> Session:
    """The session that the path names, if it is the asker's. Raises: NotFoundError."""
    return service.store.get(session_id, asking)


Mine = Annotated[Session, Depends(the_session)]


async def the_render(render_id: Id, session: Mine, service: Serving) -> AsyncIterator[Render]:
    """The render that the path names; as `session_named` for one that is deleted meanwhile.

    Raises: NotFoundError.
    """
    find = partial(service.store.render, session.id, render_id)
    render = await run_in_threadpool(find)
    try:
        yield render
    except Exception:
        await run_in_threadpool(find)
        raise


Made = Annotated[Render, Depends(the_render, scope="function")]


async def _turn() -> AsyncIterator[None]:
    yield


# Who waits for a turn holds no thread, so that talking stays quick while others' files are read.
# A turn is asked for last, when all that can be refused was.
Reading = Annotated[None, Depends(_turn, scope="function", max_concurrency=4)]
"""A turn at reading whole tracks."""


async def _turn_to_talk(request: Request) -> AsyncIterator[None]:
    if the_service(request).settings.llm is None:  # then the answer takes no time
        yield
    else:
        async with request.app.state.talking:
            yield


async def _turn_to_decode(request: Request) -> AsyncIterator[None]:
    async with request.app.state.decoding:
        yield


Decoding = Annotated[None, Depends(_turn_to_decode, scope="function")]
"""A turn at decoding a recording."""
Talking = Annotated[None, Depends(_turn_to_talk, scope="function")]
"""A turn at asking the language model, which takes seconds."""


async def _turn_to_hear(request: Request) -> AsyncIterator[None]:
    async with request.app.state.hearing:
        yield


Hearing = Annotated[None, Depends(_turn_to_hear, scope="function")]
"""A turn at hearing a recording."""


def _listens(session: Mine, service: Serving) -> bool:
    return service.cutter.listens(session)


async def _turn_to_resolve(
    request: Request, listens: Annotated[bool, Depends(_listens)]
) -> AsyncIterator[None]:
    if listens:
        async with request.app.state.hearing:
            yield
    else:
        yield


Resolving = Annotated[None, Depends(_turn_to_resolve, scope="function")]
"""A turn at hearing the session's recording, if its cuts depend on how it sounds."""


def desk_state(session: Session) -> dict[str, Any]:
    """The fields of `DeskState`."""
    history = conversation_of(session).history
    return {
        "version": session.version,
        "desk": history.desk,
        "can_undo": bool(history.turns),
        "can_redo": bool(history.undone),
    }


def state_of(session: Session) -> DeskState:
    """The desk of a session as it stands."""
    return DeskState(**desk_state(session))


def session_state(service: Service, session: Session) -> SessionState:
    """A session with its desk and its renders."""
    at = f"/sessions/{session.id}"
    source = Source(
        sample_rate=session.sample_rate,
        channels=session.channels,
        frames=session.frames,
        duration_s=session.frames / session.sample_rate,
        notes=session.notes,
        url=f"{at}/source",
        peaks_url=f"{at}/source/peaks",
    )
    return SessionState(
        **desk_state(session),
        id=session.id,
        name=session.name,
        created_s=session.created_s,
        touched_s=session.touched_s,
        source=source,
        renders=render_states(service, session),
    )


def render_state(service: Service, render: Render, job: Job | None = None) -> RenderState:
    """A render with its job's state, and its tracks once they are there."""
    job = job or service.job(render)
    at = f"/sessions/{render.session_id}/renders/{render.id}"
    tracks = [
        Track(
            **track,
            duration_s=track["frames"] / track["sample_rate"],
            url=f"{at}/tracks/{number}",
            peaks_url=f"{at}/tracks/{number}/peaks",
        )
        for number, track in enumerate(job.result["tracks"] if job.state == "done" else [])
    ]
    running = job.state == "running"
    opening = [
        Opening(
            **{name: track[name] for name in ("target", "sample_rate", "channels", "frames")},
            url=f"{at}/opening/{number}",
        )
        for number, track in enumerate(opened(service.render_folder(render)) if running else [])
    ]
    return RenderState(
        opening=opening,
        id=render.id,
        session_id=render.session_id,
        state=job.state,
        progress=job.progress,
        created_s=render.created_s,
        desk=Desk.model_validate(render.desk),
        tracks=tracks,
        error=None if job.error is None else problem_of(job.error.exception()),
        url=at,
        events_url=f"{at}/events",
        archive_url=f"{at}/archive",
    )


def render_states(service: Service, session: Session) -> list[RenderState]:
    """The renders of a session, the latest first."""
    renders = service.store.renders(session.id)
    jobs = service.jobs(renders)
    return [render_state(service, render, job) for render, job in zip(renders, jobs, strict=True)]


def answer_of(service: Service, session: Session, message: Message) -> Answer:
    """What a change led to."""
    render = None
    if message.render_id is not None:
        render = render_state(service, service.store.render(session.id, message.render_id))
    assert message.id is not None
    return Answer(
        **desk_state(session),
        message_id=message.id,
        reply=message.reply,
        moves=message.moves,
        interpreter=message.interpreter,
        render=render,
    )
