"""How sound shows in a notebook."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from html import escape
from pathlib import Path

from sayso.audio.audio import Audio
from sayso.audio.writing import write

_LONGEST_S = 600.0
"""What is put into a page: about 10 MB."""


def player(audio: Audio, title: str = "") -> str:
    """HTML that plays `audio`, at most its first ten minutes, and says what it is.

    The sound is in the page itself, as mp3 of its first two channels.
    """
    said = [f"{audio.duration_s:.1f} s, {audio.sample_rate} Hz, {_channels(audio.channels)}"]
    if audio.duration_s > _LONGEST_S:
        said.append(f"the first {_LONGEST_S / 60:.0f} minutes are here")
    if audio.channels > 2:
        said.append("the first two channels are heard here")
    heard = Audio(audio.samples[:2, : round(_LONGEST_S * audio.sample_rate)], audio.sample_rate)
    with tempfile.TemporaryDirectory(prefix="sayso-") as folder:
        sound = b64encode(write(Path(folder) / "heard.mp3", heard).read_bytes()).decode()
    label = escape(": ".join([*filter(None, [title]), "; ".join(said)]))
    return (
        f'<figure><figcaption>{label}</figcaption><audio controls preload="metadata" '
        f'src="data:audio/mpeg;base64,{sound}"></audio></figure>'
    )


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")
