"""Recipes for mixtures: which sources sound together, how loud, and how each is varied.

A mixture is drawn by a generator alone, so it is a pure function of the seed behind it. Levels are
in dBFS over the loud blocks of a source; the mixture's own level is drawn last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sayso.train.data import augment
from sayso.train.data.augment import AugmentConfig
from sayso.train.data.material import Material, Source
from sayso.train.data.questions import ROLES, QuestionConfig, choose
from sayso.train.data.store import SAMPLE_RATE, Floats

SPREAD: Mapping[str, float] = {"vocals": 0.25, "speech": 0.3, "bass": 0.15, "kick": 0.1}


class RecipeConfig(BaseModel):
    """How often each kind of mixture is drawn (weights, any scale), and how it is varied."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    song: float = Field(0.16, ge=0)
    crossed: float = Field(0.34, ge=0)
    instruments: float = Field(0.12, ge=0)
    speech_music: float = Field(0.11, ge=0)
    speech_noise: float = Field(0.12, ge=0)
    sounds: float = Field(0.15, ge=0)
    augment: AugmentConfig = AugmentConfig()
    questions: QuestionConfig = QuestionConfig()


@dataclass(frozen=True, slots=True)
class Example:
    """A mixture `[2, T]`, its questions in words, and the answer to each `[Q, 2, T]`."""

    mix: Floats
    targets: Floats
    queries: tuple[str, ...]
    concepts: tuple[str, ...]
    recipe: str


