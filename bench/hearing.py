"""A fixed list of questions about sounds and instruments, and how well models answer it.

    python bench/hearing.py list POOL > bench/hearing.json
    python bench/hearing.py measure POOL SOUNDFONT [--model NAME or MODEL.onnx ...] [--out FILE]

`list` draws the list from the pool's held-out files and pieces; it was run once, and what it wrote
is kept beside this file (file names, levels, words; no audio), so that metrics of different days
compare. `measure` builds the mixtures from it, asks, and prints by group: the median SI-SDR
improvement with its quartiles, and how far below the mixture answers lie to what is absent.

Groups: `sounds` and `instruments` are pairs asked for by plain names; `captions` are two of three
sounds asked for in one sentence; `absent` asks pairs for what is not there, half of it akin to what
is. Half of the instruments are lines of held-out pieces played by a soundfont that training does
not use (Debian's csound-soundfont), the others held-out recordings. A third of the pairs is panned.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hearing_list import compose
from quality import level_db
from sayso.audio import Audio, Samples
from sayso.errors import SaysoError
from sayso.measure.si_sdr import si_sdr
from sayso.separate import Separator, load
from sayso.train.data import augment
from sayso.train.data.build import decode
from sayso.train.data.lines import top_line
from sayso.train.data.melody import Note
from sayso.train.data.midi import lines_of, read_midi
from sayso.train.data.solos import SINGING, solo_of
from sayso.train.data.store import SAMPLE_RATE
from sayso.train.data.vocabulary import load_vocabulary

LIST = Path(__file__).with_name("hearing.json")
FRAMES = 8 * SAMPLE_RATE
GAP = int(0.6 * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a mixture `[2, T]`, and the answer: zeros for what is absent."""

    item: str
    group: str
    words: str
    mix: Samples
    target: Samples


def questions(
    entries: Sequence[Mapping[str, Any]], pool: Path, soundfont: Path
) -> Iterator[Question]:
    """Every question of the list with its audio, made from the pool and a soundfont."""
    for entry in entries:
        waves = [_placed(_sound(source, pool, soundfont), source) for source in entry["sources"]]
        mix = np.sum(waves, axis=0)
        gain = np.float32(0.7 / np.abs(mix).max())
        for asked in entry["questions"]:
            target = np.zeros_like(mix)
            for number in asked["sources"]:
                target += waves[number]
            group = asked.get("group", entry["group"])
            yield Question(entry["name"], group, asked["words"], mix * gain, target * gain)


def _sound(source: Mapping[str, Any], pool: Path, soundfont: Path) -> Samples:
    """Eight seconds `[T]` of a source: a file, repeated after pauses, or a line of a piece."""
    if "file" in source:
        samples = decode(pool / source["file"])[0].mean(axis=0)
        if len(samples) < FRAMES:
            period = len(samples) + GAP
            samples = np.tile(np.pad(samples, (0, GAP)), -(-FRAMES // period))
        return samples[:FRAMES]
    notes = _notes(pool / "midi" / "freedoom" / source["piece"], source["line"], source["start_s"])
    if source["concept"] in SINGING:
        notes = top_line(notes)
    moved = [Note(n.start_s, n.end_s, n.pitch + source["semitones"]) for n in notes]
    # The generator draws the same programs, velocities and vibrato every time.
    rng = np.random.default_rng(source["seed"])
    samples = solo_of(source["concept"], moved, soundfont, rng, room=source["room"]).mean(axis=0)
    return np.pad(samples, (0, max(0, FRAMES - len(samples))))[:FRAMES]


@cache
def _notes(piece: Path, line: str, start_s: float) -> list[Note]:
    notes = lines_of(read_midi(piece), load_vocabulary())[line][0].notes
    return [
        Note(n.start - start_s, min(n.end - start_s, 8.0), float(n.pitch))
        for n in sorted(notes, key=lambda n: float(n.start))
        if start_s <= n.start < start_s + 7.9
    ]


def _placed(samples: Samples, source: Mapping[str, Any]) -> Samples:
    loud = augment.to_level(samples[None], -20.0 + source["level_db"])[0]
    right = 0.5 + 0.5 * source["pan"]
    return np.stack(
        [loud * np.float32(np.sqrt(2 * (1 - right))), loud * np.sqrt(2 * right)]
    ).astype(np.float32)


def measure(separator: Separator, asked: Sequence[Question]) -> list[dict[str, Any]]:
    """A row a question: its improvement in dB, or the level of what is absent; None if refused."""
    rows = []
    for question in asked:
        row: dict[str, Any] = {
            "item": question.item,
            "group": question.group,
            "words": question.words,
            "db": None,
        }
        if separator.supports(question.words):
            found = separator.separate(Audio(question.mix, SAMPLE_RATE), [question.words])
            made = found[question.words].samples
            row["db"] = round(
                level_db(made, question.mix)
                if question.group == "absent"
                else _sdr(made, question.target) - _sdr(question.mix, question.target),
                2,
            )
        rows.append(row)
    return rows


def _sdr(estimate: Samples, target: Samples) -> float:
    if not np.any(estimate):
        return -30.0
    try:
        return max(-30.0, float(np.mean(si_sdr(estimate, target))))
    except SaysoError:
        return -30.0


def show(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The table of one model."""
    groups: dict[str, list[float]] = defaultdict(list)
    refused: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["db"] is None:
            refused[row["group"]] += 1
        groups[row["group"]].append(0.0 if row["db"] is None else row["db"])
    print(f"\n## {name}\n\n| group | questions | median | quartiles | mean | refused |")
    print("|---" * 6 + "|")
    for group, values in groups.items():
        low, middle, high = np.percentile(values, [25, 50, 75])
        print(
            f"| {group} | {len(values)} | {middle:.1f} | {low:.1f} to {high:.1f} "
            f"| {np.mean(values):.1f} | {refused[group]} |"
        )


def main() -> None:
    """Writes the list, or measures models on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    listing = kinds.add_parser("list")
    listing.add_argument("pool", type=Path)
    measuring = kinds.add_parser("measure")
    measuring.add_argument("pool", type=Path)
    measuring.add_argument("soundfont", type=Path)
    measuring.add_argument("--model", nargs="+", default=["embedded"])
    measuring.add_argument("--group", help="only mixtures of this group")
    measuring.add_argument("--every", type=int, default=1, help="take every n-th mixture only")
    measuring.add_argument("--out", type=Path, help="write all rows as JSON")
    arguments = parser.parse_args()
    if arguments.kind == "list":
        lines = ",\n".join(json.dumps(entry) for entry in compose(arguments.pool))
        sys.stdout.write(f"[\n{lines}\n]\n")
        return
    entries = json.loads(LIST.read_text(encoding="utf-8"))
    entries = [e for e in entries if arguments.group in (None, e["group"])][:: arguments.every]
    asked = list(questions(entries, arguments.pool, arguments.soundfont))
    results = {}
    for name in arguments.model:
        results[name] = measure(load(name), asked)
        show(name, results[name])
    if arguments.out:
        arguments.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
