"""The packets of a stream, decoded one by one: one that is damaged ends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sayso.audio.flac import frame_place
from sayso.audio.mpeg import frame_bytes
from sayso.audio.placing import Heard

_MOST_FAILURES = 10_000  # one after the other, before a file is given up
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN", b"3DI")


class Packets:
    """Decodes the packets of a stream, and goes on after those that cannot be decoded.

    Attributes:
        counting: time stamps only count what was found.
        end: the time stamp at which the last packet ends, in ticks.
    """

    def __init__(self, container: Any, stream: Any, *, counting: bool) -> None:
        self._container, self._stream = container, stream
        self._tick_s = float(stream.time_base or 0)
        self._flac = (
            container.format.name in ("flac", "ogg") and stream.codec_context.name == "flac"
        )
        self.counting = counting
        self.end: int | None = None
        self._bytes = self._count = 0
        self._expected: int | None = None
        self._last = 0.0

    def heard(self, rate: int) -> Iterator[Heard]:
        """Every frame, with its place in samples at `rate`, and what was lost before it."""
        import av

        torn, lost, padding = False, 0.0, False
        for packet in self._demuxed():
            if packet is None:
                torn = True
                continue
            skipped = self._skipped(packet) if self.counting else 0
            if skipped:
                torn, lost = True, lost + skipped * self._length(packet, rate)
            try:
                frames = packet.decode()
            except av.error.EOFError:
                continue
            except (av.FFmpegError, ValueError):
                if not _head(packet).startswith(_TAGS):
                    # Zeros fill up what follows the last frame, too.
                    padding = not _head(packet).strip(b"\0") and (padding or not torn)
                    torn, lost = True, lost + self._stands_for(packet) * self._length(packet, rate)
                continue
            for frame in frames:
                stamped = frame.pts is not None and (self._flac or not self.counting)
                at = frame.pts * self._tick_s * rate if stamped else None
                self._last = frame.samples * rate / frame.sample_rate
                yield Heard(frame, self._last, at, torn or frame.is_corrupt, lost)
                torn, lost, padding = False, 0.0, False
        if torn and lost and not padding:
            yield Heard(None, torn=True, lost=lost)

    def _length(self, packet: Any, rate: int) -> float:
        """How many samples a packet that cannot be decoded may hold."""
        if self.counting:
            return self._last  # before the first frame nothing can be said to be lost
        return (packet.duration or 0) * self._tick_s * rate

    def _demuxed(self) -> Iterator[Any]:
        """Packets; None where something between them could not be read."""
        import av

        failures = 0
        while failures < _MOST_FAILURES:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    if (start := packet.pts) is not None:
                        self.end = start + (packet.duration or 0)
                    if self._flac:
                        self._stamp(packet)
                    yield packet
                return
            except av.error.EOFError:
                return
            except (av.FFmpegError, ValueError):
                failures += 1
                yield None

    def _stamp(self, packet: Any) -> None:
        """Gives a FLAC packet the place that its own header tells."""
        extra = self._stream.codec_context.extradata or b""
        place = frame_place(_head(packet), int.from_bytes(extra[:2], "big"))
        if place is not None:
            packet.pts = round(place[0] / self._stream.rate / self._stream.time_base)

    def _skipped(self, packet: Any) -> int:
        """How many packets may have been where bytes before this one were no packets."""
        if packet.pos is None or not packet.size:
            return 0
        skipped = 0 if self._expected is None else packet.pos - self._expected
        mean = self._bytes / self._count if self._count else packet.size
        self._expected = packet.pos + packet.size
        self._bytes, self._count = self._bytes + packet.size, self._count + 1
        return max(0, round(skipped / mean)) if skipped > 0 else 0

    def _stands_for(self, packet: Any) -> int:
        """How many packets a broken one stands for: a parser adds on what it cannot tell apart."""
        mean = self._bytes / self._count if self._count > 1 else packet.size
        own = frame_bytes(_head(packet)) or mean
        return 1 + max(0, round((packet.size - own) / mean)) if self.counting and mean else 1


def _head(packet: Any) -> bytes:
    return memoryview(packet)[:16].tobytes() if packet.size else b""
