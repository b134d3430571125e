"""Taking sounds out of a mix: one protocol, many separators, a registry and a cache."""

from sayso.separate.cache import StemCache
from sayso.separate.models import Entry, Models, load, shared_models
from sayso.separate.protocol import Route, Separator, require_supported

__all__ = [
    "Entry",
    "Models",
    "Route",
    "Separator",
    "StemCache",
    "load",
    "require_supported",
    "shared_models",
]
