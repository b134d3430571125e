"""The server: what it says of itself, and how it refuses what does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import Tool
from rapidfuzz.process import extractOne

from sayso import __version__
from sayso.errors import SaysoError
from sayso.service.agents.folders import Folders
from sayso.service.agents.moves import add_moves
from sayso.service.agents.recordings import Recordings
from sayso.service.agents.tools import add_tools
from sayso.studio import Studio

_INSTRUCTIONS = """\
Open a recording first; `info` tells what it is like, `models` what can be heard in it. Then either
say in words what should happen (`say`), or make moves. They only change a desk; `render` makes the
sound and writes it to files. undo takes back one change, redo brings it back.
"""
_NEAR = 60


class _Server(MCPServer[Any]):
    """Refuses unknown arguments, and tells the agent what our errors say."""

    async def list_tools(self) -> list[Tool]:
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema["additionalProperties"] = False
        return tools

    async def call_tool(self, name: str, arguments: dict[str, Any], *args: Any) -> Any:
        taken = {tool.name: tool.input_schema for tool in await self.list_tools()}
        if name not in taken:
            raise ToolError(_unknown("tool", name, taken))
        known = taken[name].get("properties", {})
        for argument in arguments:
            if argument not in known:
                raise ToolError(f"{name}: {_unknown('argument', argument, known)}")
        try:
            return await super().call_tool(name, arguments, *args)
        except ToolError as error:
            if isinstance(error.__cause__, SaysoError):
                raise ToolError(str(error.__cause__)) from None
            raise


def create_server(studio: Studio, *, allowed: Iterable[Path] | None = None) -> MCPServer[Any]:
    """The server, ready to `run`.

    Args:
        studio: what separates and understands.
        allowed: folders that an agent may read from and write to; None lets it name any file.
    """
    server = _Server("sayso", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING")
    recordings = Recordings(studio, Folders(allowed))
    add_tools(server, recordings)
    add_moves(server, recordings)
    return server


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = extractOne(name, names)
    hint = f"did you mean {near[0]!r}? " if near and near[1] >= _NEAR else ""
    return f"there is no {what} {name[:100]!r}; {hint}expected one of: {', '.join(names) or 'none'}"
