from __future__ import annotations

import av
import numpy as np

from sayso.audio.converting import Converter


def frame(rate, *, layout="stereo"):
    channels = {"mono": 1, "stereo": 2, "7.1": 8}[layout]
    samples = np.linspace(-0.5, 0.5, 1000 * channels, dtype=np.float32).reshape(1, -1)
    made = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
    made.sample_rate = rate
    return made


def test_a_frame_of_an_impossible_kind_is_left_out_and_the_next_one_is_not():
    converter = Converter("stereo", 2, 44_100)
    assert converter.push(frame(0)) is None
    blocks = [*converter.push(frame(44_100)), *converter.flush()]
    assert sum(block.shape[1] for block in blocks) == 1000


def test_frames_may_change_their_kind():
    converter = Converter("7.1", 8, 48_000)
    blocks = converter.push(frame(48_000, layout="7.1"))
    blocks += converter.push(frame(24_000, layout="mono"))
    blocks += converter.flush()
    assert {block.shape[0] for block in blocks} == {8}
    assert abs(sum(block.shape[1] for block in blocks) - 3000) < 40