class Kitchen:
    """Makes examples from the material of one split."""

    def __init__(self, material: Material, config: RecipeConfig, *, frames: int) -> None:
        """Prepare to make examples of `frames` frames."""
        self.material = material
        self.config = config
        self.frames = frames
        self._recipes: dict[str, Callable[[np.random.Generator], list[Source]]] = {
            "song": self.song,
            "crossed": self.crossed,
            "instruments": self.instruments,
            "speech_music": self.speech_music,
            "speech_noise": self.speech_noise,
            "sounds": self.sounds,
        }
        weights = np.array([getattr(config, name) for name in self._recipes], float)
        self._shares = np.cumsum(weights / weights.sum())
        music = material
        self._instruments = music.leaves("other", apart_from=("orchestra",))
        self._sound_names = music.leaves("sound")
        self._recorded = [s for s in music.songs if not s.startswith("renders")]
        self._rendered = [s for s in music.songs if s.startswith("renders")]

    def example(self, rng: np.random.Generator) -> Example:
        """A mixture with its questions and answers, drawn by `rng`; never silent."""
        for _ in range(20):
            lot = int(np.searchsorted(self._shares, rng.random()))
            recipe = list(self._recipes)[min(lot, len(self._shares) - 1)]
            sources = [s for s in self._recipes[recipe](rng) if np.abs(s.samples).max() > 1e-4]
            if sources:
                return self._serve(sources, recipe, rng)
        raise AssertionError("twenty silent mixtures in a row")

    def song(self, rng: np.random.Generator) -> list[Source]:
        """A song's own stems, together as they were made, each role a little louder or softer."""
        sources = self._song_crop(rng, "music", recorded=0.7)
        ratio = float(2 ** (rng.uniform(-3, 3) / 12)) if rng.random() < 0.25 else 1.0
        gains = {role: rng.normal(0, 3) for role in ROLES}
        out = []
        for source in sources:
            role = next((r for r in ROLES if r in source.label.true), "other")
            gain = np.float32(10 ** ((gains[role] + rng.normal(0, 1)) / 20))
            samples = source.samples * gain
            if ratio != 1.0:
                samples = self._resped(samples, ratio)
            out.append(self._varied(replace(source, samples=samples), rng, light=True))
        return out

    def crossed(self, rng: np.random.Generator) -> list[Source]:
        """Music thrown together: vocals, drums, bass and others that never met, about level."""
        while True:
            has = {
                role: rng.random() < p
                for role, p in zip(ROLES, (0.8, 0.8, 0.75, 0.85), strict=True)
            }
            if sum(has.values()) >= 2 or rng.random() < 0.1:
                break
        sources: list[Source] = []
        for role in ROLES:
            if has[role]:
                sources += self._role(role, rng)
        return sources

    def instruments(self, rng: np.random.Generator) -> list[Source]:
        """Two to four named instruments, rarely with a voice."""
        names = [*self._instruments, "bass guitar", "double bass", "synth bass", "drums"]
        names = [name for name in names if self.material.has(name)]
        count = int(rng.choice([2, 2, 3, 3, 4]))
        picked = rng.permutation(len(names))[:count]
        ids = [self.material.pick_named([names[i]], rng) for i in picked]
        if rng.random() < 0.25:
            ids.append(self.material.pick("vocals", rng))
        return [self._from(index, rng, rng.normal(0, 4)) for index in ids]

    def speech_music(self, rng: np.random.Generator) -> list[Source]:
        """Someone speaks over music, -5 to 15 dB louder than it."""
        lot = rng.random()
        if lot < 0.35 and self.material.has("backing"):
            music = [self._from(self.material.pick("instrumental", rng), rng, 0.0)]
        elif lot < 0.6:
            music = self._song_crop(rng, "music" if rng.random() < 0.4 else "instrumental")
            music = [self._varied(source, rng, light=True) for source in music]
        else:
            music = self.crossed(rng)
            if rng.random() < 0.7:
                music = [s for s in music if "vocals" not in s.label.true] or music
        return self._over(self._speech(rng), music, rng, rng.uniform(-5, 15))

    def speech_noise(self, rng: np.random.Generator) -> list[Source]:
        """Someone speaks in noise: rooms, weather, everyday sounds, made-up hiss; -8 to 18 dB."""
        noises: list[Source] = []
        for _ in range(1 if rng.random() < 0.6 else 2):
            lot = rng.random()
            if lot < 0.3:
                made = augment.coloured_noise(self.frames, rng)
                label = self.material.vocabulary.label("noise")
                noises.append(self._varied(Source(made, label), rng, level_db=rng.normal(0, 4)))
            elif lot < 0.55 and self.material.has("ambience"):
                noises.append(
                    self._from(self.material.pick("ambience", rng), rng, rng.normal(0, 4))
                )
            else:
                index = self.material.pick_named(self._sound_names, rng)
                noises.append(self._from(index, rng, rng.normal(0, 4)))
        return self._over(self._speech(rng), noises, rng, rng.uniform(-8, 18))

    def sounds(self, rng: np.random.Generator) -> list[Source]:
        """Two or three named sounds, some far below the rest, at times with music or a voice."""
        names = self._sound_names
        count = 2 if rng.random() < 0.65 else 3
        picked = rng.permutation(len(names))[:count]
        out = [
            self._from(self.material.pick_named([names[i]], rng), rng, rng.normal(0, 4))
            for i in picked
        ]
        lot = rng.random()
        if lot < 0.12:
            role = ("speech", "vocals", "piano", "guitar", "drums")[int(rng.integers(5))]
            out.append(self._from(self.material.pick(role, rng), rng, rng.normal(0, 4)))
        if lot > 0.8:
            out[0] = replace(
                out[0], samples=out[0].samples * np.float32(10 ** (-rng.uniform(8, 20) / 20))
            )
        return out

    def _role(self, role: str, rng: np.random.Generator) -> list[Source]:
        """One or more sources that play `role`, at a level usual for it."""
        level_db = rng.normal(-1.5 if role in ("bass", "other") else 0.0, 4)
        if rng.random() < (0.3 if role == "other" else 0.4):
            sources = self._song_crop(rng, role)
            if sources:
                ratio = float(2 ** (rng.uniform(-4, 4) / 12)) if rng.random() < 0.4 else 1.0
                if ratio != 1.0:
                    sources = [replace(s, samples=self._resped(s.samples, ratio)) for s in sources]
                gain = _gain_to(sources, level_db - 18)
                sources = [replace(s, samples=s.samples * gain) for s in sources]
                return [self._varied(source, rng, light=len(sources) > 2) for source in sources]
        if role == "drums" and rng.random() < 0.3:
            hits = ("kick", "snare", "hi-hat", "cymbals", "toms", "percussion")
            names = [
                h
                for h, p in zip(hits, (0.9, 0.9, 0.8, 0.3, 0.2, 0.25), strict=True)
                if rng.random() < p
            ]
            ids = [self.material.pick_named([name], rng) for name in names]
            return [self._from(index, rng, level_db + rng.normal(-3, 3)) for index in ids]
        if role == "other":
            count = 1 if rng.random() < 0.5 else 2
            ids = [self.material.pick_named(self._instruments, rng) for _ in range(count)]
            return [self._from(index, rng, level_db) for index in ids]
        index = self.material.pick(role, rng)
        out = [self._from(index, rng, level_db)]
        if role == "vocals" and rng.random() < 0.2:
            out.append(self._from(self.material.pick(role, rng), rng, level_db - rng.uniform(0, 8)))
        return out

    def _speech(self, rng: np.random.Generator) -> Source:
        return self._from(self.material.pick("speech", rng), rng, 0.0)

    def _song_crop(
        self, rng: np.random.Generator, within: str, *, recorded: float = 0.75
    ) -> list[Source]:
        """The stems within a concept that sound somewhere in a song, as they were made."""
        songs = self._recorded if rng.random() < recorded or not self._rendered else self._rendered
        songs = [
            s
            for s in songs
            if any(within in self.material.store.labels[i].true for i in self.material.songs[s])
        ]
        if not songs:
            return []
        song = songs[int(rng.integers(len(songs)))]
        members = [
            i for i in self.material.songs[song] if within in self.material.store.labels[i].true
        ]
        voices = [i for i in members if "vocals" in self.material.store.labels[i].true]
        anchors = voices if voices and rng.random() < 0.6 else members
        anchor = anchors[int(rng.integers(len(anchors)))]
        start = self.material.sounding_start(anchor, self.frames, rng)
        return self.material.song_sources(song, start, self.frames, within=within)

    def _from(self, index: int, rng: np.random.Generator, level_db: float) -> Source:
        """A segment as a source, varied, at `level_db` over the usual -18 dBFS."""
        config = self.config.augment
        ratio = 1.0
        if rng.random() < config.speed:
            ratio = float(2 ** (rng.uniform(-4, 4) / 12))
        source = self.material.source(
            index, int(self.frames * ratio) + 1 if ratio != 1 else self.frames, rng
        )
        if ratio != 1.0:
            source = replace(source, samples=self._resped(source.samples, ratio))
        return self._varied(source, rng, level_db=level_db)

    def _varied(
        self,
        source: Source,
        rng: np.random.Generator,
        *,
        light: bool = False,
        level_db: float | None = None,
    ) -> Source:
        if light:
            samples = augment.placed(source.samples, rng, spread=0.2)
        else:
            spread = next((v for k, v in SPREAD.items() if k in source.label.true), 0.6)
            samples = augment.varied(
                source.samples, rng, self.config.augment, sung=source.sung, spread=spread
            )
        if level_db is not None:
            samples = augment.to_level(samples, level_db - 18)
        return replace(source, samples=samples)

    def _over(
        self, speech: Source, rest: list[Source], rng: np.random.Generator, snr_db: float
    ) -> list[Source]:
        """`speech` at `snr_db` over the sum of `rest`; narrow speech often narrows everything."""
        gain = _gain_to(rest, -18 - snr_db)
        rest = [replace(s, samples=s.samples * gain) for s in rest]
        cutoff = speech.bandwidth_hz
        # Without this the treble would tell the two apart: most speech here ends at 8 kHz.
        if cutoff < 9000 and rng.random() < 0.8:
            rest = [replace(s, samples=augment.low_passed(s.samples, cutoff * 0.98)) for s in rest]
        return [speech, *rest]

    def _resped(self, samples: Floats, ratio: float) -> Floats:
        out = augment.resampled(samples, ratio)[:, : self.frames]
        return np.pad(out, ((0, 0), (0, self.frames - out.shape[1])))

    def _serve(self, sources: list[Source], recipe: str, rng: np.random.Generator) -> Example:
        """Sum the sources to a mixture at its level, and the answers to what is asked of it."""
        asked = choose(
            [s.label for s in sources], self.material.vocabulary, rng, self.config.questions
        )
        waves = [np.broadcast_to(s.samples, (2, self.frames)) for s in sources]
        if rng.random() < 0.08:
            waves = [np.repeat(w.mean(axis=0, keepdims=True), 2, axis=0) for w in waves]
        mix = np.sum(waves, axis=0, dtype=np.float32)
        targets = np.zeros((len(asked), 2, self.frames), np.float32)
        for number, (_, members) in enumerate(asked):
            for member in members:
                targets[number] += waves[member]
        gain = self._mix_gain(mix, rng)
        mix *= gain
        targets *= gain
        mix = _worn(mix, targets, rng)
        words = self.material.vocabulary
        return Example(
            mix=mix,
            targets=targets,
            queries=tuple(words.wording(concept, rng) for concept, _ in asked),
            concepts=tuple(concept for concept, _ in asked),
            recipe=recipe,
        )

    def _mix_gain(self, mix: Floats, rng: np.random.Generator) -> np.float32:
        peak = float(np.abs(mix).max()) + 1e-9
        peak_db = rng.uniform(-40, 0) if rng.random() < 0.25 else -float(rng.exponential(5.0))
        return np.float32(10 ** (max(peak_db, -40.0) / 20) / peak)


