"""The ASGI application: routes, middleware, errors, and the page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import structlog
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles

from sayso import __version__
from sayso.service import cors, openapi, problems
from sayso.service.access import Rates
from sayso.service.metrics import Metrics
from sayso.service.middleware import Check, Doorkeeper
from sayso.service.routes import cuts, events, login, oneshot, renders, sessions, system, uploads
from sayso.service.routes.dependencies import token_of
from sayso.service.service import Service
from sayso.service.settings import Settings
from sayso.service.sweeping import sweep
from sayso.service.watcher import Watcher

STATIC = Path(__file__).with_name("static")
_SWEEP_S = 3600.0
_THREADS = 100
_TURNS = {"decoding": 2, "talking": 50, "converting": 4, "hearing": 1}
"""How many may do each at a time; see `sayso.service.routes.dependencies`."""
_WORTH_BYTES = 1000
"""Of an answer that is text, from which on it is worth being compressed."""
_ROOM_FOR_FIELDS = 1 << 16
"""Bytes of a request beyond the file that it carries."""


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: where it keeps things, and how much is too much. Renders wait until a worker runs
            on the same queue: `sayso.jobs.Workers(settings.queue, [sayso.service.renders])`.

    Raises: ConfigError, QueueError when a database does not answer.
    """
    service, metrics = Service(settings), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = _THREADS
        sweeping = asyncio.create_task(_sweep(service))
        # So that the first message need not wait for the separator.
        loading = asyncio.create_task(run_in_threadpool(_warm, service))
        yield
        for task in (sweeping, loading):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        service.close()

    app = FastAPI(
        title="Sayso",
        version=__version__,
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=openapi.operation_id,
        separate_input_output_schemas=False,
        license_info={"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        lifespan=lifespan,
        docs_url=None,  # both would fetch scripts from elsewhere
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    _set_up(app, service, metrics)
    problems.install(app)
    for module in (sessions, oneshot, uploads, cuts, renders, events, system, login):
        app.include_router(module.router)
    openapi.install(app, tokens=settings.tokens)
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")

    most_bytes = settings.limits.upload_bytes + _ROOM_FOR_FIELDS
    app.add_middleware(
        Doorkeeper,
        local=not settings.tokens,
        origins=settings.cors,
        most_bytes=most_bytes,
        metrics=metrics,
        check=_check(service, app.state.guesses),
    )
    app.add_middleware(GZipMiddleware, minimum_size=_WORTH_BYTES)
    if settings.cors:
        cors.install(app, settings.cors)
    return app


def _check(service: Service, guesses: Rates) -> Check:
    async def check(headers: Mapping[str, str], address: str) -> str | None:
        if not service.settings.tokens:
            return None
        find = partial(token_of, headers, address, service=service, guesses=guesses)
        return await run_in_threadpool(find)

    return check


def _set_up(app: FastAPI, service: Service, metrics: Metrics) -> None:
    """What the routes share."""
    limits = service.settings.limits
    app.state.service, app.state.metrics = service, metrics
    app.state.watcher = Watcher(service)
    for name, most in _TURNS.items():
        setattr(app.state, name, asyncio.Semaphore(most))
    app.state.streams = Counter[str]()
    app.state.rates = Rates(limits.requests_a_minute)
    app.state.guesses = Rates(limits.guesses_a_minute)


def _warm(service: Service) -> None:
    with suppress(Exception):  # whoever asks first is told
        service.studio.separator.supports("vocals")


async def _sweep(service: Service) -> None:
    log = structlog.get_logger("sayso")
    while True:
        try:
            swept = await run_in_threadpool(sweep, service)
            if swept:
                log.info("swept", sessions=swept)
        except Exception as error:
            log.error("sweeping failed", exc_info=error)
        await asyncio.sleep(_SWEEP_S)
