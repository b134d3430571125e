"""One-shot requests: a recording and words in, and, if it is waited for, the sound out."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from sayso.desk import Desk, Extract
from sayso.errors import Cancelled, NotFoundError
from sayso.jobs import Job
from sayso.service import problems
from sayso.service.asking import Change, begin
from sayso.service.downloads import archive, converted
from sayso.service.routes.dependencies import (
    ONE_FILE,
    Asking,
    Attended,
    Serving,
    answer_of,
    session_state,
)
from sayso.service.routes.files import send
from sayso.service.routes.sessions import Upload
from sayso.service.routes.wanted import File, media_type
from sayso.service.schemas import Opened, Problem
from sayso.service.tables import Message, Session
from sayso.value import Text

router = APIRouter(tags=["one-shot"])
_LONGEST_S, _LOOK_S = 300, 0.2
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_HEADERS: dict[str, Any] = {
    "Location": {"description": "the session", "schema": {"type": "string"}},
    "Sayso-Reply": {
        "description": "the reply to the words, percent-encoded",
        "schema": {"type": "string"},
    },
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the file; a zip where there are several tracks. Only with `wait`",
        "content": {"audio/*": _BYTES, "application/zip": _BYTES},
        "headers": _HEADERS,
    },
    202: {
        "description": "what was begun; `answer.render.url` says how far it is, and "
        "`Retry-After` when to look",
        "headers": {"Location": _HEADERS["Location"]},
    },
}
Words = Annotated[
    Text,
    Form(
        max_length=20_000,
        description="what should happen, in English",
        examples=["remove the vocals"],
    ),
]
Parts = Annotated[
    list[str] | None,
    Form(
        max_length=32,
        description="a sound that becomes a track; may be given again",
        examples=[["vocals", "drums"]],
    ),
]
Part = Annotated[
    str | None,
    Form(
        max_length=100,
        description="a sound that becomes a track beside the rest",
        examples=["vocals"],
    ),
]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=_LONGEST_S,
        description="seconds to wait for the file, which is the answer then; what takes longer "
        "goes on, and is answered as without it",
        examples=[30],
    ),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="any text that is new for each request; the same request with the same key "
        "opens no second session, and a client that hangs up can ask again for what it waits for",
        examples=["9a1d0b6e-1c8f-4a0e-8f57-1f3f0c8a7d11"],
    ),
]


class Asked:
    """One request: who asks, and how it is to be answered."""

    def __init__(
        self,
        request: Request,
        service: Serving,
        asking: Asking,
        watch: Attended,
        wanted: File,
        wait: Wait = 0,
        idempotency_key: Key = None,
    ) -> None:
        self.turns, self.service, self.owner, self.watch = request.app.state, service, asking, watch
        self.wanted, self.wait_s, self.key = wanted, wait, idempotency_key
        self.request_id = problems.request_id(request)

    async def answer(self, file: UploadFile, what: str, change: Change) -> Response:
        """Carries the request out, and waits for its file if that is wanted.

        Args:
            file: the recording.
            what: see `wanted` of `sayso.service.asking.begin`.
            change: see there.

        Raises: Cancelled for a client that hung up, whose session goes with it unless it can ask
            for it again by its key.
        """
        async with self.turns.decoding:
            name = file.filename or ""
            session, message = await run_in_threadpool(
                begin,
                self.service,
                file.file,
                name,
                self.owner,
                wanted=what,
                change=change,
                key=self.key,
                watch=self.watch,
            )
        if not self.wait_s:
            return await run_in_threadpool(self._opened, session, message)
        if message.render_id is None:
            return self._refused(session, message)
        try:
            job = await self._ended(message.render_id)
            if job is None:
                return await run_in_threadpool(self._opened, session, message)
            if job.error is not None:
                raise job.error.exception()
            return await self._file(session, message)
        except Cancelled:
            if self.key is None:  # nobody else knows of it
                with suppress(NotFoundError):
                    await run_in_threadpool(self.service.delete, session.id, self.owner)
            raise

    async def _ended(self, render: str) -> Job | None:
        """The job of a render once it has ended; None if it takes longer than may be waited."""
        deadline_s = time.monotonic() + self.wait_s
        while True:
            self.watch.check()
            job = await run_in_threadpool(self.service.queue.get, render)
            if job is not None and job.ended:
                return job
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return None
            await asyncio.sleep(min(_LOOK_S, left_s))

    async def _file(self, session: Session, message: Message) -> Response:
        """The one track of the render, or all of them as a zip."""
        service, wanted = self.service, self.wanted
        assert message.render_id is not None
        render = await run_in_threadpool(service.store.render, session.id, message.render_id)
        tracks = await run_in_threadpool(service.tracks, render)
        kept = [
            (track["target"], track["peak"], service.track(render, number)[1])
            for number, track in enumerate(tracks)
        ]
        form = wanted._asdict() | {"watch": self.watch}
        async with self.turns.converting:
            if len(kept) == 1:
                target, peak, path = kept[0]
                made = await run_in_threadpool(partial(converted, path, peak, **form))
                name = f"{session.name} - {target}.{wanted.format}".replace("/", "_")
                response = send(made, name, media_type(wanted))
            else:
                folder = service.render_folder(render)
                zipped = partial(archive, folder, session.name, kept, **form)
                name = f"{session.name}.zip"
                response = send(await run_in_threadpool(zipped), name, "application/zip")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Location"] = f"/sessions/{session.id}"
        response.headers["Sayso-Reply"] = quote(message.reply)
        return response

    def _opened(self, session: Session, message: Message) -> Response:
        """What was begun, and where to look."""
        opened = Opened(
            session=session_state(self.service, session),
            answer=answer_of(self.service, session, message),
        )
        render = opened.answer.render
        headers = {"Location": f"/sessions/{session.id}"}
        if render is not None and render.state in ("queued", "running"):
            headers["Retry-After"] = "2"
        return JSONResponse(opened.model_dump(mode="json"), 202, headers=headers)

    def _refused(self, session: Session, message: Message) -> Response:
        """The answer to words that lead to no sound; the recording stays, so they can be others."""
        problem = Problem(
            type="urn:sayso:request-error",
            title="There is nothing to render",
            status=422,
            detail=f"{message.reply} The recording is kept: say it otherwise to "
            f"/sessions/{session.id}/messages, or delete it.",
            request_id=self.request_id,
        )
        response = problems.answer(problem)
        response.headers["Location"] = f"/sessions/{session.id}"
        return response


Shot = Annotated[Asked, Depends(Asked)]


@router.post(
    "/ask", status_code=202, response_model=Opened, responses=_ANSWERS, dependencies=[ONE_FILE]
)
async def ask(file: Upload, text: Words, asked: Shot) -> Response:
    """Says what should happen to a recording, in one request.

    With `wait` the answer is the file, in the format that is asked for. A client that hangs up
    while it waits ends the work, and the session with it, unless it sent an `Idempotency-Key`.
    """
    service, owner = asked.service, asked.owner

    def change(id: str) -> tuple[Session, Message]:
        return service.say(id, owner, text, render=True, watch=asked.watch)

    return await asked.answer(file, f"ask {text}", change)


@router.post(
    "/separate", status_code=202, response_model=Opened, responses=_ANSWERS, dependencies=[ONE_FILE]
)
async def separate(
    file: Upload, asked: Shot, target: Parts = None, two_stems: Part = None
) -> Response:
    """Takes a recording apart, in one request; `wait` as for /ask.

    Into the sounds `target` (may be given again), or into `two_stems` and the rest, or, without
    either, into all stems of the separator.
    """
    service, owner = asked.service, asked.owner
    targets = await run_in_threadpool(service.studio.parts, target or (), two_stems=two_stems)
    await run_in_threadpool(service.studio.require, Desk(deliver=targets))

    def change(id: str) -> tuple[Session, Message]:
        return service.do(id, owner, [Extract(targets=targets)], render=True)

    return await asked.answer(file, f"separate {targets}", change)
