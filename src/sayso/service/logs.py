"""Structured logs: one JSON object a line on stderr, with the id of the request or the job."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


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
