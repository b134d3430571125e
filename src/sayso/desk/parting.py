"""Where the tracks of a desk are split into files, in seconds of what is heard."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator

from sayso.desk.edits import LATEST_S
from sayso.value import Value

MOST_PARTS = 1000


class AtPauses(Value):
    """In the middle of every pause.

    Attributes:
        least_s: how long a pause is at least, 0.2 to 600 s.
    """

    by: Literal["pauses"] = "pauses"
    least_s: Annotated[float, Field(ge=0.2, le=600.0)] = 1.0


class Every(Value):
    """Into parts of one length; the last is what is left.

    Attributes:
        seconds: how long each is.
    """

    by: Literal["seconds"] = "seconds"
    seconds: Annotated[float, Field(ge=0.1, le=LATEST_S)]


class Equal(Value):
    """Into parts of the same length, to the sample.

    Attributes:
        count: how many, 2 to 1000.
    """

    by: Literal["count"] = "count"
    count: Annotated[int, Field(ge=2, le=MOST_PARTS)]


class AtTimes(Value):
    """At these times.

    Attributes:
        times_s: in seconds of what is heard, in any order.
    """

    by: Literal["times"] = "times"
    times_s: Annotated[
        tuple[Annotated[float, Field(gt=0.0, le=LATEST_S)], ...],
        Field(min_length=1, max_length=MOST_PARTS - 1),
    ]

    @field_validator("times_s")
    @classmethod
    def _in_order(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(dict.fromkeys(times)))


class AtMarkers(Value):
    """At the chapters of the file, where they are heard; each part is called as its chapter."""

    by: Literal["markers"] = "markers"


Parts: TypeAlias = Annotated[
    AtPauses | Every | Equal | AtTimes | AtMarkers, Field(discriminator="by")
]
