"""The table of metrics: what each needs, and what its results mean.

A metric is a module of this room with `evaluate`, from a `Compared` to results by name, and a row
here. Reports find it by what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sayso.errors import InputError, MissingExtraError
from sayso.measure import checks, dnsmos, masked_ratio, pesq, sdr, si_sdr, speech_loss, stoi, tags
from sayso.measure import wer as word_errors
from sayso.measure.compared import Compared

Need = Literal["reference", "rest", "heard", "said", "judge"]


@dataclass(frozen=True)
class Meaning:
    """What a result is, and whether less or more of it is better; None where that depends."""

    text: str
    better: Literal["lower", "higher"] | None = None


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        evaluate: results by name; it raises InputError where they are undefined.
        results: what each of them means.
        needs: the parts of a `Compared` that it takes beside the estimate.
    """

    evaluate: Callable[[Compared], Mapping[str, float]]
    results: Mapping[str, Meaning]
    needs: tuple[Need, ...] = ()


METRICS: Mapping[str, Metric] = {
    "checks": Metric(
        checks.evaluate,
        {
            "lufs": Meaning("loudness (LUFS)"),
            "true_peak_db": Meaning("true peak (dBTP)"),
            "sample_peak_db": Meaning("sample peak (dBFS)"),
            "clipped_share": Meaning("share of samples clipped", "lower"),
            "background_db": Meaning("quiet moments, below loud ones (dB)", "lower"),
        },
    ),
    "masked_ratio": Metric(
        masked_ratio.evaluate,
        {"music_to_speech_db": Meaning("masked music-to-speech ratio (dB)", "lower")},
        ("reference", "rest"),
    ),
    "sdr": Metric(sdr.evaluate, {"sdr": Meaning("SDR (dB)", "higher")}, ("reference",)),
    "si_sdr": Metric(si_sdr.evaluate, {"si_sdr": Meaning("SI-SDR (dB)", "higher")}, ("reference",)),
    "speech_loss": Metric(
        speech_loss.evaluate,
        {"speech_loss_db": Meaning("speech lost (dB)", "lower")},
        ("reference",),
    ),
    "stoi": Metric(
        stoi.evaluate,
        {"stoi": Meaning("STOI", "higher"), "estoi": Meaning("extended STOI", "higher")},
        ("reference",),
    ),
    "pesq": Metric(pesq.evaluate, {"pesq": Meaning("PESQ (1 to 4.6)", "higher")}, ("reference",)),
    "dnsmos": Metric(
        dnsmos.evaluate,
        {
            "dnsmos_sig": Meaning("DNSMOS, speech (1 to 5)", "higher"),
            "dnsmos_bak": Meaning("DNSMOS, background (1 to 5)", "higher"),
            "dnsmos_ovr": Meaning("DNSMOS, overall (1 to 5)", "higher"),
        },
        ("judge",),
    ),
    "music": Metric(
        tags.evaluate,
        {"music_presence": Meaning("music, by its recogniser (0 to 1)", "lower")},
        ("judge",),
    ),
    "words": Metric(
        word_errors.evaluate, {"wer": Meaning("word error rate", "lower")}, ("heard", "said")
    ),
}

MEANINGS: Mapping[str, Meaning] = {
    **{name: meaning for metric in METRICS.values() for name, meaning in metric.results.items()},
    # What reports tell of the work itself, or measure by a separator.
    "silent_share": Meaning("share of silence"),
    "gain_db": Meaning("gain of the loudness stage (dB)"),
    "wer_to_source": Meaning("word error rate against the source's own words", "lower"),
    "music_level_lu": Meaning("music by the model's estimate, against the whole (LU)", "lower"),
}
"""Every result that reports tell."""


def evaluated(compared: Compared, *needs: Need) -> dict[str, float]:
    """The results of all metrics that need just `needs`; finite ones.

    Metrics that are undefined for these sounds, or whose extra is not installed, are left out.
    """
    found: dict[str, float] = {}
    for metric in METRICS.values():
        if metric.needs == needs:
            try:
                found |= metric.evaluate(compared)
            except (InputError, MissingExtraError):
                continue
    return {name: value for name, value in found.items() if np.isfinite(value)}
