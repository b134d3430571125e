"""What the service does, whatever protocol asks for it: sessions, changes, renders."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO, Any

import structlog
from sqlalchemy.exc import OperationalError

from sayso.audio import probe, write
from sayso.checkpoints import WeightStore
from sayso.conversation import Conversation, Fits
from sayso.desk import MIX, Desk, Move, Reply
from sayso.errors import InputError, NotFoundError, QueueError
from sayso.jobs import Job, JobQueue
from sayso.separate import Models
from sayso.service.bodies import DeskPatch
from sayso.service.cutting import Cutter
from sayso.service.database import connect
from sayso.service.decoding import decode
from sayso.service.facts import facts_of
from sayso.service.quotas import Quotas, require_turn
from sayso.service.renders import KIND, TIMELINE, TRACK, is_of_stems
from sayso.service.schemas import shown_name
from sayso.service.settings import Settings
from sayso.service.store import NOT_ASKED, Asked, Owner, Store, conversation_of, plain
from sayso.service.tables import Message, Render, Session
from sayso.service.uploads import Uploads
from sayso.studio import Studio
from sayso.timeline import Timeline
from sayso.watch import SILENT, Watch
from sayso.words.wording import summary

_LOG = structlog.get_logger("sayso")
_SOURCE, _DEMO = "source.wav", "demo.wav"
_KEPT_RENDERS = 20
"""Of the desk, and as many of untouched stems, which players need; older ones are made again."""

Turn = tuple[Conversation, Sequence[Move], str, str]
"""A conversation after a turn, its moves, what is said of them, and who understood them."""


class Service:
    """Everything behind the routes. All methods block and are safe in many threads.

    Args:
        settings: where things lie, and how much is too much.

    Raises: ConfigError, QueueError, ModelError.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.make_folder()
        self.queue = JobQueue(settings.queue)  # first, because it makes a database that is missing
        self.store = Store(connect(settings.database))
        self.uploads = Uploads(settings, self.store)
        self.quotas = Quotas(settings, self.store, self.folder)
        self.cutter = Cutter(self)
        self._demo = Lock()
        store = None if settings.models is None else WeightStore(settings.models)
        self.studio = Studio(Models(settings.model, weight_store=store), llm=settings.llm)
        """What understands words; it renders nothing here."""
        reader = self.studio.language_model  # a name that leads nowhere is told at once
        self.interpreter = "offline" if reader is None else reader.name

    def close(self) -> None:
        """Lets go of the databases."""
        self.queue.close()
        self.store.engine.dispose()

    def open(
        self,
        upload: IO[bytes],
        name: str,
        owner: Owner,
        *,
        asked: Asked = NOT_ASKED,
        watch: Watch = SILENT,
    ) -> Session:
        """A session on an uploaded recording.

        Args:
            upload: its bytes.
            name: what it was called; only ever shown, never used as a path.
            owner: whose it is.
            asked: by which `Store.asked` finds it.
            watch: cancelling, polled while it is decoded.

        Raises: see `sayso.service.decoding.decode`; LimitError for too many sessions.
        """

        def take(folder: Path) -> dict[str, Any]:
            recording = folder / "recording"
            try:
                with recording.open("wb") as out:
                    shutil.copyfileobj(upload, out, 1 << 20)
                return self._decode(recording, folder, owner=owner, watch=watch)
            finally:
                recording.unlink(missing_ok=True)

        return self._open(take, shown_name(name), owner, asked)

    def open_upload(self, id: str, owner: Owner, *, watch: Watch = SILENT) -> Session:
        """A session on what came in pieces, which is used up by it.

        What fails for a reason that may pass (too many sessions, a full disk, a client that hung
        up) leaves the upload as it is, so that it need not be sent again.

        Raises: NotFoundError; RequestError when the last piece is not here, or while another opens
            it; see `open`.
        """
        upload = self.store.upload(id, owner)
        with self.uploads.held(upload) as path:
            try:
                take = partial(self._decode, path, owner=owner, watch=watch)
                found = self._open(take, upload.name, owner)
            except InputError:  # what is wrong with a recording stays wrong
                self.uploads.forget(upload)
                raise
            self.uploads.forget(upload)
            return found

    def _decode(self, recording: Path, folder: Path, owner: Owner, watch: Watch) -> dict[str, Any]:
        limits = self.settings.limits
        room = min(limits.decoded_bytes, self.quotas.room(owner))
        bounds = limits.model_copy(update={"decoded_bytes": room})
        return vars(decode(recording, folder / _SOURCE, bounds, watch))

    def open_demo(self, owner: Owner) -> Session:
        """A session on the demo song."""

        def take(folder: Path) -> dict[str, Any]:
            kept = self.settings.folder / _DEMO
            with self._demo:  # it takes seconds, and one will do for all
                if not kept.exists():
                    from sayso.demo import demo_song

                    write(kept, demo_song()[MIX], encoding="float32")
            shutil.copyfile(kept, folder / _SOURCE)
            shape = probe(kept)
            names = ("sample_rate", "channels", "frames")
            return {name: getattr(shape, name) for name in names}

        return self._open(take, "demo song", owner)

    def _open(
        self,
        take: Callable[[Path], dict[str, Any]],
        name: str,
        owner: Owner,
        asked: Asked = NOT_ASKED,
    ) -> Session:
        session = Session(token_id=owner, name=name, sample_rate=0, channels=0, frames=0)
        session.history, (session.asked_key, session.asked_print) = plain(Conversation()), asked
        self.quotas.room(owner)
        folder = self.folder(session.id)
        folder.mkdir(parents=True)
        try:
            for field, value in take(folder).items():
                setattr(session, field, value)
            self.store.add(session, most=self.settings.limits.sessions)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            self.quotas.forget(owner)
        return session

    def delete(self, id: str, owner: Owner) -> None:
        """Ends a session, its renders and its files. Raises: NotFoundError."""
        self.store.get(id, owner)
        renders = self.store.renders(id)
        try:
            self._delete_rows(id, owner, renders)
        except (OperationalError, QueueError):
            # On a full disk the databases cannot even write that something is gone: make room.
            shutil.rmtree(self.folder(id), ignore_errors=True)
            self._delete_rows(id, owner, renders)
        for render in renders:
            self._forget(render)
        shutil.rmtree(self.folder(id), ignore_errors=True)
        self.quotas.forget(owner)

    def _delete_rows(self, id: str, owner: Owner, renders: Sequence[Render]) -> None:
        self.queue.remove([render.id for render in renders])  # else a crash now leaves them there
        self.store.delete(id, owner)  # before the files, so that nobody is told of what is gone

    def folder(self, session: str) -> Path:
        """Where the files of a session lie."""
        return self.settings.folder / "sessions" / session

    def source(self, session: Session) -> Path:
        """Its recording."""
        return self.folder(session.id) / _SOURCE

    def say(
        self, id: str, owner: Owner, text: str, *, render: bool, watch: Watch = SILENT
    ) -> tuple[Session, Message]:
        """Understands `text` and changes the desk accordingly; see `sayso.studio.Session.say`.

        Raises: NotFoundError, LimitError when too many renders wait, Cancelled while it waits.
        """
        facts = facts_of(self.folder(id) / _SOURCE, watch)
        reader = self.cutter.advised(partial(self.studio.understand, facts=facts, watch=watch))
        settle = partial(self.cutter.settle, self.store.get(id, owner), watch=watch)

        def said(before: Conversation, fits: Fits) -> Turn:
            after, reply = before.say(text, reader, settle=settle, fits=fits)
            return after, reply.moves, reply.text, reply.interpreter

        return self._change(id, owner, said, text=text, render=render)

    def do(
        self, id: str, owner: Owner, moves: Sequence[Move], *, render: bool
    ) -> tuple[Session, Message]:
        """Applies moves as one turn. Raises: NotFoundError, MoveError, UnknownTargetError."""

        def done(before: Conversation, fits: Fits) -> Turn:
            return before.do(moves, settle=settle, fits=fits), moves, summary(moves), ""

        settle = partial(self.cutter.settle, self.store.get(id, owner))
        return self._change(id, owner, done, render=render)

    def patch(self, id: str, owner: Owner, patch: DeskPatch) -> tuple[Session, Message]:
        """Sets controls by hand, as one turn. Raises: see `do`."""

        def by_hand(before: Conversation, fits: Fits) -> Turn:
            moves = patch.moves(before.desk)
            return before.do(moves, fits=fits), moves, summary(moves), ""

        return self._change(id, owner, by_hand, render=patch.render)

    def undo(self, id: str, owner: Owner, *, render: bool) -> tuple[Session, Message]:
        """Takes the last turn back. Raises: NotFoundError, MoveError."""
        reply = "Taking the last change back."
        return self._change(id, owner, lambda last, _: (last.undo(), (), reply, ""), render=render)

    def redo(self, id: str, owner: Owner, *, render: bool) -> tuple[Session, Message]:
        """Brings back what was taken back last. Raises: NotFoundError, MoveError."""
        reply = "Bringing the change back."
        return self._change(id, owner, lambda last, _: (last.redo(), (), reply, ""), render=render)

    def _change(
        self,
        id: str,
        owner: Owner,
        turn: Callable[[Conversation, Fits], Turn],
        *,
        text: str = "",
        render: bool,
    ) -> tuple[Session, Message]:
        recording = self.store.get(id, owner)
        made, fits = list[Render](), self.cutter.fits(recording)

        def make(before: Conversation) -> tuple[Conversation, Message, Render | None]:
            made.clear()
            changed, moves, reply, interpreter = turn(before, fits)
            self.studio.require(changed.desk)
            message = Message(
                session_id=id,
                text=text,
                reply=reply,
                moves=[plain(move) for move in moves],
                desk=plain(changed.desk),
                interpreter=interpreter,
            )
            only_talk = bool(moves) and all(isinstance(move, Reply) for move in moves)
            if not render or only_talk:
                return changed, message, None
            found, fresh = self._render_of(recording, changed.desk)
            made.append(found)
            message.render_id = found.id
            return changed, message, found if fresh else None

        session, message = self.store.change(id, owner, make)
        for new in made:
            self._enqueue(new)
            self._prune(id)
        return session, message

    def render(self, id: str, owner: Owner, desk: Desk | None) -> Render:
        """Renders `desk` on the recording; None is that of the session as it stands.

        The same desk again gives the same render. Raises: NotFoundError, UnknownTargetError,
        LimitError.
        """
        session = self.store.get(id, owner)
        desk = desk or conversation_of(session).desk
        self.studio.require(desk)
        found, fresh = self._render_of(session, desk)
        if fresh:
            self.store.add_render(found)
            self._prune(id)
        self._enqueue(found)
        return found

    def job(self, render: Render) -> Job:
        """The job of a render. One that a crash kept out of the queue is put there."""
        return self.queue.get(render.id) or self._enqueue(render)

    def jobs(self, renders: Sequence[Render]) -> list[Job]:
        """The jobs of renders, asked for at once."""
        found = self.queue.find(ids=[render.id for render in renders], with_arguments=False)
        jobs = {job.id: job for job in found}
        return [jobs.get(render.id) or self._enqueue(render) for render in renders]

    def cancel(self, render: Render) -> Job:
        """Stops a render that has not ended."""
        self.job(render)
        return self.queue.cancel(render.id)

    def tracks(self, render: Render) -> list[dict[str, Any]]:
        """The tracks of a render that is done. Raises: NotFoundError for one that is not."""
        job = self.queue.get(render.id)
        if job is None or job.state != "done":
            raise NotFoundError(
                f"the render is {job.state if job else 'not begun'}; its tracks are there once it "
                "is done"
            )
        tracks: list[dict[str, Any]] = job.result["tracks"]
        return tracks

    def track(self, render: Render, number: int) -> tuple[dict[str, Any], Path]:
        """One track and its file. Raises: NotFoundError."""
        tracks = self.tracks(render)
        if not 0 <= number < len(tracks):
            raise NotFoundError(f"there is no track {number}; the render has {len(tracks)}")
        path = self.render_folder(render) / TRACK.format(number=number)
        if not path.exists():
            raise NotFoundError("the track is gone; ask for the render again")
        return tracks[number], path

    def rendered_timeline(self, session: Session, desk: Desk) -> Timeline | None:
        """What is heard of the recording in a render of `desk`; None where none is done."""
        for render in self.store.renders(session.id):
            path = self.render_folder(render) / TIMELINE
            if Desk.model_validate(render.desk) == desk and path.exists():
                return Timeline.model_validate_json(path.read_bytes())
        return None

    def render_folder(self, render: Render) -> Path:
        """Where its tracks lie."""
        return self.folder(render.session_id) / "renders" / render.id

    def _render_of(self, session: Session, desk: Desk) -> tuple[Render, bool]:
        """The render of `desk`, and whether it is a new one, for which there is room then."""
        wanted, renders = plain(desk), self.store.renders(session.id)
        for render in renders:
            if render.desk == wanted:
                job = self.queue.get(render.id)
                if job is None or job.state not in ("failed", "cancelled"):
                    return render, False
        self.cutter.require_brief(session, desk, self.quotas.room(session.token_id))
        require_turn(self.queue, self.settings.limits.queue)
        new = Render(session_id=session.id, desk=wanted)
        if renders:  # it is the latest, even if the clock was set back
            new.created_s = max(new.created_s, renders[0].created_s + 1e-3)
        return new, True

    def _enqueue(self, render: Render) -> Job:
        settings, folder = self.settings, self.folder(render.session_id)
        arguments = {
            "source": str((folder / _SOURCE).absolute()),
            "out": str(self.render_folder(render).absolute()),
            "desk": render.desk,
            "model": settings.model,
            "cache": str(settings.stems.absolute()),
            "models": None if settings.models is None else str(settings.models.absolute()),
            "longest_s": settings.limits.rendered_s,
        }
        job = self.queue.enqueue(KIND, arguments, id=render.id)
        try:
            self.store.render(render.session_id, render.id)
        except NotFoundError:  # deleted meanwhile, and its job with it unless it came too early
            self.queue.remove([render.id])
            raise
        _LOG.info("render", job_id=job.id, session_id=render.session_id, state=job.state)
        return job

    def _prune(self, session: str) -> None:
        kinds: dict[bool, list[Render]] = {True: [], False: []}
        for render in self.store.renders(session):
            kinds[is_of_stems(Desk.model_validate(render.desk))].append(render)
        for renders in kinds.values():
            for render in renders[_KEPT_RENDERS:]:
                self._forget(render)

    def _forget(self, render: Render) -> None:
        with suppress(QueueError):  # it may never have reached the queue
            self.queue.cancel(render.id)
        self.queue.remove([render.id])
        self.store.delete_render(render.id)
        shutil.rmtree(self.render_folder(render), ignore_errors=True)
