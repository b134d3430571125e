"""The tools over the official client: in memory, and through a real `sayso mcp` over stdio."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from mcp import ClientSession, StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from tests.service.conftest import wav_bytes

from sayso.audio import Audio, read, write
from sayso.service.agents import create_server
from sayso.studio import Studio


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(wav_bytes())
    return path


def talk(calls, **options):
    """Runs an agent's calls against a server in memory."""

    async def run():
        async with Client(create_server(Studio("simple"), **options)) as client:
            return await calls(client)

    return anyio.run(run)


def test_an_agent_makes_moves_and_renders_them(song, tmp_path):
    heard = []

    async def calls(client):
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools == {"open", "say", "desk", "list", "info", "models", "render", "extract",
                         "remove", "adjust", "set_strip", "clean", "edit", "edit_like", "undo",
                         "redo", "reset", "split"}  # fmt: skip
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


def test_every_tool_says_what_it_is_and_takes(song):
    async def calls(client):
        return (await client.list_tools()).tools

    lacking = []
    for tool in talk(calls):
        hints = tool.annotations
        assert tool.description and hints.read_only_hint is not None, tool.name
        assert hints.read_only_hint == (tool.name in {"desk", "list", "info", "models"})
        if not hints.read_only_hint:
            assert hints.destructive_hint == (tool.name == "render")
        assert tool.input_schema["additionalProperties"] is False
        for schema in (tool.input_schema, tool.output_schema):
            Draft202012Validator.check_schema(schema)
            parts = {"": schema, **schema.get("$defs", {})}
            lacking += [
                f"{tool.name}: {name}.{field}"
                for name, part in parts.items()
                for field, about in part.get("properties", {}).items()
                if not about.get("description") and (name, field) != ("", "result")
            ]
    assert lacking == []


def test_what_is_answered_fits_what_was_promised(song, tmp_path):
    async def calls(client):
        promised = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        asked = {
            "open": {"path": str(song)},
            "say": {"words": "drums up by 3 dB"},
            "desk": {},
            "list": {},
            "info": {},
            "models": {},
            "clean": {"cleaning": {"denoise": {"wet": 0.5}}},
            "reset": {},
            "render": {"folder": str(tmp_path / "out")},
        }
        told = {}
        for name, arguments in asked.items():
            result = await client.call_tool(name, arguments)
            assert not result.is_error, result.content
            Draft202012Validator(promised[name]).validate(result.structured_content)
            told[name] = result.structured_content
        return told

    told = talk(calls)
    (listed,) = told["list"]["result"]
    assert (listed["recording"], listed["file"], listed["changes"]) == ("song", str(song), 1)
    assert -20 < told["info"]["loudness_lufs"] < -5
    assert told["info"]["true_peak_dbtp"] < 0
    assert "simple" in {model["name"] for model in told["models"]["result"]}
    assert told["clean"]["desk"]["clean"]["denoise"]["wet"] == 0.5


def test_what_does_not_exist_is_named_with_what_is_near(song):
    async def calls(client):
        await client.call_tool("open", {"path": str(song)})
        wrong = [
            await client.call_tool("remove", {"targets": ["vocals"], "recordng": "song"}),
            await client.call_tool("undo", {"steps": 3}),
            await client.call_tool("remov", {}),
        ]
        desk = (await client.call_tool("desk", {})).structured_content["desk"]
        return [result.content[0].text for result in wrong if result.is_error], desk

    (near, other, tool), desk = talk(calls)
    assert "'recordng'" in near and "did you mean 'recording'" in near
    assert "'steps'" in other and "recording" in other
    assert "did you mean 'remove'" in tool
    assert desk["strips"] == {}


def test_no_file_outside_of_the_allowed_folders_is_named(song, tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "mine.wav").write_bytes(song.read_bytes())
    (outside / "theirs.wav").write_bytes(song.read_bytes())
    (inside / "link.wav").symlink_to(outside / "theirs.wav")
    (inside / "folder").symlink_to(outside)
    (inside / "nest").mkdir()
    (inside / "nest" / "mine").symlink_to(outside)
    theirs = str(outside / "theirs.wav")
    separators = {"separators": [{"model": str(outside / "weights.th")}]}

    async def calls(client):
        assert not (await client.call_tool("open", {"path": str(inside / "mine.wav")})).is_error
        return [
            await client.call_tool(tool, arguments)
            for tool, arguments in (
                ("open", {"path": theirs}),
                ("open", {"path": str(inside / "link.wav")}),
                ("open", {"path": f"{inside}/../out/theirs.wav"}),
                ("open", {"path": str(inside / "folder" / "theirs.wav")}),
                ("render", {"folder": str(outside)}),
                ("render", {"folder": str(inside / "folder")}),
                ("render", {"folder": str(inside / "folder" / "new.wav")}),
                ("render", {"folder": str(inside / "nest")}),
                ("edit_like", {"example": theirs}),
                ("edit", {"steps": [{"step": "like", "example": str(inside / "link.wav")}]}),
                ("say", {"words": f"edit it like {theirs}"}),
                ("clean", {"cleaning": {"separation": separators}}),
            )
        ]

    for result in talk(calls, allowed=[inside]):
        assert result.is_error and "outside of the folders" in result.content[0].text, result
    assert [path.name for path in outside.iterdir()] == ["theirs.wav"]


def test_an_edit_by_example(tmp_path):
    rng = np.random.default_rng(5)
    steps = np.repeat(rng.uniform(0.02, 0.3, 100), 22_050 // 5)  # no moment is like another
    audio = Audio((steps * rng.standard_normal(len(steps)))[None].astype(np.float32), 22_050)
    write(tmp_path / "song.wav", audio)
    write(tmp_path / "take.wav", audio.slice(5 * 22_050, 15 * 22_050))

    async def calls(client):
        await client.call_tool("open", {"path": str(tmp_path / "song.wav")})
        return await client.call_tool("edit_like", {"example": str(tmp_path / "take.wav")})

    result = talk(calls)
    assert not result.is_error, result.content
    (step,) = result.structured_content["desk"]["edits"]
    assert step["step"] == "arrange"


def test_over_stdio(song):
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "sayso", "mcp", "-n", "simple", "--allow", str(song.parent)],
        cwd=Path.cwd(),
        env=dict(os.environ),
    )

    async def run():
        async with (
            stdio_client(server) as (reading, writing),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            await session.call_tool("open", {"path": str(song)})
            outside = await session.call_tool("open", {"path": __file__})
            assert outside.is_error and "--allow" in outside.content[0].text
            return await session.call_tool("remove", {"targets": ["vocals"]})

    result = anyio.run(run)
    assert result.structured_content["done"] == "Taking the vocals out."
