"""Every command of the README, run as it stands, on small files of the names that it uses.

What a shell has to read (variables, several commands, servers, installing) is given to one; a plain
`sayso ...` is run in this process, which has loaded what every command would load for itself.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from tests import readme_material as material
from tests.fake_openai import fake_openai

from sayso.cli.parser import build_parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PATIENCE_S = 240
_SHELL = re.compile(r"[&|;$`<>]")


def blocks(page: Path, language: str) -> dict[str, list[str]]:
    """The blocks of code of a page, by the heading above them."""
    found: dict[str, list[str]] = {}
    heading = block = kind = ""
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            if inside and kind == language:
                found.setdefault(heading, []).append(block)
            inside, kind, block = not inside, line[3:], ""
        elif inside:
            block += line + "\n"
        elif line.startswith("#"):
            heading = line.strip("# ")
    return found


def commands(block: str) -> list[str]:
    """The commands of a block of shell, without the remarks behind them."""
    lines = block.replace("\\\n", " ").splitlines()
    bare = (re.sub(r"\s+# .*$", "", line).strip() for line in lines)
    return [line for line in bare if line]


SHELL = blocks(ROOT / "README.md", "sh")


@pytest.fixture
def person(tmp_path, command):
    """Somebody in a folder of their own, with `sayso` and the checkout's files."""
    for name in ("configs", "bench", "pyproject.toml", "README.md", "LICENSE", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SAYSO_CACHE": str(tmp_path / "cache"),
        "SAYSO_DATA": str(tmp_path / "data"),
        # Nothing is fetched or changed: pip only finds out whether it would have all it needs.
        "PIP_DRY_RUN": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # which pip reads as the option itself
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    environment.pop("SAYSO_LLM", None)
    return Person(tmp_path, environment, command)


class Person:
    def __init__(self, place: Path, environment: dict[str, str], here: Callable[..., Any]) -> None:
        self.place, self.environment, self._here = place, environment, here

    def run(self, command: str, *, told: str = "") -> str:
        """What a command prints; it must succeed."""
        program, *arguments = shlex.split(command)
        if program == "sayso" and not _SHELL.search(command):
            ours = {n: v for n, v in self.environment.items() if n.startswith("SAYSO_")}
            done = self._here(*arguments, cwd=self.place, input=told, **ours)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            return str(done.stdout)
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.place,
            env=self.environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    @contextmanager
    def running(self, command: str) -> Iterator[subprocess.Popen[str]]:
        """A command that runs until it is interrupted, and then ends in order."""
        process = subprocess.Popen(
            ["bash", "-euc", f"exec env {command}"],
            cwd=self.place,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
            assert process.returncode in (0, 130), told
            assert "Traceback" not in told, told
        finally:
            process.kill()
            process.wait()

    def made(self, *names: str) -> None:
        for name in names:
            assert (self.place / name).stat().st_size > 0, name


def test_every_block_of_the_readme_is_known():
    tested = {"Set up", "On the command line", "Thousands of files",
              "In the browser, over HTTP, for agents", "Cut the way you cut",
              "A separator of your own"}  # fmt: skip
    assert set(SHELL) == tested
    assert set(blocks(ROOT / "README.md", "python")) == {"In Python"}


def test_set_up(person):
    """The first command as it stands; what it depends on comes from here instead of the network."""
    (install,), (check,) = map(commands, SHELL["Set up"])
    for name in ("src", "LICENSE", "README.md", "pyproject.toml"):
        (person.place / name).unlink()
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", person.place / "src", ignore=skipped)
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, person.place)
    del person.environment["PIP_DRY_RUN"]
    person.environment |= {"PIP_NO_DEPS": "1", "PYTHONPATH": sysconfig.get_path("purelib")}
    person.run(install)
    person.made("song.wav", "sayso-out/song/mix.wav")
    said = person.run(". .venv/bin/activate && python -c 'import sayso; print(sayso.__file__)'")
    assert said.startswith(str(person.place / ".venv"))
    # What runs this test is the last line of the other command.
    last = (ROOT / check).read_text().rstrip().splitlines()[-1]
    assert "pytest" in last and "tests" in last
    assert os.access(ROOT / check, os.X_OK)


def test_every_extra_that_a_block_begins_with_can_be_had(person):
    """In one run of pip, which takes seconds to begin."""
    begun = [commands(group[0])[0] for group in SHELL.values()]
    installing = [line for line in begun if line.startswith("pip install")]
    assert len(installing) == 4
    person.run("pip install " + " ".join(line.split()[2] for line in installing))


def test_on_the_command_line(person):
    material.songs(person.place)
    (person.place / "song.wav").unlink()  # the demo replaces no other song
    material.talk(person.place)
    (block,) = SHELL["On the command line"]
    told = {}
    for command in commands(block):
        told[command] = person.run(command, told="mute the drums\n\n")
        if command.startswith("sayso demo"):
            material.songs(person.place)  # shorter, so that this ends soon
    assert json.loads(next(out for name, out in told.items() if name.endswith("--json")))["moves"]
    person.made("stems/vocals.wav", "sayso-out/song/mix.wav", "sayso-out/song/drums.flac",
                "separated/song/vocals.wav", "separated/song/no_vocals.wav",
                "separated/drums-song.wav", "cleaned/take.wav", "cleaned/report.html")  # fmt: skip


def test_thousands_of_files(person, fresh_database):
    material.talk(person.place)
    (block,) = SHELL["Thousands of files"]
    _, here, elsewhere, worker = (
        command.replace("s3://bucket", str(person.place / "bucket")).replace(
            "postgresql://me@db/jobs", fresh_database
        )
        for command in commands(block)
    )
    person.run(here)
    person.made("cleaned/one.wav", "cleaned/day 2/two.wav", "cleaned/report.html")
    with person.running(worker):
        person.run(elsewhere)
    person.made("bucket/out/three.wav", "bucket/out/manifest.jsonl")


def test_in_python(person):
    material.songs(person.place)
    ((program,),) = blocks(ROOT / "README.md", "python").values()
    said = person.run(f"python -c {shlex.quote(program)}")
    assert "(2, 132300)" in said
    person.made("out/song/mix.flac")


def test_serving(person):
    (block,) = SHELL["In the browser, over HTTP, for agents"]
    _, *servers, agents = commands(block)
    with fake_openai() as fake:
        fake.script[:] = [[{"do": "remove", "targets": ["bass"]}]]
        person.environment["OLLAMA_BASE_URL"] = fake.name.split("#")[0].replace("s3cret@", "")
        names = [talked(person, server) for server in servers]
    assert names[0] == "offline"
    assert "qwen3" in names[1]
    assert agents == "sayso mcp"
    assert "remove" in anyio.run(tools_of, person)


def talked(person: Person, command: str) -> str:
    """Opens the page and sends a message; the interpreter that read it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with person.running(f"{command} --port {port} --workers 0") as process:
        until = time.monotonic() + PATIENCE_S
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while True:
                assert process.poll() is None, process.stderr.read()
                try:
                    page = client.get("/").raise_for_status().text
                    break
                except httpx2.TransportError:
                    assert time.monotonic() < until
                    time.sleep(0.2)
            assert "Sayso" in page
            session = client.post("/sessions/demo").raise_for_status().json()
            said = client.post(
                f"/sessions/{session['id']}/messages",
                json={"text": "remove the bass", "render": False},
            )
        return str(said.raise_for_status().json()["interpreter"])


async def tools_of(person: Person) -> set[str]:
    server = StdioServerParameters(
        command="sayso", args=["mcp"], env=person.environment, cwd=person.place
    )
    async with stdio_client(server) as (read, write), ClientSession(read, write) as client:
        await client.initialize()
        return {tool.name for tool in (await client.list_tools()).tools}


def test_cutting(person):
    material.cuts(person.place)
    (block,) = SHELL["Cut the way you cut"]
    for command in commands(block)[1:]:
        person.run(command)
    person.made("edit.otio", "me.editor", "cut3.otio", "cut3.wav", "cut3.rpp")


def test_training(person):
    material.songs(person.place)
    material.training(person.place)
    fonts = [
        Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
        Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    ]
    font = next((font for font in fonts if font.exists()), None)
    if font is None or shutil.which("fluidsynth") is None:
        pytest.skip("no fluidsynth, or no soundfont")
    (person.place / "FluidR3_GM.sf2").symlink_to(font)
    (block,) = SHELL["A separator of your own"]
    for command in commands(block)[1:]:
        person.run(command)
    person.made("mine.onnx", "mine.ask.onnx", "sayso-out/song/guitar.wav")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_on_every_page_is_grammatical(page):
    """Options, their values and commands: what would run is not run."""
    for line in (c for group in blocks(page, "sh").values() for b in group for c in commands(b)):
        for command in re.split(r"&&|;|\||&(?!\w+=)", line):
            words = shlex.split(command)
            while words and re.fullmatch(r"\w+=\S*|export|exec|time|nohup", words[0]):
                words.pop(0)
            if words[:1] == ["sayso"]:
                assert build_parser().parse_args(words[1:]).command, command
    for script in re.findall(r"python (bench/\w+\.py)", page.read_text(encoding="utf-8")):
        assert (ROOT / script).is_file(), script


def test_every_promise_of_the_service_names_tests_that_are_there():
    named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", (ROOT / "docs/service.md").read_text())
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), (file, test)
