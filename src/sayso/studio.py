"""Recordings and conversations about them, with what all of them share.

    studio = Studio()
    session = studio.open("song.mp3")
    reply = session.say("take the vocals out and put some reverb on the drums")
    session.render().write("out")

A session only keeps what is going on: words and moves change its `Conversation`, and
`sayso.render` makes the sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.audio import Audio, read
from sayso.conversation import Conversation, Reply
from sayso.desk import NO, Arrange, Desk, Edit, EditStep, Extract, History, Like, Move
from sayso.desk.arrangement import arrangement_of
from sayso.errors import RequestError, ShapeError
from sayso.outputs import Destination, Size
from sayso.rendering import SPEECH, Result, render
from sayso.separate import Models, require_supported, shared_models
from sayso.watch import SILENT, Progress, Watch

if TYPE_CHECKING:
    import numpy.typing as npt

    from sayso.audio import Notice
    from sayso.separate import Separator
    from sayso.voices import Voice
    from sayso.words import Facts, Interpretation
    from sayso.words.llm import LanguageModel


class Session:
    """A recording with a conversation about it; made by `Studio.open`.

    Attributes:
        studio: what separates and understands.
        source: the recording.
        name: what its tracks are filed under.
        inputs: the files that were read for it, which no output replaces.
        conversation: as it stands; it begins with `desk`, which undo cannot take back.
    """

    def __init__(
        self,
        studio: Studio,
        source: Audio,
        name: str,
        *,
        desk: Desk | None = None,
        inputs: tuple[Path, ...] = (),
    ) -> None:
        self.studio = studio
        self.source = source
        self.name = name
        self.inputs = inputs
        self.conversation = Conversation.about(desk or Desk())

    @property
    def desk(self) -> Desk:
        """The desk as the conversation has left it."""
        return self.conversation.desk

    @property
    def history(self) -> History:
        """The turns of the conversation."""
        return self.conversation.history

    def say(self, text: str) -> Reply:
        """Understands `text` against what was said before and changes the desk accordingly.

        Never raises for words that were not understood; then the moves hold a reply with
        suggestions, and the desk stays as it was. Raises: FormatError, ModelError for an example
        or an editor that cannot be read.
        """
        reader = partial(self.studio.understand, facts=self._facts())
        self.conversation, reply = self.conversation.say(
            text, reader, settle=self._settled, fits=self._fits
        )
        return reply

    def _facts(self) -> Facts:
        """What questions about the recording are answered with."""
        from sayso.audio import integrated_lufs
        from sayso.words import Facts

        def lufs() -> float | None:
            level = integrated_lufs(self.source)
            return level if isfinite(level) else None

        return Facts(
            duration_s=lambda: self.source.duration_s, lufs=lufs, voice=lambda: self._voice
        )

    @cached_property
    def _voice(self) -> Voice | None:
        """How its voice sounds, found out when words first leave it to the ear."""
        from sayso.voices import voice_of

        return voice_of(self.source, models=self.studio.models)

    def do(self, moves: Sequence[Move | Mapping[str, Any]]) -> Desk:
        """Applies moves, values or their plain data, as one turn and returns the desk.

        Raises: MoveError, RangeError, UnknownTargetError; FormatError, ModelError for an example
        or an editor that cannot be read. The desk stays as it was then.
        """
        after = self.conversation.do(moves, settle=self._settled, fits=self._fits)
        self.studio.require(after.desk)
        self.conversation = after
        return self.desk

    def undo(self) -> Desk:
        """Takes the last turn back. Raises: MoveError."""
        self.conversation = self.conversation.undo()
        return self.desk

    def redo(self) -> Desk:
        """Brings back the turn that was taken back last. Raises: MoveError."""
        self.conversation = self.conversation.redo()
        return self.desk

    def check(self, destination: Destination, *, ours: Iterable[Path] = ()) -> None:
        """Finds out before rendering whether the tracks could be written there.

        Args:
            destination: where to.
            ours: as `Result.deliver` takes it.
        Raises: OutputError for names, folder, format, or too little room on the disk.
        """
        source, desk = self.source, self.desk
        as_long = not desk.edits and desk.tempo == 1.0  # else how long is not known yet
        size = Size(source.channels, source.frames if as_long else 1, source.sample_rate)
        destination.check(self.name, desk.deliver, sound=size, inputs=self.inputs, ours=ours)

    def render(self, *, watch: Watch | Progress | None = None) -> Result:
        """Makes the tracks that the desk asks for; see `sayso.render`.

        `watch` is for progress and cancelling; a function is called with progress, 0 to 1.

        Raises: UnknownTargetError, RangeError for edits beyond the end, Cancelled.
        """
        self.studio.require(self.desk)
        result = render(self.source, self.desk, models=self.studio.models, watch=watch)
        return replace(result, name=self.name, inputs=self.inputs)

    def _settled(self, moves: Sequence[Move], desk: Desk) -> Sequence[Move]:
        return settled(moves, desk, partial(like, self.source))

    def _fits(self, desk: Desk) -> None:
        from sayso.desk.resolving import require_within

        require_within(desk, frames=self.source.frames, sample_rate=self.source.sample_rate)


class Studio:
    """What sessions share: the separators, loaded when first needed, and the cache of stems.

    Args:
        models: what separates, and with which settings; or only the name of a model, as `Models`
            takes it. None takes the best that is installed for each sound.
        llm: a language model that reads instructions, as `sayso.words.llm.LanguageModel` names
            it; None reads them offline.
    """

    def __init__(self, models: Models | str | None = None, *, llm: str | None = None) -> None:
        self.models = models if isinstance(models, Models) else Models(models)
        self._llm = llm

    @property
    def separator(self) -> Separator:
        """The separator. Raises: ModelError."""
        return self.models.separator

    @cached_property
    def language_model(self) -> LanguageModel | None:
        """What reads instructions instead of the offline interpreter. Raises: ModelError."""
        if self._llm is None:
            return None
        from sayso.words.llm import LanguageModel

        return LanguageModel(self._llm)

    def understand(
        self,
        text: str,
        conversation: Conversation,
        *,
        facts: Facts | None = None,
        watch: Watch = SILENT,
    ) -> Interpretation:
        """What `text` asks for after `conversation`, given what the separator supports.

        Args:
            text: an instruction.
            conversation: so far; it is not changed.
            facts: what is known of the recording, for questions about it.
            watch: cancelling, polled while a language model is waited for.

        Raises: ModelError, Cancelled.
        """
        from sayso.words import Exchange, State, interpret

        supports, history = self.separator.supports, conversation.history
        state = State.model_validate(conversation.state)
        if self.language_model is None:
            return interpret(text, history, supports=supports, state=state, facts=facts)
        earlier = [Exchange(said.text, said.reply) for said in conversation.said]
        return self.language_model.interpret(
            text,
            history,
            supports=supports,
            earlier=earlier,
            state=state,
            facts=facts,
            watch=watch,
        )

    def require(self, desk: Desk) -> None:
        """Raises UnknownTargetError unless the separator supports every sound of `desk`."""
        from sayso.words.hearing import TargetResolver

        wanted = [*desk.targets(), *([SPEECH] if _needs_speech(desk) else [])]
        separator = self.separator
        nearest = TargetResolver(separator.supports).nearest
        require_supported(separator, wanted, hears=separator.hears, nearest=nearest)

    def parts(
        self, targets: str | Sequence[str] = (), *, two_stems: str | None = None
    ) -> tuple[str, ...]:
        """The tracks that a separation delivers, each once.

        Args:
            targets: a sound, several, or lists of them such as "vocals, drums"; none are all stems
                of the separator.
            two_stems: instead, one sound and the rest.

        Raises: RequestError for several sounds as `two_stems`, or for a target without any.
        """
        from sayso.words.lists import listed

        if two_stems:
            named = listed(two_stems)
            if len(named) != 1:
                raise RequestError(
                    f"two stems are one sound and the rest, not {two_stems!r}; name each sound as "
                    "a target instead"
                )
            return (named[0], NO + named[0])
        several = (targets,) if isinstance(targets, str) else targets
        found = [name for given in several for name in listed(given)]
        nameless = [given for given in several if not listed(given)]
        if nameless:
            raise RequestError(
                f"the target {nameless[0]!r} names no sound; name one or leave it out"
            )
        return tuple(dict.fromkeys(found)) or self.separator.stems

    def open(
        self,
        source: str | Path | Audio,
        *,
        name: str | None = None,
        track: str | int | None = None,
        desk: Desk | None = None,
        notice: Notice | None = None,
    ) -> Session:
        """A session on a file, or on audio in hand.

        Args:
            source: a path, or audio.
            name: what the tracks are filed under; the file's own by default.
            track: of several sound tracks, a number from 1 or a language; None takes the main one.
            desk: what the conversation begins with; None is nothing asked.
            notice: told what the person should know of the file.

        Raises: FormatError, EmptyAudioError, NotFiniteError, ShapeError.
        """
        if isinstance(source, Audio):
            return Session(self, source, name or "audio", desk=desk)
        path, audio = Path(source), read(source, track=track, notice=notice)
        return Session(self, audio, name or path.stem, desk=desk, inputs=(path.absolute(),))


def separate(
    source: Audio | str | Path | npt.ArrayLike,
    sample_rate: int | None = None,
    targets: str | Sequence[str] = (),
    *,
    two_stems: str | None = None,
    models: Models | str | None = None,
    watch: Watch | Progress | None = None,
) -> Result:
    """The stems of a recording: `sayso.separate(samples, 44_100, ["vocals"])["vocals"]`.

    Stems are as long as the recording, at its rate and with its channels. A "no vocals" is the
    residual: what is left when the vocals are subtracted from the recording, so that both add up
    to it.

    Args:
        source: a path, audio, or an array as `Audio.from_numpy` takes it.
        sample_rate: of an array, in Hz.
        targets: a sound, or several: a stem, a "no STEM", or what else the model supports. None
            are all stems of the model.
        two_stems: instead, one sound and the rest.
        models: what separates, or its name; None takes the best that is installed for each sound.
        watch: progress and cancelling; may be a function that is called with progress 0 to 1.

    Returns: the tracks by name, as a mapping to `Audio`; they can be written, too.
    Raises: ShapeError for an array that fits no recording, or one without a rate; FormatError and
        its kin for a file, UnknownTargetError, ModelError, Cancelled.
    """
    if not isinstance(source, Audio | str | Path):
        if sample_rate is None:
            raise ShapeError("an array has no rate; expected the sample rate in Hz beside it")
        source = Audio.from_numpy(source, sample_rate)
    elif sample_rate is not None:
        raise ShapeError(f"{type(source).__name__} has its own sample rate; expected none beside")
    studio = Studio(shared_models() if models is None else models)
    session = studio.open(source)
    session.do([Extract(targets=studio.parts(targets, two_stems=two_stems))])
    return session.render(watch=watch)


def _needs_speech(desk: Desk) -> bool:
    """Whether our own separator is asked for the speech."""
    if desk.clean is None or desk.clean.separation is None:
        return False
    return any(one.model is None for one in desk.clean.separation.separators)


def settled(moves: Sequence[Move], desk: Desk, like: Callable[[str], Arrange]) -> Sequence[Move]:
    """`moves` with edits like an example made into the clips that they come to.

    Args:
        moves: any.
        desk: that they are for.
        like: the arrangement of the recording that is like an example.

    Raises: RequestError where something was cut before, and what `like` raises.
    """

    def step_of(step: EditStep, before: Sequence[EditStep]) -> EditStep:
        if not isinstance(step, Like):
            return step
        if before:
            raise RequestError(
                "editing like an example begins with the whole recording; ask for it before "
                "other cuts"
            )
        return like(step.example)

    out: list[Move] = []
    edits = list(desk.edits)
    for move in moves:
        if isinstance(move, Edit):
            steps = []
            for step in move.steps:
                steps.append(step_of(step, edits))
                edits.append(steps[-1])
            move = Edit(steps=tuple(steps))
        out.append(move)
    return out


def like(source: Audio, example: str) -> Arrange:
    """The arrangement of `source` that is like a recording, or that an editor makes of it.

    Raises: FormatError, ModelError.
    """
    from sayso.autoedit.content import ContentAnalyser

    return arrangement_of(ContentAnalyser(source).like(example))
