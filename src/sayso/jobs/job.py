"""`Job`: what is known of one piece of work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sayso import errors

JobState: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[JobState, ...] = get_args(JobState)
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
Json: TypeAlias = Any
"""What the `json` module can write."""


@dataclass(frozen=True)
class JobFailure:
    """Why a job failed.

    Attributes:
        name: the class of the error, such as "FormatError", or "Crashed".
        message: what arrived, what was expected, what to do.
    """

    name: str
    message: str

    def exception(self) -> errors.SaysoError:
        """The error of `sayso.errors` by that name, or its root for one that is not there."""
        found = getattr(errors, self.name, None)
        if isinstance(found, type) and issubclass(found, errors.SaysoError):
            return found(self.message)
        return errors.SaysoError(f"{self.name}: {self.message}")


@dataclass(frozen=True)
class Job:
    """One job as it was when the queue was asked.

    Attributes:
        id: as it was enqueued.
        kind: the name of its function.
        state: see `sayso.jobs`.
        arguments: what its function is called with.
        progress: 0 to 1; 1 when it is done.
        result: what its function returned, once it is done.
        error: why it failed.
        worker: the id of the worker that has it, or had it last.
        starts: how often it was begun.
        created_s, started_s, ended_s: seconds since 1970, or None.
    """

    id: str
    kind: str
    state: JobState
    arguments: Mapping[str, Json]
    progress: float
    result: Json
    error: JobFailure | None
    worker: str | None
    starts: int
    created_s: float
    started_s: float | None
    ended_s: float | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ENDED
