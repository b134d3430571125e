from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio.blocks import in_blocks


@given(sizes=st.lists(st.integers(0, 50), max_size=12), frames=st.integers(1, 60))
def test_cutting_anew_keeps_every_sample(sizes, frames):
    samples = np.arange(2 * sum(sizes), dtype=np.float32).reshape(2, -1)
    pieces = np.split(samples, np.cumsum(sizes)[:-1], axis=1) if sizes else []
    out = list(in_blocks(iter(pieces), frames))
    assert all(block.shape[1] == frames for block in out[:-1])
    assert np.array_equal(np.concatenate([np.zeros((2, 0)), *out], axis=1), samples)
