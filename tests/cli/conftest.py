"""Commands in this process: what a person types, the code, and what is told on which stream.

A process of its own costs a second a command. Where it is the point (signals, terminals, pipes, the
first command of a fresh installation) a test starts one.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sayso.cli import main


@pytest.fixture
def command(monkeypatch, capsys):
    """`command(*arguments, cwd=..., input="", **variables)`; no traceback is ever told."""

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
