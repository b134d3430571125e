"""Every figure that reports tell: what it is, in words, and which way it is better.

A metric is a module of this room with `evaluate`, which gives figures by name, and their rows here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """What a figure is, and whether less or more of it is better; None where that depends."""

    meaning: str
    better: Literal["lower", "higher"] | None = None


FIGURES: Mapping[str, Figure] = {
    "lufs": Figure("loudness (LUFS)"),
    "true_peak_db": Figure("true peak (dBTP)"),
    "sample_peak_db": Figure("sample peak (dBFS)"),
    "clipped_share": Figure("share of samples clipped", "lower"),
    "background_db": Figure("quiet moments, below loud ones (dB)", "lower"),
    "silent_share": Figure("share of silence"),
    "music_to_speech_db": Figure("masked music-to-speech ratio (dB)", "lower"),
    "gain_db": Figure("gain of the loudness stage (dB)"),
    "dnsmos_sig": Figure("DNSMOS, speech (1 to 5)", "higher"),
    "dnsmos_bak": Figure("DNSMOS, background (1 to 5)", "higher"),
    "dnsmos_ovr": Figure("DNSMOS, overall (1 to 5)", "higher"),
    "music_presence": Figure("music, by its recogniser (0 to 1)", "lower"),
    "si_sdr": Figure("SI-SDR (dB)", "higher"),
    "stoi": Figure("STOI", "higher"),
    "estoi": Figure("extended STOI", "higher"),
    "pesq": Figure("PESQ (1 to 4.6)", "higher"),
    "speech_loss_db": Figure("speech lost (dB)", "lower"),
    "wer": Figure("word error rate", "lower"),
    "wer_to_source": Figure("word error rate against the source's own words", "lower"),
    "music_level_lu": Figure("music by the model's estimate, against the whole (LU)", "lower"),
}
