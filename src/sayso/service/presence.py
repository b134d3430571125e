"""Whether the client of a request is still there, so that nobody works for one that has gone."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from starlette.types import Message, Receive

from sayso.watch import Watch

_UNREAD = 8
"""Messages of a body, of some 64 KiB each, that are taken before the application asks for them."""


class Presence:
    """The client of one request, for as long as an `async with` block.

    It listens ahead of the application, which asks for nothing while it works.

    Args:
        receive: of the ASGI server.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive, self._gone = receive, threading.Event()
        self._come = asyncio.Queue[Message | Exception](_UNREAD)
        self._last: Message | Exception | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def watch(self) -> Watch:
        """Stops work, in any thread, once the client has hung up."""
        return Watch(cancelled=self._gone.is_set)

    async def receive(self) -> Message:
        """What the application awaits: the body, then the end of the connection."""
        came = self._last or await self._come.get()
        if isinstance(came, Exception) or came["type"] == "http.disconnect":
            self._last = came
        if isinstance(came, Exception):
            raise came
        return came

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._listening is not None
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening

    async def _listen(self) -> None:
        while not self._gone.is_set():
            try:
                came: Message | Exception = await self._receive()
            except Exception as error:  # too much, or too late: the application is told
                came = error
            if not isinstance(came, Exception) and came["type"] == "http.disconnect":
                self._gone.set()
            await self._come.put(came)
            if isinstance(came, Exception):
                return
