"""A conversation in the terminal, and what it shows of its tracks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sayso.cli.opening import tell_choice
from sayso.cli.terminal import duration, level, note, progress_bar, say, show_table
from sayso.errors import RequestError, SaysoError
from sayso.outputs import Destination

if TYPE_CHECKING:
    from sayso.conversation import Reply
    from sayso.rendering import Result
    from sayso.studio import Session

CHAT_HELP = (
    "Say what should happen. render, save FILE, play, undo and redo do what they say; quit, an "
    "empty line or Ctrl-D ends the conversation."
)
QUIT = ("quit", "exit", "q")
_PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
)


def asks(reply: Reply) -> bool:
    """Whether anything is to be done."""
    return any(move.do != "reply" for move in reply.moves)


def chat(session: Session, words: str | None, destination: Destination) -> int:
    """Goes on talking until the person ends it."""
    say(CHAT_HELP)
    ours: set[Path] = set()
    while True:
        if words is None:
            sys.stdout.write("> ")
            sys.stdout.flush()
            words = sys.stdin.readline().strip()
        if not words or words.lower() in QUIT:
            return 0
        verb, rest = _verb(words)
        if verb is not None:
            try:
                verb(session, rest, destination, ours)
            except SaysoError as error:
                note(str(error))
            words = None
            continue
        reply = session.say(words)
        words = None
        say(reply.text)
        if not asks(reply):
            continue
        try:
            again(session, destination, ours)
        except SaysoError as error:
            # The turn could not be rendered: take it back, and let the person say it otherwise.
            session.undo()
            note(str(error))


def _verb(words: str) -> tuple[Verb | None, str]:
    """The verb that is said alone, or "save" with a name; "play it slower" is an instruction."""
    first, *rest = words.split()
    verb = VERBS.get(first.lower())
    fits = not rest or (first.lower() == "save" and len(rest) == 1)
    return (verb if fits else None), "".join(rest)


def again(session: Session, destination: Destination, ours: set[Path]) -> None:
    """Renders, writes over what this conversation wrote before, and shows the tracks."""
    result, paths = rendered(session, destination, ours)
    ours |= set(paths.values())
    show_tracks(result, paths)


Verb: TypeAlias = Callable[["Session", str, Destination, set[Path]], None]


def _render_again(session: Session, rest: str, where: Destination, ours: set[Path]) -> None:
    again(session, where, ours)


def _save(session: Session, rest: str, where: Destination, ours: set[Path]) -> None:
    if not rest:
        raise RequestError("save takes a file or a folder: save mix.mp3")
    result, paths = rendered(session, Destination.to(rest, encoding=None), ours)
    ours |= set(paths.values())
    show_tracks(result, paths)


def _play(session: Session, rest: str, where: Destination, ours: set[Path]) -> None:
    player = next((found for found in _PLAYERS if shutil.which(found[0])), None)
    if player is None:
        names = ", ".join(found[0] for found in _PLAYERS)
        raise RequestError(f"there is no player here; expected one of {names}")
    with tempfile.TemporaryDirectory(prefix="sayso-") as folder:
        destination = Destination.to(Path(folder) / "heard", encoding="pcm16")
        _, paths = rendered(session, destination)
        for path in paths.values():
            try:
                subprocess.run([*player, str(path)], check=False)
            except KeyboardInterrupt:
                return  # enough was heard


def _undo(session: Session, rest: str, where: Destination, ours: set[Path]) -> None:
    session.undo()
    say("The last change is taken back.")
    again(session, where, ours)


def _redo(session: Session, rest: str, where: Destination, ours: set[Path]) -> None:
    session.redo()
    say("It is back.")
    again(session, where, ours)


VERBS: Mapping[str, Verb] = {
    "render": _render_again,
    "save": _save,
    "play": _play,
    "undo": _undo,
    "redo": _redo,
}


def rendered(
    session: Session, destination: Destination, ours: Collection[Path] = ()
) -> tuple[Result, dict[str, Path]]:
    """The tracks, written; `ours` are files of earlier turns, which this one replaces."""
    session.check(destination, ours=ours)
    tell_choice(session.studio, session.desk.targets())
    with progress_bar(session.name) as watch:
        result = session.render(watch=watch)
        return result, dict(result.deliver(destination, ours=ours, notice=note))


def described(result: Result, paths: dict[str, Path]) -> list[dict[str, Any]]:
    """The tracks as plain data."""
    return [{"file": str(paths[target]), **result.described(target)} for target in result.tracks]


def show_tracks(result: Result, paths: dict[str, Path]) -> None:
    """The tracks as a table."""
    rows: list[tuple[str, ...]] = [
        (
            target,
            duration(track.audio.duration_s),
            f"{level(track.peak_db)} dBFS",
            str(paths[target]),
            "; ".join(track.notes),
        )
        for target, track in result.tracks.items()
    ]
    columns: tuple[str, ...] = ("track", "length", "peak", "file", "notes")
    if not any(row[-1] for row in rows):
        rows, columns = [row[:-1] for row in rows], columns[:-1]
    show_table(columns, rows)
