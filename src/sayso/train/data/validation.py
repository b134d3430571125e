"""Fixed validation items from held-out material only: songs, speakers, music, noises, sounds.

Nothing here is random from run to run, so metrics of different runs compare. Levels: songs as they
were mixed; two sounds at 0 dB. Questions are the plain wordings, with some for what is absent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sayso.train.data import augment
from sayso.train.data.material import Material
from sayso.train.data.questions import ROLES, known_absent
from sayso.train.data.store import SAMPLE_RATE, Floats, Store
from sayso.train.data.vocabulary import Label, Vocabulary

FRAMES = 8 * SAMPLE_RATE
EXCERPTS_A_SONG = 7
RENDERED_ITEMS = 8
PAIRS = 20
SPEECH_ITEMS = 8


@dataclass(frozen=True, slots=True)
class ValidationItem:
    """A mixture `[2, T]` with answers `[Q, 2, T]` to `queries`; zeros for what is absent.

    `group` is "song", "rendered", "speech+music", "speech+noise", "sounds" or "instruments".
    """

    name: str
    group: str
    mix: Floats
    targets: Floats
    queries: tuple[str, ...]
    concepts: tuple[str, ...]


def validation_items(
    store: Store, vocabulary: Vocabulary, *, rendered: bool = False
) -> list[ValidationItem]:
    """Every item, in a fixed order; empty groups where the store lacks held-out material.

    With `rendered`, excerpts of held-out pieces rendered from MIDI come too.
    """
    material = Material(store, vocabulary, split="valid")
    return [
        *song_items(material),
        *(song_items(material, rendered=True) if rendered else ()),
        *speech_items(material, "speech+music"),
        *speech_items(material, "speech+noise"),
        *sound_items(material),
    ]


def song_items(material: Material, *, rendered: bool = False) -> list[ValidationItem]:
    """Excerpts of held-out songs in which the most roles sound, asked for the four roles.

    Several of each recorded song; with `rendered`, one of each rendered piece instead.
    """
    items = []
    group = "rendered" if rendered else "song"
    songs = sorted(s for s in material.songs if s.startswith("renders") == rendered)
    for song in songs[:RENDERED_ITEMS] if rendered else songs:
        for start in _varied_excerpts(material, song, 1 if rendered else EXCERPTS_A_SONG):
            sources = material.song_sources(song, start, FRAMES)
            waves = [(s.label, np.broadcast_to(s.samples, (2, FRAMES))) for s in sources]
            items.append(_item(f"{song} at {start // SAMPLE_RATE} s", group, waves, list(ROLES)))
    return items


def speech_items(material: Material, group: str, *, snr_db: float = 0.0) -> list[ValidationItem]:
    """Held-out speakers, each once, at `snr_db` over held-out music or noise.

    `group` is "speech+music" or "speech+noise".
    """
    segments = material.store.segments
    speakers: dict[str, int] = {}
    for index in material.buckets.get("speech", ()):
        so_far = speakers.setdefault(segments[index].source, index)
        if segments[index].active_frames > segments[so_far].active_frames:
            speakers[segments[index].source] = index
    rng = np.random.default_rng((1, len(group)))
    items = []
    known = sorted(s for s in speakers if segments[speakers[s]].pool == "speech")
    for number, speaker in enumerate(known[:SPEECH_ITEMS]):
        if group == "speech+music":
            name, rest = _music(material, number, rng)
            asked = ["speech", "music", "noise"]
        else:
            name, rest = _noise(material, number, rng)
            asked = ["speech", "noise", "music"]
        if rest:
            talk = material.source(speakers[speaker], FRAMES, rng)
            waves = [(talk.label, augment.to_level(talk.samples, -20.0))]
            total = np.sum([np.broadcast_to(w, (2, FRAMES)) for _, w in rest], axis=0)
            level = augment.to_level(total, -20.0 - snr_db)
            gain = np.float32(np.abs(level).max() / np.abs(total).max())
            waves += [(label, wave * gain) for label, wave in rest]
            items.append(_item(f"{speaker} + {name}", group, waves, asked))
    return items


def sound_items(material: Material) -> list[ValidationItem]:
    """Pairs of different held-out sounds at 0 dB, asked for each and for one that is absent."""
    names = [n for n in material.leaves("sound", apart_from=("ambience",)) if n != "sound"]
    return _pairs(material, names, "sounds", seed=2)


def instrument_items(material: Material) -> list[ValidationItem]:
    """Pairs of different held-out instruments at 0 dB, asked for as sounds are."""
    names = [n for n in material.leaves("instrumental") if n not in ("instrumental", "other")]
    return _pairs(material, names, "instruments", seed=3)


def _pairs(material: Material, names: list[str], group: str, *, seed: int) -> list[ValidationItem]:
    rng = np.random.default_rng(seed)
    items: list[ValidationItem] = []
    taken: set[frozenset[int]] = set()
    for _ in range(PAIRS * 3):
        if len(names) < 2 or len(items) == PAIRS:
            break
        first, second = (names[int(i)] for i in rng.permutation(len(names))[:2])
        pair = [material.pick_named([first], rng), material.pick_named([second], rng)]
        if frozenset(pair) in taken:
            continue
        taken.add(frozenset(pair))
        labels = [material.store.labels[i] for i in pair]
        if (
            second in labels[0].unknown | labels[0].true
            or first in labels[1].unknown | labels[1].true
        ):
            continue
        absent = [n for n in known_absent(labels, material.vocabulary) if n in names]
        asked = [first, second, absent[int(rng.integers(len(absent)))]]
        waves = _levelled(material, pair, rng)
        words = tuple(material.vocabulary.words(c, held_out=False)[0] for c in asked)
        items.append(replace(_item(_name(material, pair), group, waves, asked), queries=words))
    return items


def _levelled(
    material: Material, pair: list[int], rng: np.random.Generator
) -> list[tuple[Label, Floats]]:
    out = []
    for index in pair:
        samples = material.source(index, FRAMES, rng).samples
        samples = augment.to_level(samples, -20.0)
        out.append((material.store.labels[index], np.broadcast_to(samples, (2, FRAMES))))
    return out


def _item(
    name: str, group: str, waves: list[tuple[Label, Floats]], asked: list[str]
) -> ValidationItem:
    mix = np.zeros((2, FRAMES), np.float32)
    targets = np.zeros((len(asked), 2, FRAMES), np.float32)
    for label, wave in waves:
        mix += wave
        for number, concept in enumerate(asked):
            if concept in label.true:
                targets[number] += wave
    gain = np.float32(0.9 / np.abs(mix).max())
    mix *= gain
    targets *= gain
    return ValidationItem(name, group, mix, targets, tuple(asked), tuple(asked))


def _music(
    material: Material, number: int, rng: np.random.Generator
) -> tuple[str, list[tuple[Label, Floats]]]:
    """A held-out backing track, or the instruments of a held-out song, in turn."""
    tracks = [
        i
        for i in material.buckets.get("instrumental", ())
        if material.store.segments[i].pool == "backing"
    ]
    songs = sorted(s for s in material.songs if not s.startswith("renders"))
    if tracks and (number % 2 == 0 or not songs):
        index = tracks[number // 2 % len(tracks)]
        source = material.source(index, FRAMES, rng)
        return material.store.segments[index].file, [(source.label, source.samples)]
    if not songs:
        return "", []
    song = songs[number // 2 % len(songs)]
    start = material.sounding_start(material.songs[song][0], FRAMES, rng)
    sources = material.song_sources(song, start, FRAMES, within="instrumental")
    return song, [(s.label, s.samples) for s in sources]


def _noise(
    material: Material, number: int, rng: np.random.Generator
) -> tuple[str, list[tuple[Label, Floats]]]:
    """A held-out room or sound, in turn."""
    concept = ("ambience", "sound")[number % 2]
    if not material.has(concept):
        return "", []
    index = material.pick(concept, rng)
    source = material.source(index, FRAMES, rng)
    return material.store.segments[index].file, [(source.label, source.samples)]


def _name(material: Material, pair: list[int]) -> str:
    return " + ".join(material.store.segments[index].file for index in pair)


def _varied_excerpts(material: Material, song: str, wanted: int) -> list[int]:
    """Starts of excerpts in which many roles sound, the roles heard least so far preferred."""
    end = max(material.store.segments[i].frames for i in material.songs[song])
    heard: dict[int, list[int]] = {}
    for start in range(0, max(end - FRAMES // 2, 1), FRAMES):
        sources = material.song_sources(song, start, FRAMES)
        levels = [_role_power([(s.label, s.samples) for s in sources], r) for r in ROLES]
        heard[start] = [n for n, level in enumerate(levels) if level > max(levels) * 1e-3]
    counts = [0] * len(ROLES)
    chosen: list[int] = []
    while len(chosen) < wanted and heard:
        best = max(heard, key=lambda s: (sum(1 / (1 + counts[n]) for n in heard[s]), -s))
        for role in heard.pop(best):
            counts[role] += 1
        chosen.append(best)
    return sorted(chosen)


def _role_power(waves: list[tuple[Label, Floats]], role: str) -> float:
    return sum(float(np.mean(np.square(wave))) for label, wave in waves if role in label.true)
