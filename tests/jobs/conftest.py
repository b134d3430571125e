"""Queues for the tests: an SQLite file, and a PostgreSQL server of their own where there is one."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from sayso.jobs import JobQueue

HERE = Path(__file__).parent
KINDS = "toy_kinds"


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
    for user in ("postgres", "nobody"):
        try:
            pwd.getpwnam(user)
        except KeyError:
            continue
        if shutil.which("runuser"):
            return ["runuser", "-u", user, "--"]
    return None


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
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=60)

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


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request, tmp_path):
    """A queue's address, of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "jobs.sqlite")
    return request.getfixturevalue("fresh_database")


@pytest.fixture
def queue(where):
    with JobQueue(where) as opened:
        yield opened


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Makes the tests' kinds importable, also in worker processes."""
    monkeypatch.syspath_prepend(str(HERE))
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("COVERAGE_PROCESS_START", "")
    yield KINDS
    sys.modules.pop(KINDS, None)
