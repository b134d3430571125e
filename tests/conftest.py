"""What every test may use: seeded noise, tones, the demo song, and a PostgreSQL server."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import chain, groupby, islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

from sayso.audio import Audio
from sayso.cli import main
from sayso.demo import demo_song

settings.register_profile("sayso", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("sayso")

# Else every program that a test starts would compile all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Tests started in the background inherit an ignored SIGINT, and so would all that they interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Make = Callable[..., Audio]

TESTS = Path(__file__).parent
SLOW = (
    *(
        "test_readme.py",
        "test_doors.py",
        "train",
        "cli",
        "batch",
        "service",
        "jobs",
        "test_bench.py",
    ),
    "align",
    *("test_packages.py", "test_requests.py", "test_studio.py", "fuzz", "notebooks"),
    *("checkpoints/test_pickled.py", "checkpoints/test_bombs.py", "networks", "words/test_llm.py"),
    *("separate", "measure/test_tags.py", "words/test_totality.py", "audio/test_files.py"),
    *("timeline/exchange/test_parsing.py", "timeline/exchange/test_media.py"),
    "timeline/exchange/test_exchange.py",
)
"""What starts programs, trains, or needs torch: begun first, and left out by `./check quick`."""


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="leave out what takes long")


def _place(path):
    """Where in `SLOW` a path of a test lies, behind all for one that is quick."""
    name = path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""
    found = (at for at, slow in enumerate(SLOW) if name == slow or name.startswith(f"{slow}/"))
    return next(found, len(SLOW))


def pytest_ignore_collect(collection_path, config):
    quick = config.getoption("--quick", default=False)
    return True if quick and _place(collection_path) < len(SLOW) else None


def pytest_collection_modifyitems(config, items):
    # What takes minutes is not to be begun when everything else has ended.
    items.sort(key=lambda item: _place(item.path))
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = _dealt(items, workers)


def _dealt(items, workers):
    """`items` so that each of `workers`, given an equal stretch, begins with slow ones.

    So is the work given out at first; who is done then takes from the ends of the others. Tests of
    one module stay together, and those of the page, which share a browser.
    """

    def home(item):
        return item.path.parent if item.path.parent.name == "page" else item.path

    stretches, quick = [[] for _ in range(workers)], []
    for number, (path, own) in enumerate(groupby(items, key=home)):
        (stretches[number % workers] if _place(path) < len(SLOW) else quick).extend(own)
    left = iter(quick)
    for number, stretch in enumerate(stretches):
        size = len(items) * (number + 1) // workers - len(items) * number // workers
        stretch.extend(islice(left, max(0, size - len(stretch))))
    return [*chain.from_iterable(stretches), *left]


@pytest.fixture(scope="session")
def demo() -> Mapping[str, Audio]:
    return demo_song()


@pytest.fixture(scope="session")
def noise() -> Make:
    def make(seconds: float = 1.0, *, channels: int = 2, rate: int = 44_100, level: float = 0.1):
        shape = (channels, max(1, round(seconds * rate)))
        samples = level * np.random.default_rng(7).standard_normal(shape)
        return Audio(samples.astype(np.float32), rate)

    return make


@pytest.fixture(scope="session")
def tone() -> Make:
    def make(
        seconds: float = 1.0,
        *,
        hz: float = 440.0,
        channels: int = 2,
        rate: int = 44_100,
        level: float = 0.5,
    ):
        at = np.arange(round(seconds * rate)) / rate
        samples = np.tile(level * np.sin(2 * np.pi * hz * at), (channels, 1))
        return Audio(samples.astype(np.float32), rate)

    return make


def server_programs() -> Path | None:
    """The folder of PostgreSQL's server programs: on the PATH, or where Debian keeps them."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "initdb").exists() and (p / "pg_ctl").exists()), None)


def unprivileged() -> list[str] | None:
    """What to put before a command that must not run as root; None where there is no such way."""
    if os.geteuid() != 0:
        return []
    if shutil.which("runuser") is None:
        return None
    return ["runuser", "-u", "nobody", "--"]


@pytest.fixture(scope="session")
def postgres():
    """The URL of a fresh PostgreSQL server's maintenance database, without the name."""
    programs, before = server_programs(), unprivileged()
    if programs is None or before is None:
        pytest.skip("no PostgreSQL server program (initdb, pg_ctl) was found")
    folder = Path(tempfile.mkdtemp(prefix="sayso-pg-"))
    folder.chmod(0o777)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program, *arguments):
        command = [*before, str(programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=120)

    data = str(folder / "data")
    run("initdb", "-D", data, "-A", "trust", "-U", "sayso", "--no-sync", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    log = str(folder / "log")
    run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
    try:
        yield f"postgresql://sayso@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh_database(postgres):
    """The URL of a database that is not there yet."""
    return f"{postgres}/jobs_{time.monotonic_ns()}"


Speak = Callable[..., Audio]
_FORMANTS = ((700, 1200, 2500), (300, 2200, 3000), (450, 900, 2400), (500, 1700, 2500))


def speech(seconds: float = 4.0, *, rate: int = 16_000, seed: int = 0) -> Audio:
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * rate))
    start_s = 0.1
    while start_s < seconds - 0.4:
        length_s = rng.uniform(0.12, 0.22)
        at = np.arange(round(length_s * rate)) / rate
        f0 = rng.uniform(100, 140) + rng.uniform(-120, 120) * at
        phase = 2 * np.pi * np.cumsum(f0) / rate
        formants = _FORMANTS[rng.integers(len(_FORMANTS))]
        voice = sum(
            np.sin(h * phase)
            * sum(1 / (1 + ((h * f0 - f) / 120) ** 2) for f in formants)
            * (h * f0 < 0.45 * rate)
            for h in range(1, 40)
        )
        voice *= np.sin(np.pi * at / length_s)
        hiss = 0.15 * rng.standard_normal(round(0.05 * rate)) * np.hanning(round(0.05 * rate))
        begin = round(start_s * rate)
        out[begin : begin + len(voice)] += voice[: len(out) - begin]
        end = begin + len(voice)
        out[end : end + len(hiss)] += hiss[: max(0, len(out) - end)]
        start_s += length_s + 0.06 + (0.35 if rng.uniform() < 0.2 else 0.0)
    return Audio((0.1 * out / out.std())[None].astype(np.float32), rate)


@pytest.fixture(scope="session")
def speak() -> Speak:
    return speech


@pytest.fixture(scope="session")
def noisy(speak: Speak) -> Callable[..., tuple[Audio, Audio]]:
    def make(seconds: float = 4.0, *, rate: int = 16_000, level: float = 0.03):
        clean = speak(seconds, rate=rate)
        noise = level * np.random.default_rng(3).standard_normal(clean.samples.shape)
        return clean, Audio((clean.samples + noise).astype(np.float32), rate)

    return make


@pytest.fixture
def command(monkeypatch, capsys):
    """Commands in this process: `command(*arguments, cwd=..., input="", **variables)`.

    It gives the code, and what is told on which stream; no traceback is ever told. A process of
    its own costs a second a command; where it is the point (signals, terminals, pipes) a test
    starts one.
    """

    def run(*arguments, cwd, input="", **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        before = Path.cwd()
        monkeypatch.setattr(sys, "stdin", io.StringIO(input))
        capsys.readouterr()
        os.chdir(cwd)
        try:
            code = main([*map(str, arguments)])
        except SystemExit as error:
            code = error.code
        finally:
            os.chdir(before)
        told = capsys.readouterr()
        assert "Traceback" not in told.err, told.err
        return SimpleNamespace(returncode=code, stdout=told.out, stderr=told.err)

    return run
