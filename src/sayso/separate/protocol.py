"""What every separator is, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sayso.audio import Audio
from sayso.watch import SILENT, Watch


class Separator(Protocol):
    """Takes sounds out of a mix by name.

    `stems` are the targets that make up any music; `version` changes whenever results may.
    """

    name: str
    version: str

    @property
    def stems(self) -> tuple[str, ...]:
        """What to ask for when all of a piece of music is to be split."""

    def supports(self, target: str) -> bool:
        """Whether it can be asked for `target`."""

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """Each target, of the mix's length, rate, channels and level. Raises: see `hears`."""
