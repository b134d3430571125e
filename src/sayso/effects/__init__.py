"""Effects: what a strip does to a sound, worked out as it is played, at any length."""

from sayso.effects.chain import Scene, process
from sayso.effects.level import amplify, pan_matrix
from sayso.effects.limiter import limit, limiter_notes
from sayso.effects.sound import Mixed, Processed, Sound, Widened, record

__all__ = [
    "Mixed",
    "Processed",
    "Scene",
    "Sound",
    "Widened",
    "amplify",
    "limit",
    "limiter_notes",
    "pan_matrix",
    "process",
    "record",
]
