"""One turn of the conversation in the making: the moves so far, and whom "it" means by now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from sayso.desk import MIX, NO, Adjust, AnyEffect, Desk, History, Move, Remove, Undo, apply
from sayso.desk.effects import is_neutral, slot
from sayso.words.actions.changes import Declined
from sayso.words.answers import Facts
from sayso.words.context import about, before, last_extracted, last_turn, rest_of
from sayso.words.dialogue import unheard
from sayso.words.hearing import TargetResolver
from sayso.words.items import Item, known_words
from sayso.words.lexicon import lexicon
from sayso.words.spans import SEPARATOR
from sayso.words.state import MOST_SOUNDS, State
from sayso.words.vocabulary import SOUND, canonical, vocabulary
from sayso.words.wishes import Wish
from sayso.words.wording import spoken

_UNWONDERED = frozenset(
    {"none", "measured", "topic", "mention", "ask", "aside", "remark", "forbid", "condition"}
)
# How adjectives end, which do not tell one sound from another: "the dreadful drums".
_DESCRIBING = ("ful", "ous", "ish", "ive", "less", "able", "ible", "some", "y", "ed", "ing", "al")
_PEOPLE = frozenset({"speech", "vocals"})
_ACTING = frozenset({"adjust", "remove", "extract", "bare", "clean", "duck", "split", "fade"})
# What stands in an order where the answer to a question belongs.
_HOLES = {"targets": ("pronoun", "group", "sound", "word"), "times": ("section", "takes")}


def _with_a_hole(wish: Wish, asks: str) -> str:
    """The words of a wish with {} in the place of what is asked for."""
    clause = wish.clause
    text = clause.text.replace("{", "(").replace("}", ")")
    named = [item for item in clause.items if item.kind in _HOLES.get(asks, ())]
    if not named:
        return f"{text} {{}}"
    first, last = named[0].start - clause.start, named[-1].end - clause.start
    return f"{text[:first]}{{}}{text[last:]}"


def _touched(moves: Sequence[Move]) -> list[str]:
    """The sounds that a turn was about, also those that it took out."""
    gone = [name for move in moves if isinstance(move, Remove) for name in move.targets]
    return gone or about(moves)


def _moves(wish: Wish) -> bool:
    """Whether a sound that is only named is one to be changed: "turn the wub" and then "down"."""
    verbs = [verb for verb in wish.clause.all("verb") if verb.freestanding]
    return wish.act == "mention" and any(verb.value not in {"is", "there"} for verb in verbs)


class Turn:
    """Collects what a message leads to, wish by wish.

    `moves` are to be done, `answers` are given instead of moves, `notes` say what was taken how,
    `puzzles` are words that were not understood, `spared` are sounds to leave alone, `owned`
    those of them with an order of their own, `remarks` what was only told, `rivals` the words of
    two wishes that change the same. What is doubted (`doubts`) is asked about. `asked` is the state
    with the question that is open by now.
    """

    def __init__(
        self, history: History, ear: TargetResolver, state: State, facts: Facts | None
    ) -> None:
        self.history, self.ear, self.state, self.facts = history, ear, state, facts
        self.moves: list[Move] = []
        self.latest: tuple[Move, ...] = ()
        self.taken_back: tuple[Move, ...] = ()
        self.answers: list[Declined] = []
        self.notes: list[str] = []
        self.puzzles: list[str] = []
        self.spared: list[str] = []
        self.owned: list[str] = []
        self.mentioned: list[str] = []
        self.remarks: list[str] = []
        self.wish: Wish | None = None
        self.only = False
        self.left_alone = False
        self.rivals: list[tuple[str, str]] = []
        self.told = self.doubts = False
        self.asked = State()
        self._desk = history.desk
        self._about = list(state.about) or about(last_turn(history))
        self._named: list[str] = []
        self._used: set[int] = set()
        self._voices: set[str] = set()
        self._claims: dict[tuple[str, object], tuple[Wish, AnyEffect, bool]] = {}

    @property
    def desk(self) -> Desk:
        """The desk as it is by now."""
        return self._desk

    @property
    def about(self) -> list[str]:
        """The targets that "it" and "them" stand for."""
        return self._about or [MIX]

    def do(self, moves: Iterable[Move]) -> None:
        """Takes moves in, and applies them so that the next wish builds on them."""
        self.latest = tuple(self._once(moves))
        for move in self.latest:
            self._claim(move)
            self.moves.append(move)
            if isinstance(move, Undo):
                self.taken_back = last_turn(self.history)
                self.history = before(self.history)
                self._desk = self.history.desk
            else:
                self._desk = apply(self._desk, move)
        self._about = about(self.latest) or self._about

    def _once(self, moves: Iterable[Move]) -> Iterator[Move]:
        """`moves` without what only says what another wish is for.

        "Add reverb to make it more ambient" puts reverb on once.
        """
        claimed = {(target, effect.effect) for (target, _), (_, effect, _) in self._claims.items()}
        for move in moves:
            if not (isinstance(move, Adjust) and self.wish is not None and self.wish.is_purpose):
                yield move
                continue
            told = [e for e in move.effects if (move.target, e.effect) in claimed]
            left = tuple(e for e in move.effects if e not in told)
            if told:
                self.note(f"I took “{self.wish.clause.text}” for what that is for.")
            if left:
                yield move.model_copy(update={"effects": left})

    def _claim(self, move: Move) -> None:
        """Takes down which wish changes what, and where two wishes change the same."""
        if self.wish is None or not isinstance(move, Adjust):
            return
        for effect in move.effects:
            if is_neutral(effect) or effect.effect == "fade":
                continue  # "Bring them back but softer", "fade in and fade out"
            claim = (self.wish, effect, move.relative)
            first, was, by = self._claims.setdefault((move.target, slot(effect)), claim)
            settled = was == effect and not (by or move.relative)
            if first is not self.wish and not settled:
                self.rivals.append((first.clause.text, self.wish.clause.text))

    def mention(self, targets: Sequence[str]) -> None:
        """Remembers sounds that were named without anything to do to them."""
        self.mentioned += targets
        self._about = list(targets) or self._about

    def decline(self, declined: Declined, wish: Wish | None) -> None:
        """Answers instead of doing, and remembers what the answer asks for."""
        self.answers.append(declined)
        self._about = self._named[-1:] or self._about
        if declined.asks and wish is not None and not self.asked.asks:
            template = declined.template or _with_a_hole(wish, declined.asks)
            self.asked = State(asks=declined.asks if "{}" in template else "", template=template)

    def state_after(self) -> State:
        """What the conversation remembers of this turn."""
        lately = [name for name in self._named if name != MIX]
        sounds = [name for name in self.state.sounds if name not in lately]
        waits = self._about if self._about != about(last_turn(self.history)) else []
        if self.moves and all(isinstance(move, Undo) for move in self.moves):
            # "Remove the piano", "undo", "just turn it down": the piano.
            waits = _touched(self.taken_back)
        elif self.moves:
            waits = []
        return self.asked.model_copy(
            update={
                "about": tuple(waits),
                "sounds": tuple([*sounds, *dict.fromkeys(lately)][-MOST_SOUNDS:]),
                "said": self.state.said,
            }
        )

    def point_at(self, targets: Iterable[str]) -> None:
        """Sounds that were spoken of, so that "them" means these."""
        named = list(targets)
        self._named += named
        self._about = named or self._about

    def take_back(self) -> None:
        """Takes the last turn back; "it" is then what that was about, also where it took it out."""
        gone = _touched(last_turn(self.history))
        self.do([Undo()])
        self._about = gone

    def note(self, text: str) -> None:
        """Something that the person should know of how the words were taken."""
        if text not in self.notes:
            self.notes.append(text)

    def targets(self, wish: Wish) -> list[str]:
        """The targets that a wish names or points at; empty if it names none.

        Raises: Declined for a pronoun or a rest that stands for nothing.
        """
        names: list[str] = []
        run: list[Item] = []
        for item in wish.targets:
            if item.kind == "word":
                if run and "," in wish.clause.words(run[-1], item):
                    names += self._free(run, wish, None)
                    run = []
                run.append(item)
                continue
            between = wish.clause.words(run[-1], item)[len(run[-1].text) :] if run else ""
            if "," in between or " and " in between:
                names += self._free(run, wish, None)  # "the blorp and the drums"
                run = []
            free = self._free(run, wish, item) or self._told_apart(item, wish)
            names += free or self._of(item, wish)
            run = []
        names += self._free(run, wish, None)
        unique = list(dict.fromkeys(names))
        self._named += [name for name in unique if name != MIX]
        return unique

    def wonder(self, wish: Wish) -> None:
        """Takes down the words of an understood wish that say nothing to it."""
        if wish.act in _UNWONDERED:
            return
        items = wish.clause.items
        for item, after in zip_longest(items, items[1:]):
            named = item in wish.targets or (after is not None and after.kind == SOUND)
            known = item.text in known_words() and (named or wish.act not in _ACTING)
            if item.kind == "word" and item.start not in self._used and not known:
                self.puzzles.append(item.text)

    def _of(self, item: Item, wish: Wish) -> list[str]:
        match item.kind:
            case "sound":
                self._require_one_voice(item)
                return [item.value]
            case "group":
                return self._rest(wish) if item.value == "rest" else [MIX]
            case "pronoun":
                return self._pointed_at(item)
            case _:
                raise Declined(
                    "unsupported",
                    "I can change everything but one sound, or each sound by itself.",
                    (f"make everything but the {item.value.split(SEPARATOR)[0]} quieter",),
                )

    def _require_one_voice(self, item: Item) -> None:
        """Raises Declined where two people are told apart that are one sound here."""
        if item.value in {"first speech", "second speech"}:
            raise Declined(
                "unsupported",
                "I cannot tell single voices apart; I work on all the speech at once.",
                ("isolate the speech", "compress the speech"),
            )
        if item.value != "speech":
            return
        self._voices.add(item.text.removesuffix("s"))
        if len(self._voices) > 1 and self.moves:
            raise Declined(
                "unsupported",
                "I cannot tell single voices apart; what I did holds for all the speech.",
                ("compress the speech", "undo"),
            )

    def _free(self, words: Sequence[Item], wish: Wish, after: Item | None) -> list[str]:
        """Words that are no known sound but stand where one must: "remove the flugelbinder".

        Before a known sound they only describe it, unless the sound is as broad as noise.
        """
        if not words:
            return []
        first, last = words[0], words[-1]
        if after is not None and after.start == last.end + 1:
            if after.value != "noise":
                if not last.text.endswith(_DESCRIBING):
                    said = wish.clause.words(first, after)
                    self.note(f"I take “{said}” for {spoken(after.value)}.")
                return []
            last = after
        elif after is not None:
            return []
        self._used.update(word.start for word in words)
        text = wish.clause.words(first, last)
        if (
            wish.act == "adjust"
            or _moves(wish)
            or any(
                word.value in lexicon().words["abstract"] or len(word.value) < 2 for word in words
            )
        ):
            raise Declined(
                "ambiguous",
                f"I do not know which sound “{text}” is; call it by its name.",
                ("remove the noise", "make the drums louder"),
                asks="targets",
            )
        if after is None and text not in vocabulary().words():
            self.note(f"I know no sound “{text}”, so I look for it by that name.")
        return [canonical(text) if after is None else text]

    def _told_apart(self, item: Item, wish: Wish) -> list[str]:
        """One of several people by what they do: "the teacher counting in"."""
        items = [other for other in wish.clause.items if other.start >= item.start]
        at, does = 1, items[1:2]
        if item.value not in _PEOPLE or wish.act not in {"remove", "extract"} or not does:
            return []
        if does[0].kind != "word" or not does[0].text.endswith("ing") or does[0].definite:
            return []
        last = next((i for i in items[at + 1 : at + 2] if i.kind in {"particle", "prep"}), does[0])
        self._used.add(does[0].start)
        text = wish.clause.words(item, last)
        self.note(f"I know no sound “{text}”, so I look for it by that name.")
        return [text]

    def _pointed_at(self, item: Item) -> list[str]:
        if item.value == "both" and len(self._about) != 2 and len(self.state.sounds) > 1:
            return list(self.state.sounds[-2:])
        if item.text == "him" and self._about in ([], [MIX]):
            raise Declined(
                "ambiguous", "Whom do you mean, the singer or who speaks?",
                ("turn the vocals up", "turn the speech up"), asks="targets",
            )  # fmt: skip
        if item.value == "it":
            return self.about if len(self.about) == 1 else [MIX]
        if self._about in ([], [MIX]):
            raise Declined(
                "ambiguous",
                "I am not sure which sounds you mean; please name them.",
                ("make the vocals and the drums louder",),
                asks="targets",
            )
        return self.about

    def _rest(self, wish: Wish) -> list[str]:
        named = self._named or [i.value for i in wish.clause.all("sound")] or self.spared
        base = list(dict.fromkeys(named)) or list(last_extracted(self.history))
        if not base:
            raise Declined(
                "ambiguous",
                "The rest of what? Name the sound that should be left out.",
                ("everything but the vocals",),
            )
        rest = rest_of(base)
        if not rest:
            raise Declined(
                "unsupported",
                f"I can give you everything without {', '.join(map(spoken, base))} as a mix.",
                (f"remove the {' and the '.join(base)}",),
            )
        return rest

    def rest_as_removal(self, wish: Wish) -> Move | None:
        """The mix without them, where "the rest" follows several sounds."""
        if self._named or wish.clause.has("sound"):
            return None
        base = last_extracted(self.history)
        several = len(base) > 1 and not rest_of(base)
        return Remove(targets=base) if several and wish.clause.has("group", "rest") else None

    def _offer(self, deaf: Sequence[str]) -> str:
        """The order for what is heard nearest to the one sound that a message wants by itself."""
        alone = len(deaf) == 1 and not self.moves and not self.answers
        nearest = self.ear.nearest(deaf[0]) if alone else None
        wanted = self.wish is not None and self.wish.act in {"extract", "bare"}
        return f"isolate {nearest}" if nearest and wanted else ""

    def heard(self, targets: Sequence[str]) -> list[str]:
        """Those of `targets` that can be heard; the others are answered with what is nearest."""
        found, deaf = [], []
        for target in targets:
            name = self.ear.find(target)
            if name is None:
                deaf.append(target.removeprefix(NO))
                continue
            if name != target:
                self.note(f"I take {spoken(name)} for {spoken(target)}.")
            found.append(name)
        if deaf:
            offer = self._offer(deaf) if not found else ""
            self.decline(unheard(deaf, self.ear, offered=bool(offer)), self.wish)
            self.asked = self.asked.model_copy(update={"offer": offer})
        return list(dict.fromkeys(found))
