"""What every separator is, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sayso.audio import Audio
from sayso.errors import UnknownTargetError
from sayso.watch import SILENT, Watch


@dataclass(frozen=True)
class Route:
    """Which model answers for a target.

    Attributes:
        target: what was asked for.
        model: the model's name.
        trained: whether it has learned; False where it goes by rules of thumb.
        helper: another model that is asked for what this one misses of the target, or nothing.
        reason: why it was chosen, in a sentence; empty where it was asked for by its name.
    """

    target: str
    model: str
    trained: bool = True
    helper: str = ""
    reason: str = ""

    @property
    def maker(self) -> str:
        """Who makes the target, for people to read."""
        return f"{self.model} and {self.helper}" if self.helper else self.model


class Engine(Protocol):
    """Takes sounds out of a mix by name: what the module of each kind of separator makes."""

    @property
    def name(self) -> str:
        """What messages and the catalogue call it."""

    @property
    def version(self) -> str:
        """Changes whenever results may."""

    @property
    def stems(self) -> tuple[str, ...]:
        """What to ask for when all of a recording is to be split."""

    def supports(self, target: str) -> bool:
        """Whether it can be asked for `target`."""

    def separate(
        self, mix: Audio, targets: Sequence[str], *, watch: Watch = SILENT
    ) -> Mapping[str, Audio]:
        """Each target, of the mix's length, rate, channels and level.

        Args:
            mix: any rate, channels and length.
            targets: names that it supports.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, ModelError, MissingExtraError, Cancelled.
        """


class Separator(Engine, Protocol):
    """What `Models` hands out: one model, several, or the best for each target."""

    @property
    def hears(self) -> tuple[str, ...]:
        """What it can be asked for, or a few of it, for people to read."""

    def route(self, target: str) -> Route:
        """Which model answers for `target`, which it supports. Raises: UnknownTargetError."""


LISTING = frozenset(",;/|+")
"""Signs between the names of several sounds, which would be taken for one that has all of them."""


def require_supported(
    separator: Engine,
    targets: Sequence[str],
    *,
    hears: Sequence[str] = (),
    nearest: Callable[[str], str | None] | None = None,
) -> None:
    """Raises UnknownTargetError, naming what can be asked for, unless all `targets` can be.

    Args:
        separator: what would be asked.
        targets: what for.
        hears: what it can be asked for, for people to read; its stems, if not given.
        nearest: knows which sound that can be asked for comes closest to one that cannot.
    """
    for target in targets:
        if set(target) & LISTING:
            raise UnknownTargetError(
                f"{target!r} is a list; a target is one sound, so name each for itself"
            )
    deaf = [target for target in targets if not separator.supports(target)]
    if not deaf:
        return
    close = None if nearest is None else nearest(deaf[0])
    hint = f"; {close} comes nearest" if close else ""
    raise UnknownTargetError(
        f"{separator.name} cannot hear {', '.join(deaf)}{hint}; "
        f"it hears {', '.join(hears or separator.stems)}"
    )
