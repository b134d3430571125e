"""Clips from times in seconds or in coarse frames, with errors that name the clip."""

from __future__ import annotations

from fractions import Fraction

from sayso.desk.timeline import Clip
from sayso.edit.exchange.files import Media
from sayso.errors import FormatError

COARSE_HZ = 30
"""Frames a second in formats that were made for pictures."""


def clip_of(number: int, start_s: float, stop_s: float, media: Media, gain_db: float = 0.0) -> Clip:
    """Seconds `start_s` to `stop_s` of `media`; an end that overshoots by a frame is pulled in.

    Raises: FormatError for a clip that ends before it starts or lies outside.
    """
    rate = media.sample_rate
    start, stop = round(start_s * rate), round(stop_s * rate)
    slack = rate // COARSE_HZ + 1
    if stop > media.frames and stop - media.frames <= slack:
        stop = media.frames
    if not 0 <= start < stop <= media.frames:
        raise FormatError(
            f"clip {number} runs from {start_s:.3f} to {stop_s:.3f} s; expected a stretch within "
            f"the {media.frames / rate:.3f} s of {media.path}"
        )
    return Clip(start=start, stop=stop, gain_db=min(max(gain_db, -60.0), 24.0))


def coarse(frames: int, sample_rate: int) -> int:
    """Sample frames as the nearest coarse frame."""
    return round(Fraction(frames * COARSE_HZ, sample_rate))
