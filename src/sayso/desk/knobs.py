"""How a page shows the numbers of an effect; it draws what the service tells it, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["amount", "place", "percent", "semitones"]
"""How a number is read out."""


@dataclass(frozen=True)
class Absolute:
    """The range of a number that may be wider as a difference."""

    low: float
    high: float


@dataclass(frozen=True)
class Slider:
    """A number on an even scale, or, with a `step` of 0, an octave up and down from `neutral`.

    Attributes:
        label, name: on the knob, and read out.
        field: of the effect.
        step: between two positions.
        unit: how the number is read out.
        master: only the master strip has it.
        low, high: ends of the scale, where those are not the range itself.
    """

    label: str
    name: str
    field: str
    step: float
    unit: Unit
    master: bool = False
    low: float | None = None
    high: float | None = None
    kind: Literal["slider"] = "slider"


@dataclass(frozen=True)
class Steps:
    """One of a few values, or off."""

    label: str
    name: str
    field: str
    values: tuple[str, ...]
    kind: Literal["steps"] = "steps"


@dataclass(frozen=True)
class Edge:
    """The edge of a filter on a logarithmic scale in Hz, off at one end."""

    label: str
    name: str
    type: str
    low: float
    high: float
    off: float
    kind: Literal["edge"] = "edge"


Knob: TypeAlias = Slider | Steps | Edge
