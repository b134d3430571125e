"""Somebody on each of two tracks: neither is cut while the other speaks."""

from __future__ import annotations

import numpy as np
import pytest
from tests.align.material import RATE, tune

from sayso.audio import Audio, write
from sayso.autoedit.files import Choice, apply_file
from sayso.autoedit.tracks import together
from sayso.errors import DataError


@pytest.fixture
def talk(tmp_path):
    """A host who plays for 6 s and again at 24 s, and a guest at 12 s, on a track each."""
    rng = np.random.default_rng(0)
    host, guest = (3e-4 * rng.standard_normal((2, 32 * RATE)) for _ in range(2))
    for row, start in ((host, 0), (host, 24), (guest, 12)):
        sound = tune("a", start)
        row[:, start * RATE : start * RATE + len(sound)] += sound
    guest[1] *= -1  # a cable with its wires swapped
    for name, samples in (("host", host), ("guest", guest)):
        write(tmp_path / f"{name}.wav", Audio(samples.astype(np.float32), RATE))
    return tmp_path / "host.wav", tmp_path / "guest.wav"


def heard(edit, second):
    return any(clip.start <= second * RATE < clip.stop for clip in edit.timeline.clips)


def test_all_tracks_decide(talk):
    host, guest = talk
    alone = apply_file(host, by="level", choice=Choice(keep=0.36))
    both = apply_file(host, by="level", choice=Choice(keep=0.55), tracks=[guest])
    assert [heard(alone, second) for second in (3, 15, 27)] == [True, False, True]
    assert [heard(both, second) for second in (3, 15, 27)] == [True, True, True]
    assert not heard(both, 21)


def test_tracks_are_a_channel_each():
    first = Audio(np.full((2, 10), 0.5, np.float32), RATE)
    short = Audio(np.full((1, 4), 0.25, np.float32), RATE)
    both = together(first, {"short.wav": short})
    assert both.samples.tolist() == [[0.5] * 10, [0.25] * 4 + [0.0] * 6]
    assert together(first, {}) is first
    with pytest.raises(DataError, match="resample it first"):
        together(first, {"other.wav": Audio(short.samples, 48_000)})
