"""English instructions to moves, without a model: deterministic, and quick.

Words become tokens, tokens items, items clauses, clauses wishes, and wishes moves. What was not
understood is said in the reply; nothing is guessed silently. What a conversation remembers beside
its moves, such as an open question, goes in and out as a `State`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from sayso.desk import Edit, EditStep, History, Move, Remove, Reply, Undo
from sayso.errors import SaysoError
from sayso.words import dialogue
from sayso.words.account import unused_numbers
from sayso.words.actions import Declined
from sayso.words.actions.edits import edit_steps, example, in_order, silence_step, verb_of
from sayso.words.acts import account, perform
from sayso.words.amending import LONGEST_SAID, amended, replaces
from sayso.words.answers import Facts
from sayso.words.arranging import arranged, sparing
from sayso.words.bells import out_of_range, rewidened, with_width, without_width
from sayso.words.context import before, last_turn
from sayso.words.corrections import reset_to
from sayso.words.doubts import glued
from sayso.words.grammar import Clause
from sayso.words.halves import without_halves
from sayso.words.hearing import TargetResolver
from sayso.words.items import mended
from sayso.words.questions import agreed, asked_further, filled, proposed, turned_down
from sayso.words.reading import clauses
from sayso.words.sentences import wishes
from sayso.words.state import State
from sayso.words.tokens import normalise
from sayso.words.turn import Turn
from sayso.words.voices import settled_by_ear
from sayso.words.wishes import Wish
from sayso.words.wording import joined, spoken, summary, worded

LONGEST = 2000
"""Characters of a message that are read; nobody asks for something in more."""
_ONLY = re.compile(r"\b(?:only|just|alone|nothing (?:else|but)|by itself|on its own)\b")
_ASKING = ("what", "who", "when", "where", "why", "how", "which", "is", "are", "do", "does", "tell")


class Interpretation(NamedTuple):
    """What was understood: the moves, a reply that says so, who understood, and the state after."""

    moves: tuple[Move, ...]
    reply: str
    interpreter: str = "offline"
    state: State = State()


class Exchange(NamedTuple):
    """Something that was said earlier, and what was answered."""

    said: str
    answered: str


def interpret(
    text: str,
    history: History,
    *,
    supports: Callable[[str], bool] | None = None,
    state: State | None = None,
    facts: Facts | None = None,
) -> Interpretation:
    """The moves that `text` asks for after `history`; never empty, and all of them can be applied.

    Args:
        text: an instruction in English, of any length.
        history: the conversation so far; it is not changed.
        supports: whether a target can be heard; None hears everything.
        state: what the interpretation of the message before gave back; None at the start.
        facts: what is known of the recording, for questions about it and for a "voice".

    >>> interpret("Take the vocals out", History()).reply
    'Taking the vocals out.'
    """
    state = state or State()
    agrees = agreed(normalise(text[:LONGEST]), state)
    if agrees is False:
        return _answered(turned_down(), state.model_copy(update={"asks": "", "template": ""}))
    read = partial(_interpreted, history=history, supports=supports, facts=facts)
    if agrees:
        told = state.model_copy(update={"asks": "", "template": "", "offer": ""})
        return read(state.offer or state.template, state=told, sure=True)
    heard, taken = settled_by_ear(text, facts)
    found = _with_bands(heard, partial(read, state=state), history, state)
    return found._replace(reply=f"{found.reply} {taken}") if taken and _done(found) else found


def _with_bands(
    text: str, read: Callable[[str], Interpretation], history: History, state: State
) -> Interpretation:
    """What `text` asks for, the width of an equaliser's band in it read apart."""
    plain, width = without_width(normalise(text)) if len(text) <= LONGEST else (text, None)
    if width is None or example(text) is not None:
        return read(text)
    refused = out_of_range(width)
    if refused is not None:
        return Interpretation((refused,), worded(refused), state=state)
    found = read(plain) if plain else None
    widened = with_width(found.moves, width) if found is not None else None
    if found is None or (widened is None and not _done(found)):
        try:
            moves, told = rewidened(history, width)
        except Declined as answer:
            return _answered(answer, state)
        return Interpretation(moves, told, state=state)
    if widened is None:
        return read(text)
    moves, told = widened
    kept = found.state.model_copy(update={"said": text if found.state.said else ""})
    return found._replace(moves=moves, reply=f"{found.reply} {told}", state=kept)


