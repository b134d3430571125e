"""A gate that knows what is coming: pauses go down, and words begin whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sayso.audio import Audio, Samples
from sayso.desk.cleaning import PauseGate
from sayso.effects import Processed, Sound
from sayso.measure.checks import moments_db
from sayso.measure.voice_activity import find_pauses
from sayso.optional import require
from sayso.timeline import Spans
from sayso.watch import SILENT, Watch

_NO_WORD_DB = -15.0
_RATIO = 4.0  # dB down for each dB below the threshold, until the range is reached


def gate(
    audio: Audio, settings: PauseGate, *, loudness_lufs: float, watch: Watch = SILENT
) -> Sound:
    """`audio`, of the loudness given, with its pauses turned down.

    All channels move together, by the loudest of them where the level tells.
    Raises: Cancelled.
    """
    if settings.told_by == "level":
        return _by_level(audio, settings, loudness_lufs)
    pauses = find_pauses(
        audio, shortest_s=settings.attack_s + settings.release_s + 0.01, watch=watch.quiet
    )
    lie_db = _lie_db(audio, pauses or ())
    # What is nearly as loud as the speech may be a word that was not taken for one.
    quiet = {span: db for span, db in zip(pauses or (), lie_db, strict=True) if db < _NO_WORD_DB}
    if not quiet:
        return audio
    lie_now_db = float(np.median(list(quiet.values())))
    range_db = float(np.clip(settings.enough_db - lie_now_db, settings.range_db, 0.0))
    return audio if range_db == 0 else _by_voice(audio, settings, list(quiet), range_db)


def _lie_db(audio: Audio, pauses: Spans) -> list[float]:
    """How far each of the pauses lies below the loud moments, in dB."""
    loud_db = float(np.quantile(moments_db(audio), 0.95))
    powers = (
        sum(float(np.sum(block.astype(np.float64) ** 2)) for block in audio.blocks(start=a, stop=b))
        / (audio.channels * (b - a))
        for a, b in pauses
    )
    return [10 * float(np.log10(max(power, 1e-20))) - loud_db for power in powers]


def _by_voice(audio: Audio, settings: PauseGate, pauses: Spans, range_db: float) -> Sound:
    """Turned down, in dB as straight lines, within each of the pauses."""
    down, up = (
        max(1, round(s * audio.sample_rate)) for s in (settings.release_s, settings.attack_s)
    )
    # Turned down from the start of the recording, and until its end.
    edges = [(a if a else -down, b if b < audio.frames else b + up) for a, b in pauses]
    points = [point for a, b in edges for point in (a, a + down, b - up, b)]
    levels = [0.0, range_db, range_db, 0.0] * len(edges)

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        at = 0
        for block in blocks:
            gain_db = np.interp(np.arange(at, at + block.shape[1]), points, levels)
            yield block * (10 ** (gain_db / 20)).astype(np.float32)
            at += block.shape[1]

    return Processed(audio, transform, audio.frames)


def _by_level(audio: Audio, settings: PauseGate, loudness_lufs: float) -> Sound:
    ahead = max(1, round(settings.attack_s * audio.sample_rate))
    least = np.float32(10 ** (settings.range_db / 20))

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        library = require("pedalboard", extra=None, purpose="the gate")
        follower = library.NoiseGate(
            threshold_db=loudness_lufs + settings.threshold_lu,
            ratio=_RATIO,
            attack_ms=1000 * settings.attack_s,
            release_ms=1000 * settings.release_s,
        )

        def push(block: Samples) -> Samples:
            key = np.maximum(np.max(np.abs(block), axis=0, keepdims=True), np.float32(1e-7))
            gain = follower.process(key, float(audio.sample_rate), reset=False) / key
            opened: Samples = np.maximum(gain, least)
            return opened

        # The gain of a frame is the one found `ahead` frames later.
        waiting = np.zeros((audio.channels, 0), np.float32)
        early = ahead
        for block in blocks:
            gain = push(block)
            skipped = min(early, gain.shape[1])
            early -= skipped
            gain = gain[:, skipped:]
            waiting = np.concatenate([waiting, block], axis=1)
            yield waiting[:, : gain.shape[1]] * gain
            waiting = waiting[:, gain.shape[1] :]
        gain = push(np.zeros((audio.channels, ahead), np.float32))
        yield waiting * gain[:, -waiting.shape[1] :]

    return Processed(audio, transform, audio.frames)
