"""What words are told of a recording: found out in a process of its own, and kept beside it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sayso.voices import voice_of_file
from sayso.watch import Watch
from sayso.words import Facts


def facts_of(recording: Path, watch: Watch) -> Facts:
    """The facts of a session's recording, each found out when words first ask for it."""
    kept = recording.with_name("voice")
    return Facts(voice=partial(voice_of_file, recording, kept=kept, watch=watch))
