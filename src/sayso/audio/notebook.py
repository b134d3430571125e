"""How sound shows in a notebook."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
import numpy.typing as npt

_LONGEST_S = 600.0
"""What is put into a page: about 10 MB."""
_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def player(samples: npt.NDArray[np.float32], sample_rate: int, title: str = "") -> str:
    """HTML that plays sound, at most its first ten minutes, and says what it is.

    Args:
        samples: `[C, T]`; the first two channels are heard.
        sample_rate: in Hz.
        title: what stands before it.

    The sound is in the page itself, as mp3.
    """
    channels, frames = samples.shape
    count = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    said = [f"{frames / sample_rate:.1f} s, {sample_rate} Hz, {count}"]
    if frames > _LONGEST_S * sample_rate:
        said.append(f"the first {_LONGEST_S / 60:.0f} minutes are heard here")
    if channels > 2:
        said.append("the first two channels are heard here")
    heard = samples[:2, : round(_LONGEST_S * sample_rate)]
    if (peak := float(np.abs(heard).max())) > 1:
        said.append(f"{20 * np.log10(peak):.1f} dB quieter here, as it passes full scale")
        heard = heard / peak
    label = escape(": ".join([*filter(None, [title]), "; ".join(said)]))
    return (
        f'<figure><figcaption>{label}</figcaption><audio controls preload="metadata" '
        f'src="data:audio/mpeg;base64,{b64encode(_mp3(heard, sample_rate)).decode()}"></audio>'
        "</figure>"
    )


def _mp3(samples: npt.NDArray[np.float32], sample_rate: int) -> bytes:
    import soundfile
    import soxr

    rate = min((r for r in _RATES if r >= sample_rate), default=_RATES[-1])
    sound = samples.T if rate == sample_rate else soxr.resample(samples.T, sample_rate, rate)
    file = BytesIO()
    soundfile.write(file, sound, rate, format="MP3")
    return file.getvalue()
