"""Which files an agent may name: those within some folders, wherever links lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sayso.desk import Clean, Edit, Like, Move
from sayso.errors import AccessError

_MODELS = ("model", "instead")
"""Fields of a cleaning that may be a path."""


class Folders:
    """Folders that an agent may read from and write to; None lets it name any file.

    Args:
        allowed: the folders, with all that is in them.
    """

    def __init__(self, allowed: Iterable[Path] | None) -> None:
        found = None if allowed is None else tuple(path.expanduser().resolve() for path in allowed)
        self.allowed = found

    def within(self, path: str) -> Path:
        """The file that a path leads to, links followed. Raises: AccessError outside of them."""
        real = Path(path).expanduser().resolve()
        if self.allowed is None or any(real.is_relative_to(folder) for folder in self.allowed):
            return real
        named = ", ".join(map(str, self.allowed)) or "none"
        raise AccessError(
            f"{path!r} leads to {real}, outside of the folders that are allowed ({named}); copy it "
            "there, or have `sayso mcp` started with another --allow"
        )

    def require(self, moves: Sequence[Move]) -> None:
        """Raises AccessError for moves that name a file outside of the folders."""
        for move in moves:
            if isinstance(move, Edit):
                for step in move.steps:
                    if isinstance(step, Like):
                        self._require_name(step.example)
            elif isinstance(move, Clean) and move.cleaning is not None:
                for name in _models_of(move.cleaning):
                    self._require_name(name)

    def _require_name(self, name: str) -> None:
        """Something that is a name or a path is let through if no file has it."""
        if "/" in name or "\\" in name or Path(name).expanduser().exists():
            self.within(name)


def _models_of(value: Any) -> Iterable[str]:
    if isinstance(value, tuple):
        for entry in value:
            yield from _models_of(entry)
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            found = getattr(value, field)
            if field in _MODELS and isinstance(found, str):
                yield found
            else:
                yield from _models_of(found)
