"""The moves as tools: whatever words can ask for, exactly."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from sayso.desk import (
    Adjust,
    Clean,
    Cleaning,
    Edit,
    EditStep,
    Extract,
    Like,
    Remove,
    Reset,
    Set,
    Undo,
)
from sayso.desk.effects import AbsoluteEffect, Effect
from sayso.service.agents.answers import Stand
from sayso.service.agents.hints import ADDS, SETS, Recording, Target, Targets
from sayso.service.agents.recordings import Recordings

_Effects = Annotated[
    list[Effect], Field(min_length=1, max_length=32, description="what is done to it, in order")
]
_Relative = Annotated[bool, Field(description="whether the numbers are added to what is set")]
_Gain = Annotated[
    float | None, Field(ge=-60, le=24, description="the fader in dB; left out, it stays")
]
_Mute = Annotated[bool | None, Field(description="whether it is silent; left out, it stays")]
_Solo = Annotated[
    bool | None, Field(description="whether it, and others with solo, are heard alone")
]
_Chain = Annotated[
    list[AbsoluteEffect] | None,
    Field(max_length=256, description="all its effects, in place of those before"),
]
_How = Annotated[
    Cleaning | None,
    Field(description="how, stage by stage; left out, by the best of our own separators"),
]
_Strength = Annotated[
    float | None,
    Field(ge=0, le=1, description="how much of the result is cleaned; 0 cleans no more"),
]
_Steps = Annotated[
    list[EditStep],
    Field(
        min_length=1,
        max_length=256,
        description="what is done, in this order, each on the result of the one before; in seconds",
    ),
]
_Example = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        description="a recording that was edited the way this one should be, or an editor that has "
        "learnt, as `sayso edit learn` made it; within the allowed folders",
    ),
]
_OneOrAll = Annotated[Target | None, Field(description="the sound; left out, everything")]


def add_moves(server: MCPServer[Any], recordings: Recordings) -> None:
    """Adds them to a server."""
    _add_sounds(server, recordings)
    _add_time(server, recordings)
    _add_turns(server, recordings)


def _add_sounds(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool(annotations=SETS)
    def extract(targets: Targets, recording: Recording = None) -> Stand:
        """Each target as its own track; "no vocals" is everything but the vocals."""
        return recordings.do(recording, [Extract(targets=tuple(targets))])

    @server.tool(annotations=SETS)
    def remove(targets: Targets, recording: Recording = None) -> Stand:
        """The mix without the targets."""
        return recordings.do(recording, [Remove(targets=tuple(targets))])

    @server.tool(annotations=ADDS)
    def adjust(
        target: Target, effects: _Effects, relative: _Relative = False, recording: Recording = None
    ) -> Stand:
        """Effects on one target, or on the whole "mix"; `relative` adds to what is set."""
        move = Adjust(target=target, effects=tuple(effects), relative=relative)
        return recordings.do(recording, [move])

    @server.tool(annotations=SETS)
    def set_strip(
        target: Target,
        gain_db: _Gain = None,
        mute: _Mute = None,
        solo: _Solo = None,
        effects: _Chain = None,
        recording: Recording = None,
    ) -> Stand:
        """Fader, mute, solo and effects of a target as they are to stand."""
        chain = None if effects is None else tuple(effects)
        move = Set(target=target, gain_db=gain_db, mute=mute, solo=solo, effects=chain)
        return recordings.do(recording, [move])

    @server.tool(annotations=SETS)
    def clean(
        cleaning: _How = None, strength: _Strength = None, recording: Recording = None
    ) -> Stand:
        """Speech only: no music, no noise; `cleaning` says how, stage by stage."""
        return recordings.do(recording, [Clean(cleaning=cleaning, strength=strength)])


def _add_time(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool(annotations=ADDS)
    def edit(steps: _Steps, recording: Recording = None) -> Stand:
        """Cuts, loops and moves in time, in the order given; `say` takes them in words."""
        return recordings.do(recording, [Edit(steps=tuple(steps))])

    @server.tool(annotations=ADDS)
    def edit_like(example: _Example, recording: Recording = None) -> Stand:
        """Cuts the recording the way an example was; it comes before all other cuts."""
        return recordings.do(recording, [Edit(steps=(Like(example=example),))])


def _add_turns(server: MCPServer[Any], recordings: Recordings) -> None:
    @server.tool(annotations=ADDS)
    def undo(recording: Recording = None) -> Stand:
        """Takes the last change back."""
        return recordings.do(recording, [Undo()])

    @server.tool(annotations=ADDS)
    def redo(recording: Recording = None) -> Stand:
        """Brings back the change that was taken back last."""
        name, session = recordings.get(recording)
        return Stand(recording=name, done="Bringing the change back.", desk=session.redo())

    @server.tool(annotations=SETS)
    def reset(target: _OneOrAll = None, recording: Recording = None) -> Stand:
        """One target as it was at first, or, without a target, everything."""
        return recordings.do(recording, [Reset(target=target)])
