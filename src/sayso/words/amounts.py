"""How much "a bit" is: every convention about amounts that were not given as numbers.

"Twice as loud" follows the sone rule: a loudness factor f is 10 log2(f) dB (Stevens 1955, JASA
27:815). A share of the volume, "half the volume", "by 20%", is one of the amplitude, as on a fader.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2, log10
from typing import Literal, TypeAlias

SILENT_DB = -60.0

# How far "more", "louder", "up" go: aspect -> size -> difference (of tempo: the share).
STEPS: Mapping[str, Mapping[str, float]] = {
    "gain": {"small": 2.0, "normal": 4.0, "large": 8.0, "max": 12.0},
    "eq": {"small": 2.0, "normal": 4.0, "large": 8.0, "max": 12.0},
    "reverb": {"small": 0.1, "normal": 0.2, "large": 0.4, "max": 1.0},
    "delay": {"small": 0.1, "normal": 0.2, "large": 0.3, "max": 1.0},
    "pitch": {"small": 1.0, "normal": 2.0, "large": 4.0, "max": 12.0},
    "pan": {"small": 0.15, "normal": 0.25, "large": 0.5, "max": 1.0},
    "distort": {"small": 0.1, "normal": 0.2, "large": 0.4, "max": 1.0},
    "chorus": {"small": 0.1, "normal": 0.2, "large": 0.4, "max": 1.0},
    "width": {"small": 0.15, "normal": 0.3, "large": 0.6, "max": 1.0},
    "tempo": {"small": 0.05, "normal": 0.1, "large": 0.25, "max": 0.5},
}
# How much of an effect is set by its name alone: "some reverb", "lots of echo", "left".
SETTINGS: Mapping[str, Mapping[str, float]] = {
    "reverb": {"small": 0.15, "normal": 0.3, "large": 0.6, "max": 1.0},
    "delay": {"small": 0.15, "normal": 0.3, "large": 0.5, "max": 0.8},
    "distort": {"small": 0.15, "normal": 0.3, "large": 0.6, "max": 1.0},
    "chorus": {"small": 0.25, "normal": 0.5, "large": 0.75, "max": 1.0},
    "pan": {"small": 0.25, "normal": 0.5, "large": 1.0, "max": 1.0},
}
# How much of the last change is taken back by "too much", "a bit too much", "way too much".
TAKEN_BACK: Mapping[str, float] = {"small": 0.25, "normal": 0.5, "large": 0.75}
Strength: TypeAlias = Literal["low", "medium", "high"]
STRENGTHS: tuple[Strength, ...] = ("low", "medium", "high")
COMPRESSION: Mapping[str, Strength] = {
    "small": "low", "low": "low", "normal": "medium", "large": "high", "high": "high",
    "max": "high",
}  # fmt: skip
# What a band is called -> where its peaking band is, in hertz.
BANDS_HZ: Mapping[str, float] = {
    "sub": 50.0, "low": 100.0, "boom": 120.0, "warm": 200.0, "mud": 300.0, "mid": 1000.0,
    "nasal": 1000.0, "presence": 3000.0, "clear": 3000.0, "sibilance": 7000.0, "high": 8000.0,
    "air": 12_000.0, "dull": 8000.0, "thin": 200.0, "tinny": 3000.0,
}  # fmt: skip
# Where a filter stands that was asked for without a frequency, in hertz.
CUTOFF_HZ: Mapping[str, float] = {"lowpass": 1000.0, "highpass": 200.0, "rumble": 80.0}
BANDPASS_HZ = (300.0, 3400.0)
PLATFORM_LUFS = -14.0
CEILING_DB = -1.0


def step(aspect: str, size: str) -> float:
    """How far an aspect goes for one "more" of a size.

    >>> step("gain", "small"), step("gain", "high")
    (2.0, 4.0)
    """
    sizes = STEPS[aspect]
    return sizes.get(size, sizes["normal"])


def setting(aspect: str, size: str) -> float:
    """What an aspect is set to when only a size is given."""
    sizes = SETTINGS[aspect]
    return sizes.get(size, sizes["normal"])


def level_db(share: float) -> float:
    """The level difference of a share of the volume, as on a fader, to a tenth of a dB.

    >>> level_db(0.5), level_db(1.5), level_db(0)
    (-6.0, 3.5, -60.0)
    """
    if share <= 0:
        return SILENT_DB
    return max(round(20 * log10(share), 1), SILENT_DB)


def loudness_db(factor: float) -> float:
    """The level difference that sounds `factor` times as loud, to a tenth of a dB.

    >>> loudness_db(2), loudness_db(1.5), loudness_db(0)
    (10.0, 5.8, -60.0)
    """
    if factor <= 0:
        return SILENT_DB
    return max(round(10 * log2(factor), 1), SILENT_DB)
