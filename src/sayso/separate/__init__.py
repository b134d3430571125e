"""Taking sounds out of a mix: one protocol, many separators, a catalogue and a cache."""

from sayso.separate.cache import StemCache
from sayso.separate.catalogue import Entry, catalogue, is_trained, load, require_supported
from sayso.separate.protocol import Separator

__all__ = [
    "Entry",
    "Separator",
    "StemCache",
    "catalogue",
    "is_trained",
    "load",
    "require_supported",
]
