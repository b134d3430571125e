"""`auto`: for each sound the best separator that is ready and supports it, and why that one.

The four stems of music share it out among them: see `sayso.separate.sharing`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from sayso.audio import Audio
from sayso.errors import UnknownTargetError
from sayso.separate.helping import helped
from sayso.separate.protocol import Route, Separator
from sayso.separate.row import CatalogueRow, ranked
from sayso.separate.sharing import share_out
from sayso.watch import SILENT, Watch


class AutoSeparator:
    """The `Separator` that asks the best one for each target.

    Args:
        rows: the catalogue.
        ready: names of those in it that can be asked now.
        open: a name to its separator.
        version: changes whenever what is ready does.
    """

    name = "auto"
    stems: tuple[str, ...] = ("vocals", "drums", "bass", "other")

    def __init__(
        self,
        rows: Sequence[CatalogueRow],
        ready: Collection[str],
        open: Callable[[str], Separator],
        *,
        version: str = "",
    ) -> None:
        self.version = version
        self._rows, self._ready, self._open = rows, frozenset(ready), open

    @property
    def hears(self) -> tuple[str, ...]:
        """All that the separators which are ready offer, each once."""
        offered = (words for row in self._rows if row.name in self._ready for words in row.offers)
        return tuple(dict.fromkeys(offered))

    def supports(self, target: str) -> bool:
        """Whether one of the separators that are ready does."""
        return self._choose(target) is not None

    def route(self, target: str) -> Route:
        """Which separator `target` goes to, and why. Raises: UnknownTargetError."""
        found = self._choose(target)
        if found is None:
            raise UnknownTargetError(
                f"no installed model can hear {target}; `sayso models` lists what could be"
            )
        row, better = found
        reason = f"{row.name} is the best installed model that hears {target}"
        if target in row.metrics:
            reason += f" (published SDR {row.metrics[target]:g} dB)"
        if better:
            reason += f"; {better} would be better: `sayso models pull {better}`"
        helper = row.helper if row.helper in self._ready else ""
        if helper:
            reason += f"; {helper} adds what that misses"
        return Route(target, row.name, trained=row.trained, helper=helper, reason=reason)

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """Each target as audio of the same length, rate, channels and level as `mix`.

        Args:
            mix: any rate, channels and length.
            targets: each supported by a separator that is ready.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        return share_out(
            mix,
            targets,
            stems=self.stems,
            model_of=lambda target: self.route(target).model,
            ask=self._ask,
            watch=watch,
        )

    def _ask(
        self, name: str, mix: Audio, targets: Sequence[str], watch: Watch
    ) -> Mapping[str, Audio]:
        """What the model `name` finds, and what its helper adds."""
        helper = self.route(targets[0]).helper
        if not helper:
            return self._open(name).separate(mix, targets, watch=watch)
        found = self._open(name).separate(mix, targets, watch=watch.part(0, 0.5))
        more = self._open(helper).separate(mix, targets, watch=watch.part(0.5, 1))
        return {t: helped(mix, found[t], more[t], watch=watch.quiet) for t in targets}

    def _choose(self, target: str) -> tuple[CatalogueRow, str | None] | None:
        """The best row for `target` that is ready, and a better one that could be fetched."""
        better = None
        for row in ranked(self._rows, target):
            if row.name in self._ready:
                known = self._open(row.name) if row.taught else row
                if known.supports(target):
                    return row, better
            # Only what can be fetched by command, and run then, is worth a hint.
            elif (
                row.supports(target)
                and row.can_run
                and all(file.url or file.inside for file in row.files)
            ):
                better = better or row.name
        return None
