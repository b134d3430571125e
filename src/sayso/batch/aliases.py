"""Aliases: what items of a batch are filed under, so that no two of their outputs collide."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path, PurePosixPath

from sayso.batch.storage import Source, is_remote
from sayso.errors import OutputError
from sayso.outputs import folded, inside, is_blocked, local_path, named

Names = Callable[[str], Sequence[str]]
"""The outputs of an alias, as relative names."""


class Aliases:
    """Gives out aliases.

    An alias is the path below the folder that was given, without the suffix. Where one of its
    outputs would meet another's, also on file systems that do not tell capitals apart, or a file
    that is there, it is numbered.

    Args:
        names: tells the outputs of an alias.
        taken: aliases that were given out before, and are kept.
        reserved: outputs of others.
        is_free: whether nothing lies at an output's name.

    >>> aliases = Aliases(lambda alias: [f"{alias}.wav"])
    >>> aliases.give("a b/x.1.wav"), aliases.give("X.mp3"), aliases.give("x.wav")
    ('a b/x.1', 'X', 'x-2')
    """

    def __init__(
        self,
        names: Names,
        *,
        taken: Iterable[str] = (),
        reserved: Iterable[str] = (),
        is_free: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self._names, self._is_free = names, is_free
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._next: dict[str, int] = {}
        self._keep(reserved)
        for alias in taken:
            self._keep(names(alias))

    def give(self, relative: str) -> str:
        """The alias for the file that lies at `relative` below the folder that was given."""
        plain = _stem(relative)
        for number in count(self._next.get(folded(plain), 1)):
            alias = plain if number == 1 else f"{plain}-{number}"
            names = self._names(alias)
            if all(self._fits(name) for name in names):
                self._next[folded(plain)] = number + 1
                self._keep(names)
                return alias
        raise AssertionError("numbers do not end")

    def plain(self, relative: str) -> Sequence[str]:
        """The outputs that the file at `relative` has where nothing is in the way."""
        return self._names(_stem(relative))

    def _fits(self, name: str) -> bool:
        above = map(folded, _above(name))
        return (
            folded(name) not in self._files
            and folded(name) not in self._folders
            and not any(folder in self._files for folder in above)
            and self._is_free(name)
        )

    def _keep(self, names: Iterable[str]) -> None:
        for name in names:
            self._files.add(folded(name))
            self._folders.update(map(folded, _above(name)))


class Taken:
    """What lies in an output folder, and must not be written on.

    Args:
        out: a local folder, or a URL, of which nothing is known.
        sources: of the batch, which no output replaces.
        overwrite: whether outputs may replace what is there.
    """

    def __init__(self, out: str, sources: Iterable[Source], *, overwrite: bool) -> None:
        self._out = None if is_remote(out) else local_path(out)
        self._overwrite = overwrite
        self._sources: dict[tuple[int, int], Path] = {}
        if self._out is not None and self._out.is_dir():
            local = (local_path(s.url) for s in sources if not is_remote(s.url))
            self._sources = {key: path for path in local if (key := _identity(path))}

    def is_free(self, name: str) -> bool:
        """Whether an output may be written at `name`, below the folder."""
        if self._out is None:
            return True
        place = inside(self._out, name)
        if is_blocked(place, self._out) or _identity(place) in self._sources:
            return False
        return self._overwrite or not os.path.lexists(place)

    def refuse_sources(self, names: Iterable[str]) -> None:
        """Raises OutputError where an output at one of `names` would replace a source."""
        for name in names if self._sources else ():
            key = _identity(inside(self._out or "", name))
            if found := self._sources.get(key) if key else None:
                raise OutputError(
                    f"{name} in {self._out} would replace the source {found}; choose another "
                    "folder with -o"
                )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _stem(relative: str) -> str:
    *folders, name = relative.split("/")
    return named("/".join((*folders, PurePosixPath(name).stem or name)))


def _above(name: str) -> list[str]:
    return [str(folder) for folder in list(PurePosixPath(name).parents)[:-1]]
