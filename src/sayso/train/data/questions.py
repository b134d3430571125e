"""Choosing what to ask of a mixture, so that every answer is known.

The answer to a question is the sum of all the sources that it names. A question is asked only if
each source certainly is or certainly is not what it names.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.train.data.vocabulary import Label, Vocabulary

ROLES = ("vocals", "drums", "bass", "other")
# Asked as absent more often than their share: what people ask for, and what is mistaken for it.
USUAL = (*ROLES, "speech", "music", "instrumental", "noise", "voice", "guitar", "piano")
# Too wide to say anything of a mixture that lies wholly within the same domain.
WIDE = frozenset({"noise", "sound", "ambience", "music"})

# Of the rest of what is absent, the share that is of the domain of something that is there.
NEAR = 0.64


class QuestionConfig(Frozen):
    """How many questions an example carries, and how often of what kind."""

    count: int = Field(default=4, ge=1, le=16, description="questions an example")
    absent: float = Field(default=0.4, ge=0, le=1, description="share asking for what is not there")
    roles: float = Field(
        default=0.6, ge=0, le=1, description="how often music is asked for by its roles"
    )
    usual: float = Field(
        default=0.45, ge=0, le=1, description="share of what is absent that songs usually have"
    )
    named: float = Field(
        default=2.0, ge=1, description="how much likelier a sound's own name than a wider one"
    )


def known_present(labels: Sequence[Label]) -> dict[str, tuple[int, ...]]:
    """Every concept that can be asked for and is there, with the sources that are it."""
    unknown = frozenset().union(*(label.unknown for label in labels))
    found: dict[str, tuple[int, ...]] = {}
    music = all("music" in label.true for label in labels)
    for name in frozenset().union(*(label.true for label in labels)) - unknown:
        if name == "other" and not music:
            continue
        found[name] = tuple(i for i, label in enumerate(labels) if name in label.true)
    return found


def known_absent(labels: Sequence[Label], vocabulary: Vocabulary) -> list[str]:
    """Every concept that no source is or may hold, in the vocabulary's order."""
    taken = frozenset().union(*(label.true | label.unknown for label in labels))
    return [name for name in vocabulary.concepts if name not in taken]


def choose(
    labels: Sequence[Label],
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    config: QuestionConfig,
) -> list[tuple[str, tuple[int, ...]]]:
    """`config.count` questions `(concept, sources that are it)`; () for what is absent."""
    present = _weighted_present(labels, rng, config)
    absent = known_absent(labels, vocabulary)
    wanted_absent = min(int(rng.binomial(config.count, config.absent)), len(absent))
    # One question at least is for something that is there, where anything can be asked for.
    wanted_absent = max(min(wanted_absent, config.count - 1), config.count - len(present))
    chosen: list[tuple[str, tuple[int, ...]]] = []
    for _ in range(config.count - wanted_absent):
        names = list(present)
        weights = np.array([present[name][1] for name in names])
        name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        chosen.append((name, present.pop(name)[0]))
    usual = [name for name in USUAL if name in absent]
    near = _near(labels, absent, vocabulary)
    while len(chosen) < config.count:
        if not absent:  # so much is unknown about these sources that a question must come twice
            chosen.append(chosen[int(rng.integers(len(chosen)))])
            continue
        lot = rng.random()
        nearby = config.usual + NEAR * (1 - config.usual)
        names = usual if lot < config.usual and usual else near if lot < nearby and near else absent
        name = names[int(rng.integers(len(names)))]
        for pool in (usual, near, absent):
            if name in pool:
                pool.remove(name)
        chosen.append((name, ()))
    order = rng.permutation(len(chosen))
    return [chosen[i] for i in order]


def _weighted_present(
    labels: Sequence[Label], rng: np.random.Generator, config: QuestionConfig
) -> dict[str, tuple[tuple[int, ...], float]]:
    """The askable concepts that are there, with how likely each should be asked."""
    found = known_present(labels)
    by_role = rng.random() < config.roles and sum(name in found for name in ROLES) > 1
    out: dict[str, tuple[tuple[int, ...], float]] = {}
    for name, members in sorted(found.items()):
        weight = 1.0
        if any(labels[i].concept == name for i in members):
            weight = config.named
        if name in ROLES and by_role:
            weight = 8.0
        if len(members) == len(labels) and len(labels) > 1:
            weight *= 0.15
        elif name in WIDE and len(members) == len(labels):
            weight *= 0.3
        out[name] = (members, weight)
    return out


def _near(labels: Sequence[Label], absent: list[str], vocabulary: Vocabulary) -> list[str]:
    """What is absent and of the same domain as something that is there."""
    domains = {"instrumental", "vocals", "speech", "sound"}
    here = domains & frozenset().union(*(label.true for label in labels))
    return [name for name in absent if vocabulary.ancestors(name) & here]
