"""Taking sounds out of a mix: one protocol, many separators, a registry and a cache."""

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