def _gain_to(sources: list[Source], level_db: float) -> np.float32:
    """The gain that brings the sum of `sources` to a level in dBFS over its loud blocks."""
    total = np.sum([np.broadcast_to(s.samples, (2, s.samples.shape[1])) for s in sources], axis=0)
    before = float(np.abs(total).max())
    after = float(np.abs(augment.to_level(total, level_db)).max())
    return np.float32(after / before) if before > 1e-5 else np.float32(1.0)


def _worn(mix: Floats, targets: Floats, rng: np.random.Generator) -> Floats:
    """Rarely: a compressor over mixture and answers alike; clipping or an offset of the mixture."""
    lot = rng.random()
    if lot < 0.06:
        hop = SAMPLE_RATE // 50
        level = np.abs(mix).max(axis=0)
        knots = level[: len(level) // hop * hop].reshape(-1, hop).max(axis=1)
        knots = (knots + 0.05 * knots.max() + 1e-6) ** -rng.uniform(0.2, 0.5)
        at = np.arange(mix.shape[1], dtype=np.float32) / hop
        gain = np.interp(at, np.arange(len(knots)) + 0.5, knots / knots.max()).astype(np.float32)
        targets *= gain
        return mix * gain
    if lot < 0.09:
        ceiling = np.float32(np.abs(mix).max() * 10 ** (-rng.uniform(1, 8) / 20))
        return np.clip(mix, -ceiling, ceiling)
    if lot < 0.1:
        return mix + np.float32(rng.uniform(-0.05, 0.05) * np.abs(mix).max())
    return mix
