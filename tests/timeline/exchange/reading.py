"""Reading edits as the doors do, but here: a process of its own is slow for a hundred."""

from __future__ import annotations

from fractions import Fraction

from sayso.timeline.exchange import Media
from sayso.timeline.exchange.parsing import parse
from sayso.timeline.exchange.placing import place

RATE, FRAMES = 48_000, 48_000 * 60


def found(named):
    return Media(named or "raw.wav", RATE, FRAMES)


def read(text, suffix, *, rate=None, start=None, find=found):
    """The edit in `text` and its notes."""
    content = text if isinstance(text, bytes) else text.encode()
    project = parse(content, suffix, None if rate is None else Fraction(rate))
    return place(project, find, start=start)


def spans_s(edit):
    """Where its clips begin and end, in seconds."""
    return [(clip.start / RATE, clip.stop / RATE) for clip in edit.timeline.clips]


def gaps_s(edit):
    """The silences before its clips, in seconds."""
    return [clip.gap / RATE for clip in edit.timeline.clips]


def heard_s(text, suffix, **options):
    """`spans_s` of what `text` says."""
    return spans_s(read(text, suffix, **options)[0])
