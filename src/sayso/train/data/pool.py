"""Reading a training pool: a folder of sounds with a `manifest.csv` that says what each one is.

The manifest has a row a file: `file, pool, label, licence, author, origin, seconds`, and whatever
else one likes to keep. Files that cannot be used are skipped and counted by reason, never silently.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.store import Segment
from sayso.train.data.vocabulary import Vocabulary

Split = Literal["train", "valid"]
COLUMNS = ("file", "pool", "label", "licence", "author", "origin", "seconds")
VALID_SOURCES = frozenset(
    {"songs/3-sodium", "songs/mdn-multitrack", "singing/minato", "singing/erithacus"}
)
# One in so many files, by the CRC-32 of the file's name, is kept for validation.
VALID_ONE_IN: Mapping[str, int] = {"samples": 10, "sounds": 10, "backing": 4, "ambience": 6}


class Clip(Frozen):
    """One file of the pool: where it is, what it holds, who made it, and which split it is in."""

    path: Path
    file: str
    pool: str
    text: str
    source: str
    split: Split
    licence: str
    author: str
    origin: str
    seconds: float


class Pool(Frozen):
    """The usable clips of a pool and the number of files skipped for each reason."""

    clips: tuple[Clip, ...]
    skipped: Mapping[str, int]


def read_pool(root: Path, vocabulary: Vocabulary) -> Pool:
    """The clips that `manifest.csv` under `root` lists and that can be trained on.

    Skipped with a count: files that are missing or empty, of no stated licence, of an unusable
    label, and stems longer than the rest of their song by over a second.

    Raises: DataError when the manifest is missing, lacks columns, or no clip is usable.
    """
    skipped: Counter[str] = Counter()
    clips: list[Clip] = []
    for row in _rows(root):
        clip = _clip(root, row)
        reason = _unusable(clip, vocabulary)
        if reason:
            skipped[reason] += 1
        else:
            clips.append(clip)
    clips = _without_overlong_stems(clips, skipped)
    if not clips:
        raise DataError(f"no usable file in {root}: {dict(skipped)}; check the manifest's paths")
    return Pool(clips=tuple(clips), skipped=dict(skipped))


def split_of(pool: str, source: str, name: str) -> Split:
    """The split by source: held-out songs, singers, LibriSpeech speakers ending in 7, one in n."""
    if source in VALID_SOURCES:
        return "valid"
    if source.startswith("speech/librispeech/"):
        return "valid" if source.endswith("7") else "train"
    one_in = VALID_ONE_IN.get(pool)
    return "valid" if one_in and zlib.crc32(name.encode()) % one_in == 0 else "train"


def attributions(rows: Iterable[Clip | Segment]) -> list[str]:
    """A line for every origin, licence and author, with the number of files; for a model's card.

    Takes a pool's clips, or a store's segments, which include what was rendered or made of them.
    """
    counts: Counter[tuple[str, str, str]] = Counter(
        (clip.origin, clip.licence, clip.author) for clip in rows
    )
    return [
        f"{origin} ({licence}){f' by {author}' if author else ''}: {files} files"
        for (origin, licence, author), files in sorted(counts.items())
    ]


def _rows(root: Path) -> Iterator[dict[str, str]]:
    manifest = root / "manifest.csv"
    if not manifest.is_file():
        raise DataError(f"no manifest.csv in {root}; give the folder that holds it")
    with manifest.open(newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise DataError(f"{manifest} lacks the columns {missing}; expected {list(COLUMNS)}")
        # A short row lacks its last columns.
        yield from ({name: row[name] or "" for name in COLUMNS} for row in reader)


def _clip(root: Path, row: Mapping[str, str]) -> Clip:
    file, pool = row["file"], row["pool"]
    stem = Path(file).stem
    try:
        seconds = float(row["seconds"] or 0.0)
    except ValueError:
        raise DataError(
            f"manifest.csv: {file} lasts {row['seconds']!r} seconds; expected a number"
        ) from None
    source = _source(file, pool, row["label"])
    return Clip(
        path=root / file,
        file=file,
        pool=pool,
        text=f"{row['label']} {stem}" if pool == "songs" else row["label"],
        source=source,
        split=split_of(pool, source, Path(file).name),
        licence=row["licence"],
        author=row["author"],
        origin=row["origin"],
        seconds=seconds,
    )


def _source(file: str, pool: str, label: str) -> str:
    """The singer, speaker, song, instrument or series of takes that a file belongs to."""
    folder, stem = file.partition("/")[2].partition("/")[0], Path(file).stem
    if pool == "songs":
        return f"songs/{folder}"
    if pool == "singing":
        return f"singing/{label.split(':')[-1]}"
    if pool == "speech" and folder.startswith("librispeech"):
        speaker = re.search(r"\d+", stem)
        return f"speech/librispeech/{speaker.group() if speaker else stem}"
    if pool == "speech" and folder == "vctk":
        return f"speech/vctk/{stem.split('-')[0]}"
    if pool == "speech" and "whisper" in label:
        return f"speech/{folder}"
    if pool == "notes":
        kind = re.split(r"[ _]", label.removeprefix("drum kit "))[0]
        return f"notes/{folder}/{re.sub(r'[#0-9]+$', '', kind) if 'kit' in label else label}"
    if pool in ("samples", "sounds"):
        series = re.sub(r"[-_ ]*\d+[a-z]?$", "", stem)
        return f"{pool}/{label}/{series}"
    return file


def _unusable(clip: Clip, vocabulary: Vocabulary) -> str | None:
    if vocabulary.classify(clip.pool, clip.text) is None:
        return "label without a concept"
    if not clip.licence:
        return "no licence stated"
    if clip.seconds <= 0.02:
        return "empty"
    return None if clip.path.is_file() else "file missing"


def _without_overlong_stems(clips: list[Clip], skipped: Counter[str]) -> list[Clip]:
    """The clips less those stems that run on for over a second after most of their song."""
    lengths: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        if clip.pool == "songs":
            lengths[clip.source].append(clip.seconds)
    usual = {song: sorted(values)[len(values) // 2] for song, values in lengths.items()}
    kept = [c for c in clips if c.pool != "songs" or c.seconds <= usual[c.source] + 1.0]
    if len(kept) < len(clips):
        skipped["stem longer than its song"] += len(clips) - len(kept)
    return kept
