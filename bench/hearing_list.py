"""Drawing the fixed list of `bench/hearing.py` from the held-out part of a pool."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sayso.train.data.midi import VALID_ONE_IN, lines_of, read_midi
from sayso.train.data.pool import read_pool
from sayso.train.data.questions import known_absent
from sayso.train.data.recipes import akin
from sayso.train.data.solos import CENTRES, instruments
from sayso.train.data.vocabulary import Label, load_vocabulary

SEED = 25
SOUND_PAIRS, INSTRUMENT_PAIRS, CAPTIONS = 60, 60, 60
LEVELS_DB = (0.0, 0.0, 5.0, -5.0)
PANS = ((0.0, 0.0), (0.0, 0.0), (-0.6, 0.5))
# How the sounds of captions happen; each fills a sentence by itself.
HAPPENINGS: Mapping[str, Sequence[str]] = {
    "airplane": ("an aeroplane flies overhead", "a jet passes high above"),
    "alarm": ("an alarm goes off", "an alarm beeps again and again"),
    "ball": ("a ball bounces on the floor", "someone dribbles a basketball"),
    "bell": ("a bell rings twice", "small bells jingle"),
    "big cat": ("a lion roars", "a tiger growls loudly"),
    "bubbles": ("water bubbles", "bubbles rise and pop"),
    "can": ("a tin can is kicked along", "someone opens a can"),
    "car engine": ("a car engine idles", "a car starts up"),
    "car horn": ("a car honks", "a driver sounds the horn"),
    "chewing": ("someone is eating noisily", "a person chews something crunchy"),
    "crickets": ("crickets chirp at night", "cicadas are singing"),
    "dog": ("a dog barks", "dogs bark in the distance"),
    "doorbell": ("the doorbell rings", "somebody rings at the door"),
    "drill": ("someone drills into a wall", "a power drill whirs"),
    "duck": ("ducks quack by a pond", "a duck quacks"),
    "engine": ("an engine runs", "a motor hums steadily"),
    "fan": ("a fan blows", "an electric fan spins"),
    "fire": ("a fire crackles", "flames crackle softly"),
    "footsteps": ("someone walks across the room", "footsteps come closer"),
    "gunshot": ("a gun is fired", "several shots ring out"),
    "knock": ("someone knocks three times", "there is a knock at the door"),
    "laughter": ("a woman laughs", "people are laughing"),
    "machine gun": ("a machine gun fires in bursts", "automatic gunfire is heard"),
    "metal": ("metal clangs", "pieces of metal are hit together"),
    "monkey": ("a monkey screeches", "monkeys chatter"),
    "paper": ("paper is crumpled up", "someone turns the pages of a newspaper"),
    "plastic": ("a plastic bag rustles", "someone crinkles plastic"),
    "printer": ("a printer prints a page", "an office printer whirs"),
    "rain": ("rain falls steadily", "it is raining hard"),
    "rooster": ("a rooster crows", "a cock crows in the morning"),
    "running water": ("water runs from a tap", "a stream flows"),
    "thunder": ("thunder rumbles", "thunder rolls far away"),
    "tape": ("duct tape is pulled off the roll", "someone rips velcro open"),
    "vacuum cleaner": ("a vacuum cleaner runs", "somebody is vacuuming the carpet"),
    "whistle": ("a whistle blows", "someone whistles a short signal"),
    "wood": ("a branch snaps", "wood cracks and breaks"),
    "woodpecker": ("a woodpecker drums on a tree", "a woodpecker pecks"),
}
SENTENCES = (
    "{} while {}",
    "{} and {}",
    "{} as {}",
    "{} before {}",
    "{} with {} in the background",
    "{} and then {}",
)
# "a dog barks with rain falls" is no English: this one takes a name.
NAMED = "{} with {} in the background"


def compose(pool: Path) -> list[dict[str, Any]]:
    """The whole list, always the same from the same pool."""
    rng = np.random.default_rng(SEED)
    sounds, recorded = _held_out(pool)
    played = _lines(pool)
    return [
        *_pairs("sounds", [sounds], SOUND_PAIRS, rng),
        *_pairs("instruments", [played, recorded], INSTRUMENT_PAIRS, rng),
        *_captions(sounds, rng),
    ]


def _held_out(
    pool: Path,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]:
    """Held-out files by concept: sounds, and recorded instruments."""
    vocabulary = load_vocabulary()
    sounds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    recorded: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for clip in read_pool(pool, vocabulary).clips:
        label = vocabulary.classify(clip.pool, clip.text)
        if clip.split != "valid" or clip.pool not in ("sounds", "samples") or label is None:
            continue
        source = {"file": clip.file, "text": clip.text, "pool": clip.pool}
        if "sound" in label.true and label.concept != "sound":
            sounds[label.concept].append(source)
        elif "instrumental" in label.true and label.concept not in ("instrumental", "drums"):
            recorded[label.concept].append(source)
    return dict(sounds), dict(recorded)


def _lines(pool: Path) -> dict[str, list[dict[str, Any]]]:
    """For each instrument two windows of held-out pieces, moved into its range."""
    vocabulary = load_vocabulary()
    pieces = [
        path
        for path in sorted((pool / "midi" / "freedoom").glob("*.mid"))
        if zlib.crc32(path.name.encode()) % VALID_ONE_IN == 0
    ]
    windows = list[tuple[str, str, float, float]]()
    for path in pieces:
        for line, members in sorted(lines_of(read_midi(path), vocabulary).items()):
            notes = sorted(members[0].notes, key=lambda n: float(n.start))
            for first in range(0, len(notes), 40):
                start = float(notes[first].start) - 0.1
                inside = [n for n in notes if start <= n.start < start + 8]
                if line != "drums" and 10 <= len(inside) <= 60:
                    middle = float(np.median([n.pitch for n in inside]))
                    windows.append((path.name, line, round(start, 3), middle))
    rng = np.random.default_rng(SEED + 1)
    out: dict[str, list[dict[str, Any]]] = {}
    for concept in instruments(vocabulary):
        for number in range(3):
            piece, line, start, middle = windows[int(rng.integers(len(windows)))]
            semitones = 12 * round((CENTRES.get(concept, 60.0) - middle) / 12)
            source = {"piece": piece, "line": line, "start_s": start, "semitones": semitones}
            source |= {"concept": concept, "seed": int(rng.integers(1 << 30)), "room": number == 1}
            out.setdefault(concept, []).append(source)
    return out


def _pairs(
    group: str,
    kinds: Sequence[Mapping[str, list[dict[str, Any]]]],
    count: int,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Pairs of different concepts, every concept about as often, and one absent question each."""
    vocabulary = load_vocabulary()
    items = list[dict[str, Any]]()
    decks = [_Deck(kind, rng) for kind in kinds]
    names = sorted({name for kind in kinds for name in kind})
    while len(items) < count:
        deck = decks[len(items) % len(decks)]
        pair = [deck.draw(), decks[0 if rng.random() < 0.5 else -1].draw()]
        labels = [_label(name, source) for name, source in pair]
        if any(
            a in label.true | label.unknown
            for (a, _), label in ((pair[0], labels[1]), (pair[1], labels[0]))
        ):
            continue
        absent = [name for name in known_absent(labels, vocabulary) if name in names]
        near = [n for n in absent if any(akin(n, name, vocabulary) for name, _ in pair)]
        from_ = near if near and len(items) % 2 else absent
        missing = from_[int(rng.integers(len(from_)))]
        number = len(items)
        level = LEVELS_DB[number % len(LEVELS_DB)]
        sources = [
            {**source, "level_db": level / 2 * sign, "pan": pan}
            for (_, source), sign, pan in zip(pair, (1, -1), PANS[number % len(PANS)], strict=True)
        ]
        asked: list[dict[str, Any]] = [
            {"words": _plain(name), "concept": name, "sources": [i]}
            for i, (name, _) in enumerate(pair)
        ]
        asked.append(
            {"words": _plain(missing), "concept": missing, "sources": [], "group": "absent"}
        )
        items.append(_item(f"{group} {number}", group, sources, asked))
    return items