def _interpreted(
    text: str,
    *,
    history: History,
    supports: Callable[[str], bool] | None,
    state: State,
    facts: Facts | None,
    sure: bool = False,
) -> Interpretation:
    """As `interpret`; a doubtful reading is done where it is `sure`, and proposed elsewhere."""
    ear = TargetResolver(supports)
    if len(text) > LONGEST:
        return _answered(dialogue.too_long(len(text), LONGEST), state)
    plain = normalise(text)
    small = dialogue.small_talk(plain, history, ear)
    if small is not None:
        return _answered(small, state)
    filed, plain = plain, dialogue.without_format(plain)
    found = clauses(plain)
    further = asked_further(found, state)
    if further is not None:
        return _answered(further, state)
    whole = filled(plain, found, state)
    if whole is not None:
        plain, state = whole, state.model_copy(update={"asks": "", "template": ""})
        found = clauses(plain)
    again = _amended(
        plain, found, history, state, partial(interpret, supports=supports, facts=facts)
    )
    if again is not None:
        return again
    turn = Turn(history, ear, state, facts)
    turn.only = bool(_ONLY.search(plain))
    if filed != plain and whole is None:
        turn.note("Format and name of the file are chosen where it is saved.")
    last = last_turn(history)
    removed = bool(last) and all(isinstance(move, Remove) for move in last)
    if last and replaces(plain, found, removed=removed):
        turn.take_back()
    like = example(text)
    if like is not None:
        turn.do([Edit(steps=(like,))])
    else:
        wished = wishes(without_halves(turn, found), only=turn.only)
        turn.doubts = glued(wished, plain)
        _carry_out(turn, wished)
    result = _finished(turn, plain)
    if turn.doubts and _done(result) and not sure:
        done = summary([move for move in result.moves if not isinstance(move, Reply)])
        question = proposed(text, done, turn.puzzles)
        waits = {"asks": question.asks, "template": whole or text}
        return _answered(question, state.model_copy(update=waits))
    if filed != plain and whole is None and not _done(result):
        return _answered(dialogue.raised("exporting", history, ear), state)
    return result


def _amended(
    text: str,
    found: Sequence[Clause],
    history: History,
    state: State,
    read: Callable[..., Interpretation],
) -> Interpretation | None:
    """The last order once more, as `text` amends it; None where `text` does not."""
    if not history.turns or not state.said:
        return None
    try:
        order = amended(state.said, text, found)
    except Declined as answer:
        return _answered(answer, state)
    earlier, known = before(history), State(sounds=state.sounds)
    if order is None or _done(read(state.said, earlier, state=known)) != last_turn(history):
        return None
    again = read(order, earlier, state=known)
    if not _done(again) or len(_done(again)) < len(again.moves):
        told = tuple(move for move in again.moves if isinstance(move, Reply))
        return again._replace(moves=told, reply=worded(told[0]), state=state) if told else None
    moves = reset_to(history, again.moves) or (Undo(), *again.moves)
    return again._replace(moves=moves, reply=f"{summary(list(moves))}")


def _done(found: Interpretation) -> tuple[Move, ...]:
    return tuple(move for move in found.moves if not isinstance(move, Reply))


def _answered(answer: Declined, state: State) -> Interpretation:
    reply = dialogue.as_reply([answer])
    return Interpretation((reply,), worded(reply), state=state)


