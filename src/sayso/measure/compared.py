"""`Compared`: what every metric is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio
from sayso.errors import DataError
from sayso.watch import SILENT, Watch


@dataclass(frozen=True)
class Compared:
    """One sound and what it is judged by; a metric takes of it what its row says that it needs.

    Attributes:
        estimate: the sound that is judged.
        reference: what it should be, of the same rate, channels and length.
        rest: what is not the reference in the mixture, at the level that it has beside it.
        heard: the words that were understood in the estimate.
        said: the words that are said.
        judge: gives a model that judges, loaded, by its name in the catalogue.
        watch: cancelling, polled between windows.
    """

    estimate: Audio
    reference: Audio | None = None
    rest: Audio | None = None
    heard: str | None = None
    said: str | None = None
    judge: Callable[[str], Any] | None = None
    watch: Watch = SILENT

    def pair(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Estimate and reference `[C, T]`. Raises: DataError without a reference."""
        if self.reference is None:
            raise DataError("this metric compares with a reference; none was given")
        return self.estimate.samples, self.reference.samples

    def mono(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Estimate and reference mixed to mono, `[T]`. Raises: DataError without a reference."""
        estimate, reference = self.pair()
        return estimate.mean(axis=0), reference.mean(axis=0)

    def judged_by(self, name: str) -> Any:
        """The model of that name. Raises: DataError without a `judge`, and what `judge` raises."""
        if self.judge is None:
            raise DataError(f"this metric takes a judge, {name}; none was given")
        return self.judge(name)
