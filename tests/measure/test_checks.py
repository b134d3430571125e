"""Levels, clipping and background of recordings by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.measure.checks import background_db, clipped_share, evaluate, moments_db
from sayso.measure.compared import Compared


def test_clipping_is_told_from_loudness(noise):
    loud = noise(1.0, level=2.0)
    assert clipped_share(loud) == 0.0
    clipped = Audio(np.clip(loud.samples, -1, 1), 44_100)
    share = np.mean(np.abs(loud.samples) > 1)
    assert 0.1 * share < clipped_share(clipped) < share
    turned_down = Audio(0.5 * clipped.samples, 44_100)
    assert clipped_share(turned_down) == pytest.approx(clipped_share(clipped))


def test_tops_across_blocks_count_once(monkeypatch, noise):
    clipped = Audio(np.clip(noise(0.5, level=2.0).samples, -1, 1), 44_100)
    whole = clipped_share(clipped)
    blocks = Audio.blocks
    monkeypatch.setattr(Audio, "blocks", lambda self, frames=997: blocks(self, 997))
    assert clipped_share(clipped) == pytest.approx(whole)


def test_the_background_lies_where_it_was_put(noise):
    loud, quiet = noise(1.0, level=0.1).samples, noise(1.0, level=0.001).samples
    audio = Audio(np.concatenate([loud, quiet], axis=1), 44_100)
    assert background_db(audio) == pytest.approx(-40, abs=1)
    assert len(moments_db(audio)) == 40


def test_silence_has_few_figures():
    silent = Audio(np.zeros((1, 4000), np.float32), 8000)
    assert background_db(silent) is None
    assert evaluate(Compared(silent)) == {"clipped_share": 0.0}
