"""Structured logs: one JSON object a line on stderr, with the id of the request or the job."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import structlog

_KINDS = 1000


class Repeated(logging.Filter):
    """Lets the same warning pass so often a minute; then says once that there are more.

    What goes wrong a thousand times a second (no descriptors left, say) would fill the disk.
    """

    def __init__(self, *, most: int = 20, seconds: float = 60.0) -> None:
        super().__init__()
        self._most, self._seconds = most, seconds
        self._seen: dict[object, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is written."""
        if record.levelno < logging.WARNING:
            return True
        now = time.monotonic()
        # structlog hands over a dict, whose event tells one message from another.
        event = record.msg.get("event") if isinstance(record.msg, dict) else record.lineno
        key = (record.name, record.levelno, record.pathname, event)
        since, count = self._seen.get(key, (now, 0))
        if now - since > self._seconds:
            since, count = now, 0
        self._seen[key] = (since, count + 1)
        if count == self._most:
            more = f"this again more than {self._most} times a minute; the rest is left out"
            if isinstance(record.msg, dict):
                record.msg = {**record.msg, "repeated": more}
            else:
                record.msg, record.args, record.exc_info = more, None, None
        if len(self._seen) > _KINDS:
            self._seen.clear()
        return count <= self._most


def set_up_logs(*, verbose: bool = False) -> None:
    """Sends our log, and the warnings of libraries, to stderr as JSON lines.

    Called by the doors alone. `verbose` shows every request; else only what went wrong.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Repeated())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("sayso").setLevel(logging.INFO if verbose else logging.WARNING)
