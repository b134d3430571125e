"""The tools that open, tell, say and render."""

from __future__ import annotations

import threading
from math import isfinite
from typing import Annotated, Any

import anyio
from anyio import from_thread
from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from sayso.audio import integrated_lufs, true_peak_db
from sayso.audio.formats import FORMATS
from sayso.outputs import Destination
from sayso.service.agents.answers import Information, Listed, Opened, Separator, Stand, Written
from sayso.service.agents.hints import ADDS, LOOKS, WRITES, Recording
from sayso.service.agents.recordings import Recordings
from sayso.watch import Watch

_File = Annotated[str, Field(description="an audio or video file within the allowed folders")]
_Words = Annotated[
    str,
    Field(
        max_length=20_000,
        description="what should happen, in English: sounds, effects, cleaning, cuts",
        examples=["take the vocals out and cut the first 4 seconds"],
    ),
]
_Folder = Annotated[
    str,
    Field(
        description="where the tracks go, within the allowed folders; a name with the ending of a "
        "format is the file of the one track"
    ),
]
_Format = Annotated[str | None, Field(description=f"one of {', '.join(FORMATS)}; wav, if left out")]
_Overwrite = Annotated[
    bool, Field(description="replace files that are there, instead of numbering new ones")
]


def add_tools(server: MCPServer[Any], recordings: Recordings) -> None:
    """Adds them to a server."""
    _add_opening(server, recordings)
    _add_telling(server, recordings)
    _add_render(server, recordings)


def _add_opening(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool(annotations=ADDS)
    def open(path: _File) -> Opened:
        """Opens an audio or video file; it is only read, and never changed."""
        name, session = recordings.open(path)
        return Opened(
            recording=name,
            duration_s=session.source.duration_s,
            sample_rate=session.source.sample_rate,
            channels=session.source.channels,
            sounds=list(recordings.studio.separator.stems),
            formats=list(FORMATS),
        )

    @server.tool(annotations=ADDS)
    def say(words: _Words, recording: Recording = None) -> Stand:
        """Says in English what should happen; `done` is what was understood, or a question."""
        name, session = recordings.get(recording)
        reply = session.say(words)
        return Stand(recording=name, done=reply.text, desk=reply.desk)


def _add_telling(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool(annotations=LOOKS)
    def desk(recording: Recording = None) -> Stand:
        """The desk as it stands."""
        name, session = recordings.get(recording)
        return Stand(recording=name, done="", desk=session.desk)

    @server.tool("list", annotations=LOOKS)
    def list_open() -> list[Listed]:
        """The recordings that are open, the one opened last at the end."""
        return [
            Listed(
                recording=name,
                file=str(session.inputs[0]),
                duration_s=session.source.duration_s,
                changes=len(session.history.turns),
                delivers=[*session.desk.deliver],
            )
            for name, session in recordings.all.items()
        ]

    @server.tool(annotations=LOOKS)
    def info(recording: Recording = None) -> Information:
        """What a recording is like: loudness, peak, tempo and key, measured."""
        from sayso.measure.tempo_key import tempo_key

        name, session = recordings.get(recording)
        audio = session.source
        tempo, key = tempo_key(audio).worded
        return Information(
            recording=name,
            duration_s=audio.duration_s,
            sample_rate=audio.sample_rate,
            channels=audio.channels,
            loudness_lufs=_finite(integrated_lufs(audio)),
            true_peak_dbtp=_finite(true_peak_db(audio)),
            tempo=tempo,
            key=key,
        )

    @server.tool(annotations=LOOKS)
    def models() -> list[Separator]:
        """What can separate, and what it hears, costs and may be used for."""
        entries = recordings.studio.models.entries()
        return [Separator.model_validate(entry.model_dump()) for entry in entries]


def _finite(level: float) -> float | None:
    return round(level, 2) if isfinite(level) else None


def _add_render(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool(annotations=WRITES)
    async def render(
        context: Context[Any, Any],
        folder: _Folder,
        recording: Recording = None,
        format: _Format = None,
        overwrite: _Overwrite = False,
    ) -> list[Written]:
        """Renders the desk as it stands and writes its tracks into a folder, or one to a file."""
        _, session = recordings.get(recording)
        place = recordings.folders.within(folder)
        recordings.folders.within(str(place / session.name))  # which may be a link that is there

        gone = threading.Event()

        def report(done: float) -> None:
            if not gone.is_set():
                from_thread.run(context.report_progress, done, 1.0)

        watch = Watch(report, gone.is_set)

        def work() -> list[Written]:
            destination = Destination.to(place, format=format, overwrite=overwrite)
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
