"""Whether a sound that was asked for is in a recording at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio
from sayso.watch import SILENT, Watch

ABSENT_DB = -30.0
"""A stem whose loudest moment lies further below the recording's level is not heard in it.

Answers to what songs lack lie 31 to 60 dB below at the median; quiet parts that people hear, above.
"""
_MOMENT_S = 0.4
_BLOCK_MOMENTS = 128


def presence_db(stem: Audio, mix: Audio, *, watch: Watch = SILENT) -> float:
    """How far the loudest moment of `stem` lies above the level of `mix`, in dB.

    Args:
        stem: taken out of `mix`: of its length, rate and channels.
        mix: any level; its mean power over moments that are not silent counts.
        watch: cancelling, polled between blocks.
    Returns: minus infinity for a silent stem; 0 where the mix is silent. Raises: Cancelled.
    """
    loudest, heard = 0.0, []
    for found, whole in zip(_powers(stem, watch), _powers(mix, watch), strict=True):
        loudest = max(loudest, float(found.max(initial=0.0)))
        heard.append(whole)
    powers = np.concatenate(heard)
    sounding = powers[powers > 1e-6 * powers.max(initial=0.0)]
    if not sounding.size:
        return 0.0
    return float(10 * np.log10(loudest / sounding.mean())) if loudest > 0 else float("-inf")


def absence_note(target: str, stem: Audio, mix: Audio, *, watch: Watch = SILENT) -> str | None:
    """What a person should know of a stem that is not there; None of one that is."""
    level_db = presence_db(stem, mix, watch=watch)
    if level_db >= ABSENT_DB:
        return None
    where = "it is silent" if level_db == float("-inf") else f"{-level_db:.0f} dB below it"
    return f"{target} is not heard in this recording: {where}"


def _powers(audio: Audio, watch: Watch) -> Iterator[npt.NDArray[np.float64]]:
    """The power of each moment, a block of them at a time."""
    moment = max(1, round(_MOMENT_S * audio.sample_rate))
    for block in audio.blocks(moment * _BLOCK_MOMENTS):
        watch.check()
        power = np.mean(np.square(block, dtype=np.float64), axis=0)
        starts = np.arange(0, len(power), moment)
        lengths = np.diff(np.append(starts, len(power)))
        yield np.add.reduceat(power, starts) / lengths
