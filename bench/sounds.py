"""How well separators hear speech and everyday sounds, on the held-out material of a store.

    python bench/sounds.py STORE [--model NAME or MODEL.onnx ...]

STORE is what `sayso train data build` makes; its speakers, music, noises and sounds kept out of
training are used, so every figure is about what the model never heard. Speech is mixed with music
and with noise at several levels; sounds, and instruments, are paired at 0 dB and asked for by their
plain names, by wordings that training never saw, and for what is not there; songs that were
rendered from MIDI are asked for their roles.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from quality import ROLES, level_db, oracle
from sayso.audio import Audio, Samples, resample
from sayso.errors import SaysoError
from sayso.measure.pesq import pesq
from sayso.measure.sdr import usdr
from sayso.measure.si_sdr import si_sdr
from sayso.measure.stoi import stoi
from sayso.separate import Separator, load
from sayso.separate.embedded import EmbeddedSeparator
from sayso.separate.query_matcher import QueryMatcher
from sayso.train.data.material import Material
from sayso.train.data.store import SAMPLE_RATE, Store
from sayso.train.data.validation import (
    ValidationItem,
    instrument_items,
    song_items,
    sound_items,
    speech_items,
)
from sayso.train.data.vocabulary import Vocabulary, load_vocabulary

SNRS_DB = (-5, 0, 5, 10)
GROUPS = ("speech+music", "speech+noise")


def sdr(estimate: Samples, target: Samples) -> float:
    """Scale-invariant, mean over channels that sound."""
    return float(np.mean(si_sdr(estimate, target)))


def speech_metrics(estimate: Samples, target: Samples) -> dict[str, float]:
    """SI-SDR, STOI and wide-band PESQ of a stereo pair; the last two on the mid at 16 kHz."""
    metrics = {"SI-SDR": sdr(estimate, target)}
    made, clean = (
        resample(Audio(x.mean(0, keepdims=True), SAMPLE_RATE), 16_000).samples[0]
        for x in (estimate, target)
    )
    measures: Sequence[tuple[str, Callable[..., float]]] = (("STOI", stoi), ("PESQ", pesq))
    for name, measure in measures:
        try:
            metrics[name] = measure(made, clean, sample_rate=16_000)
        except SaysoError:
            metrics[name] = float("nan")
    return metrics


def answers(separator: Separator, item: ValidationItem, asked: Sequence[str]) -> list[Samples]:
    """What `separator` gives for each of `asked`."""
    found = separator.separate(Audio(item.mix, SAMPLE_RATE), asked)
    return [found[words].samples for words in asked]


def bench_speech(separator: Separator, material: Material) -> None:
    """Speech over music and noise: in, out, and how far below the mix what is absent lies."""
    print("\n| mixture | dB | SI-SDR in | out | STOI in | out | PESQ in | out | absent dB |")
    print("|---" * 9 + "|")
    for group in GROUPS:
        for snr_db in SNRS_DB:
            before: dict[str, list[float]] = defaultdict(list)
            after: dict[str, list[float]] = defaultdict(list)
            absent: list[float] = []
            for item in speech_items(material, group, snr_db=snr_db):
                heard = [n for n, words in enumerate(item.queries) if separator.supports(words)]
                out = answers(separator, item, [item.queries[n] for n in heard])
                for name, value in speech_metrics(item.mix, item.targets[0]).items():
                    before[name].append(value)
                for name, value in speech_metrics(out[0], item.targets[0]).items():
                    after[name].append(value)
                absent += [
                    level_db(made, item.mix)
                    for made, target in zip(out, item.targets[heard], strict=True)
                    if not np.any(target)
                ]
            cells = [
                f"{np.nanmean(x[n]):.2f}"
                for n in ("SI-SDR", "STOI", "PESQ")
                for x in (before, after)
            ]
            below = f"{np.median(absent):.1f}" if absent else ""
            print(f"| {group} | {snr_db} | " + " | ".join(cells) + f" | {below} |", flush=True)


def seen_words(vocabulary: Vocabulary) -> QueryMatcher:
    """The wordings that training saw."""
    return QueryMatcher(
        {name: vocabulary.words(name, held_out=False) for name in vocabulary.concepts}
    )


@contextmanager
def listing(separator: Separator, known: QueryMatcher) -> Iterator[None]:
    """Have a separator know only these wordings for a while."""
    if not isinstance(separator, EmbeddedSeparator):
        yield
        return
    before = separator.wordings
    separator.wordings = known
    try:
        yield
    finally:
        separator.wordings = before


def bench_rendered(separator: Separator, material: Material) -> None:
    """Songs rendered from MIDI: uSDR and SI-SDR by role, of the mix, the model and the oracle."""
    metrics: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for item in song_items(material, rendered=True):
        asked = [n for n, target in enumerate(item.targets) if np.any(target)]
        roles = [item.queries[n] for n in asked]
        stems = {role: item.targets[n] for role, n in zip(roles, asked, strict=True)}
        given = {
            "mixture": dict.fromkeys(roles, item.mix),
            "model": dict(zip(roles, answers(separator, item, roles), strict=True)),
            "oracle": oracle(stems, item.mix),
        }
        for name, made in given.items():
            for role, stem in stems.items():
                pair = float(usdr(made[role], stem)), sdr(made[role], stem)
                metrics[role, name].append(pair)
    print("\n| rendered songs | mixture | model | oracle |\n|---|---|---|---|")
    for role in ROLES:
        if not metrics[role, "mixture"]:
            continue
        cells = [
            "{:.1f} / {:.1f}".format(*np.mean(metrics[role, name], axis=0))
            for name in ("mixture", "model", "oracle")
        ]
        print(f"| {role} | " + " | ".join(cells) + " |")


def bench_pairs(
    separator: Separator, items: Sequence[ValidationItem], vocabulary: Vocabulary
) -> None:
    """Pairs of sounds: improvement by class, by unseen wordings, and what is absent.

    An unseen wording is one that is neither in training nor, here, in the list of known wordings.
    """
    by_class: dict[str, list[float]] = defaultdict(list)
    seen = seen_words(vocabulary)
    plain: list[float] = []
    unseen: list[float] = []
    absent: list[float] = []
    for item in items:
        for concept, words, target in zip(item.concepts, item.queries, item.targets, strict=True):
            if not separator.supports(words):
                continue
            (made,) = answers(separator, item, [words])
            if not np.any(target):
                absent.append(level_db(made, item.mix))
                continue
            before = sdr(item.mix, target)
            gained = sdr(made, target) - before
            by_class[words].append(gained)
            with listing(separator, seen):
                others = vocabulary.words(concept, held_out=True)
                others = [words for words in others if separator.supports(words)]
                outs = answers(separator, item, others) if others else []
            if others:
                plain.append(gained)
                unseen.append(float(np.mean([sdr(out, target) - before for out in outs])))
    print("\n| sound | SI-SDR improvement in dB |\n|---|---|")
    for name, values in sorted(by_class.items(), key=lambda pair: -np.mean(pair[1])):
        print(f"| {name} | {np.mean(values):.1f} |")
    if not by_class:
        print("none of the sounds is heard")
        return
    everything = [value for values in by_class.values() for value in values]
    print(f"\nmedian improvement {np.median(everything):.1f} dB over {len(everything)} questions")
    if unseen:
        print(
            f"where unseen wordings exist: {np.median(plain):.1f} dB by the plain name, "
            f"{np.median(unseen):.1f} dB by unseen words ({len(unseen)} questions)"
        )
    if absent:
        print(f"absent: {np.median(absent):.1f} dB below the mix, worst {max(absent):.1f}")


def main() -> None:
    """Measures each model and prints its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--model", nargs="+", default=["simple", "embedded"])
    arguments = parser.parse_args()
    vocabulary = load_vocabulary()
    material = Material(Store(arguments.store, vocabulary), vocabulary, split="valid")
    separators: Mapping[str, Separator] = {name: load(name) for name in arguments.model}
    for name, separator in separators.items():
        print(f"\n## {name}")
        bench_speech(separator, material)
        bench_pairs(separator, sound_items(material), vocabulary)
        bench_pairs(separator, instrument_items(material), vocabulary)
        bench_rendered(separator, material)


if __name__ == "__main__":
    main()
