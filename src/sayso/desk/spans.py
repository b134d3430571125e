"""When an effect holds: a span of what is heard, with ramps at its ends."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sayso.desk.edits import LATEST_S
from sayso.value import Value


class Moment(Value):
    """How the time of a desk stood when a span was said, so that later edits can move the span.

    Attributes:
        edits: how many edit steps there were.
        tempo: how fast it was played.
    """

    edits: Annotated[int, Field(ge=0)] = 0
    tempo: Annotated[float, Field(ge=1e-3, le=1e3)] = 1.0


class During(Value):
    """A span of what is heard, with ramps at its ends, within it.

    Attributes:
        start_s: where it begins, in seconds; a negative one counts from the end.
        end_s: where it ends; None is the end.
        fade_in_s: how long the effect takes to come in.
        fade_out_s: how long it takes to go.
        said: how the time stood then; a desk fills it in when it takes the span.
    """

    start_s: Annotated[float, Field(ge=-LATEST_S, le=LATEST_S)] = 0.0
    end_s: Annotated[float, Field(ge=-LATEST_S, le=LATEST_S)] | None = None
    fade_in_s: Annotated[float, Field(ge=0.0, le=3600.0)] = 0.0
    fade_out_s: Annotated[float, Field(ge=0.0, le=3600.0)] = 0.0
    said: Moment | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> During:
        if self.end_s is None:
            return self
        # Only two times that count from the same end can be compared.
        if (self.start_s < 0) == (self.end_s < 0) and self.end_s <= self.start_s:
            raise ValueError(f"end_s {self.end_s:g} must lie after start_s {self.start_s:g}")
        return self

    @property
    def place(self) -> tuple[float | Moment | None, ...]:
        """What tells it from another span, whatever its ramps."""
        return (self.start_s, self.end_s, self.said)
