"""How well edits are recovered and learnt.

    python bench/edit.py align POOL [--recordings 20] [--minutes 5 10] [--cache DIR] [--only N ...]
    python bench/edit.py tighten POOL [--recordings 30] [--minutes 5] [--only N ...]
    python bench/edit.py learn POOL --soundfont FILE.sf2 [--cache DIR] [--only PERSON ...]
    python bench/edit.py long POOL EDITOR [--hours 3]

POOL is a folder of licensed sound with a manifest.csv; see `edit_material`.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from edit_material import RATE, Cutting, Pool, cut, mixed
from edit_rehearsals import EDITORS, Band, Rehearsal
from edit_speech import READERS
from edit_tight import bench_tighten
from sayso.align.align import Alignment, Match, align
from sayso.align.copies import same_sound
from sayso.align.landmarks import RATE as LOW_RATE
from sayso.align.mono import mono
from sayso.align.offsets import Line, settle
from sayso.audio import Audio, Samples, Writer, read, write
from sayso.autoedit.apply import point_out
from sayso.autoedit.editor import Editor
from sayso.autoedit.features import extract_features
from sayso.timeline import Clip
from sayso.train.editor import EditorConfig, learn
from sayso.train.editor_files import METHODS, Example, beside, judge, means
from sayso.train.editor_lessons import Pair


@dataclass(frozen=True)
class Placed:
    """How well one edit was recovered.

    Attributes:
        errors_s: of every true boundary, to the nearest of the same kind that was found.
        share: of the edited time, placed within 50 ms.
        copies: clips that were placed on another copy of the same sound, which counts as right.
    """

    minutes: float
    speed: float
    edited_s: float
    errors_s: list[float]
    share: float
    copies: int
    seconds: float


def compare(truth: Cutting, found: Alignment, raw: Audio) -> tuple[list[float], float, int]:
    """Errors of the joins in seconds, the share of time that is placed right, and copies."""
    grid, at = [], 0.0
    for clip in truth.clips:
        grid.append((at, at + clip.frames / truth.speed, clip))
        at += clip.frames / truth.speed
    low = mono(raw, LOW_RATE)
    pairs = [_on_its_copy(match, grid, truth.speed, low) for match in found.matches]
    matches = [match for match, _ in pairs]
    errors, right, total = [], 0, 0
    for start, stop, clip in grid:
        times = np.arange(start, stop, 0.01 * RATE)
        want = clip.start + (times - start) * truth.speed
        got = np.full(len(times), np.nan)
        for match in matches:
            inside = (times >= match.start) & (times < match.stop)
            got[inside] = match.clip.start + (times[inside] - match.start) * match.speed
        good = np.abs(got - want) < 0.05 * RATE
        right += int(good.sum())
        total += len(good)
        for edge in (clip.start, clip.stop):
            ends = [m.clip.start if edge == clip.start else m.clip.stop for m in matches]
            errors.append(min((abs(end - edge) / RATE for end in ends), default=np.inf))
    return errors, right / total, sum(moved for _, moved in pairs)


def _on_its_copy(
    match: Match, grid: list[tuple[float, float, Clip]], speed: float, low: Samples
) -> tuple[Match, bool]:
    """A match moved to the true place where its own is a copy of that to the sample."""
    start, _, clip = max(
        grid, key=lambda part: min(match.stop, part[1]) - max(match.start, part[0])
    )
    shift = match.clip.start - (clip.start + (match.start - start) * speed)
    if abs(shift) < 0.05 * RATE:
        return match, False
    scale = LOW_RATE / RATE
    span = (match.clip.start - shift) * scale, (match.clip.stop - shift) * scale
    line = settle(low, low, Line(*span, 1.0, shift * scale))
    if not same_sound(low, line):
        return match, False
    by = round(line.offset / scale)
    moved = Clip(start=max(0, match.clip.start - by), stop=match.clip.stop - by)
    return replace(match, clip=moved), True


def _align_one(pool: Pool, number: int, minutes: float, folder: Path) -> Placed:
    """Makes a recording and an edit of it, unless they are in `folder`, and aligns them."""
    kept, known = folder / f"raw{number}.wav", folder / f"truth{number}.json"
    speed = (1.0, 1.0, 1.02, 0.98)[number % 4]
    if not known.exists():
        raw = mixed(pool, 60 * minutes, seed=number)
        write(kept, raw, encoding="pcm16")
        truth = cut(raw, folder / f"edit{number}.mp3", seed=number, speed=speed)
        known.write_text(json.dumps([clip.model_dump() for clip in truth.clips]))
    clips = tuple(Clip(**clip) for clip in json.loads(known.read_text()))
    truth = Cutting(folder / f"edit{number}.mp3", clips, speed)
    raw, edited = read(kept), read(truth.path)
    began = time.perf_counter()
    found = align(raw, edited)
    seconds = time.perf_counter() - began
    errors, share, copies = compare(truth, found, raw)
    return Placed(minutes, speed, edited.duration_s, errors, share, copies, seconds)


def bench_align(
    pool: Pool, count: int, minutes: tuple[float, float], cache: Path | None, only: list[int]
) -> None:
    """Prints a row a recording and the metrics over all; what is in `cache` is not made again."""
    rng = np.random.default_rng(0)
    lengths = [float(rng.uniform(*minutes)) for _ in range(count)]
    rows = []
    print("recording  minutes  speed  edited_s  median_ms  p90_ms  placed  copies  seconds")
    with tempfile.TemporaryDirectory() as folder:
        for number, length in enumerate(lengths):
            if only and number not in only:
                continue
            where = cache or Path(folder)
            result = where / f"placed{number}.json"
            if result.exists():
                row = Placed(**json.loads(result.read_text()))
            else:
                where.mkdir(parents=True, exist_ok=True)
                row = _align_one(pool, number, length, where)
                if cache is not None:
                    result.write_text(json.dumps(vars(row)))
            rows.append(row)
            apart = 1e3 * np.array(row.errors_s)
            print(
                f"{number:9d}  {row.minutes:7.1f}  {row.speed:5.2f}  {row.edited_s:8.1f}"
                f"  {np.median(apart):9.2f}  {np.quantile(apart, 0.9):6.1f}"
                f"  {row.share:6.2%}  {row.copies:6d}  {row.seconds:7.1f}",
                flush=True,
            )
    for name, some in (
        ("all", rows),
        ("as it was", [row for row in rows if row.speed == 1.0]),
        ("2% off", [row for row in rows if row.speed != 1.0]),
    ):
        if some:
            apart = 1e3 * np.concatenate([row.errors_s for row in some])
            shares = [row.share for row in some]
            placed = np.average(shares, weights=[row.edited_s for row in some])
            print(
                f"{name}: median {np.median(apart):.2f} ms, 90% within "
                f"{np.quantile(apart, 0.9):.1f} ms; placed {placed:.2%}, "
                f"the least {min(shares):.2%}; "
                f"{np.median([10 * row.seconds / row.minutes for row in some]):.1f} s "
                "for 10 minutes of raw"
            )


def _cached(folder: Path | None, name: str, make: Callable[[], Rehearsal]) -> Rehearsal:
    if folder is None:
        return make()
    path = folder / f"{name}.pickle"
    if path.exists():
        made: Rehearsal = pickle.loads(path.read_bytes())
        return made
    folder.mkdir(parents=True, exist_ok=True)
    made = make()
    path.write_bytes(pickle.dumps(made))
    return made


def bench_learn(
    pool: Pool, soundfont: Path, cache: Path | None, steps: int, only: list[str]
) -> None:
    """Learns each made-up editor from six pairs and prints how the other four come out."""
    band = Band(pool.root / "midi" / "freedoom", soundfont)
    for name, (make, edit) in (EDITORS | READERS).items():
        if only and name.split()[0] not in only:
            continue
        examples = []
        for seed in range(10):
            raw = _cached(cache, f"{make.__name__}{seed}", partial(make, pool, band, seed + 100))
            pair = Pair(extract_features(raw.audio), edit(raw))
            examples.append(Example(f"{make.__name__} {seed}", raw.audio, pair))
        began, work = time.perf_counter(), time.process_time()
        config = EditorConfig(steps=steps, threads=1)
        editor = learn([example.pair for example in examples[:6]], config=config)
        spent = time.perf_counter() - began, time.process_time() - work
        outcomes = [
            judge(editor, example, method) for method in METHODS for example in examples[6:]
        ]
        for example in examples[6:]:
            outcomes += beside(example, editor.keep_ratio)
        print(f"{name}: learnt in {spent[0]:.0f} s, {spent[1]:.0f} s of one processor")
        for method, row in means(outcomes).items():
            print(f"  {method:14s}" + "".join(_column(value) for value in row.values()))
        each = [f"{o.scores.iou:.2f}/{o.scores.boundary_f:.2f}" for o in outcomes[:4]]
        print("  the pointer on each:", " ".join(each))
        print(f"  by default: {editor.by}; usual length {editor.usual_s}, {editor.keep_ratio:.0%}")
        loops = [_loops(example, editor) for example in examples[6:]]
        print("  seconds heard again, right, in all, and in truth:", loops, flush=True)
        if cache is not None:
            editor.save(cache / f"{name.split()[0]}.editor")


def _column(value: float | None) -> str:
    return f"{'-':>10s}" if value is None else f"{value:10.3f}"


def _loops(example: Example, editor: Editor) -> tuple[int, int, int]:
    """Seconds heard again: in the pointer's edit and in truth, in the former, in the latter."""
    timelines = point_out(example.audio, example.pair.heard, editor), example.pair.timeline
    again = []
    for timeline in timelines:
        rate = timeline.sample_rate
        count = np.zeros(example.audio.frames // rate + 1)
        for clip in timeline.clips:
            count[clip.start // rate : clip.stop // rate] += 1
        again.append(count > 1)
    return int((again[0] & again[1]).sum()), int(again[0].sum()), int(again[1].sum())


def bench_long(pool: Pool, path: Path, hours: float) -> None:
    """Edits one long recording and prints the time of each part and the peak of memory.

    It is five minutes again and again, each time begun elsewhere and with noise of its own.
    """
    piece = mixed(pool, 300, seed=0)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "long.wav"
        with Writer(file, RATE, 2, encoding="pcm16") as out:
            for _ in range(round(hours * 12)):
                part = np.roll(piece.samples, int(rng.integers(piece.frames)), axis=1)
                noise = 1e-3 * rng.standard_normal(piece.frames, dtype=np.float32)
                out.append(part + noise)
        audio, editor = read(file), Editor.open(path)
        times = [time.perf_counter()]
        heard = extract_features(audio)
        times.append(time.perf_counter())
        timeline = point_out(audio, heard, editor)
        times.append(time.perf_counter())
    seconds = np.diff(times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{audio.duration_s / 3600:.2f} h: heard {seconds[0]:.1f} s, edited {seconds[1]:.1f} s "
        f"({audio.duration_s / seconds.sum():.0f} times real time), {len(timeline.clips)} clips, "
        f"peak {peak:.2f} GiB"
    )


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("align")
    one.add_argument("pool", type=Path)
    one.add_argument("--recordings", type=int, default=20)
    one.add_argument("--minutes", type=float, nargs=2, default=(5.0, 10.0))
    one.add_argument("--cache", type=Path)
    one.add_argument("--only", type=int, nargs="+", default=[], help="numbers of recordings")
    two = kinds.add_parser("learn")
    two.add_argument("pool", type=Path)
    two.add_argument("--soundfont", type=Path, required=True)
    two.add_argument("--cache", type=Path)
    two.add_argument("--steps", type=int, default=EditorConfig().steps)
    two.add_argument(
        "--only",
        nargs="+",
        default=[],
        help="people: drops, keeps, plays, loops, twice, cleans, whole",
    )
    tight = kinds.add_parser("tighten")
    tight.add_argument("pool", type=Path)
    tight.add_argument("--recordings", type=int, default=30)
    tight.add_argument("--minutes", type=float, default=5.0)
    tight.add_argument("--only", type=int, nargs="+", default=[], help="numbers of recordings")
    three = kinds.add_parser("long")
    three.add_argument("pool", type=Path)
    three.add_argument("editor", type=Path)
    three.add_argument("--hours", type=float, default=3.0)
    arguments = parser.parse_args()
    if arguments.kind == "tighten":
        pool = Pool.open(arguments.pool)
        bench_tighten(pool, arguments.recordings, arguments.minutes, arguments.only)
    if arguments.kind == "learn":
        bench_learn(
            Pool.open(arguments.pool),
            arguments.soundfont,
            arguments.cache,
            arguments.steps,
            arguments.only,
        )
    if arguments.kind == "long":
        bench_long(Pool.open(arguments.pool), arguments.editor, arguments.hours)
    if arguments.kind == "align":
        bench_align(
            Pool.open(arguments.pool),
            arguments.recordings,
            tuple(arguments.minutes),
            arguments.cache,
            arguments.only,
        )


if __name__ == "__main__":
    main()
