"""What every effect shares, and the kinds of numbers that they hold."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StringConstraints

from sayso.desk.knobs import Knob
from sayso.desk.spans import During
from sayso.errors import RangeError
from sayso.value import Text, Value

Target = Annotated[
    Text, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=100)
]
Targets = Annotated[
    tuple[Target, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]
"""Several; one may be given by its name alone."""
MIX = "mix"
REST = "rest"
"""What is left of the recording without the sounds that have a strip."""
Db = Annotated[float, Field(ge=-60.0, le=24.0)]
Hz = Annotated[float, Field(ge=10.0, le=96_000.0)]
FadeSeconds = Annotated[float, Field(ge=0.0, le=3600.0)]


class BaseEffect(Value):
    """What all effects share.

    Of the class: `difference` is the field that a relative `adjust` adds to, None where there is no
    sensible difference; `neutral` the values with which it does nothing, empty where there are
    none; `knobs` what the page shows.

    Attributes:
        span: where it holds; None is throughout.
    """

    span: During | None = None
    difference: ClassVar[str | None] = None
    neutral: ClassVar[tuple[tuple[str, float], ...]] = ()
    knobs: ClassVar[tuple[Knob, ...]] = ()
    in_part: ClassVar[bool] = True
    """Whether it may hold for a span only."""
    on_any: ClassVar[bool] = True
    """Whether any strip may have it; else only the whole mix, and every track shares it."""

    @property
    def reaches_hz(self) -> float:
        """The frequency that a recording must hold for it to do anything; 0 for any recording."""
        return 0.0


def require_held(frequency_hz: float, sample_rate: int, what: str) -> None:
    """Raises RangeError unless audio at `sample_rate` holds `frequency_hz`."""
    if frequency_hz >= sample_rate / 2:
        raise RangeError(
            f"{what} at {frequency_hz:g} Hz: audio at {sample_rate} Hz holds nothing from "
            f"{sample_rate / 2:g} Hz up; expected a frequency below that"
        )
