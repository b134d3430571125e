"""The moves as tools for any agent, over the Model Context Protocol.

An agent opens a recording, makes moves or says words, and renders. Every tool that changes the desk
answers with the desk as it then stands. What an agent may read and write is what the person who
started `sayso mcp` may.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Annotated, Any

import anyio
from anyio import from_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from sayso import __version__
from sayso.audio.formats import FORMATS
from sayso.desk import (
    Adjust,
    Clean,
    Cleaning,
    Desk,
    Edit,
    EditStep,
    Extract,
    Move,
    Remove,
    Reset,
    Set,
    Target,
    Undo,
)
from sayso.desk.effects import AbsoluteEffect, Effect
from sayso.errors import NotFoundError, SaysoError
from sayso.outputs import Destination
from sayso.studio import Session, Studio
from sayso.watch import Watch

_INSTRUCTIONS = """\
Open a recording first. Then either say in words what should happen (`say`), or make moves. They
only change a desk; `render` makes the sound and writes it to files. undo takes back one change,
redo brings it back.
"""
Targets = Annotated[list[Target], Field(min_length=1, max_length=32)]
Recording = Annotated[
    str | None, Field(description="as `open` named it; the one opened last, if left out")
]


class Stand(BaseModel):
    """A recording's desk as it stands, and a sentence on what was done."""

    recording: str
    done: str
    desk: Desk


class Opened(BaseModel):
    """A recording that moves can be made on, and sounds that it can be asked for."""

    recording: str
    duration_s: float
    sample_rate: int
    channels: int
    sounds: list[str]
    formats: list[str]


class Written(BaseModel):
    """A track that was rendered: its file, its largest sample, and what should be known of it."""

    target: str
    file: str
    duration_s: float
    peak: float
    notes: list[str]


