"""`sayso ask`: words in, sound out, once or as a conversation."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.batch import is_batch, render_options, run_batch
from sayso.cli.inputs import parted
from sayso.cli.opening import destination_of, open_studio, shape_moves, tell_choice
from sayso.cli.talking import asks, chat, described, rendered, show_tracks
from sayso.cli.terminal import note, say, show_json, show_table
from sayso.conversation import Conversation, Reply, each_its_own
from sayso.desk import Desk
from sayso.desk import Reply as Answer
from sayso.errors import NothingToDoError

if TYPE_CHECKING:
    from sayso.outputs import Destination
    from sayso.studio import Session

_REFUSED = ("unsupported", "ambiguous")


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
        _shape(session, arguments)
        return chat(session, arguments.words, destination)
    reply = session.say(arguments.words)
    _shape(session, arguments)
    if _only_planned(reply, arguments, session, destination):
        return 0
    result, paths = rendered(session, destination)
    if arguments.json:
        show_json(_plan(reply) | {"tracks": described(result, paths)})
    else:
        show_tracks(result, paths)
    return 0


def _shape(session: Session, arguments: Namespace) -> None:
    """Does what the options on channels, rate and loudness ask for."""
    if moves := shape_moves(arguments, session.desk):
        session.do(moves)


def _only_planned(
    reply: Reply,
    arguments: Namespace,
    session: Session | None = None,
    destination: Destination | None = None,
) -> bool:
    """Shows what was understood, and where it would go; true where nothing more is wanted.

    Raises: NothingToDoError where there is nothing but an answer, or a part cannot be done;
        OutputError.
    """
    if arguments.plan:
        files: dict[str, Path] = {}
        if session is not None and destination is not None and asks(reply):
            session.check(destination)
            files = destination.choose(session.name, session.desk.deliver, inputs=session.inputs)
        _show_plan(reply, files, as_json=arguments.json)
        return True
    if not asks(reply):
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
    if moves := shape_moves(arguments, conversation.desk):
        conversation = conversation.do(moves, settle=each_its_own)
    if _only_planned(reply, arguments):
        return 0
    studio.require(conversation.desk)
    tell_choice(studio, conversation.desk.targets())
    options = render_options(arguments, destination)
    settings = conversation_settings(conversation, **options)
    return run_batch(arguments, settings, destination)


def _plan(reply: Reply) -> dict[str, Any]:
    return {
        "reply": reply.text,
        "moves": [move.model_dump(exclude_none=True) for move in reply.moves],
        "desk": reply.desk.model_dump(exclude_none=True),
    }


def _show_plan(reply: Reply, files: dict[str, Path], *, as_json: bool) -> None:
    if as_json:
        show_json(_plan(reply) | {"files": {target: str(path) for target, path in files.items()}})
        return
    say(reply.text)
    show_table(("move",), [(move.model_dump_json(exclude_none=True),) for move in reply.moves])
    if files:
        show_table(("track", "file"), [(target, str(path)) for target, path in files.items()])