def _captions(
    sounds: Mapping[str, list[dict[str, Any]]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Three sounds, two of them asked for in one sentence."""
    deck = _Deck({name: files for name, files in sounds.items() if name in HAPPENINGS}, rng)
    items = list[dict[str, Any]]()
    while len(items) < CAPTIONS:
        three = [deck.draw() for _ in range(3)]
        labels = [_label(name, source) for name, source in three]
        clash = any(
            three[i][0] in labels[j].true | labels[j].unknown
            for i in range(3)
            for j in range(3)
            if i != j
        )
        if clash:
            continue
        form = SENTENCES[len(items) % len(SENTENCES)]
        first = HAPPENINGS[three[0][0]]
        second = HAPPENINGS[three[1][0]] if form != NAMED else (_plain(three[1][0]),)
        words = form.format(
            first[int(rng.integers(len(first)))], second[int(rng.integers(len(second)))]
        )
        sources = [{**source, "level_db": 0.0, "pan": 0.0} for _, source in three]
        asked = [{"words": words, "concept": "+".join(n for n, _ in three[:2]), "sources": [0, 1]}]
        items.append(_item(f"captions {len(items)}", "captions", sources, asked))
    return items


class _Deck:
    """Draws concepts in turn, reshuffled when all have come, and the files of each in turn."""

    def __init__(self, kinds: Mapping[str, list[dict[str, Any]]], rng: np.random.Generator) -> None:
        self._kinds, self._rng = kinds, rng
        self._left = list[str]()
        self._taken: dict[str, int] = defaultdict(int)

    def draw(self) -> tuple[str, dict[str, Any]]:
        if not self._left:
            names = sorted(self._kinds)
            self._left = [names[i] for i in self._rng.permutation(len(names))]
        name = self._left.pop()
        files = self._kinds[name]
        self._taken[name] += 1
        return name, files[(self._taken[name] - 1) % len(files)]


def _label(name: str, source: Mapping[str, Any]) -> Label:
    vocabulary = load_vocabulary()
    if "file" not in source:
        return vocabulary.label(name)
    label = vocabulary.classify(source["pool"], source["text"])
    assert label is not None
    return label


def _plain(concept: str) -> str:
    return load_vocabulary().words(concept, held_out=False)[0]


def _item(
    name: str, group: str, sources: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> dict[str, Any]:
    kept = ("text", "pool")
    plain = [{k: v for k, v in source.items() if k not in kept} for source in sources]
    return {"name": name, "group": group, "sources": plain, "questions": asked}
