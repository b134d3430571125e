"""The one way to change a desk: a conversation, of which every turn gives the next.

It is a value: what was asked so far, what was said, and what the dialogue goes on from. It can be
kept as JSON and taken up again anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel, Field, model_validator

from sayso.desk import Desk, Edit, History, Like, Move, parse_moves
from sayso.desk import Reply as Answered
from sayso.errors import RangeError, RequestError
from sayso.value import Value

MOST_REMEMBERED = 8
"""Of what was said; what was done is all kept."""

Settle: TypeAlias = Callable[[Sequence[Move], Desk], Sequence[Move]]
"""Makes of moves those that name no file, given the desk that they are for."""


Fits: TypeAlias = Callable[[Desk], None]
"""Raises RangeError for a desk that asks for what lies beyond the recording."""


@dataclass(frozen=True)
class Reply:
    """What was understood: a sentence for the person, the moves, and the desk after them.

    Attributes:
        text: the sentence.
        moves: what was done; a `reply` among them says that something was not.
        desk: after them.
        interpreter: who understood it: "offline", or the name of a language model.
    """

    text: str
    moves: tuple[Move, ...]
    desk: Desk
    interpreter: str = "offline"


class Said(Value):
    """Something that was said, and what was answered."""

    text: str
    reply: str


class Understood(Protocol):
    """What a reader makes of words."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """What they ask for."""

    @property
    def reply(self) -> str:
        """The answer."""

    @property
    def interpreter(self) -> str:
        """Who understood."""

    @property
    def state(self) -> BaseModel:
        """What the dialogue goes on from."""


Reader: TypeAlias = Callable[[str, "Conversation"], Understood]
"""Understands words after a conversation."""


class Conversation(Value):
    """What was asked of a recording so far.

    Attributes:
        history: the turns, and the desk that they lead to.
        said: the last things that were said, in order.
        state: what the dialogue goes on from, such as an open question; it belongs to whoever
            reads the words, and is plain data.
    """

    history: History = History()
    said: tuple[Said, ...] = ()
    state: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _was_a_history(cls, data: Any) -> Any:
        """Earlier versions kept the history alone."""
        if isinstance(data, Mapping) and "history" not in data and {"start", "turns"} & {*data}:
            return {"history": data}
        return data

    @classmethod
    def about(cls, desk: Desk) -> Conversation:
        """One that begins with `desk`, which undo cannot take back."""
        return cls(history=History(start=desk))

    @property
    def desk(self) -> Desk:
        """The desk as it stands."""
        return self.history.desk

    def say(
        self,
        text: str,
        reader: Reader,
        *,
        settle: Settle | None = None,
        fits: Fits | None = None,
    ) -> tuple[Conversation, Reply]:
        """The conversation after `text`, and what is answered.

        Args:
            text: an instruction; words that are not understood, or that ask for what lies beyond
                the recording, change nothing.
            reader: understands it.
            settle: as `do` takes it.
            fits: as `do` takes it.

        Raises: MoveError, RequestError for a move that names a file, and what `reader` and
            `settle` raise.
        """
        found = reader(text, self)
        moves = tuple((settle or refuse_files)(found.moves, self.desk))
        history, answer = self.history.push(moves), found.reply
        state = found.state.model_dump(mode="json")
        try:
            if fits is not None:
                fits(history.desk)
        except RangeError as error:
            answer, state = f"That cannot be done: {error}.", self.state
            moves = (Answered(reason="unsupported", text=answer),)
            history = self.history.push(moves)
        said = (*self.said, Said(text=text, reply=answer))[-MOST_REMEMBERED:]
        after = Conversation(history=history, said=said, state=state)
        return after, Reply(answer, moves, after.desk, found.interpreter)

    def do(
        self,
        moves: Sequence[Move | Mapping[str, Any]],
        *,
        settle: Settle | None = None,
        fits: Fits | None = None,
    ) -> Conversation:
        """The conversation after `moves`, made as one turn.

        Args:
            moves: values, or their plain data.
            settle: makes moves that name files into those that do not; None refuses them.
            fits: refuses what lies beyond the recording; None leaves that to rendering.

        Raises: MoveError, RangeError, RequestError for a move that names a file.
        """
        settled = (settle or refuse_files)(parse_moves(list(moves)), self.desk)
        history = self.history.push(tuple(settled))
        if fits is not None:
            fits(history.desk)
        return self.model_copy(update={"history": history})

    def undo(self) -> Conversation:
        """Without the last turn. Raises: MoveError when there is none."""
        return self.model_copy(update={"history": self.history.undo()})

    def redo(self) -> Conversation:
        """With the turn that was taken back last. Raises: MoveError when there is none."""
        return self.model_copy(update={"history": self.history.redo()})


def like_of(moves: Sequence[Move]) -> str | None:
    """The example that moves want a recording edited like; None where they name none."""
    edits = (move.steps for move in moves if isinstance(move, Edit))
    return next((s.example for steps in edits for s in steps if isinstance(s, Like)), None)


def each_its_own(moves: Sequence[Move], desk: Desk) -> Sequence[Move]:
    """`moves` as they are: for many recordings, each of which settles them by itself."""
    return moves


def refuse_files(moves: Sequence[Move], desk: Desk) -> Sequence[Move]:
    """`moves`, if they name no file. Raises: RequestError."""
    example = like_of(moves)
    if example is not None:
        raise RequestError(
            f"{example[:100]!r} would be a file of this machine, and nothing is opened by name "
            "here; `sayso ask` edits like an example that is beside it"
        )
    return moves
