"""Sung or spoken, told by listening: the demo song, made-up speech, and nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio, write
from sayso.studio import Studio
from sayso.voices import voice_of, voice_of_file
from sayso.watch import Watch


def test_the_demo_song_is_sung(demo: Mapping[str, Audio]) -> None:
    assert voice_of(demo["mix"]) == "sung"
    session = Studio().open(demo["mix"])
    assert "Pulling out the vocals" in session.say("isolate the voice").text
    assert session.desk.deliver == ("vocals",)


@pytest.mark.parametrize("seed", [0, 1])
def test_made_up_speech_is_spoken(speak: Callable[..., Audio], seed: int) -> None:
    assert voice_of(speak(6.0, seed=seed)) == "spoken"
    session = Studio().open(speak(6.0, seed=seed))
    reply = session.say("Isolate the voice")
    assert "Pulling out the speech" in reply.text
    assert "spoken" in reply.text


def test_of_a_file_it_is_told_in_a_process_of_its_own(
    demo: Mapping[str, Audio], tmp_path: Path
) -> None:
    path = write(tmp_path / "song.wav", demo["mix"].slice(0, 8 * 44_100))
    kept = tmp_path / "kept"
    assert voice_of_file(path, kept=kept) == "sung"
    path.unlink()
    assert voice_of_file(path, kept=kept) == "sung"
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    assert voice_of_file(tmp_path / "noise.wav") is None


@pytest.mark.parametrize("frames", [1, 44_100])
def test_silence_has_no_voice(frames: int) -> None:
    assert voice_of(Audio(np.zeros((2, frames), np.float32), 44_100)) is None


def test_it_listens_to_a_little_of_long_recordings(noise: Callable[..., Audio]) -> None:
    seen: list[float] = []
    hour = Audio(np.tile(noise(10.0, channels=1).samples, (1, 60)), 44_100)
    voice_of(hour, watch=Watch(seen.append))
    assert len(seen) < 1000
