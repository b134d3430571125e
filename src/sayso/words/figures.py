"""Sounds, numbers, times and lists as one says them."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.desk import MIX, complement_of


def joined(parts: Sequence[str]) -> str:
    """A list as one says it.

    >>> joined(["the bass", "the drums", "the piano"])
    'the bass, the drums and the piano'
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


def spoken(target: str) -> str:
    """A target as one says it.

    >>> spoken("vocals"), spoken("no drums"), spoken("mix")
    ('the vocals', 'everything but the drums', 'the whole mix')
    """
    left_out = complement_of(target)
    if left_out is not None:
        return f"everything but {spoken(left_out)}"
    if target == MIX:
        return "the whole mix"
    return "the other sounds" if target == "other" else f"the {target}"


def number(value: float) -> str:
    """A number without needless zeros, with a real minus.

    >>> number(-3.0), number(0.35)
    ('−3', '0.35')
    """
    return f"{value:g}".replace("-", "−")


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds.

    >>> clock(75), clock(0.5), clock(3723)
    ('1:15', '0:00.5', '1:02:03')
    """
    whole, rest = divmod(round(seconds, 3), 1)
    minutes, second = divmod(int(whole), 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{rest:.3f}".rstrip("0")[1:].rstrip(".") if rest else ""
    head = f"{hours}:{minutes:02d}" if hours else str(minutes)
    return f"{head}:{second:02d}{fraction}"
