"""Decoding what a stranger sent: in a process of its own, with bounds on time and memory.

A recording is decoded once, when it arrives, into a plain float32 WAV with its tags and covers;
nothing after that ever opens the stranger's file. Run as a module, this file is that process.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sayso import errors
from sayso.bounded import bound, run_bounded
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from sayso.service.settings import Limits

_SAMPLE_BYTES = 4


@dataclass(frozen=True)
class Decoded:
    """What a recording turned out to hold; `notes` are what the person should know of it."""

    sample_rate: int
    channels: int
    frames: int
    notes: list[str]


def decode(upload: Path, out: Path, limits: Limits, watch: Watch = SILENT) -> Decoded:
    """Decodes `upload` into the float32 WAV `out`.

    Raises: FormatError, EmptyAudioError, NotFiniteError, ShapeError, RangeError for too much sound,
        LimitError when it takes more time or memory than it may, Cancelled.
    """
    bounds = (limits.seconds, limits.decoded_bytes, limits.decoding_s, limits.decoding_bytes)
    arguments = (str(upload), str(out), *map(str, bounds))
    said = run_bounded(__name__, *arguments, longest_s=2 * limits.decoding_s, watch=watch)
    if not said:
        raise errors.LimitError(
            f"decoding the file takes more than {limits.decoding_s} s or "
            f"{limits.decoding_bytes >> 20} MiB; save it as wav or flac, or send less of it"
        )
    told = json.loads(said)
    if "error" in told:
        raise getattr(errors, told["error"])(told["message"])
    return Decoded(**told)


def _main(
    upload: str, out: str, seconds: str, most_bytes: str, cpu_s: str, memory_bytes: str
) -> None:
    from sayso.audio import probe, read, read_tags, write
    from sayso.timeline.chapters import carried

    bound(int(cpu_s), int(memory_bytes))
    notes: list[str] = []
    try:
        shape = probe(upload)
        room_s = int(most_bytes) / (_SAMPLE_BYTES * shape.channels * shape.sample_rate)
        audio = read(upload, notice=notes.append, longest_s=min(float(seconds), room_s))
        tags, said = carried(read_tags(upload), Path(out))
        if said is not None:
            notes.append(said)
        write(out, audio, encoding="float32", tags=tags)
    except errors.SaysoError as error:
        told: dict[str, object] = {"error": type(error).__name__, "message": str(error)}
    else:
        told = {
            "sample_rate": audio.sample_rate,
            "channels": audio.channels,
            "frames": audio.frames,
            "notes": notes,
        }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    _main(*sys.argv[1:])
