"""The picture of a video cut as its sound was, which takes encoding it anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from sayso.audio.formats import Picture

Stretches: TypeAlias = Sequence[tuple[float, float, float, float]]
"""What is played: where each begins and ends in the video, where it begins in the result, in
seconds, and how much faster it is played."""
_TICKS = 90_000
_OPTIONS = {"libx264": {"crf": "18", "preset": "fast"}, "libvpx-vp9": {"crf": "30", "b": "0"}}


class Cut:
    """Encodes the picture of `video` as `stretches` play it.

    Args:
        out: the container that it goes into; a stream is added to it.
        stream: the picture, in a container of its own that can be sought.
        kind: of the result.
        stretches: in the order of playing.
    """

    def __init__(self, out: Any, stream: Any, kind: Picture, stretches: Stretches) -> None:
        self._stream, self._stretches = stream, stretches
        rate = stream.average_rate or Fraction(25)
        self.made = out.add_stream(kind.codec, rate=rate, options=_OPTIONS.get(kind.codec, {}))
        self.made.width, self.made.height = stream.width, stream.height
        self.made.pix_fmt = "yuv420p"
        self.made.time_base = self.made.codec_context.time_base = Fraction(1, _TICKS)

    def packets(self) -> Iterator[Any]:
        """The encoded packets, in the order of decoding."""
        last = -1
        for frame, at_s in self._frames():
            pts = round(at_s * _TICKS)
            if pts <= last:
                continue  # played faster than it can be shown
            plain = frame.reformat(format="yuv420p")
            plain.pts, plain.time_base, plain.pict_type = pts, Fraction(1, _TICKS), 0
            last = pts
            yield from self.made.encode(plain)
        yield from self.made.encode(None)

    def _frames(self) -> Iterator[tuple[Any, float]]:
        """Every picture that is shown, and when."""
        for start_s, stop_s, at_s, speed in self._stretches:
            shown = None
            for frame, time_s in self._from(start_s):
                if time_s >= stop_s:
                    break
                if time_s < start_s:
                    shown = frame  # still to be seen when the stretch begins
                    continue
                if shown is not None and time_s > start_s:
                    yield shown, at_s
                shown = None
                yield frame, at_s + (time_s - start_s) / speed
            if shown is not None:
                yield shown, at_s

    def _from(self, start_s: float) -> Iterator[tuple[Any, float]]:
        """Pictures from the last one that can be decoded at or before a time."""
        container, tick = self._stream.container, self._stream.time_base
        container.seek(max(0, int(start_s / tick)), stream=self._stream)
        for frame in container.decode(self._stream):
            if frame.pts is not None:
                yield frame, float(frame.pts * tick)
