"""Edit steps: what can be done to time. Each acts on the result of the one before it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from sayso.timeline import (
    CROSSFADE_S,
    HIGHEST_SPEED,
    LONGEST_CROSSFADE_S,
    LOWEST_SPEED,
    MOST_CLIPS,
)
from sayso.value import Value

LATEST_S = 360_000.0
"""A hundred hours: nothing begins, ends or lasts later or longer."""
MOST_SPANS = 10_000
"""The most stretches that one arrangement holds."""
Seconds = Annotated[float, Field(ge=0.0, le=LATEST_S)]


class _Span(Value):
    """A span of what is there when the step comes.

    Attributes:
        start_s: where it begins, in seconds.
        end_s: where it ends, exclusive; None is the end.
    """

    start_s: Seconds = 0.0
    end_s: Seconds | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> _Span:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError(f"end_s {self.end_s:g} must lie after start_s {self.start_s:g}")
        return self


class Keep(_Span):
    """Only this span; without `end_s`, up to the end."""

    step: Literal["keep"] = "keep"


class Cut(_Span):
    """Everything but this span; without `end_s`, up to the end."""

    step: Literal["cut"] = "cut"


class CutTail(Value):
    """Without its last seconds.

    Attributes:
        seconds: how many.
    """

    step: Literal["cut_tail"] = "cut_tail"
    seconds: Annotated[float, Field(gt=0.0, le=LATEST_S)]


class KeepTail(Value):
    """Only its last seconds; all of what is no longer than that.

    Attributes:
        seconds: how many.
    """

    step: Literal["keep_tail"] = "keep_tail"
    seconds: Annotated[float, Field(gt=0.0, le=LATEST_S)]


class Loop(_Span):
    """Plays a span several times.

    Attributes:
        times: how often in all, 2 to 1000.
    """

    step: Literal["loop"] = "loop"
    times: Annotated[int, Field(ge=2, le=1000)] = 2


class MoveSpan(_Span):
    """Takes a span out and puts it back in elsewhere.

    Attributes:
        to_s: where it begins then, in seconds of the whole before it.
    """

    step: Literal["move"] = "move"
    to_s: Seconds


class ShortenTo(Value):
    """Not longer than some seconds.

    Attributes:
        seconds: how many at most.
    """

    step: Literal["shorten_to"] = "shorten_to"
    seconds: Annotated[float, Field(ge=0.1, le=LATEST_S)]


class RemoveSilence(Value):
    """Shortens pauses.

    Attributes:
        longest_s: how long one may stay, in seconds.
    """

    step: Literal["remove_silence"] = "remove_silence"
    longest_s: Annotated[float, Field(ge=0.0, le=60.0)] = 0.3


class KeepBest(Value):
    """Of everything that is played more than once, only the best take."""

    step: Literal["keep_best"] = "keep_best"


class LoopChorus(Value):
    """Plays the chorus several times in a row, where it is first heard.

    Attributes:
        times: how often, 2 to 100.
    """

    step: Literal["loop_chorus"] = "loop_chorus"
    times: Annotated[int, Field(ge=2, le=100)] = 2


class Like(Value):
    """Edited the way an example was.

    Attributes:
        example: a recording, or an editor that has learnt from several.
    """

    step: Literal["like"] = "like"
    example: Annotated[str, Field(min_length=1, max_length=1000)]


class Span(_Span):
    """A span of the recording itself.

    Attributes:
        gain_db: how much louder.
        speed: how much faster, at the same pitch.
        gap_s: silence before it.
        crossfade_s: length of the join with what comes before; None takes that of the arrangement.
    """

    gain_db: Annotated[float, Field(ge=-60.0, le=24.0)] = 0.0
    speed: Annotated[float, Field(ge=LOWEST_SPEED, le=HIGHEST_SPEED)] = 1.0
    gap_s: Seconds = 0.0
    crossfade_s: Annotated[float, Field(ge=0.0, le=LONGEST_CROSSFADE_S)] | None = None


class Arrange(Value):
    """These spans of the recording itself, in this order, whatever was cut before.

    It is a whole timeline.

    Attributes:
        spans: what is heard, in order.
        crossfade_s: the length of each join that has none of its own.
        fade_in_s, fade_out_s: those of the very beginning and end.
    """

    step: Literal["arrange"] = "arrange"
    spans: Annotated[tuple[Span, ...], Field(min_length=1, max_length=MOST_CLIPS)]
    crossfade_s: Annotated[float, Field(ge=0.0, le=LONGEST_CROSSFADE_S)] = CROSSFADE_S
    fade_in_s: Seconds = 0.0
    fade_out_s: Seconds = 0.0


EditStep: TypeAlias = Annotated[
    Keep
    | Cut
    | CutTail
    | KeepTail
    | Loop
    | MoveSpan
    | ShortenTo
    | RemoveSilence
    | KeepBest
    | LoopChorus
    | Like
    | Arrange,
    Field(discriminator="step"),
]
