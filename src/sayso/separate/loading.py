"""What the registry and the modules of separators agree on.

A kind of separator is a module of this room with a function `load(given: Loading) -> Separator`.
One whose checkpoints people may name by path has `card(path: Path) -> Card`, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from sayso.errors import RangeError

if TYPE_CHECKING:
    from sayso.separate.demucs_files import Bag

Settings = TypeVar("Settings", bound=BaseModel)


@dataclass(frozen=True)
class Card:
    """What is known of a model without its weights.

    Attributes:
        name: what messages call it.
        stems: what to ask for when all of a recording is to be split.
        hears: what it can be asked for, or a few of it, for people to read.
        supports: whether it can be asked for a target.
        trained: whether it has learned; False where it goes by rules of thumb.
    """

    name: str
    stems: tuple[str, ...]
    hears: tuple[str, ...]
    supports: Callable[[str], bool]
    trained: bool = True


@dataclass(frozen=True)
class Loading:
    """What a separator is made of.

    Attributes:
        name: what messages call it.
        paths: its files, all of them there.
        folder: where a model may keep what it works out once and for all.
        threads: processor threads; None takes all.
        segment_s: seconds heard at a time; None leaves it to the separator.
        overlap: share of a segment that is heard twice, 0 to 0.5; None leaves it.
        bag: how several networks of Demucs are averaged.
    """

    name: str
    paths: tuple[Path, ...]
    folder: Path
    threads: int | None = None
    segment_s: float | None = None
    overlap: float | None = None
    bag: Bag | None = None

    def __post_init__(self) -> None:
        if self.segment_s is not None and not 0.5 <= self.segment_s <= 600:
            raise RangeError(f"segment {self.segment_s:g} s: expected 0.5 to 600")
        if self.overlap is not None and not 0 <= self.overlap <= 0.5:
            raise RangeError(f"overlap {self.overlap:g}: expected 0 to 0.5")

    @property
    def cutting(self) -> dict[str, float]:
        """Segment and overlap, as far as they were asked for."""
        asked = {"segment_s": self.segment_s, "overlap": self.overlap}
        return {name: value for name, value in asked.items() if value is not None}

    def refuse(self, *names: str) -> None:
        """Raises RangeError if one of `names`, "segment_s" and "overlap", was asked for."""
        if not self.cutting.keys().isdisjoint(names):
            what = " and ".join(name.removesuffix("_s") for name in names)
            them = "them" if len(names) > 1 else "it"
            raise RangeError(f"{self.name} sets its own {what}; leave {them} out")

    def settings(self, kind: type[Settings]) -> Settings:
        """Settings of `kind` with what was asked for. Raises: RangeError."""
        try:
            return kind(**self.cutting)
        except ValidationError as error:
            raise RangeError(
                "; ".join(f"{e['loc'][0]} {e['input']}: {e['msg'].lower()}" for e in error.errors())
            ) from None
