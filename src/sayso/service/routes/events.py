"""Server-sent events: what changes in a session, and how far its renders are."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from sayso.errors import LimitError, NotFoundError
from sayso.service.routes.dependencies import Asking, Made, Mine, Serving, render_state, state_of
from sayso.service.watcher import Watcher

router = APIRouter(tags=["events"])


async def _follow(request: Request, service: Serving, asking: Asking) -> AsyncIterator[None]:
    streams: Counter[str] = request.app.state.streams
    if asking is None:
        yield
        return
    if streams[asking] >= service.settings.limits.streams:
        raise LimitError(f"{streams[asking]} streams of events are followed already; end one first")
    streams[asking] += 1
    try:
        yield
    finally:
        streams[asking] -= 1


Following = Annotated[None, Depends(_follow)]
"""One of the streams that a token may follow, until it ends."""


def _event(name: str, data: BaseModel) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=data.model_dump(mode="json"))


@router.get("/sessions/{session_id}/events", response_class=EventSourceResponse)
async def follow_session(
    session: Mine, service: Serving, request: Request, following: Following
) -> AsyncIterable[ServerSentEvent]:
    """Follows a session: "desk" with a `DeskState`, "render" with a `RenderState`.

    Begins with the desk as it stands and the renders that have not ended; ends with the session.
    """
    watcher: Watcher = request.app.state.watcher
    version, told, begun = -1, dict[str, object](), False
    async with aclosing(watcher.follow(session.id)) as sights:
        async for seen in sights:
            try:
                if seen.version != version:
                    now = await run_in_threadpool(service.store.get, session.id, session.token_id)
                    version = seen.version
                    yield _event("desk", state_of(now))
                for id, job in seen.jobs.items():
                    if told.get(id) != job and (begun or not job.ended):
                        render = await run_in_threadpool(service.store.render, session.id, id)
                        yield _event("render", render_state(service, render, job))
                    told[id] = job
                begun = True
            except NotFoundError:
                continue  # deleted a moment ago


@router.get("/sessions/{session_id}/renders/{render_id}/events", response_class=EventSourceResponse)
async def follow_render(
    render: Made, service: Serving, request: Request, following: Following
) -> AsyncIterable[ServerSentEvent]:
    """Follows a render to its end: "render" with a `RenderState`, whenever it changes."""
    watcher: Watcher = request.app.state.watcher
    try:
        await run_in_threadpool(service.job, render)
    except NotFoundError:  # deleted a moment ago
        return
    told = None
    async with aclosing(watcher.follow(render.session_id)) as sights:
        async for seen in sights:
            job = seen.jobs.get(render.id)
            if job is not None and job != told:
                told = job
                yield _event("render", render_state(service, render, job))
            # A look older than the render does not know it yet.
            if job is None and told is None:
                try:
                    await run_in_threadpool(service.store.render, render.session_id, render.id)
                except NotFoundError:
                    return
            elif job is None or job.ended:
                return
