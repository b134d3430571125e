"""A separator whose weights are loaded when a sound is first taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sayso.audio import Audio
from sayso.separate.loading import Card
from sayso.separate.protocol import Engine, Route, require_supported
from sayso.separate.sharing import share_out
from sayso.watch import SILENT, Watch


class Deferred:
    """The `Separator` of one model.

    What it is and what it hears stand on its card, so that a process which only answers questions
    about it holds no weights.

    Args:
        card: what is known of it.
        load: its engine, from wherever it is kept; called whenever it is needed.
    """

    def __init__(self, card: Card, load: Callable[[], Engine]) -> None:
        self._card, self._load = card, load

    @property
    def engine(self) -> Engine:
        """What runs. Raises: ModelError, MissingExtraError, RangeError."""
        return self._load()

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._card.name

    @property
    def version(self) -> str:
        """Changes whenever results may. Raises: see `engine`."""
        return f"{self.engine.version} in shares"

    @property
    def stems(self) -> tuple[str, ...]:
        """What to ask for when all of a recording is to be split."""
        return self._card.stems

    @property
    def hears(self) -> tuple[str, ...]:
        """What it can be asked for, or a few of it, for people to read."""
        return self._card.hears

    def supports(self, target: str) -> bool:
        """Whether it can be asked for `target`."""
        return self._card.supports(target)

    def route(self, target: str) -> Route:
        """Itself: it was asked for by its name."""
        return Route(target, self.name, trained=self._card.trained)

    def separate(
        self, mix: Audio, targets: Sequence[str], *, watch: Watch = SILENT
    ) -> Mapping[str, Audio]:
        """Each target as audio of the same length, rate, channels and level as `mix`.

        Stems of music sum to it: "other" is what the others leave.

        Raises: UnknownTargetError before anything is loaded, Cancelled; see `engine`.
        """
        require_supported(self, targets, hears=self.hears)
        engine = self.engine
        return share_out(
            mix,
            targets,
            stems=self.stems,
            model_of=lambda target: self.name,
            ask=lambda name, given, wanted, part: engine.separate(given, wanted, watch=part),
            watch=watch,
        )
