"""The core behind every door: open a recording, say what should happen, render it.

    studio = Studio()
    session = studio.open("song.mp3")
    reply = session.say("take the vocals out and put some reverb on the drums")
    result = session.render()
    result.write("out")

A session is its source and a history of moves; rendering is a pure function of source and desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.audio import Audio, read, write
from sayso.checkpoints import WeightStore
from sayso.desk import Desk, History, Move
from sayso.outputs import Destination
from sayso.rendering import SPEECH, Track, render
from sayso.separate import Models, require_supported
from sayso.watch import Progress, Watch

if TYPE_CHECKING:
    from sayso.audio import Notice
    from sayso.separate import Separator
    from sayso.words import Exchange, Facts, Interpretation, State
    from sayso.words.llm import LanguageModel


@dataclass(frozen=True)
class Reply:
    """What was understood: a sentence for the person, the moves, and the desk after them."""

    text: str
    moves: tuple[Move, ...]
    desk: Desk


@dataclass(frozen=True)
class Result:
    """Rendered tracks by name, in the order of asking, and what the person should know of them.

    Attributes:
        name: what the tracks are filed under.
        tracks: by target.
        inputs: the files that were read for it, which no output replaces.
    """

    name: str
    tracks: Mapping[str, Track]
    inputs: tuple[Path, ...] = ()

    def write(
        self,
        out: str | Path,
        *,
        pattern: str | None = None,
        format: str | None = None,
        encoding: str | None = None,
        overwrite: bool = False,
        notice: Notice | None = None,
    ) -> Mapping[str, Path]:
        """Writes every track and returns where each went; see `sayso.outputs` for the rule.

        Args:
            out: a folder, made if it is not there; or, for a single track, a file with the ending
                of an audio format.
            pattern: of the file names in a folder; may use {track}, {target} and {ext}. None takes
                "{track}/{target}.{ext}".
            format: a suffix that `sayso.audio.write` knows; None takes that of the name, else wav.
            encoding: "pcm16", "pcm24", "float32"; None takes the format's own, but keeps peaks
                above full scale by writing wav as float32.
            overwrite: whether files that are there are replaced; else the new ones are numbered.
            notice: told where they are.

        Raises: OutputError.
        """
        destination = Destination.to(
            out, pattern=pattern, format=format, encoding=encoding, overwrite=overwrite
        )
        return self.deliver(destination, notice=notice)

    def deliver(
        self,
        destination: Destination,
        *,
        ours: Iterable[Path] = (),
        notice: Notice | None = None,
    ) -> Mapping[str, Path]:
        """As `write`, to a destination that is known already.

        Args:
            destination: where to.
            ours: files that may be replaced, since they were written for an earlier turn.
            notice: told where a file is there already.

        Raises: OutputError.
        """
        targets = tuple(self.tracks)
        with destination.claim(
            self.name, targets, inputs=self.inputs, ours=ours, notice=notice
        ) as paths:
            for target, track in self.tracks.items():
                encoding = destination.encoding
                if encoding is None and destination.format == "wav" and track.peak > 1.0:
                    encoding = "float32"
                write(paths[target], track.audio, encoding=encoding)
        return paths


class Session:
    """A source with its desk; made by `Studio.open`."""

    def __init__(
        self, studio: Studio, source: Audio, name: str, *, inputs: tuple[Path, ...] = ()
    ) -> None:
        self.studio = studio
        self.source = source
        self.name = name
        self.inputs = inputs
        self.history = History()
        self.state: State | None = None
        self._said: list[Exchange] = []

    @property
    def desk(self) -> Desk:
        """The desk as the conversation has left it."""
        return self.history.desk

    def say(self, text: str) -> Reply:
        """Understands `text` against what was said before and changes the desk accordingly.

        Never raises for words that were not understood; then the moves hold a reply with
        suggestions, and the desk stays as it was.
        """
        from sayso.words import Exchange

        found = self.studio.understand(
            text, self.history, earlier=self._said, state=self.state, facts=self._facts()
        )
        self.history = self.history.push(found.moves)
        self.state = found.state
        self._said.append(Exchange(text, found.reply))
        return Reply(found.reply, found.moves, self.desk)

    def _facts(self) -> Facts:
        """What questions about the recording are answered with."""
        from sayso.audio import integrated_lufs
        from sayso.words import Facts

        def lufs() -> float | None:
            level = integrated_lufs(self.source)
            return level if isfinite(level) else None

        return Facts(duration_s=lambda: self.source.duration_s, lufs=lufs)

    def do(self, moves: Sequence[Move]) -> Desk:
        """Applies moves as one turn and returns the desk. Raises: MoveError."""
        self.history = self.history.push(tuple(moves))
        return self.desk

    def render(self, *, watch: Watch | Progress | None = None) -> Result:
        """Makes the tracks that the desk asks for.

        They have the source's rate and channels, and its length unless the desk edits it. `watch`
        may be a plain function, which is called with progress 0 to 1.

        Raises: UnknownTargetError, RangeError for edits beyond the end, Cancelled.
        """
        desk = self.desk
        self.studio.require(desk)
        tracks = render(
            self.source,
            desk,
            separate=self.studio.models.separate,
            trained=not desk.clean or self.studio.separator.route(SPEECH).trained,
            watch=Watch.of(watch),
        )
        return Result(self.name, tracks, self.inputs)


class Studio:
    """What sessions share: the separator, loaded when first needed, and the cache of stems.

    Args:
        model: as `sayso.separate.load` takes it: a name, a path, "auto" or an ensemble; None takes
            the best that is installed for each sound.
        cache: folder for separated stems, or None to keep none.
        segment_s: seconds that the separator hears at a time; None leaves it to the model.
        overlap: share of a segment that is heard twice, 0 to 0.5.
        threads: processor threads; None takes all.
        weight_store: where the weights of public models lie; None takes the platform's folder.
        llm: a language model that reads instructions, as `sayso.words.llm.LanguageModel` names
            it; None reads them offline.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        cache: str | Path | None = None,
        segment_s: float | None = None,
        overlap: float | None = None,
        threads: int | None = None,
        weight_store: WeightStore | None = None,
        llm: str | None = None,
    ) -> None:
        self.models = Models(
            model,
            weight_store=weight_store,
            threads=threads,
            segment_s=segment_s,
            overlap=overlap,
            cache=None if cache is None else Path(cache),
        )
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
        history: History,
        *,
        earlier: Sequence[Exchange] = (),
        state: State | None = None,
        facts: Facts | None = None,
    ) -> Interpretation:
        """What `text` asks for after `history`, given what the separator hears.

        Args:
            text: an instruction.
            history: the moves so far; it is not changed.
            earlier: what was said before, which a language model is told.
            state: what the interpretation before gave back; None at the start.
            facts: what is known of the recording, for questions about it.

        Raises: ModelError.
        """
        from sayso.words import interpret

        supports = self.separator.supports
        if self.language_model is None:
            return interpret(text, history, supports=supports, state=state, facts=facts)
        return self.language_model.interpret(text, history, supports=supports, earlier=earlier)

    def require(self, desk: Desk) -> None:
        """Raises UnknownTargetError unless the separator hears every sound that `desk` needs."""
        from sayso.words.hearing import TargetResolver

        wanted, separator = (*desk.targets(), *((SPEECH,) if desk.clean else ())), self.separator
        nearest = TargetResolver(separator.supports).nearest
        require_supported(separator, wanted, hears=separator.hears, nearest=nearest)

    def open(
        self,
        source: str | Path | Audio,
        *,
        name: str | None = None,
        track: str | int | None = None,
        notice: Notice | None = None,
    ) -> Session:
        """A session on a file, or on audio in hand.

        Args:
            source: a path, or audio.
            name: what the tracks are filed under; the file's own by default.
            track: of several sound tracks, a number from 1 or a language; None takes the main one.
            notice: told what the person should know of the file.

        Raises: FormatError, EmptyAudioError, NotFiniteError, ShapeError.
        """
        if isinstance(source, Audio):
            return Session(self, source, name or "audio")
        path = Path(source)
        audio = read(path, track=track, notice=notice)
        return Session(self, audio, name or path.stem, inputs=(path.absolute(),))
