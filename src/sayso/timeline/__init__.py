"""Time: clips of a recording, playing them in a row, and exchanging them with other programs.

Names are loaded when they are first used: the process that parses a stranger's edit needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sayso.timeline.playback import Edited
    from sayso.timeline.silence import find_silences
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
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'timeline')}"), name)
