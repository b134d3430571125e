"""`sayso ask`: words in, sound out, once or as a conversation."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.opening import open_studio, output_options, tell_choice
from sayso.cli.terminal import duration, level, note, progress_bar, say, show_json, show_table
from sayso.errors import NothingToDoError, SaysoError

if TYPE_CHECKING:
    from sayso.studio import Reply, Result, Session

_CHAT_HELP = "Say what should happen; an empty line or Ctrl-D ends the conversation."


def ask(arguments: Namespace) -> int:
    """Carries out one request, only plans it, or goes on talking."""
    if not arguments.words and not arguments.chat:
        raise NothingToDoError(
            'nothing was asked; say what should happen, such as "remove the vocals", or use --chat'
        )
    session = open_studio(arguments).open(arguments.file, notice=note)
    if arguments.no_limit:
        session.history = session.history.model_copy(
            update={"start": session.desk.model_copy(update={"limiter": False})}
        )
    for earlier in arguments.after:
        session.say(earlier)
    if arguments.chat:
        return _chat(session, arguments)
    reply = session.say(arguments.words)
    if arguments.plan:
        _show_plan(reply, as_json=arguments.json)
        return 0
    if all(move.do == "reply" for move in reply.moves):
        raise NothingToDoError(reply.text)
    if not arguments.json:
        say(reply.text)
    result, paths = _render(session, arguments)
    if arguments.json:
        show_json(_plan(reply) | {"tracks": _described(result, paths)})
    else:
        _show_tracks(result, paths)
    return 0


def _chat(session: Session, arguments: Namespace) -> int:
    say(_CHAT_HELP)
    words = arguments.words
    while True:
        if words is None:
            sys.stdout.write("> ")
            sys.stdout.flush()
            words = sys.stdin.readline().strip()
        if not words:
            return 0
        reply = session.say(words)
        words = None
        say(reply.text)
        if all(move.do == "reply" for move in reply.moves):
            continue
        try:
            _show_tracks(*_render(session, arguments))
        except SaysoError as error:
            # The turn could not be rendered: take it back, and let the person say it otherwise.
            session.history = session.history.undo()
            note(str(error))


def _render(session: Session, arguments: Namespace) -> tuple[Result, dict[str, Path]]:
    tell_choice(session.studio, session.desk.targets())
    with progress_bar(session.name) as progress:
        result = session.render(progress=progress)
        return result, dict(result.write(arguments.out, **output_options(arguments)))


def _plan(reply: Reply) -> dict[str, Any]:
    return {
        "reply": reply.text,
        "moves": [move.model_dump(exclude_none=True) for move in reply.moves],
        "desk": reply.desk.model_dump(exclude_none=True),
    }


def _show_plan(reply: Reply, *, as_json: bool) -> None:
    if as_json:
        show_json(_plan(reply))
        return
    say(reply.text)
    show_table(("move",), [(move.model_dump_json(exclude_none=True),) for move in reply.moves])


def _described(result: Result, paths: dict[str, Path]) -> list[dict[str, Any]]:
    return [
        {
            "target": target,
            "file": str(paths[target]),
            "sample_rate": track.audio.sample_rate,
            "channels": track.audio.channels,
            "frames": track.audio.frames,
            "peak": track.peak,
            "notes": list(track.notes),
        }
        for target, track in result.tracks.items()
    ]


def _show_tracks(result: Result, paths: dict[str, Path]) -> None:
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
