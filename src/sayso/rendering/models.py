"""What separates while a desk is rendered: one separator with its cache of stems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from sayso.audio import Audio
from sayso.checkpoints import WeightStore
from sayso.clean.pipeline import Separate, opened
from sayso.separate import Separator, StemCache, is_trained, load, require_supported
from sayso.watch import SILENT, Watch

SPEECH = "speech"


class Models:
    """The separators that a render asks, each loaded when first needed.

    Args:
        model: as `sayso.separate.load` takes it: a name, a path, "auto" or an ensemble; None takes
            the best of our own.
        cache: folder for separated stems, or None to keep none.
        threads: processor threads; None takes all.
        weight_store: where the weights of public models are; None takes the platform's folder.
        options: `segment_s` and `overlap`, as `sayso.separate.load` takes them.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        cache: Path | None = None,
        threads: int | None = None,
        weight_store: WeightStore | None = None,
        options: Mapping[str, float | None] | None = None,
    ) -> None:
        self._model, self._cache, self._threads = model, cache, threads
        self._weight_store = weight_store
        self._options: dict[str, Any] = {"segment_s": None, "overlap": None, **(options or {})}

    @cached_property
    def separator(self) -> Separator:
        """The separator. Raises: ModelError."""
        return load(
            self._model, threads=self._threads, weight_store=self._weight_store, **self._options
        )

    def separate(
        self, mix: Audio, targets: Sequence[str], *, watch: Watch = SILENT
    ) -> Mapping[str, Audio]:
        """The stems of `mix` by name, out of the cache where it has them.

        Raises: UnknownTargetError, Cancelled.
        """
        if self._cache is None:
            return self.separator.separate(mix, targets, watch=watch)
        cache, settings = StemCache(self._cache), str(self._options)
        return cache.separate(self.separator, mix, targets, settings=settings, watch=watch)

    def open(self, name: str | None, target: str) -> Separate | None:
        """What separates `target` while speech is cleaned: the model `name`, None for our own.

        None where nothing that has learned is there; a model that is named is asked anyway.
        Raises: ModelError, UnknownTargetError.
        """
        if name is None:
            require_supported(self.separator, (target,))
            return self.separate if is_trained(self.separator, target) else None
        folder = None if self._weight_store is None else self._weight_store.folder
        separator = opened(name, folder, self._threads)
        require_supported(separator, (target,))
        return partial(separator.separate)