def _carry_out(turn: Turn, found: Sequence[Wish]) -> None:
    """Does wish after wish; edits that one sentence strings together are made as one."""
    steps: list[EditStep] = []
    verb = _verb_before(turn) if found and found[0].clause.led else ""
    kept = verb == "keep"
    lost = False
    for wish in found:
        hangs = wish.clause.joined == "soft" and not wish.clause.parted and not wish.targets
        if lost and hangs and wish.verbless:
            # "Turn the wub" and then "down"
            template = f"{turn.asked.template} {wish.clause.text}"
            turn.asked = turn.asked.model_copy(update={"template": template})
            continue
        lost = False
        try:
            if wish.act == "amount" and verb and wish.clause.has("range"):
                wish = replace(wish, act="edit")  # "And 30 to 40 as well"
            if wish.act not in {"edit", "silence"}:
                _flush(turn, steps)
                answered = len(turn.answers)
                perform(turn, wish)
                lost = turn.asked.asks == "targets" and len(turn.answers) > answered
                continue
            if wish.clause.joined != "soft":
                _flush(turn, steps)
            if wish.act == "silence":
                steps.append(silence_step(wish.clause))
            else:
                if kept and wish.verbless:
                    raise _cut_already()
                verb = verb_of(wish.clause, verb if wish.verbless else "")
                verb = _verb_of_times(turn, wish) or verb
                made = edit_steps(wish.clause, verb)
                account(turn, wish, unused_numbers(wish.clause.items, [Edit(steps=tuple(made))]))
                steps += made
        except Declined as answer:
            turn.decline(answer, wish)
        except SaysoError as error:
            # A number that the desk does not take: its message names the range.
            turn.answers.append(Declined("unsupported", _in_words(error, wish)))
    _flush(turn, steps)


def _cut_already() -> Declined:
    return Declined(
        "ambiguous",
        "What I did not keep is cut by now. Take that back and say both stretches in one sentence.",
        ("undo", "keep 0:20 to 0:50 and 1:00 to 1:10"),
    )


def _verb_of_times(turn: Turn, wish: Wish) -> str:
    """What is done to a stretch that only gives the times that an order before it lacks.

    "Chuck out the intro, it's the first 18 seconds." Raises: Declined where no order lacks them.
    """
    told = all(verb.value == "is" for verb in wish.clause.all("verb"))
    if not told or not turn.answers or wish.clause.has("edge", "long"):
        return ""
    if turn.asked.asks != "times" or turn.wish is None:
        raise Declined(
            "ambiguous",
            f"What should happen to “{wish.clause.text}”?",
            ("cut the first 10 seconds", "keep from 0:30 to 1:00"),
        )
    turn.answers.pop()
    turn.asked = State()
    return verb_of(turn.wish.clause, "")


def _verb_before(turn: Turn) -> str:
    """What the turn before did to time, where "and the last 3" goes on from it."""
    for move in last_turn(turn.history):
        if isinstance(move, Edit):
            return move.steps[-1].step.partition("_")[0]
    return ""


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
    if turn.rivals:
        return _answered(dialogue.rivalled(*turn.rivals[0]), turn.state)
    moves, contradictions = sparing(turn.moves, turn.spared, turn.owned, turn.ear)
    moves = arranged(moves)
    answers = list(turn.answers)
    if not moves and not answers:
        answers.append(_nothing_done(turn, text))
    replies = (dialogue.as_reply(answers),) if answers else ()
    said = [summary(moves), *turn.notes, *contradictions]
    if moves and turn.spared:
        kept = [name for name in dict.fromkeys(turn.spared) if name not in turn.owned]
        left = joined([spoken(name) for name in kept])
        said.append(f"Leaving {left} untouched." if left else "")
    if turn.puzzles and (moves or turn.answers):
        quoted = joined([f"“{words}”" for words in turn.puzzles])
        said.append(f"I did not understand {quoted}.")
    if turn.remarks and (moves or turn.answers):
        quoted = joined([f"“{words}”" for words in turn.remarks])
        said.append(f"I did not take {quoted} for an order.")
    said += [worded(reply) for reply in replies]
    said += [f"(I read “{typed}” as “{taken}”.)" for typed, taken in mended(text)]
    state = turn.state_after()
    if moves:
        state = state.model_copy(update={"said": text if len(text) <= LONGEST_SAID else ""})
    return Interpretation((*moves, *replies), " ".join(filter(None, said)), state=state)


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
    if turn.told and not turn.puzzles:
        return dialogue.raised("told", turn.history, turn.ear)
    return dialogue.puzzled(turn.ear)
