"""Time: clips of a recording, playing them in a row, and exchanging them with other programs.

What plays is loaded when it is first used, so that values alone load no numerics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sayso.timeline.timeline import (
    CROSSFADE_S,
    HIGHEST_SPEED,
    LONGEST_CROSSFADE_S,
    LOWEST_SPEED,
    MOST_CLIPS,
    Clip,
    Spans,
    Timeline,
    select,
    take,
    whole,
)

if TYPE_CHECKING:
    from sayso.timeline.playback import Edited
    from sayso.timeline.silence import find_silences

__all__ = [
    "CROSSFADE_S",
    "HIGHEST_SPEED",
    "LONGEST_CROSSFADE_S",
    "LOWEST_SPEED",
    "MOST_CLIPS",
    "Clip",
    "Edited",
    "Spans",
    "Timeline",
    "find_silences",
    "select",
    "take",
    "whole",
]
_HOMES = {"Edited": "playback", "find_silences": "silence"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sayso.timeline' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"sayso.timeline.{_HOMES[name]}"), name)
