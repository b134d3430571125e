from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import istft, stft
from sayso.errors import RangeError


@given(
    frames=st.integers(1, 5000),
    n_fft=st.sampled_from([64, 256, 1024]),
    share=st.sampled_from([2, 3, 4, 8]),
    seed=st.integers(0, 99),
)
def test_the_inverse_reconstructs_perfectly(frames, n_fft, share, seed):
    signal = np.random.default_rng(seed).standard_normal((2, frames)).astype(np.float32)
    hop = n_fft // share
    spectrum = stft(signal, n_fft, hop=hop)
    assert spectrum.shape == (2, n_fft // 2 + 1, -(-frames // hop) + 1)
    back = istft(spectrum, n_fft, hop=hop, length=frames)
    assert np.abs(back - signal).max() < 1e-5


def test_it_is_linear(noise, tone):
    a, b = noise(0.2).samples, tone(0.2).samples
    both = stft(a + 2 * b, 512, hop=128)
    assert np.allclose(both, stft(a, 512, hop=128) + 2 * stft(b, 512, hop=128), atol=1e-3)


def test_a_tone_lands_in_its_bin(tone):
    spectrum = np.abs(stft(tone(1.0, hz=4410.0).samples, 1000, hop=250))
    assert set(spectrum[0, :, 5:-5].argmax(axis=0)) == {100}


def test_hops_that_cannot_be_undone_are_refused(noise):
    with pytest.raises(RangeError, match="hop"):
        stft(noise(0.1).samples, 512, hop=300)
