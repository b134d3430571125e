"""The tools over the official client: in memory, and through a real `sayso mcp` over stdio."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from tests.service.conftest import wav_bytes

from sayso.audio import read
from sayso.service.agents import create_server
from sayso.studio import Studio


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(wav_bytes())
    return path


def talk(calls):
    """Runs an agent's calls against a server in memory."""

    async def run():
        async with Client(create_server(Studio("simple"))) as client:
            return await calls(client)

    return anyio.run(run)


def test_an_agent_makes_moves_and_renders_them(song, tmp_path):
    heard = []

    async def calls(client):
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools == {"open", "say", "desk", "render", "extract", "remove", "adjust",
                         "set_strip", "clean", "edit", "undo", "redo", "reset"}  # fmt: skip
        opened = (await client.call_tool("open", {"path": str(song)})).structured_content
        assert opened["sounds"] == ["vocals", "drums", "bass", "other"]
        said = await client.call_tool("say", {"words": "drums up by 3 dB"})
        assert said.structured_content["done"] == "Turning the drums up by 3 dB."
        gain = {"effect": "gain", "db": 2}
        await client.call_tool("adjust", {"target": "drums", "effects": [gain], "relative": True})
        await client.call_tool("set_strip", {"target": "bass", "mute": True})
        stand = (await client.call_tool("desk", {})).structured_content
        assert stand["desk"]["strips"]["drums"]["gain_db"] == 5
        assert stand["desk"]["strips"]["bass"]["mute"]
        await client.call_tool("undo", {})
        again = (await client.call_tool("redo", {})).structured_content
        assert again["desk"]["strips"]["bass"]["mute"]
        nothing = await client.call_tool("redo", {})
        assert nothing.is_error and "nothing" in nothing.content[0].text
        tail = {"steps": [{"step": "cut", "start_s": 30}]}
        beyond = await client.call_tool("edit", tail)
        assert beyond.is_error and "after the end" in beyond.content[0].text

        async def progress(done, total, message):
            heard.append(done)

        wanted = {"folder": str(tmp_path / "out"), "format": "flac"}
        written = await client.call_tool("render", wanted, progress_callback=progress)
        return written.structured_content

    written = talk(calls)["result"]
    assert [track["target"] for track in written] == ["mix"]
    assert read(written[0]["file"]).frames == 22_050
    assert heard[-1] == 1.0


def test_what_an_agent_renders_replaces_nothing(song, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "song.wav"
    other.write_bytes(song.read_bytes())

    async def calls(client):
        for path in (song, other):
            await client.call_tool("open", {"path": str(path)})
            await client.call_tool("say", {"words": "turn it down by 3 dB"})
            await client.call_tool("render", {"folder": str(tmp_path / "out")})
        onto = await client.call_tool("render", {"folder": str(song), "recording": "song"})
        # Under any spelling, and also where it was asked for.
        odd = {"folder": str(tmp_path / "other" / ".." / "song.wav"), "recording": "song"}
        return onto, await client.call_tool("render", odd | {"overwrite": True})

    before = song.read_bytes()
    for refused in talk(calls):
        assert refused.is_error
        assert "replace the source" in refused.content[0].text
    assert song.read_bytes() == before
    made = sorted(str(p.relative_to(tmp_path)) for p in (tmp_path / "out").rglob("*.wav"))
    assert made == ["out/song-2/mix.wav", "out/song/mix.wav"]


def test_what_does_not_fit_is_told_to_the_agent(song):
    async def calls(client):
        early = await client.call_tool("desk", {})
        await client.call_tool("open", {"path": str(song)})
        loud = {"target": "drums", "effects": [{"effect": "gain", "db": 99}]}
        results = [
            early,
            await client.call_tool("adjust", loud),
            await client.call_tool("remove", {"targets": ["kazoo"]}),
            await client.call_tool("undo", {}),
            await client.call_tool("open", {"path": "nothing.wav"}),
        ]
        return [(result.is_error, result.content[0].text) for result in results]

    answers = talk(calls)
    assert all(is_error for is_error, _ in answers)
    for (_, text), said in zip(
        answers,
        ("open one first", "at most 24", "cannot hear kazoo", "nothing to undo", "no such file"),
        strict=True,
    ):
        assert said in text


def test_over_stdio(song):
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "sayso", "mcp", "-n", "simple"], cwd=Path.cwd()
    )

    async def run():
        async with (
            stdio_client(server) as (reading, writing),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            await session.call_tool("open", {"path": str(song)})
            return await session.call_tool("remove", {"targets": ["vocals"]})

    result = anyio.run(run)
    assert result.structured_content["done"] == "Taking the vocals out."
