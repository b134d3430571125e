"""What a person names as inputs: files, folders, wildcards and pipes, and the words behind them."""

from __future__ import annotations

import io
import shutil
import stat
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import BinaryIO, TextIO

from sayso.audio.formats import READABLE
from sayso.errors import FormatError, NothingToDoError, OutputError

PIPE = "-"
_MAGIC = "*?["
_SOUNDS = ("inputs", "sounds", "edited")
"""Arguments that name recordings which a result need not name in its turn."""
_WRITES_SOUND = ("ask:ask", "separate:separate", "clean:clean", "edit:render", "info:demo")
_ADVICE = 'say last what should happen, in quotes, such as "remove the vocals", or use --chat'


def is_there(name: str) -> bool:
    """Whether a name, which may be anything that a person typed, is that of a file or folder."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def is_pipe(name: str) -> bool:
    """Whether what a name stands for can be read once only."""
    try:
        return name == PIPE or Path(name).is_fifo()
    except (OSError, ValueError):
        return False


def is_pattern(name: str) -> bool:
    """Whether a name is a wildcard, and no file that is called so."""
    return any(sign in name for sign in _MAGIC) and not is_there(name)


def parted(given: Sequence[str], *, chat: bool) -> tuple[list[str], str | None]:
    """The inputs, and the words that come last.

    Words without quotes are understood as well: they begin where no file is meant any more.

    Raises: NothingToDoError for no words, or where words and files are mixed.
    """
    inputs = list(given)
    if chat and len(inputs) == 1:
        return inputs, None
    last = inputs.pop()
    if not inputs or not last.strip() or is_there(last):
        raise NothingToDoError(f"nothing was asked; {_ADVICE}")
    if len(last.split()) > 1 or all(map(_names_input, inputs)):
        if _is_named_as_sound(last):
            raise NothingToDoError(f"there is no file {last}, and nothing was asked; {_ADVICE}")
        return inputs, last
    begin = next(at for at, name in enumerate(inputs) if not _names_input(name))
    words = [*inputs[begin:], last]
    if begin == 0 or any(is_there(word) or _is_named_as_sound(word) for word in words):
        raise NothingToDoError(
            f"words and files are mixed, and {words[0]} is no file; name the files first, and "
            f"{_ADVICE}"
        )
    return inputs[:begin], " ".join(words)


def _names_input(name: str) -> bool:
    """Whether a file or a place is meant, be it there or not."""
    return (
        name == PIPE
        or is_there(name)
        or "://" in name
        or is_pattern(name)
        or _is_named_as_sound(name)
        or "/" in name
    )


def _is_named_as_sound(name: str) -> bool:
    return Path(name).suffix.lower().removeprefix(".") in READABLE


@contextmanager
def piped(arguments: Namespace) -> Iterator[None]:
    """Lets a command read pipes and write to stdout as if they were files.

    `-` and pipes such as `<(...)` among the inputs become files that hold what they bring. With
    `-o -` the one output goes to stdout, and all that is said to stderr.

    Raises: FormatError for what is no pipe or nothing, OutputError for a stdout that is a terminal.
    """
    with tempfile.TemporaryDirectory(prefix="sayso-") as name:
        folder = Path(name)
        for field in _SOUNDS:
            given = getattr(arguments, field, None)
            if isinstance(given, str):
                setattr(arguments, field, _spooled(given, folder))
            elif given is not None:
                setattr(arguments, field, [_spooled(one, folder) for one in given])
        if getattr(arguments, "out", None) != PIPE or arguments.command not in _WRITES_SOUND:
            yield
            return
        if sys.stdout.isatty():
            raise OutputError("stdout is a terminal; pipe the sound on, or name a file with -o")
        out = folder / f"stdout.{getattr(arguments, 'format', None) or 'wav'}"
        arguments.out = str(out)
        with redirect_stdout(_Aside(sys.stderr, {str(out): PIPE})):
            yield
        if out.is_file():
            with out.open("rb") as made:
                shutil.copyfileobj(made, sys.stdout.buffer)
            sys.stdout.flush()


class _Aside(io.TextIOBase):
    """Writes to another stream, with some words replaced."""

    def __init__(self, stream: TextIO, words: Mapping[str, str]) -> None:
        self._stream, self._words = stream, words

    def write(self, text: str, /) -> int:
        """Writes `text`."""
        for word, instead in self._words.items():
            text = text.replace(word, instead)
        return self._stream.write(text)

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()


def _spooled(name: str, folder: Path) -> str:
    """`name`, or the name of a file that holds what comes out of that pipe."""
    if name == PIPE:
        if sys.stdin.isatty():
            raise FormatError("- reads what is piped in, but stdin is a terminal")
        return _kept(sys.stdin.buffer, folder / "stdin")
    try:
        mode = Path(name).stat().st_mode
    except (OSError, ValueError):
        return name
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return name
    if not stat.S_ISFIFO(mode):
        raise FormatError(f"{name}: this is a device; expected a file or a pipe")
    label = "pipe" if name.startswith(("/dev/", "/proc/")) else Path(name).name
    with Path(name).open("rb") as pipe:
        return _kept(pipe, folder / label)


def _kept(pipe: BinaryIO, path: Path) -> str:
    number = 1
    while path.exists():
        number += 1
        path = path.with_name(f"{path.name.partition('-')[0]}-{number}")
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(pipe, file)
    except OSError as error:
        raise OutputError(
            f"what is piped in does not fit into the temporary folder {path.parent} "
            f"({error.strerror}); free some room, or point TMPDIR to a larger disk"
        ) from None
    if path.stat().st_size == 0:
        raise FormatError(f"{path.name}: nothing came through the pipe; expected sound")
    return str(path)