class Recordings:
    """The recordings that an agent has opened, by name."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._open: dict[str, Session] = {}

    def open(self, path: str) -> tuple[str, Session]:
        """Opens a file under its own name, or one like it. Raises: FormatError and its kin."""
        session = self.studio.open(path)
        name, number = session.name, 2
        while name in self._open:
            name, number = f"{session.name} {number}", number + 1
        self._open[name] = session
        return name, session

    def get(self, name: str | None) -> tuple[str, Session]:
        """The recording of this name, or the last. Raises: NotFoundError."""
        if name is None and self._open:
            name = next(reversed(self._open))
        if name not in self._open:
            named = ", ".join(self._open) or "none; open one first"
            raise NotFoundError(f"there is no recording {name!r}; open are: {named}")
        return name, self._open[name]

    def do(self, name: str | None, moves: Sequence[Move]) -> Stand:
        """Makes moves as one change. Raises: MoveError, UnknownTargetError."""
        from sayso.words.wording import summary

        found, session = self.get(name)
        session.do(moves)
        return Stand(recording=found, done=summary(moves), desk=session.desk)


class _Server(MCPServer[Any]):
    """Tells the agent what our errors say, instead of only that there was one."""

    async def call_tool(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().call_tool(*args, **kwargs)
        except ToolError as error:
            if isinstance(error.__cause__, SaysoError):
                raise ToolError(str(error.__cause__)) from None
            raise


def create_server(studio: Studio) -> MCPServer[Any]:
    """The server, ready to `run`.

    Args:
        studio: what separates and understands.
    """
    server = _Server("sayso", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING")
    recordings = Recordings(studio)
    _add_talk(server, recordings)
    _add_render(server, recordings)
    _add_moves(server, recordings)
    return server


def _add_talk(server: MCPServer[Any], recordings: Recordings) -> None:
    studio = recordings.studio

    @server.tool()
    def open(path: str) -> Opened:
        """Opens an audio or video file."""
        name, session = recordings.open(path)
        return Opened(
            recording=name,
            duration_s=session.source.duration_s,
            sample_rate=session.source.sample_rate,
            channels=session.source.channels,
            sounds=list(studio.separator.stems),
            formats=list(FORMATS),
        )

    @server.tool()
    def say(words: str, recording: Recording = None) -> Stand:
        """Says in English what should happen; `done` is what was understood, or a question."""
        name, session = recordings.get(recording)
        reply = session.say(words)
        return Stand(recording=name, done=reply.text, desk=reply.desk)

    @server.tool()
    def desk(recording: Recording = None) -> Stand:
        """The desk as it stands."""
        return recordings.do(recording, [])


def _add_render(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool()
    async def render(
        context: Context[Any, Any],
        folder: str,
        recording: Recording = None,
        format: Annotated[
            str | None, Field(description="wav (the usual one), flac, mp3, ...")
        ] = None,
        overwrite: Annotated[
            bool, Field(description="replace files that are there, instead of numbering new ones")
        ] = False,
    ) -> list[Written]:
        """Renders the desk as it stands and writes its tracks into a folder, or one to a file."""
        _, session = recordings.get(recording)

        gone = threading.Event()

        def report(done: float) -> None:
            if not gone.is_set():
                from_thread.run(context.report_progress, done, 1.0)

        watch = Watch(report, gone.is_set)

        def work() -> list[Written]:
            destination = Destination.to(folder, format=format, overwrite=overwrite)
            session.check(destination)
            result = session.render(watch=watch)
            said: list[str] = []
            paths = result.deliver(destination, notice=said.append)
            return [
                Written(
                    target=target,
                    file=str(paths[target].absolute()),
                    duration_s=track.audio.duration_s,
                    peak=track.peak,
                    notes=[*track.notes, *said],
                )
                for target, track in result.tracks.items()
            ]

        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        finally:
            gone.set()


def _add_moves(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool()
    def extract(targets: Targets, recording: Recording = None) -> Stand:
        """Each target as its own track; "no vocals" is everything but the vocals."""
        return recordings.do(recording, [Extract(targets=tuple(targets))])

    @server.tool()
    def remove(targets: Targets, recording: Recording = None) -> Stand:
        """The mix without the targets."""
        return recordings.do(recording, [Remove(targets=tuple(targets))])

    @server.tool()
    def adjust(
        target: Target, effects: list[Effect], relative: bool = False, recording: Recording = None
    ) -> Stand:
        """Effects on one target, or on the whole "mix"; `relative` adds to what is set."""
        move = Adjust(target=target, effects=tuple(effects), relative=relative)
        return recordings.do(recording, [move])

    @server.tool()
    def set_strip(
        target: Target,
        gain_db: float | None = None,
        mute: bool | None = None,
        solo: bool | None = None,
        effects: list[AbsoluteEffect] | None = None,
        recording: Recording = None,
    ) -> Stand:
        """Fader, mute, solo and effects of a target as they are to stand."""
        chain = None if effects is None else tuple(effects)
        move = Set(target=target, gain_db=gain_db, mute=mute, solo=solo, effects=chain)
        return recordings.do(recording, [move])

    @server.tool()
    def clean(cleaning: Cleaning | None = None, recording: Recording = None) -> Stand:
        """Speech only: no music, no noise; `cleaning` says how, stage by stage."""
        return recordings.do(recording, [Clean(cleaning=cleaning) if cleaning else Clean()])

    @server.tool()
    def edit(steps: list[EditStep], recording: Recording = None) -> Stand:
        """Cuts, loops and moves in time, in the order given."""
        return recordings.do(recording, [Edit(steps=tuple(steps))])

    @server.tool()
    def undo(recording: Recording = None) -> Stand:
        """Takes the last change back."""
        return recordings.do(recording, [Undo()])

    @server.tool()
    def redo(recording: Recording = None) -> Stand:
        """Brings back the change that was taken back last."""
        name, session = recordings.get(recording)
        return Stand(recording=name, done="Bringing the change back.", desk=session.redo())

    @server.tool()
    def reset(target: Target | None = None, recording: Recording = None) -> Stand:
        """One target as it was at first, or, without a target, everything."""
        return recordings.do(recording, [Reset(target=target)])
