"""The core behind every door: open a recording, say what should happen, render it.

    studio = Studio()
    session = studio.open("song.mp3")
    reply = session.say("take the vocals out and put some reverb on the drums")
    result = session.render()
    result.write("out")

A session is its source and a history of moves; rendering is a pure function of source and desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.audio import Audio, read, write
from sayso.checkpoints import WeightStore
from sayso.desk import Desk, History, Move
from sayso.errors import OutputError
from sayso.rendering import SPEECH, Track, render
from sayso.separate import StemCache, is_trained, load, require_supported
from sayso.watch import SILENT, Progress, Watch

if TYPE_CHECKING:
    from sayso.audio import Notice
    from sayso.separate import Separator
    from sayso.words import Exchange, Interpretation
    from sayso.words.llm import LanguageModel


@dataclass(frozen=True)
class Reply:
    """What was understood: a sentence for the person, the moves, and the desk after them."""

    text: str
    moves: tuple[Move, ...]
    desk: Desk


@dataclass(frozen=True)
class Result:
    """Rendered tracks by name, in the order of asking, and what the person should know of them."""

    name: str
    tracks: Mapping[str, Track]

    def write(
        self,
        folder: str | Path,
        *,
        pattern: str = "{track}/{target}.{ext}",
        format: str = "wav",
        encoding: str | None = None,
    ) -> Mapping[str, Path]:
        """Writes every track and returns where each went.

        Args:
            folder: made if it is not there.
            pattern: of the file names in it; may use {track}, {target} and {ext}.
            format: a suffix that `sayso.audio.write` knows.
            encoding: "pcm16", "pcm24", "float32"; None takes the format's own, but keeps peaks
                above full scale by writing wav as float32.

        Raises: OutputError.
        """
        paths = {}
        for target, track in self.tracks.items():
            path = Path(folder) / file_name(pattern, self.name, target, format)
            chosen = encoding
            if chosen is None and format == "wav" and track.peak > 1.0:
                chosen = "float32"
            paths[target] = write(path, track.audio, encoding=chosen)
        return paths


def file_name(pattern: str, track: str, target: str, ext: str) -> str:
    """A file name from a pattern such as "{track}/{target}.{ext}".

    Raises: OutputError for other fields in the pattern, or one that leaves the folder.

    >>> file_name("{track}/{target}.{ext}", "song", "no vocals", "wav")
    'song/no_vocals.wav'
    """
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in target)
    try:
        name = pattern.format(track=track, target=safe, ext=ext)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise OutputError(
            f"the file name pattern {pattern!r} does not work; "
            "it may use {track}, {target} and {ext}"
        ) from None
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise OutputError(f"the file name pattern {pattern!r} leaves the output folder")
    return name


class Session:
    """A source with its desk; made by `Studio.open`."""

    def __init__(self, studio: Studio, source: Audio, name: str) -> None:
        self.studio = studio
        self.source = source
        self.name = name
        self.history = History()
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

        found = self.studio.understand(text, self.history, earlier=self._said)
        self.history = self.history.push(found.moves)
        self._said.append(Exchange(text, found.reply))
        return Reply(found.reply, found.moves, self.desk)

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
            separate=self.studio.separate,
            trained=not desk.clean or is_trained(self.studio.separator, SPEECH),
            watch=Watch.of(watch),
        )
        return Result(self.name, tracks)


class Studio:
    """What sessions share: the separator, loaded when first needed, and the cache of stems.

    Args:
        model: as `sayso.separate.load` takes it: a name, a path, "auto" or an ensemble; None takes
            the best of our own.
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
        self._model = model
        self._weight_store = weight_store
        self._cache = None if cache is None else Path(cache)
        self._options: dict[str, Any] = {"segment_s": segment_s, "overlap": overlap}
        self._threads = threads
        self._llm = llm

    @cached_property
    def separator(self) -> Separator:
        """The separator. Raises: ModelError."""
        return load(
            self._model, threads=self._threads, weight_store=self._weight_store, **self._options
        )

    @cached_property
    def language_model(self) -> LanguageModel | None:
        """What reads instructions instead of the offline interpreter. Raises: ModelError."""
        if self._llm is None:
            return None
        from sayso.words.llm import LanguageModel

        return LanguageModel(self._llm)

    def understand(
        self, text: str, history: History, *, earlier: Sequence[Exchange] = ()
    ) -> Interpretation:
        """What `text` asks for after `history`, given what the separator hears.

        Args:
            text: an instruction.
            history: the moves so far; it is not changed.
            earlier: what was said before, which a language model is told.

        Raises: ModelError.
        """
        from sayso.words import interpret

        supports = self.separator.supports
        if self.language_model is None:
            return interpret(text, history, supports=supports)
        return self.language_model.interpret(text, history, supports=supports, earlier=earlier)

    def require(self, desk: Desk) -> None:
        """Raises UnknownTargetError unless the separator hears every sound that `desk` needs."""
        from sayso.words.hearing import TargetResolver

        wanted = (*desk.targets(), *((SPEECH,) if desk.clean else ()))
        require_supported(
            self.separator, wanted, nearest=TargetResolver(self.separator.supports).nearest
        )

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """The stems of `mix` by name, out of the cache where it has them.

        Raises: UnknownTargetError, Cancelled.
        """
        if self._cache is None:
            return self.separator.separate(mix, targets, watch=watch)
        cache, settings = StemCache(self._cache), str(self._options)
        return cache.separate(self.separator, mix, targets, settings=settings, watch=watch)

    def open(
        self, source: str | Path | Audio, *, name: str | None = None, notice: Notice | None = None
    ) -> Session:
        """A session on a file, or on audio in hand.

        Args:
            source: a path, or audio.
            name: what the tracks are filed under; the file's own by default.
            notice: told what the person should know of a damaged file.

        Raises: FormatError, EmptyAudioError, NotFiniteError, ShapeError.
        """
        if isinstance(source, Audio):
            return Session(self, source, name or "audio")
        return Session(self, read(source, notice=notice), name or Path(source).stem)
