from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import Audio
from sayso.desk import Pan, Strip
from sayso.effects import pan_matrix, process, record
from sayso.errors import ShapeError


def test_gain_is_exact_and_never_clips(tone):
    audio = tone(0.1, level=0.9)
    out = record(process(audio, Strip(gain_db=20)))
    assert np.abs(out.samples - 10 * audio.samples).max() < 1e-5


@given(position=st.floats(-1, 1))
def test_what_sits_in_the_centre_moves_at_constant_power(position):
    left, right = pan_matrix(position) @ np.ones(2)
    assert left**2 + right**2 == pytest.approx(2, rel=1e-5)
    assert np.sign(round(float(right - left), 5)) in (0, np.sign(position))


@given(position=st.floats(0, 1))
def test_left_and_right_are_treated_alike(position):
    assert np.allclose(pan_matrix(-position), pan_matrix(position)[::-1, ::-1], atol=1e-6)


def test_the_centre_is_untouched_and_the_far_side_is_still_heard():
    assert np.allclose(pan_matrix(0), np.eye(2), atol=1e-6)
    left, right = pan_matrix(-1) @ np.array([0, 1])
    assert left == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert right == pytest.approx(0, abs=1e-6)


def test_a_pan_renders_as_its_matrix(noise):
    audio = noise(0.1)
    out = record(process(audio, Strip(effects=(Pan(position=0.6),))))
    assert np.allclose(out.samples, pan_matrix(0.6) @ audio.samples, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_only_stereo_has_sides(channels):
    audio = Audio(np.zeros((channels, 10), np.float32), 16_000)
    with pytest.raises(ShapeError, match="panning expects two"):
        process(audio, Strip(effects=(Pan(position=0.5),)))
