"""Recordings in containers of all kinds, made with what ships with PyAV, and damage to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from sayso.audio import Audio


def sweep(seconds: float = 6.0, *, rate: int = 44_100, channels: int = 1) -> Audio:
    """A tone that rises in waves over a little noise: no two stretches of it are alike."""
    at = np.arange(round(seconds * rate)) / rate
    level = 0.3 * (0.6 + 0.4 * np.sin(2 * np.pi * 1.3 * at))
    noise = 0.01 * np.random.default_rng(3).standard_normal((channels, len(at)))
    voices = [np.sin(2 * np.pi * (200 + 100 * n + 40 * at) * at) for n in range(channels)]
    return Audio((level * np.stack(voices) + noise).astype(np.float32), rate)


def contain(
    path: Path,
    sounds: Sequence[Audio],
    *,
    codec: str = "pcm_s16le",
    form: str | None = None,
    picture_s: float = 0.0,
    starts_s: float = 0.0,
    without: tuple[float, float] = (0.0, 0.0),
    languages: Sequence[str] = (),
    options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
) -> Path:
    """Writes sound tracks to a container, with a picture of some seconds where asked."""
    layouts = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
    with av.open(str(path), "w", format=form, options=options or {}) as out:
        packets = []
        if picture_s:
            video = out.add_stream("mpeg4", rate=25)
            video.width = video.height = 32
            video.pix_fmt = "yuv420p"
        streams = []
        for number, sound in enumerate(sounds):
            stream = out.add_stream(codec, rate=sound.sample_rate, options=codec_options or {})
            stream.codec_context.layout = layouts[sound.channels]
            if number < len(languages):
                stream.metadata["language"] = languages[number]
            streams.append(stream)
        if picture_s:
            blank = np.zeros((32, 32, 3), np.uint8)
            for _ in range(round(picture_s * 25)):
                packets += video.encode(av.VideoFrame.from_ndarray(blank, format="rgb24"))
            packets += video.encode(None)
        for sound, stream in zip(sounds, streams, strict=True):
            packets += _encoded(stream, sound, starts_s, without)
        for packet in sorted(packets, key=lambda p: float((p.dts or 0) * p.time_base)):
            out.mux(packet)
    return path


def _encoded(stream, sound, starts_s, without):
    rate, layout = sound.sample_rate, stream.codec_context.layout.name
    form = stream.codec_context.codec.audio_formats[0].name
    stream.codec_context.format = form
    size = stream.codec_context.frame_size or 960
    resampler = av.AudioResampler(form, layout, rate, frame_size=size)
    packets = []
    for start in range(0, sound.frames, size):
        if without[0] * rate <= start < without[1] * rate:
            continue
        block = np.ascontiguousarray(sound.samples[:, start : start + size].T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, start + round(starts_s * rate)
        for converted in resampler.resample(frame):
            packets += stream.encode(converted)
        for converted in resampler.resample(None):
            packets += stream.encode(converted)
        resampler = av.AudioResampler(form, layout, rate, frame_size=size)
    return packets + stream.encode(None)


def spoil(path: Path, *, share: float = 1 / 3, length: int = 300, seed: int = 0) -> Path:
    """A copy with some bytes replaced by noise."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * share)
    data[at : at + length] = np.random.default_rng(seed).bytes(length)
    bad = path.with_name(f"bad-{path.name}")
    bad.write_bytes(data)
    return bad


def delay(of: Audio, against: Audio, start_s: float, stop_s: float) -> float:
    """How many samples later the channel's stretch lies in `of`, by correlation; mono."""
    rate = against.sample_rate
    pattern = against.samples[0, round(start_s * rate) : round(stop_s * rate)]
    reach = rate // 5
    low = round(start_s * rate) - reach
    window = of.block(low, low + len(pattern) + 2 * reach)[0]
    size = 1 << (len(window) + len(pattern)).bit_length()
    product = np.fft.rfft(window, size) * np.conj(np.fft.rfft(pattern, size))
    found = np.fft.irfft(product, size)[: 2 * reach + 1]
    return int(np.argmax(found)) - reach
