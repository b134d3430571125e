"""A store in a few compressed files, and back: for carrying it to another machine.

A shard is a plain archive: for every segment a line of JSON (its index entry and the length of its
stream in bytes), then the streams, Ogg Vorbis. Vorbis is lossy, which is right for training
material, most of which was Vorbis before.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

from sayso.atomic import put
from sayso.errors import DataError
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment, Store
from sayso.train.data.vocabulary import load_vocabulary
from sayso.watch import SILENT, Watch

MAGIC = b"sayso-shard-1\n"
DEFAULT_BYTES = 60 * 2**20
QUALITY = 0.4  # of Vorbis, from 0, about 64 kbit/s in stereo, to 1


def pack(
    store_root: Path,
    out_root: Path,
    *,
    parts: Collection[str] = (),
    shard_bytes: int = DEFAULT_BYTES,
    watch: Watch = SILENT,
) -> list[Path]:
    """Write the store, or some `parts` of it, as shards of at most `shard_bytes` each.

    Args:
        store_root: the store.
        out_root: folder for `shard-000.sayso`, ...; made where missing.
        parts: which parts; all where empty.
        shard_bytes: at least 1 MiB; a single segment larger than that gets a shard of its own.
        watch: progress and cancelling, polled between files.

    Raises: DataError when there is no store or nothing to pack.
    """
    store = Store(store_root, load_vocabulary())
    numbers = [i for i, s in enumerate(store.segments) if not parts or s.part in parts]
    if not numbers:
        raise DataError(f"nothing to pack: the store has no parts named {sorted(parts)}")
    out_root.mkdir(parents=True, exist_ok=True)
    shards: list[Path] = []
    entries: list[str] = []
    streams: list[bytes] = []
    for done, number in enumerate(numbers):
        stream = _encoded(_joined(store, number))
        if streams and sum(map(len, streams)) + len(stream) > shard_bytes * 0.97:
            shards.append(_write(out_root, len(shards), entries, streams))
            entries, streams = [], []
        entries.append(json.dumps({**asdict(store.segments[number]), "bytes": len(stream)}))
        streams.append(stream)
        watch.check()
        watch.report((done + 1) / len(numbers))
    shards.append(_write(out_root, len(shards), entries, streams))
    return shards


def unpack(shards: Collection[Path], store_root: Path) -> int:
    """Build or extend the store at `store_root` from shards; how many segments were stored.

    Raises: DataError for a file that is no shard or is cut short.
    """
    stored = 0
    for shard in sorted(shards):
        for segment, samples in read_shard(shard):
            with PartWriter(store_root, segment.part) as writer:
                writer.append_packed(samples, segment)
            stored += 1
    return stored


def read_shard(path: Path) -> Iterator[tuple[Segment, Floats]]:
    """Each segment of a shard with the samples `[C, T]` of its pieces, one after another."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected a shard that `pack` wrote")
    with path.open("rb") as handle:
        if handle.read(len(MAGIC)) != MAGIC:
            raise DataError(f"{path.name}: not a shard of training data; expected sayso-shard-1")
        try:
            count = int(handle.readline())
            entries = [json.loads(handle.readline()) for _ in range(count)]
        except ValueError as error:
            raise DataError(f"{path.name}: cut short or damaged; copy it again") from error
        for entry in entries:
            stream = handle.read(entry.pop("bytes"))
            entry["pieces"] = tuple(tuple(piece) for piece in entry["pieces"])
            segment = Segment(**entry)
            try:
                samples, _ = soundfile.read(io.BytesIO(stream), dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                raise DataError(f"{path.name}: cut short or damaged; copy it again") from error
            yield segment, _fitted(samples.T, segment)


def _joined(store: Store, number: int) -> Floats:
    """The sounding pieces of a segment one after another, `[C, T]`."""
    segment = store.segments[number]
    pieces = [store.read(number, start, frames) for start, _, frames in segment.pieces]
    return np.concatenate(pieces, axis=1)


def _encoded(samples: Floats) -> bytes:
    out = io.BytesIO()
    with soundfile.SoundFile(
        out,
        "w",
        SAMPLE_RATE,
        len(samples),
        format="OGG",
        subtype="VORBIS",
        compression_level=1.0 - QUALITY,
    ) as file:
        # libsndfile's Vorbis encoder keeps a whole write on the stack; small ones are safe.
        for start in range(0, samples.shape[1], SAMPLE_RATE):
            file.write(samples[:, start : start + SAMPLE_RATE].T)
    return out.getvalue()


def _fitted(samples: Floats, segment: Segment) -> Floats:
    """`samples` cut or padded to the length that the segment's pieces add up to."""
    missing = segment.active_frames - samples.shape[1]
    if missing > SAMPLE_RATE:
        raise DataError(f"{segment.file}: {missing} frames missing from its shard; copy it again")
    padded = np.pad(samples, ((0, 0), (0, max(0, missing))))
    return np.ascontiguousarray(padded[:, : segment.active_frames], np.float32)


def _write(root: Path, number: int, entries: list[str], streams: list[bytes]) -> Path:
    path = root / f"shard-{number:03d}.sayso"
    head = MAGIC + f"{len(entries)}\n".encode() + "".join(e + "\n" for e in entries).encode()
    return put(path, head + b"".join(streams))
