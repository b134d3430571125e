"""Where somebody speaks, and where nobody does, whatever else sounds.

Conventions: spans are half-open, in frames of the recording, in order. The network is Silero's, at
16 kHz, with a chance for every 32 ms; its weights come with the package. It was trained on
speech: singing may count as speech or not, and of other music it hears none. Recordings are heard
at one loudness, so quiet ones are judged like loud ones.

Source: Silero VAD 6.2, github.com/snakers4/silero-vad (MIT), whose thresholds these are.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from sayso.audio import (
    Audio,
    Recorder,
    Resampler,
    Samples,
    calmed,
    polarities,
    programme_lufs,
)
from sayso.timeline import Spans
from sayso.watch import SILENT, Watch

RATE_HZ = 16_000
FRAME_S = 0.032
MARGIN_S = 0.12
"""Left to speech on either side, so that soft beginnings and endings of words survive."""
SHORTEST_PAUSE_S = 0.2

_FRAME, _CONTEXT, _STATE = 512, 64, 128
_FRAMES_AT_A_TIME = 512
_BEGINS, _ENDS = 0.5, 0.35
_SHORTEST_SPEECH_S = 0.1
_LEVEL_LUFS = -23.0


def speech_chances(audio: Audio, *, watch: Watch = SILENT) -> Samples:
    """The chance from 0 to 1 that somebody speaks, `[N]`: one for each 32 ms, begun ones included.

    Args:
        audio: any rate, channels and length; heard as mono, at a common loudness.
        watch: progress and cancelling, polled between blocks.
    Raises: Cancelled.
    """
    audio = calmed(audio)
    loudness_lufs = programme_lufs(audio)
    if not np.isfinite(loudness_lufs):
        return np.zeros(-(-audio.frames * RATE_HZ // (audio.sample_rate * _FRAME)), np.float32)
    gain = np.float32(10 ** ((_LEVEL_LUFS - loudness_lufs) / 20))
    mono = _mono(audio, gain)
    state = {name: np.zeros((1, 1, _STATE), np.float32) for name in ("h", "c")}
    before = np.zeros(_CONTEXT, np.float32)
    chances = []
    step = _FRAME * _FRAMES_AT_A_TIME
    for start in range(0, mono.frames, step):
        watch.check()
        stop = min(start + step, mono.frames)
        heard = mono.block(start, start + -(-(stop - start) // _FRAME) * _FRAME)[0]
        # Each frame is heard with the end of the one before it.
        heard = np.concatenate([before, heard])
        frames = np.lib.stride_tricks.sliding_window_view(heard, _CONTEXT + _FRAME)[::_FRAME]
        found, *state_now = _session().run(
            ["speech_probs", "hn", "cn"], {"input": np.ascontiguousarray(frames), **state}
        )
        state = dict(zip(state, state_now, strict=True))
        before = heard[-_CONTEXT:]
        chances.append(found.reshape(-1))
        watch.report(stop / mono.frames)
    return np.concatenate(chances)


def find_speech(audio: Audio, *, watch: Watch = SILENT) -> Spans:
    """Where somebody speaks; nothing where nobody does, as in music without a voice.

    What is shorter than 0.1 s is no speech; pauses within it are at least 0.1 s long.
    Raises: Cancelled.
    """
    chances = speech_chances(audio, watch=watch)
    spans, speaking, ends = list[tuple[int, int]](), None, None
    patience, shortest = (round(0.1 / FRAME_S), _SHORTEST_SPEECH_S / FRAME_S)
    for at, chance in enumerate([*chances, *[0.0] * (patience + 1)]):
        if chance >= _BEGINS:
            speaking, ends = at if speaking is None else speaking, None
        elif chance < _ENDS and speaking is not None:
            ends = at if ends is None else ends
            if at - ends >= patience:
                if ends - speaking >= shortest:
                    spans.append((speaking, ends))
                speaking = ends = None
    unit = FRAME_S * audio.sample_rate
    return [(round(a * unit), min(round(b * unit), audio.frames)) for a, b in spans]


def find_pauses(
    audio: Audio,
    *,
    shortest_s: float = SHORTEST_PAUSE_S,
    margin_s: float = MARGIN_S,
    watch: Watch = SILENT,
) -> Spans | None:
    """Where nobody speaks though somebody does elsewhere; None for a recording without speech.

    Noise, hum and music in a pause do not matter; a pause is not silent for that.

    Args:
        audio: any rate, channels and length.
        shortest_s: pauses shorter than that, after `margin_s` was left on either side, are none.
        margin_s: see `MARGIN_S`; at the ends of the recording none is left.
        watch: progress and cancelling, polled between blocks.
    Raises: Cancelled.
    """
    speech = find_speech(audio, watch=watch)
    if not speech:
        return None
    margin, shortest = (round(s * audio.sample_rate) for s in (margin_s, shortest_s))
    starts = [0, *(stop + margin for _, stop in speech)]
    stops = [*(start - margin for start, _ in speech), audio.frames]
    return [(a, b) for a, b in zip(starts, stops, strict=True) if b - a >= max(shortest, 1)]


def _mono(audio: Audio, gain: np.float32) -> Audio:
    """`audio` times `gain` at the network's rate, one channel, in constant memory."""
    signs = polarities(audio)
    stream = Resampler(audio.sample_rate, RATE_HZ, channels=1)
    recorder = Recorder(1, RATE_HZ)
    for block in audio.blocks():
        middle = (block * signs).mean(axis=0, keepdims=True, dtype=np.float32) * gain
        recorder.append(stream.push(middle))
    recorder.append(stream.flush())
    return recorder.audio()


@lru_cache(maxsize=1)
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # the export kept constants that nothing uses
    path = Path(str(files("sayso"))) / "weights" / "silero_vad.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
