"""Running the service: the API in this process, renders in processes of their own."""

from __future__ import annotations

import ctypes
import os
from contextlib import nullcontext, suppress

import uvicorn

from sayso.errors import ConfigError
from sayso.jobs import Workers
from sayso.service import renders
from sayso.service.access import is_loopback
from sayso.service.application import create_app
from sayso.service.connections import bounded, most_connections
from sayso.service.logs import set_up_logs
from sayso.service.settings import Settings

_GRACE_S, _LAST_PORT = 3, 65_535
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 20


def serve(settings: Settings, *, host: str, port: int, workers: int, verbose: bool) -> None:
    """Answers requests until it is stopped.

    Args:
        settings: of the service.
        host: where to listen; only this machine needs no tokens.
        port: 0 takes a free one.
        workers: processes that render here; 0 leaves that to others on the same database.
        verbose: logs every request.

    Raises: ConfigError for an open address without tokens, a database or a port that does not work.
    """
    if not settings.tokens and not is_loopback(host):
        raise ConfigError(
            f"{host} can be reached from elsewhere, so the service must ask for tokens there"
        )
    if not 0 <= port <= _LAST_PORT:
        raise ConfigError(f"port {port}: expected 0 to {_LAST_PORT}; 0 takes a free one")
    set_up_logs(verbose=verbose)
    os.umask(0o077)  # recordings, databases and caches are nobody else's on this machine
    _give_memory_back()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=bounded(most_connections()),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    rendering = Workers(settings.queue, [renders.__name__], processes=workers) if workers else None
    with rendering or nullcontext():
        server.run()


def _give_memory_back() -> None:
    """Has glibc return large blocks at once; it would keep them for each thread: half of it all."""
    with suppress(AttributeError, OSError, TypeError):  # another system's library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
