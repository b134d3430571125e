"""What a clause comes to: an act, the aspects of sound it is about, and its targets."""

from __future__ import annotations

from dataclasses import dataclass

from sayso.words.grammar import Clause
from sayso.words.items import Item
from sayso.words.numbers import Quantity


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing about a sound that should change: its level, its reverb, a band of its tone.

    `sign` is +1 for more, -1 for less, 0 where only the thing itself was named; `off` takes it
    away; `absolute` sets it; `more` and `wanted` tell whether "more" was said, and whether it was
    asked for at all. `detail` is the band, the kind of filter, the place or the preset.
    """

    name: str
    detail: str = ""
    sign: int = 0
    off: bool = False
    size: str = "normal"
    absolute: bool = False
    more: bool = False
    wanted: bool = False
    numbers: tuple[Quantity, ...] = ()
    ranged: tuple[Quantity, Quantity] | None = None

    @property
    def bpm(self) -> float:
        """The tempo that is wanted, 0 where none was named."""
        named = self.number("bpm")
        return named.value if named is not None else 0.0

    def number(self, *units: str) -> Quantity | None:
        """The first quantity in one of `units`."""
        return next((number for number in self.numbers if number.unit in units), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """A clause that has been read.

    `act` is what to do ("extract", "adjust", "edit", "none" where nothing was understood),
    `targets` what to do it to, `spared` the sounds that must stay as they are. A `complaint` says
    what is wrong and no more, so an order about the same thing replaces it. What is to be adjusted
    may be wanted `apart`, as a track of its own.
    """

    act: str
    clause: Clause
    aspects: tuple[Aspect, ...] = ()
    targets: tuple[Item, ...] = ()
    spared: tuple[Item, ...] = ()
    complaint: bool = False
    apart: bool = False

    @property
    def is_purpose(self) -> bool:
        """Whether the clause says what the one before is for: "to make it more ambient"."""
        to, make = (*self.clause.items, None, None)[:2]
        return (
            to is not None
            and to.is_("prep", "to")
            and make is not None
            and make.is_("verb", "turn", "give", "get", "bring")
            and not self.clause.has("quantity")
        )

    @property
    def verbless(self) -> bool:
        """Whether the clause leans on the verb of the one before."""
        return not self.clause.has("verb")
