"""Sayso does things to sound because you said so.

    import sayso

    session = sayso.Studio().open("song.mp3")
    print(session.say("take the vocals out and put some reverb on the drums").text)
    session.render().write("out")

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sayso.audio import Audio, read, write
    from sayso.conversation import Conversation, Reply
    from sayso.desk import Cleaning, Desk, History, parse_moves
    from sayso.errors import SaysoError
    from sayso.rendering import Result, Track, render
    from sayso.separate import Models
    from sayso.studio import Session, Studio, separate
    from sayso.watch import Watch

__version__ = "0.1.0"

_HOMES = {
    "Audio": "audio",
    "read": "audio",
    "write": "audio",
    "Cleaning": "desk",
    "Desk": "desk",
    "History": "desk",
    "parse_moves": "desk",
    "SaysoError": "errors",
    "Conversation": "conversation",
    "Reply": "conversation",
    "Result": "rendering",
    "Track": "rendering",
    "render": "rendering",
    "separate": "studio",
    "Models": "separate",
    "Session": "studio",
    "Studio": "studio",
    "Watch": "watch",
}
__all__ = [
    "Audio",
    "Cleaning",
    "Conversation",
    "Desk",
    "History",
    "Models",
    "Reply",
    "Result",
    "SaysoError",
    "Session",
    "Studio",
    "Track",
    "Watch",
    "parse_moves",
    "read",
    "render",
    "separate",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sayso' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"sayso.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
