"""When an effect holds: a span of what is heard, with ramps at its ends."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sayso.desk.edits import LATEST_S
from sayso.value import Value


class Moment(Value):
    """How the time of a desk stood when a span was said, so that later edits can move the span.

    `edits` is how many edit steps there were, `tempo` how fast it was played.
    """

    edits: Annotated[int, Field(ge=0)] = 0
    tempo: Annotated[float, Field(ge=1e-3, le=1e3)] = 1.0


class During(Value):
    """From `start_s` to `end_s`, seconds of what is heard; negative ones count from its end.

    Without `end_s` it lasts to the end. At its ends the effect comes in over `fade_in_s` and goes
    over `fade_out_s`, both within the span. `said` is filled in when a desk takes it.
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
