"""Taking sounds out of a mix: one protocol, many separators, a registry and a cache.

The room can be called, as the function of its name: see `sayso.studio.separate`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from sayso.separate.cache import StemCache
from sayso.separate.models import AUTO, Entry, Models, load, shared_models
from sayso.separate.presence import absence_note
from sayso.separate.protocol import Route, Separator, require_supported
from sayso.separate.sharing import makers_of

__all__ = [
    "AUTO",
    "Entry",
    "Models",
    "Route",
    "Separator",
    "StemCache",
    "absence_note",
    "load",
    "makers_of",
    "require_supported",
    "shared_models",
]


class _Callable(ModuleType):
    """A module that is a function, too: `sayso.separate(...)` is whichever was asked for."""

    def __call__(self, *given: Any, **options: Any) -> Any:
        """See `sayso.studio.separate`."""
        return import_module("sayso.studio").separate(*given, **options)


sys.modules[__name__].__class__ = _Callable
