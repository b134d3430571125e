"""Where nothing is said or played."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio
from sayso.timeline.timeline import Spans

_STEP_S = 0.01
_SHORTEST_S = 0.2
MARGIN_S = 0.08
"""Kept on either side of a sound, so that soft beginnings and endings of words survive."""
_ABOVE_FLOOR_DB, _BELOW_LOUD_DB, _AT_LEAST_BELOW_DB = 6.0, 45.0, 20.0
_INAUDIBLE_DB = -75.0
_NOISE_SPREAD_DB, _BELOW_VOICE_DB = 6.0, 8.0
_QUIET_DB, _NOTHING_DB = -55.0, -95.0
_RUMBLE_HZ = 60.0
"""Below this lie handling noise, hum and offsets: no reason to keep a pause."""


def find_silences(audio: Audio, *, pauses: Spans | None = None) -> Spans:
    """The silent stretches of `audio`, in frames, in order; each at least 0.2 s.

    Silent is what lies near the noise floor of the recording, far below its loud passages,
    whatever the level of both. Music that never pauses has none.

    Args:
        audio: any recording.
        pauses: where nobody speaks, of a recording in which somebody does elsewhere. Only there is
            silence, and the noise of the room is silence, too, as long as it is quieter than the
            voice; what is heard above that noise, such as music or a laugh, is none.
    """
    step = max(1, round(_STEP_S * audio.sample_rate))
    levels = _levels_db(audio, step)
    quiet = levels < quiet_below_db(levels)
    if pauses is not None:
        unspoken = _steps_in(pauses, step, len(levels))
        quiet = unspoken & (quiet | (_smoothed(levels) < _floor_db(levels, unspoken)))
    margin = round(MARGIN_S / _STEP_S)
    # A step is silent only if its whole neighbourhood is.
    padded = np.concatenate([np.ones(margin, bool), quiet, np.ones(margin, bool)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * margin + 1)
    silent = np.concatenate([[False], windows.all(axis=1), [False]])
    edges = np.flatnonzero(np.diff(silent.astype(np.int8)))
    spans = zip(edges[::2] * step, edges[1::2] * step, strict=True)
    shortest = round(_SHORTEST_S * audio.sample_rate)
    return [
        (int(start), min(int(stop), audio.frames))
        for start, stop in spans
        if stop - start >= shortest
    ]


def _steps_in(spans: Spans, step: int, count: int) -> npt.NDArray[np.bool_]:
    """Which of `count` steps lie within spans of frames."""
    inside = np.zeros(count, bool)
    for start, stop in spans:
        inside[-(-start // step) : -(-stop // step)] = True
    return inside


def _floor_db(levels: npt.NDArray[np.float32], unspoken: npt.NDArray[np.bool_]) -> float:
    """The level under which lies nothing but the noise that all pauses share."""
    if not unspoken.any() or unspoken.all():
        return -np.inf
    floor_db = np.quantile(levels[unspoken], 0.2)
    voice_db = np.quantile(levels[~unspoken], 0.75)
    return float(min(floor_db + _NOISE_SPREAD_DB, voice_db - _BELOW_VOICE_DB))


def _smoothed(levels: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Levels over a tenth of a second: noise wavers from step to step."""
    smooth: npt.NDArray[np.float64] = np.convolve(10 ** (levels / 10), np.full(9, 1 / 9), "same")
    return 10 * np.log10(smooth[: len(levels)] + 1e-12)


def _levels_db(audio: Audio, step: int) -> npt.NDArray[np.float32]:
    """The level of each step of `step` frames, all channels together, in dBFS."""
    from scipy.signal import butter, sosfilt, sosfilt_zi

    rumble = butter(4, _RUMBLE_HZ, "highpass", fs=audio.sample_rate, output="sos")
    # As if the first sample had always been there, so that an offset makes no step.
    state = sosfilt_zi(rumble)[:, None, :] * audio.block(0, 1)[None, :, :]
    powers = []
    for block in audio.blocks(step * 4096):
        sound, state = sosfilt(rumble, block, axis=-1, zi=state)
        power = np.mean(sound.astype(np.float32) ** 2, axis=0)
        starts = np.arange(0, len(power), step)
        lengths = np.diff(np.append(starts, len(power)))
        powers.append(np.add.reduceat(power, starts) / lengths)
    levels: npt.NDArray[np.float32] = 10 * np.log10(np.concatenate(powers) + 1e-12)
    return levels


def quiet_below_db(levels: npt.NDArray[np.float32]) -> float:
    """The level in dB under which `levels` [N] of a recording are its pauses; all of them if inf.

    It lies near the noise floor, and far below what is loud.
    """
    heard = levels[levels > _NOTHING_DB]
    loudest = float(np.quantile(heard, 0.95)) if heard.size else -np.inf
    if _NOTHING_DB < loudest < _QUIET_DB:
        # A quiet recording is judged as if it had been turned up.
        lift_db = np.float32(_QUIET_DB - loudest + 20.0)
        return quiet_below_db(levels + lift_db) - float(lift_db)
    audible = levels[levels > _INAUDIBLE_DB]
    if not audible.size:
        return np.inf
    floor, loud = np.quantile(audible, [0.05, 0.95])
    threshold = max(floor + _ABOVE_FLOOR_DB, loud - _BELOW_LOUD_DB)
    return float(max(min(threshold, loud - _AT_LEAST_BELOW_DB), _INAUDIBLE_DB))
