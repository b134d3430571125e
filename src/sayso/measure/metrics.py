"""Every figure that reports tell: what it is, in words, and which way it is better.

A metric is a module of this room with `evaluate`, which gives metrics by name, and their rows here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """What a figure is, and whether less or more of it is better; None where that depends."""

    meaning: str
    better: Literal["lower", "higher"] | None = None


METRICS: Mapping[str, Metric] = {
    "lufs": Metric("loudness (LUFS)"),
    "true_peak_db": Metric("true peak (dBTP)"),
    "sample_peak_db": Metric("sample peak (dBFS)"),
    "clipped_share": Metric("share of samples clipped", "lower"),
    "background_db": Metric("quiet moments, below loud ones (dB)", "lower"),
    "silent_share": Metric("share of silence"),
    "music_to_speech_db": Metric("masked music-to-speech ratio (dB)", "lower"),
    "gain_db": Metric("gain of the loudness stage (dB)"),
    "dnsmos_sig": Metric("DNSMOS, speech (1 to 5)", "higher"),
    "dnsmos_bak": Metric("DNSMOS, background (1 to 5)", "higher"),
    "dnsmos_ovr": Metric("DNSMOS, overall (1 to 5)", "higher"),
    "music_presence": Metric("music, by its recogniser (0 to 1)", "lower"),
    "si_sdr": Metric("SI-SDR (dB)", "higher"),
    "stoi": Metric("STOI", "higher"),
    "estoi": Metric("extended STOI", "higher"),
    "pesq": Metric("PESQ (1 to 4.6)", "higher"),
    "speech_loss_db": Metric("speech lost (dB)", "lower"),
    "wer": Metric("word error rate", "lower"),
    "wer_to_source": Metric("word error rate against the source's own words", "lower"),
    "music_level_lu": Metric("music by the model's estimate, against the whole (LU)", "lower"),
}
