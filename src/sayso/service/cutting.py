"""Cuts by hand: a session's timeline, scores that are made once, and choosing anew from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from sayso.atomic import put
from sayso.audio import Audio, attended
from sayso.autoedit.choose import SHORTEST_S
from sayso.autoedit.content import ContentAnalyser
from sayso.autoedit.editor import DISCRIMINATOR, UNTAUGHT
from sayso.conversation import Conversation, Fits, Reader, Understood, like_of, refuse_files
from sayso.desk import Arrange, Desk, Move, Reply
from sayso.desk.arrangement import arrangement_of
from sayso.desk.edits import MOST_SPANS, EditStep
from sayso.desk.resolving import LISTENING, require_within, resolve
from sayso.errors import FormatError, LimitError, NotFoundError, RequestError
from sayso.rendering.tracks import require_brief
from sayso.service.editors import SUFFIX, editor_named, with_editors
from sayso.service.store import conversation_of
from sayso.studio import settled
from sayso.timeline import CROSSFADE_S, Timeline
from sayso.watch import SILENT, Watch
from sayso.words import Interpretation

if TYPE_CHECKING:
    from sayso.autoedit.choose import Scores
    from sayso.autoedit.editor import Editor
    from sayso.service.settings import Settings
    from sayso.service.tables import Session


class Keeper(Protocol):
    """Where the files of sessions are: what the cuts need of the service."""

    settings: Settings

    def folder(self, session: str) -> Path:
        """Where the files of a session are."""

    def source(self, session: Session) -> Path:
        """Its recording."""

    def rendered_timeline(self, session: Session, desk: Desk) -> Timeline | None:
        """What is heard of the recording in a render of `desk`; None where none is done."""


class Cutter:
    """What the routes of cuts ask for. All methods block and are safe in many threads.

    Hearing a recording takes a core and, for hours of sound, a gigabyte: routes do it in turns.

    Args:
        keeper: of the sessions that are cut.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._hearing = Lock()
        """Held while words have a recording heard, which no route waits for."""

    @property
    def scorers(self) -> list[str]:
        """The names that `choose` takes: those that need no teaching, and learnt editors."""
        return [*UNTAUGHT, *self._learnt]

    @property
    def _learnt(self) -> list[str]:
        """The names of the editors that the service has."""
        folder = self._keeper.settings.folder / "editors"
        return sorted(path.stem for path in folder.glob(f"*{SUFFIX}"))

    def listens(self, session: Session) -> bool:
        """Whether `timeline` has to hear the recording, which takes a core and much memory."""
        desk = conversation_of(session).desk
        return desk.clean is None and _listens(desk)

    def fits(self, session: Session) -> Fits:
        """Refuses what lies beyond the session's recording."""
        return partial(require_within, frames=session.frames, sample_rate=session.sample_rate)

    def timeline(self, session: Session, *, watch: Watch = SILENT) -> Timeline | None:
        """What is heard of the recording as the desk stands.

        None where that is only known once the speech in it is cleaned: once the desk is rendered.
        Raises: RequestError, RangeError where a step does not fit the recording, Cancelled.
        """
        desk = conversation_of(session).desk
        if desk.clean is not None and _listens(desk):
            return self._keeper.rendered_timeline(session, desk)
        return _resolved(self._unresolved(session, desk, watch))

    def require_brief(self, session: Session, desk: Desk, room: int) -> None:
        """Refuses to render what is too long or large, as far as that is known unheard.

        What depends on the sound is held to the same length once it is rendered.
        Raises: RangeError; LimitError for more than `room` bytes.
        """
        if _listens(desk):
            return
        timeline = _resolved(self._unresolved(session, desk, SILENT))
        lasts_s = require_brief(desk, timeline, self._keeper.settings.limits.rendered_s)
        needed = 4 * session.channels * session.sample_rate * lasts_s * len(desk.deliver)
        if needed > room:
            raise LimitError(
                f"the render would take {needed:,.0f} bytes of the {room:,} that are left; delete "
                "a session, loop less, or ask for fewer tracks"
            )

    def _unresolved(self, session: Session, desk: Desk, watch: Watch) -> _Unresolved:
        source = str(self._keeper.source(session))
        return _Unresolved(source, desk.edits, session.frames, session.sample_rate, watch)

    def choose(
        self,
        session: Session,
        by: str,
        *,
        keep: float | None,
        shortest_s: float,
        crossfade_s: float,
        watch: Watch = SILENT,
    ) -> Timeline:
        """The timeline that a scorer makes.

        Args:
            session: whose recording; it is heard and scored once for each scorer.
            by: of `scorers`.
            keep: the share to keep; None is what an editor would do by itself, half for others.
            shortest_s: of what is heard between two cuts.
            crossfade_s: length of each join.
            watch: cancelling, polled while the recording is heard.

        Raises: NotFoundError for another name, RangeError, ModelError, Cancelled.
        """
        from sayso.autoedit.apply import edit_like
        from sayso.autoedit.choose import choose

        if by not in self.scorers:
            raise NotFoundError(f"there is no scorer {by!r}; there are {', '.join(self.scorers)}")
        audio = attended(self._keeper.source(session), watch)
        if keep is None and by not in UNTAUGHT:
            editor = self._editor(by)
            joins = {"shortest_s": shortest_s, "crossfade_s": crossfade_s}
            return edit_like(editor, audio, watch=watch, **joins)
        scores = self._scores(session, audio, by)
        threshold = scores.threshold_for(0.5 if keep is None else keep)
        return choose(scores, audio, threshold, shortest_s=shortest_s, crossfade_s=crossfade_s)

    def export(self, session: Session, format: str, *, watch: Watch = SILENT) -> str:
        """The timeline in another program's format; it names the recording `NAME.wav`.

        Raises: RequestError where it is not known yet or the format cannot hold its order,
            MissingExtraError, Cancelled.
        """
        from sayso.timeline.editlist import EditList
        from sayso.timeline.exchange import dumps

        timeline = self.timeline(session, watch=watch)
        if timeline is None:
            raise RequestError("the cuts are known once the recording is cleaned; download that")
        edit = EditList(
            sources=(f"{session.name}.wav",), source_frames=session.frames, timeline=timeline
        )
        return dumps(edit, f".{format}")

    def bring(
        self,
        session: Session,
        name: str,
        content: bytes,
        *,
        rate: str | None = None,
        start: str | None = None,
        watch: Watch = SILENT,
    ) -> tuple[Timeline, list[str]]:
        """The timeline in a file of another program called `name`, and what it cannot hold of it.

        It is taken for one of this recording, whatever it calls its own. `rate` and `start` are
        those of `sayso.timeline.exchange.loads`.
        Raises: FormatError, RangeError, DataError, MissingExtraError, Cancelled.
        """
        from sayso.timeline.exchange import Media, frame_rate, loads

        mine = Media(f"{session.name}.wav", session.sample_rate, session.frames)
        notes: list[str] = []
        counted = None if rate is None else frame_rate(rate)
        edit = loads(
            content,
            name,
            find=lambda _: mine,
            rate=counted,
            start=start,
            notice=notes.append,
            watch=watch,
        )
        if len(edit.timeline.clips) > MOST_SPANS:
            raise FormatError(
                f"{name}: holds {len(edit.timeline.clips)} clips; a session holds {MOST_SPANS}"
            )
        return edit.timeline, notes

    def settle(
        self, session: Session, moves: Sequence[Move], desk: Desk, *, watch: Watch = SILENT
    ) -> Sequence[Move]:
        """`moves` with edits like one of the service's editors made into the clips it makes.

        Raises: RequestError for an example that is none of them, where something was cut before, or
            for too many clips; ModelError, Cancelled.
        """
        example = like_of(moves)
        if example is None or editor_named(example, self._learnt) is None:
            return refuse_files(moves, desk)

        def like(example: str) -> Arrange:
            name = editor_named(example, self._learnt) or example
            with self._hearing:
                timeline = self.choose(
                    session,
                    name,
                    keep=None,
                    shortest_s=SHORTEST_S,
                    crossfade_s=CROSSFADE_S,
                    watch=watch,
                )
            if len(timeline.clips) > MOST_SPANS:
                raise RequestError(
                    f"{name} would make {len(timeline.clips)} clips of it; a session holds "
                    f"{MOST_SPANS}"
                )
            return arrangement_of(timeline)

        return settled(moves, desk, like)

    def advised(self, reader: Reader) -> Reader:
        """`reader`, but words that want an edit like a file are answered with what can be done.

        The service's editors go by their names, as in "edit it like anna".
        """

        def read(text: str, conversation: Conversation) -> Understood:
            found = reader(with_editors(text, self._learnt), conversation)
            example = like_of(found.moves)
            if example is None or editor_named(example, self._learnt) is not None:
                return found
            advice = self._advice(example)
            return Interpretation((advice,), advice.text, found.interpreter)

        return read

    def _advice(self, example: str) -> Reply:
        """What to say where an edit is to be like a file, which no service opens by its name."""
        learnt = self._learnt
        names = ", ".join(learnt)
        ways = f"choose what {names} would keep" if learnt else "let a slider choose what to keep"
        text = (
            f"I open no files of this machine, so I cannot edit it like {example}. Under Cuts you "
            f"can {ways}, or bring in an edit from another program; or tell me what to cut."
        )
        suggestions = (
            *(f"edit it like {name}" for name in learnt[:1]),
            "keep only the best takes",
            "tighten the pauses",
        )
        return Reply(reason="unsupported", text=text, suggestions=suggestions)

    def _scores(self, session: Session, audio: Audio, by: str) -> Scores:
        from sayso.autoedit.choose import Scores
        from sayso.autoedit.features import extract_features
        from sayso.autoedit.scoring import score

        editor = None if by in UNTAUGHT else self._editor(by)
        # An editor that has learnt anew is another scorer.
        version = "" if editor is None else f"-{self._editor_file(by).stat().st_mtime_ns}"
        path = self._keeper.folder(session.id) / f"scores-{by}{version}.json"
        if not path.exists():
            scorer = by if editor is None else DISCRIMINATOR
            put(path, score(extract_features(audio), scorer, editor).dumps())
        return Scores.loads(path.read_text(encoding="utf-8"))

    def _editor(self, name: str) -> Editor:
        path = self._editor_file(name)
        return _opened(str(path), path.stat().st_mtime_ns)

    def _editor_file(self, name: str) -> Path:
        return self._keeper.settings.folder / "editors" / f"{name}{SUFFIX}"


@lru_cache(maxsize=4)
def _opened(path: str, changed_ns: int) -> Editor:
    from sayso.autoedit.editor import Editor

    return Editor.open(path)


@dataclass(frozen=True)
class _Unresolved:
    """Steps on a recording, whoever waits for what they come to."""

    source: str
    steps: tuple[EditStep, ...]
    frames: int
    sample_rate: int
    watch: Watch = field(default=SILENT, compare=False)


@lru_cache(maxsize=64)
def _resolved(wanted: _Unresolved) -> Timeline:
    """A source never changes, so what its steps come to does not either."""
    needs_sound = any(isinstance(step, LISTENING) for step in wanted.steps)
    audio = attended(wanted.source, wanted.watch) if needs_sound else None
    listener = None if audio is None else ContentAnalyser(audio, wanted.watch)
    found = resolve(
        wanted.steps,
        frames=wanted.frames,
        sample_rate=wanted.sample_rate,
        silences=lambda: [] if listener is None else listener.silences(),
        listener=listener,
        watch=wanted.watch,
    )
    return found.timeline


def _listens(desk: Desk) -> bool:
    return any(isinstance(step, LISTENING) for step in desk.edits)
