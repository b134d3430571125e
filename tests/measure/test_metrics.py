"""The table of metrics is complete: nothing is reported that it does not explain."""

from __future__ import annotations

import numpy as np

from sayso.audio import Audio
from sayso.measure import checks, masked_ratio, sdr, si_sdr, speech_loss, stoi, wer
from sayso.measure.metrics import METRICS

RATE = 16_000


def test_every_figure_that_is_reported_has_its_row():
    rng = np.random.default_rng(1)
    at = np.arange(3 * RATE) / RATE
    speech = (np.sin(2 * np.pi * 150 * at) * (np.sin(2 * np.pi * 3 * at) > 0)).astype(np.float32)
    heard = speech + 0.05 * rng.standard_normal(len(speech)).astype(np.float32)
    one, other = (Audio(0.3 * x[None], RATE) for x in (speech, heard))
    found = checks.evaluate(other) | masked_ratio.evaluate(other, one, one)
    found |= si_sdr.evaluate(heard, speech) | wer.evaluate("a b", "a c")
    for metric in (stoi, speech_loss):
        found |= metric.evaluate(heard, speech, sample_rate=RATE)
    told = found.keys() - {"words"} - sdr.evaluate(heard, speech).keys()
    assert told | {"pesq", "dnsmos_ovr"} <= METRICS.keys()
    assert all(figure.meaning for figure in METRICS.values())
