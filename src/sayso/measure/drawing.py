"""Pictures of sound and figures with no plotting library: SVG and PNG as text, for pages.

Everything that is drawn takes its colours from the page through CSS classes, so that it is right on
dark and on light; a spectrogram brings its own.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, peaks, stft, upright, window_frames

_WIDTH, _HISTOGRAM_HEIGHT, _WAVE_HEIGHT = 360, 150, 72
_BINS = 24
_ROWS, _LOWEST_HZ = 128, 60.0
_RANGE_DB = 70.0
# Dark violet to light yellow, even steps of lightness.
_PALETTE = (
    (8, 6, 30),
    (66, 15, 100),
    (134, 33, 107),
    (200, 62, 77),
    (243, 120, 25),
    (252, 255, 200),
)


def histogram(series: Mapping[str, Sequence[float]], *, title: str) -> str:
    """An SVG of the distribution of several series over common bins.

    Args:
        series: CSS class -> finite values; drawn in this order, each over the one before.
        title: said above, and to those who cannot see it.
    Returns: SVG; nothing where no series has a value, or all values are one.
    """
    known = {name: np.asarray(values, float) for name, values in series.items() if len(values)}
    if not known:
        return ""
    everything = np.concatenate(list(known.values()))
    low, high = float(everything.min()), float(everything.max())
    if high - low < 1e-9:
        return ""
    edges = np.linspace(low, high, _BINS + 1)
    counts = {name: np.histogram(values, edges)[0] for name, values in known.items()}
    most = max(int(count.max()) for count in counts.values())
    left, top, bottom = 30, 8, 22
    width, height = _WIDTH - left - 8, _HISTOGRAM_HEIGHT - top - bottom
    step = width / _BINS
    parts = [_axis(left, top, width, height, low, high, most)]
    for name, count in counts.items():
        bars = "".join(
            f"M{left + at * step:.1f} {top + height}v{-height * n / most:.1f}h{step - 1:.1f}"
            f"V{top + height}z"
            for at, n in enumerate(count)
            if n
        )
        middle = left + (float(np.median(known[name])) - low) / (high - low) * width
        parts.append(f'<path class="bar {name}" d="{bars}"/>')
        parts.append(
            f'<line class="median {name}" x1="{middle:.1f}" x2="{middle:.1f}" y1="{top}" '
            f'y2="{top + height}"/>'
        )
    return _svg(_WIDTH, _HISTOGRAM_HEIGHT, title, "".join(parts))


def waveform(audio: Audio, *, full: float, title: str) -> str:
    """An SVG of the outline of `audio`; `full` is the amplitude that fills the height."""
    outline = peaks(audio, _WIDTH)
    lows, highs = outline[..., 0].min(axis=0), outline[..., 1].max(axis=0)
    middle = _WAVE_HEIGHT / 2
    scale = (middle - 1) / max(full, 1e-9)
    tall = np.maximum((highs - lows) * scale, 0.6)
    path = "".join(
        f"M{x + 0.5:.1f} {middle - high * scale:.1f}v{height:.1f}"
        for x, (high, height) in enumerate(zip(highs, tall, strict=True))
    )
    return _svg(_WIDTH, _WAVE_HEIGHT, title, f'<path class="wave" d="{path}"/>')


def spectrogram(audio: Audio, *, title: str, loudest: float | None = None) -> tuple[str, float]:
    """An `<img>` of the spectrogram of `audio`, low frequencies below, octaves of equal height.

    Args:
        audio: some seconds.
        title: for those who cannot see it.
        loudest: the power that is white, so that two pictures compare; None takes its own.
    Returns: HTML and the loudest power.
    """
    n_fft = window_frames(0.046, audio.sample_rate)
    hop = n_fft // 4
    samples = upright(audio).samples.mean(axis=0)
    power = np.abs(stft(samples, n_fft, hop=hop)) ** 2
    hz = np.geomspace(_LOWEST_HZ, audio.sample_rate / 2, _ROWS)
    rows = power[np.minimum(np.round(hz * n_fft / audio.sample_rate).astype(int), n_fft // 2)]
    columns = np.linspace(0, power.shape[1] - 1, min(2 * _WIDTH, power.shape[1])).astype(int)
    rows = rows[::-1, columns]
    top = float(rows.max()) if loudest is None else loudest
    shade = 1 + 10 * np.log10(np.maximum(rows, 1e-20) / max(top, 1e-20)) / _RANGE_DB
    picture = png((np.clip(shade, 0, 1) * 255).astype(np.uint8))
    data = base64.b64encode(picture).decode()
    return (
        f'<img class="spectrogram" alt="{escape(title)}" src="data:image/png;base64,{data}">',
        top,
    )


def png(shades: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of `shades` [rows, columns], 0 the darkest, in the palette of the spectrograms."""
    at = np.linspace(0, len(_PALETTE) - 1, 256)
    anchors = np.array(_PALETTE, float)
    colours = np.stack([np.interp(at, range(len(anchors)), anchors[:, c]) for c in range(3)], 1)
    height, width = shades.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), shades], axis=1)  # filter 0: none

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"PLTE", colours.round().astype(np.uint8).tobytes()),
            chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            chunk(b"IEND", b""),
        )
    )


def _axis(left: int, top: int, width: int, height: int, low: float, high: float, most: int) -> str:
    base = top + height
    ticks = [low, (low + high) / 2, high]
    anchors = ("start", "middle", "end")
    labels = "".join(
        f'<text x="{left + width * at / 2:.0f}" y="{base + 15}" text-anchor="{anchor}">'
        f"{_short(tick)}</text>"
        for at, (tick, anchor) in enumerate(zip(ticks, anchors, strict=True))
    )
    return (
        f'<line class="axis" x1="{left}" x2="{left + width}" y1="{base}" y2="{base}"/>{labels}'
        f'<text x="{left - 4}" y="{top + 9}" text-anchor="end">{most}</text>'
        f'<text x="{left - 4}" y="{base}" text-anchor="end">0</text>'
    )


def _short(number: float) -> str:
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2g}"


def _svg(width: int, height: int, title: str, content: str) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {width} {height}" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )
