"""English instructions to moves, without a model: deterministic, and quick.

Words become tokens, tokens items, items clauses, clauses wishes, and wishes moves. What was not
understood is said in the reply; nothing is guessed silently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sayso.desk import Edit, EditStep, History, Move
from sayso.errors import SaysoError
from sayso.words import dialogue
from sayso.words.actions import Declined
from sayso.words.actions.edits import edit_steps, example, in_order, silence_step, verb_of
from sayso.words.acts import perform
from sayso.words.arranging import arranged, sparing
from sayso.words.clauses import clauses
from sayso.words.hearing import TargetResolver
from sayso.words.sentences import wishes
from sayso.words.tokens import normalise
from sayso.words.turn import Turn
from sayso.words.wishes import Wish
from sayso.words.wording import joined, spoken, summary, worded

LONGEST = 2000
"""Characters of a message that are read; nobody asks for something in more."""
_ASKING = ("what", "who", "when", "where", "why", "how", "which", "is", "are", "do", "does", "tell")


class Interpretation(NamedTuple):
    """What was understood: the moves, a reply to the person that says so, and who understood."""

    moves: tuple[Move, ...]
    reply: str
    interpreter: str = "offline"


class Exchange(NamedTuple):
    """Something that was said earlier, and what was answered."""

    said: str
    answered: str


def interpret(
    text: str, history: History, *, supports: Callable[[str], bool] | None = None
) -> Interpretation:
    """The moves that `text` asks for after `history`; never empty, and all of them can be applied.

    Args:
        text: an instruction in English, of any length.
        history: the conversation so far; it is not changed.
        supports: whether a target can be heard; None hears everything.

    >>> interpret("Take the vocals out", History()).reply
    'Taking the vocals out.'
    """
    ear = TargetResolver(supports)
    if len(text) > LONGEST:
        return _answered(dialogue.too_long(len(text), LONGEST))
    plain = normalise(text)
    small = dialogue.remark(plain)
    if small is not None:
        return _answered(dialogue.raised(small, history, ear))
    foreign = dialogue.language(plain)
    if foreign is not None:
        return _answered(dialogue.not_english(foreign))
    found = wishes(clauses(plain), plain)
    if not plain.strip():
        return _answered(dialogue.nothing_said(ear))
    turn = Turn(history, ear)
    like = example(text)
    if like is not None:
        turn.do([Edit(steps=(like,))])
    else:
        _carry_out(turn, found)
    return _finished(turn, plain)


def _answered(answer: Declined) -> Interpretation:
    reply = dialogue.as_reply([answer])
    return Interpretation((reply,), worded(reply))


def _carry_out(turn: Turn, found: Sequence[Wish]) -> None:
    """Does wish after wish; edits that one sentence strings together are made as one."""
    steps: list[EditStep] = []
    verb = ""
    for wish in found:
        try:
            if wish.act not in {"edit", "silence"}:
                _flush(turn, steps)
                perform(turn, wish)
                continue
            if wish.clause.joined != "soft":
                _flush(turn, steps)
            if wish.act == "silence":
                steps.append(silence_step(wish.clause))
                if wish.clause.has("edge", "start", "end"):
                    turn.note("I shorten every pause, wherever it is.")
            else:
                verb = verb_of(wish.clause, verb if wish.verbless else "")
                steps += edit_steps(wish.clause, verb)
        except Declined as answer:
            turn.answers.append(answer)
        except SaysoError as error:
            # A number that the desk does not take: its message names the range.
            turn.answers.append(Declined("unsupported", _in_words(error, wish)))
    _flush(turn, steps)


def _in_words(error: SaysoError, wish: Wish) -> str:
    reason = str(error).split(": ", 1)[-1]
    return f"I cannot do “{wish.clause.text}”: {reason}."


def _flush(turn: Turn, steps: list[EditStep]) -> None:
    if steps:
        try:
            turn.do([Edit(steps=tuple(in_order(steps)))])
        except Declined as answer:
            turn.answers.append(answer)
        steps.clear()


def _finished(turn: Turn, text: str) -> Interpretation:
    moves, contradictions = sparing(turn.moves, turn.spared, turn.ear)
    moves = arranged(moves)
    answers = list(turn.answers)
    if not moves and not answers:
        answers.append(_nothing_done(turn, text))
    replies = (dialogue.as_reply(answers),) if answers else ()
    said = [summary(moves), *turn.notes, *contradictions]
    if moves and turn.spared:
        left = joined([spoken(name) for name in dict.fromkeys(turn.spared)])
        said.append(f"Leaving {left} untouched." if left else "")
    if turn.puzzles and (moves or turn.answers):
        quoted = joined([f"“{words}”" for words in turn.puzzles])
        said.append(f"I did not understand {quoted}.")
    said += [worded(reply) for reply in replies]
    return Interpretation((*moves, *replies), " ".join(filter(None, said)))


def _nothing_done(turn: Turn, text: str) -> Declined:
    """The answer where no clause led to anything."""
    if turn.spared or turn.left_alone:
        left = dict.fromkeys([*turn.spared, *turn.mentioned])
        names = joined([spoken(name) for name in left]) or "everything"
        return Declined(
            "help",
            f"I leave {names} untouched. Tell me what should change instead.",
            ("make the drums louder", "remove the vocals"),
        )
    if turn.mentioned:
        return dialogue.only_mentioned(turn.mentioned)
    words = text.split()
    if text.rstrip().endswith("?") or (words and words[0] in _ASKING):
        return dialogue.raised("off_topic", turn.history, turn.ear)
    return dialogue.puzzled(turn.ear)
