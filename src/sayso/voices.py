"""Whether the voice of a recording is sung or spoken, by listening to a little of it.

Where somebody speaks is where the voice is looked for; there the embedded model is asked for the
speech and for the vocals. A speaking voice is nearly all of what it finds as speech, less of it as
vocals; over music, a singing one is the other way round, or both lie far below the recording.

Run as a module it says so of a file, in a process of its own: `python -m sayso.voices FILE`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from sayso.atomic import put
from sayso.audio import Audio
from sayso.bounded import bound, run_bounded
from sayso.errors import ModelError, SaysoError
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from sayso.separate import Models

Voice: TypeAlias = Literal["sung", "spoken", "unsure"]

_WINDOW_S, _LISTENED_TO, _ASKED = 10.0, 12, 3
_LONGEST_S, _MOST_BYTES = 60.0, 4 << 30
_DEAF_DB = -12.0
# Fitted to 33 excerpts of sung music and 26 of speech, clean, in noise and over music: how much
# more is found as speech than as vocals, and how much of the recording that speech is.
_OF_SPEECH, _SPOKEN_ABOVE, _UNSURE = 1.2, 1.65, 1.0


def voice_of(audio: Audio, *, models: Models | None = None, watch: Watch = SILENT) -> Voice | None:
    """Whether the voice is sung or spoken; None where it cannot be told what sounds.

    Listens to two minutes at most, however long the recording is.

    Args:
        audio: any rate, channels and length.
        models: loads the embedded model; None loads it for this once.
        watch: cancelling, polled between blocks.
    Raises: Cancelled.
    """
    from sayso.separate import Models

    heard = _where_a_voice_is(audio, watch)
    if not np.abs(heard.samples).max() > 0:
        return None
    try:
        separator = (models or Models()).open("embedded")
        stems = separator.separate(heard, ("speech", "vocals"), watch=watch.quiet)
    except ModelError:
        return None
    speech_db, vocals_db = (_level_db(stems[name], heard) for name in ("speech", "vocals"))
    spoken = _lean(speech_db, vocals_db)
    if abs(spoken) < _UNSURE:
        return "unsure"
    return "spoken" if spoken > 0 else "sung"


def voice_of_file(path: Path, *, kept: Path | None = None, watch: Watch = SILENT) -> Voice | None:
    """As `voice_of`, of a file, in a process of its own; None also where that fails.

    Args:
        path: of the recording.
        kept: a file in which the answer is kept, so that it is listened to once.
        watch: cancelling.
    Raises: Cancelled, OutputError.
    """
    if kept is not None and kept.exists():
        said: bytes | None = kept.read_bytes()
    else:
        said = run_bounded(__name__, str(path), longest_s=_LONGEST_S, watch=watch)
        if kept is not None:
            put(kept, said or b"")
    known: tuple[Voice, ...] = ("sung", "spoken", "unsure")
    return next((voice for voice in known if said == voice.encode()), None)


def _lean(speech_db: float, vocals_db: float) -> float:
    """Above zero for a spoken voice, below for a sung one, in dB."""
    more = min(max(speech_db - vocals_db, -10.0), 10.0)
    return more + _OF_SPEECH * max(speech_db, _DEAF_DB) - _SPOKEN_ABOVE


def _where_a_voice_is(audio: Audio, watch: Watch) -> Audio:
    """The windows in which somebody speaks or sings most, one after another."""
    from sayso.measure.voice_activity import speech_chances

    frames = min(audio.frames, round(_WINDOW_S * audio.sample_rate))
    count = min(_LISTENED_TO, -(-audio.frames // max(frames, 1)))
    starts = np.linspace(0, audio.frames - frames, count).astype(int)
    windows = [audio.slice(int(start), int(start) + frames) for start in starts]
    chances = [float(speech_chances(w, watch=watch).mean()) for w in windows]
    best = sorted(np.argsort(chances)[::-1][:_ASKED])
    return Audio(np.concatenate([windows[at].samples for at in best], axis=1), audio.sample_rate)


def _level_db(stem: Audio, whole: Audio) -> float:
    ratio = float(np.mean(np.square(stem.samples)) / np.mean(np.square(whole.samples)))
    return 10 * float(np.log10(max(ratio, 1e-9)))


def _main(path: str) -> None:
    from sayso.audio import read

    bound(round(_LONGEST_S), _MOST_BYTES)
    with suppress(SaysoError):
        sys.stdout.write(voice_of(read(path)) or "")


if __name__ == "__main__":
    _main(*sys.argv[1:])
