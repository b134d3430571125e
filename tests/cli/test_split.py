"""`sayso split`, as a person calls it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sayso.audio import Audio, read, write
from sayso.cli import main

RATE = 16_000


@pytest.fixture
def talk(tmp_path):
    rng = np.random.default_rng(2)
    samples = rng.uniform(-0.3, 0.3, (2, 6 * RATE)).astype(np.float32)
    samples[:, 2 * RATE : 4 * RATE] = 0.0
    return write(tmp_path / "talk.wav", Audio(samples, RATE), encoding="float32")


@pytest.mark.parametrize(
    ("options", "lengths"),
    [
        (["--every", "0:02"], [2, 2, 2]),
        (["--into", "4"], [1.5] * 4),
        (["--at", "1", "0:05"], [1, 4, 1]),
        (["--at-pauses"], [3, 3]),
    ],
)
def test_the_parts_are_the_whole(talk, tmp_path, capsys, options, lengths):
    out = tmp_path / "parts"
    assert main(["split", str(talk), *options, "-o", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = [read(row["written to"]) for row in told]
    assert [part.duration_s for part in found] == pytest.approx(lengths, abs=0.1)
    assert sum(part.frames for part in found) == 6 * RATE


def test_words_split_as_well_and_nothing_is_replaced(talk, tmp_path):
    out = tmp_path / "parts"
    for _ in range(2):
        assert main(["ask", str(talk), "split it into 2 second files", "-o", str(out)]) == 0
    assert len(list(out.rglob("*.wav"))) == 6
    assert main(["ask", str(talk), "split it at the pauses", "-o", str(out / "x.mp3")]) == 5


def test_a_dry_run_writes_nothing(talk, tmp_path, capsys):
    out = tmp_path / "parts"
    assert main(["split", str(talk), "--into", "2", "-o", str(out), "--dry-run"]) == 0
    assert "mix_02.wav" in capsys.readouterr().out
    assert not out.exists()


def test_what_does_not_fit_is_said(talk, capsys):
    with pytest.raises(SystemExit):
        main(["split", str(talk), "--every", "nonsense"])
    assert "no time such as" in capsys.readouterr().err
    assert main(["split", str(talk), "--at-markers"]) == 4
    assert "no chapters" in capsys.readouterr().err
    assert main(["split", str(talk), "--into", "1"]) != 0
