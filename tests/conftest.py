"""What every test may use: seeded noise, tones, the demo song, and a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from sayso.audio import Audio
from sayso.demo import demo_song

settings.register_profile("sayso", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("sayso")

# Tests started in the background inherit an ignored SIGINT, and so would all that they interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Make = Callable[..., Audio]


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
