"""Connections that nobody uses: how many there may be, and how long they may be silent.

uvicorn closes a connection that is idle between two requests. It waits for ever for the first
request, or for the rest of one that has begun, and takes connections until the process has no
descriptors left.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 20.0
"""From the opening of a connection, or the first byte of a request, to the end of its headers."""
_SPARE = 64
"""Descriptors for files, databases and workers, at the least."""
_MOST = 4096


def most_connections() -> int:
    """How many may be open at a time, by the descriptors that this process may have.

    Raises the soft limit of descriptors as far as the system lets it.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return _MOST
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST if hard == resource.RLIM_INFINITY else min(hard, 2 * _MOST)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(_MOST, soft - max(_SPARE, soft // 4)))


class BoundedConnection(H11Protocol):
    """One connection, closed where there are too many, or where its request does not come.

    `most` and `headers_s` are set by a subclass made with `bounded`.
    """

    most = _MOST
    headers_s = HEADERS_S
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a connection, or closes it at once."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes bytes; between requests they must become one in time."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go of a connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.headers_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def bounded(most: int, *, headers_s: float = HEADERS_S) -> type[BoundedConnection]:
    """The kind of connection of a server that may have `most` of them at a time."""
    return type("Connection", (BoundedConnection,), {"most": most, "headers_s": headers_s})
