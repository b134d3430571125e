"""Time codes as SMPTE ST 12-1 counts them, and the rates of frames that are usual."""

from __future__ import annotations

import re
from fractions import Fraction

from sayso.errors import RangeError

PICTURE_HZ = Fraction(30)
"""Pictures a second in formats made for pictures, where the recording has none and nobody says."""
USUAL_HZ = "23.976, 24, 25, 29.97, 30, 50, 59.94 or 60"
_CODE = re.compile(r"(\d{1,3})[:;.,](\d{2})[:;.,](\d{2})(?:[:;.,](\d{2,3}))?")
_NTSC = [Fraction(nominal * 1000, 1001) for nominal in (24, 30, 48, 60, 120)]
_NEAR_HZ = Fraction(1, 200)


def frame_rate(text: str) -> Fraction:
    """A rate of frames as people write it: 25, 29.97, 30000/1001.

    Raises: RangeError.

    >>> frame_rate("29.97"), frame_rate("24000/1001"), frame_rate("25")
    (Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25, 1))
    """
    found = re.fullmatch(
        r"(\d{1,6}(?:\.\d{1,9})?)(?:/(0*[1-9]\d{0,5}))?", text.strip().replace(",", ".")
    )
    rate = Fraction(found.group(1)) / int(found.group(2) or 1) if found else Fraction(0)
    if not 1 <= rate <= 1000:
        raise RangeError(f"the rate {text[:20]!r}: expected frames a second, such as {USUAL_HZ}")
    return near(rate)


def near(rate: Fraction) -> Fraction:
    """The exact rate where a rounded one such as 29.97 or 23.98 is meant."""
    return next((exact for exact in _NTSC if abs(rate - exact) < _NEAR_HZ), rate)


def drops(rate: Fraction) -> bool:
    """Whether drop-frame codes exist at a rate: at 29.97 and 59.94."""
    return rate in (Fraction(30000, 1001), Fraction(60000, 1001))


def parse(code: str, rate: Fraction, *, drop: bool) -> int:
    """The number of the frame that a time code names, counted from 00:00:00:00.

    Args:
        code: HH:MM:SS:FF; without FF, the first frame of the second.
        rate: frames a second.
        drop: whether two (at 59.94 four) numbers a minute are left out, but every tenth.

    Raises: RangeError for what is none, or a frame that the rate does not have.

    >>> parse("01:00:00:00", Fraction(25), drop=False)
    90000
    >>> parse("00:01:00;02", Fraction(30000, 1001), drop=True)
    1800
    """
    found = _CODE.fullmatch(code.strip())
    nominal = round(rate)
    if found is None or int(found.group(2)) > 59 or int(found.group(3)) > 59:
        raise RangeError(f"{code[:20]!r} is no time code; expected HH:MM:SS:FF")
    hours, minutes, seconds = (int(found.group(at)) for at in (1, 2, 3))
    frames = int(found.group(4) or 0)
    if frames >= nominal:
        raise RangeError(
            f"the time code {code} names frame {frames} of a second, but at {float(rate):g} frames "
            f"a second there are 0 to {nominal - 1}. Say the right rate"
        )
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if drop:
        all_minutes = hours * 60 + minutes
        count -= nominal // 15 * (all_minutes - all_minutes // 10)
    return count


def render(count: int, rate: Fraction) -> str:
    """The non-drop time code of a frame.

    >>> render(90_012, Fraction(25))
    '01:00:00:12'
    """
    nominal = round(rate)
    seconds, frames = divmod(count, nominal)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}:{frames:02}"
