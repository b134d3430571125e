"""Queues for the tests, of either kind, and kinds of jobs that worker processes can import."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sayso.jobs import JobQueue

HERE = Path(__file__).parent
KINDS = "toy_kinds"


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
    yield KINDS
    sys.modules.pop(KINDS, None)
