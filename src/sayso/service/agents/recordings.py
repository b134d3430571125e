"""The recordings that an agent has opened, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sayso.desk import Desk, Move
from sayso.errors import NotFoundError
from sayso.service.agents.answers import Stand
from sayso.service.agents.folders import Folders
from sayso.studio import Session, Studio


class _Bounded(Session):
    """A session whose moves name no file that an agent may not."""

    folders: Folders

    def _settled(self, moves: Sequence[Move], desk: Desk) -> Sequence[Move]:
        self.folders.require(moves)
        return super()._settled(moves, desk)


class Recordings:
    """What is open.

    Args:
        studio: what separates and understands.
        folders: what an agent may name.
    """

    def __init__(self, studio: Studio, folders: Folders) -> None:
        self.studio, self.folders = studio, folders
        self._open: dict[str, Session] = {}

    @property
    def all(self) -> Mapping[str, Session]:
        """By name, the one opened last at the end."""
        return self._open

    def open(self, path: str) -> tuple[str, Session]:
        """Opens a file under its own name, or one like it.

        Raises: AccessError, FormatError and its kin.
        """
        opened = self.studio.open(self.folders.within(path))
        session = _Bounded(self.studio, opened.source, opened.name, inputs=opened.inputs)
        session.folders = self.folders
        name, number = session.name, 2
        while name in self._open:
            name, number = f"{session.name} {number}", number + 1
        self._open[name] = session
        return name, session

    def get(self, name: str | None) -> tuple[str, Session]:
        """The recording of this name, or the last. Raises: NotFoundError."""
        if name is None and self._open:
            name = next(reversed(self._open))
        if name not in self._open:
            named = ", ".join(self._open) or "none; open one first"
            raise NotFoundError(f"there is no recording {name!r}; open are: {named}")
        return name, self._open[name]

    def do(self, name: str | None, moves: Sequence[Move]) -> Stand:
        """Makes moves as one change. Raises: MoveError, UnknownTargetError, AccessError."""
        from sayso.words.wording import summary

        found, session = self.get(name)
        session.do(moves)
        return Stand(recording=found, done=summary(moves), desk=session.desk)
