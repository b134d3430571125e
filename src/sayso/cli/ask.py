"""`sayso ask`: words in, sound out, once or as a conversation."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.batch import is_batch, render_options, run_batch
from sayso.cli.inputs import parted
from sayso.cli.opening import destination_of, open_studio, tell_choice
from sayso.cli.terminal import duration, level, note, progress_bar, say, show_json, show_table
from sayso.conversation import Conversation, Reply, each_its_own
from sayso.desk import NO, Desk
from sayso.desk import Reply as Answer
from sayso.errors import NothingToDoError, SaysoError

if TYPE_CHECKING:
    from sayso.outputs import Destination
    from sayso.rendering import Result
    from sayso.studio import Session

_REFUSED = ("unsupported", "ambiguous")
_CHAT_HELP = "Say what should happen; an empty line or Ctrl-D ends the conversation."


def ask(arguments: Namespace) -> int:
    """Carries out one request, only plans it, or goes on talking."""
    arguments.inputs, arguments.words = parted(arguments.inputs, chat=arguments.chat)
    destination = destination_of(arguments)
    if is_batch(arguments):
        return _ask_many(arguments, destination)
    desk = Desk(limiter=not arguments.no_limit)
    session = open_studio(arguments).open(
        arguments.inputs[0], track=arguments.track, desk=desk, notice=note
    )
    for earlier in arguments.after:
        session.say(earlier)
    if arguments.chat:
        return _chat(session, arguments.words, destination)
    reply = session.say(arguments.words)
    if _only_planned(reply, arguments):
        return 0
    result, paths = _render(session, destination)
    if arguments.json:
        show_json(_plan(reply) | {"tracks": _described(result, paths)})
    else:
        _show_tracks(result, paths)
    return 0


def _only_planned(reply: Reply, arguments: Namespace) -> bool:
    """Shows what was understood; true where nothing more is wanted.

    Raises: NothingToDoError where there is nothing but an answer, or a part cannot be done.
    """
    if arguments.plan:
        _show_plan(reply, as_json=arguments.json)
        return True
    if all(move.do == "reply" for move in reply.moves):
        raise NothingToDoError(reply.text)
    undone = [move.text for move in reply.moves if isinstance(move, Answer)]
    if any(move.reason in _REFUSED for move in reply.moves if isinstance(move, Answer)):
        raise NothingToDoError(f"{' '.join(undone)} So nothing was done; leave that part out.")
    for text in undone:
        note(text)
    if not arguments.json:
        say(reply.text)
    return False


def _ask_many(arguments: Namespace, destination: Destination) -> int:
    """The same request for many files: understood once, and carried out on each."""
    from sayso.batch import conversation_settings

    if arguments.chat:
        raise NothingToDoError("a conversation is about one file; --chat takes no more")
    studio = open_studio(arguments)
    conversation = Conversation.about(Desk(limiter=not arguments.no_limit))
    for words in (*arguments.after, arguments.words):
        conversation, reply = conversation.say(words, studio.understand, settle=each_its_own)
    if _only_planned(reply, arguments):
        return 0
    studio.require(reply.desk)
    tell_choice(studio, reply.desk.targets())
    options = render_options(arguments, destination)
    settings = conversation_settings(conversation, **options)
    return run_batch(arguments, settings, destination)


def _chat(session: Session, words: str | None, destination: Destination) -> int:
    say(_CHAT_HELP)
    ours: set[Path] = set()
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
            result, paths = _render(session, destination, ours)
            ours |= set(paths.values())
            _show_tracks(result, paths)
        except SaysoError as error:
            # The turn could not be rendered: take it back, and let the person say it otherwise.
            session.undo()
            note(str(error))


def _render(
    session: Session, destination: Destination, ours: Collection[Path] = ()
) -> tuple[Result, dict[str, Path]]:
    """The tracks, written; `ours` are files of earlier turns, which this one replaces."""
    session.check(destination, ours=ours)
    tell_choice(session.studio, session.desk.targets())
    with progress_bar(session.name) as watch:
        result = session.render(watch=watch)
        return result, dict(result.deliver(destination, ours=ours, notice=note))


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
            "made_by": result.makers.get(target.removeprefix(NO)),
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
