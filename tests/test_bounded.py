"""Work in a process of its own."""

from __future__ import annotations

import base64
import time

import pytest

from sayso.bounded import run_bounded
from sayso.errors import Cancelled
from sayso.watch import Watch


def test_a_child_that_is_slow_to_begin_gets_all_that_it_was_sent(monkeypatch):
    # Looked after before it has read anything: more than a pipe holds is still to be sent.
    monkeypatch.setattr("sayso.bounded._LOOK_S", 0.001)
    content = bytes(range(256)) * 20_000
    said = run_bounded("base64", "-e", content=content, longest_s=60)
    assert said is not None
    assert base64.decodebytes(said) == content


def test_one_that_reads_nothing_is_stopped(monkeypatch):
    monkeypatch.setattr("sayso.bounded._LOOK_S", 0.01)
    began = time.monotonic()
    left = Watch(cancelled=lambda: time.monotonic() > began + 0.2)
    with pytest.raises(Cancelled):
        run_bounded("http.server", "0", content=b"x" * 1_000_000, longest_s=60, watch=left)
