"""Recipes for mixtures: which sources sound together, how loud, and how each is varied.

A mixture is drawn by a generator alone, so it is a pure function of the seed behind it. Levels are
in dBFS over the loud blocks of a source; the mixture's own level is drawn last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data import augment
from sayso.train.data.augment import AugmentConfig
from sayso.train.data.material import Material, Source
from sayso.train.data.mixing import Example, gain_to, serve
from sayso.train.data.prevalence import ALIKE, FAR, PREVALENCE, SONG_ROLES, SPREAD
from sayso.train.data.questions import ROLES, QuestionConfig
from sayso.train.data.store import Floats
from sayso.train.data.vocabulary import Vocabulary


class RecipeConfig(Frozen):
    """How often each kind of mixture is drawn (weights, any scale), and how it is varied."""

    song: float = Field(default=0.16, ge=0)
    crossed: float = Field(default=0.34, ge=0)
    instruments: float = Field(default=0.12, ge=0)
    duets: float = Field(default=0.0, ge=0)
    speech_music: float = Field(default=0.11, ge=0)
    speech_noise: float = Field(default=0.12, ge=0)
    sounds: float = Field(default=0.15, ge=0)
    augment: AugmentConfig = AugmentConfig()
    questions: QuestionConfig = QuestionConfig()


class MixtureSampler:
    """Makes examples from the material of one split; recipes without material are left out."""

    def __init__(self, material: Material, config: RecipeConfig, *, frames: int) -> None:
        """Prepare to make examples of `frames` frames.

        Raises: DataError when there is material for none of the recipes asked for.
        """
        self.material = material
        self.config = config
        self.frames = frames
        self._recipes: dict[str, Callable[[np.random.Generator], list[Source]]] = {
            "song": self.song,
            "crossed": self.crossed,
            "instruments": self.instruments,
            "duets": self.duets,
            "speech_music": self.speech_music,
            "speech_noise": self.speech_noise,
            "sounds": self.sounds,
        }
        self._instruments = material.leaves("other")
        prevalence = np.array([PREVALENCE.get(name, 1.0) for name in self._instruments])
        self._prevalence = prevalence / max(prevalence.sum(), 1e-9)
        self._sound_names = material.leaves("sound")
        self._finished = "instrumental" in material.leaves("instrumental")
        self._players = [*self._instruments, *material.leaves("bass")]
        self._players += ["drums"] if material.has("drums") else []
        made = ("renders", "lines", "synths")
        self._recorded = self._songs_with(lambda song: not song.startswith(made))
        self._rendered = self._songs_with(lambda song: song.startswith(made))
        weights = [getattr(config, name) * self._can(name) for name in self._recipes]
        if sum(weights) <= 0:
            raise DataError("the store has material for no recipe; build more of the pool")
        self._shares = np.cumsum(np.array(weights, float) / sum(weights))

    def example(self, rng: np.random.Generator) -> Example:
        """A mixture with its questions and answers, drawn by `rng`; never silent."""
        for _ in range(20):
            lot = int(np.searchsorted(self._shares, rng.random()))
            recipe = list(self._recipes)[min(lot, len(self._shares) - 1)]
            sources = [s for s in self._recipes[recipe](rng) if np.abs(s.samples).max() > 1e-4]
            if sources:
                return serve(
                    sources,
                    self.material.vocabulary,
                    rng,
                    config=self.config.questions,
                    recipe=recipe,
                )
        raise AssertionError("twenty silent mixtures in a row")

    def _can(self, recipe: str) -> bool:
        """Whether there is what a recipe needs."""
        has = self.material.has
        return {
            "song": bool(self._recorded or self._rendered),
            "crossed": sum(has(role) for role in ROLES) > 1,
            "instruments": len(self._players) > 1,
            "duets": len(self._players) > 1,
            "speech_music": has("speech") and has("music"),
            "speech_noise": has("speech") and bool(self._sound_names),
            "sounds": len(self._sound_names) > 1,
        }[recipe]

    def song(self, rng: np.random.Generator) -> list[Source]:
        """A song's own stems, together as they were made, each role a little louder or softer."""
        ratio = float(2 ** (rng.uniform(-4, 4) / 12)) if rng.random() < 0.4 else 1.0
        sources = self._song_crop(rng, "music", recorded=0.7, ratio=ratio, draws=3)
        gains = {role: rng.normal(0, 3) for role in ROLES}
        out = []
        for source in sources:
            role = next((r for r in ROLES if r in source.label.true), "other")
            gain = np.float32(10 ** ((gains[role] + rng.normal(0, 1)) / 20))
            loud = replace(source, samples=source.samples * gain)
            out.append(self._varied(loud, rng, light=True))
        return out

    def crossed(self, rng: np.random.Generator) -> list[Source]:
        """Music thrown together: vocals, drums, bass and others that never met, about level.

        Four in ten are a singer over a band that does play together.
        """
        if rng.random() < 0.4 and self.material.has("vocals"):
            band = self._band(rng)
            if band:
                return [*self._singer(rng, rng.normal(0, 4)), *band]
        while True:
            has = {
                role: rng.random() < p
                for role, p in zip(ROLES, (0.8, 0.8, 0.75, 0.85), strict=True)
            }
            if sum(has.values()) >= 2 or rng.random() < 0.1:
                break
        sources: list[Source] = []
        for role in ROLES:
            if has[role] and self.material.has(role):
                sources += self._role(role, rng)
        return sources

    def instruments(self, rng: np.random.Generator) -> list[Source]:
        """Two to four named instruments, rarely with a voice."""
        names = self._players
        count = int(rng.choice([2, 2, 3, 3, 4]))
        picked = rng.permutation(len(names))[:count]
        ids = [self.material.pick_named([names[i]], rng) for i in picked]
        if rng.random() < 0.25 and self.material.has("vocals"):
            ids.append(self.material.pick("vocals", rng))
        return [self._from(index, rng, rng.normal(0, 4)) for index in ids]

    def duets(self, rng: np.random.Generator) -> list[Source]:
        """Two or three instruments alone; half of the time the second is of the first one's kin."""
        names = self._players
        first = names[int(rng.integers(len(names)))]
        kin = [n for n in names if n != first and akin(n, first, self.material.vocabulary)]
        others = kin if kin and rng.random() < 0.5 else [n for n in names if n != first]
        picked = [first, others[int(rng.integers(len(others)))]]
        if rng.random() < 0.25:
            picked.append(names[int(rng.integers(len(names)))])
        ids = [self.material.pick_named([name], rng) for name in dict.fromkeys(picked)]
        return [self._from(index, rng, rng.normal(0, 3)) for index in ids]

    def speech_music(self, rng: np.random.Generator) -> list[Source]:
        """Someone speaks over music, -5 to 15 dB louder than it."""
        lot = rng.random()
        if lot < 0.4 and self._finished:
            music = [self._from(self.material.pick_named(["instrumental"], rng), rng, 0.0)]
        elif lot < 0.65:
            music = self._song_crop(rng, "music" if rng.random() < 0.4 else "instrumental")
            music = [self._varied(source, rng, light=True) for source in music]
        else:
            music = self.crossed(rng)
            if rng.random() < 0.7:
                music = [s for s in music if "vocals" not in s.label.true] or music
        return self._over(self._speech(rng), music, rng, rng.uniform(-5, 15))

    def speech_noise(self, rng: np.random.Generator) -> list[Source]:
        """Someone speaks in noise: rooms, weather, everyday sounds, made-up hiss and babble."""
        noises: list[Source] = []
        for _ in range(1 if rng.random() < 0.6 else 2):
            lot = rng.random()
            if lot < 0.36:
                made = self._babble(rng) if lot < 0.1 else augment.coloured_noise(self.frames, rng)
                label = self.material.vocabulary.label("noise")
                noises.append(self._varied(Source(made, label), rng, level_db=rng.normal(0, 4)))
            elif lot < 0.6 and self.material.has("ambience"):
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
            roles = [
                r for r in ("speech", "vocals", "piano", "guitar", "drums") if self.material.has(r)
            ]
            role = roles[int(rng.integers(len(roles)))] if roles else "sound"
            out.append(self._from(self.material.pick(role, rng), rng, rng.normal(0, 4)))
        if lot > 0.8:
            out[0] = replace(
                out[0], samples=out[0].samples * np.float32(10 ** (-rng.uniform(8, 20) / 20))
            )
        return out

    def _role(self, role: str, rng: np.random.Generator) -> list[Source]:
        """One or more sources that play `role`, at a level usual for it."""
        level_db = rng.normal(-1.5 if role in ("bass", "other") else 0.0, 4)
        if rng.random() < SONG_ROLES[role]:
            ratio = float(2 ** (rng.uniform(-4, 4) / 12)) if rng.random() < 0.4 else 1.0
            sources = self._song_crop(
                rng, role, ratio=ratio, recorded=0.1 if role == "bass" else 0.7
            )
            if sources:
                gain = gain_to(sources, level_db - 18)
                sources = [replace(s, samples=s.samples * gain) for s in sources]
                return [self._varied(source, rng, light=len(sources) > 2) for source in sources]
        if role == "drums" and rng.random() < 0.3:
            hits = ("kick", "snare", "hi-hat", "cymbals", "toms", "percussion")
            names = [
                h
                for h, p in zip(hits, (0.9, 0.9, 0.8, 0.3, 0.2, 0.25), strict=True)
                if rng.random() < p
            ]
            ids = [self.material.pick(name, rng) for name in names if self.material.has(name)]
            if ids:
                return [self._from(index, rng, level_db + rng.normal(-3, 3)) for index in ids]
        if role == "other":
            count = 1 if rng.random() < 0.5 else 2
            drawn = rng.choice(len(self._instruments), size=count, p=self._prevalence)
            ids = [self.material.pick_named([self._instruments[i]], rng) for i in drawn]
            return [self._from(index, rng, level_db) for index in ids]
        if role == "vocals":
            return self._singer(rng, level_db)
        return [self._from(self.material.pick(role, rng), rng, level_db)]

    def _singer(self, rng: np.random.Generator, level_db: float) -> list[Source]:
        """A voice, at times with a second one behind it."""
        out = [self._from(self.material.pick("vocals", rng), rng, level_db)]
        if rng.random() < 0.2:
            behind = self.material.pick("vocals", rng)
            out.append(self._from(behind, rng, level_db - rng.uniform(0, 8)))
        return out

    def _band(self, rng: np.random.Generator) -> list[Source]:
        """Instruments that play together: a finished track, or a song's stems without voices."""
        if rng.random() < 0.35 and self._finished:
            return [self._from(self.material.pick_named(["instrumental"], rng), rng, 0.0)]
        ratio = float(2 ** (rng.uniform(-4, 4) / 12)) if rng.random() < 0.4 else 1.0
        sources = self._song_crop(rng, "instrumental", ratio=ratio, recorded=0.4, draws=2)
        if not sources:
            return []
        gain = gain_to(sources, -15.0)
        sources = [
            replace(s, samples=s.samples * gain * np.float32(10 ** (rng.normal(0, 2) / 20)))
            for s in sources
        ]
        return [self._varied(source, rng, light=True) for source in sources]

    def _babble(self, rng: np.random.Generator) -> Floats:
        """Five to a dozen people who talk at once in a room, `[2, frames]`."""
        out = np.zeros((2, self.frames), np.float32)
        for _ in range(int(rng.integers(5, 13))):
            voice = self.material.source(self.material.pick("speech", rng), self.frames, rng)
            samples = augment.to_level(voice.samples, -24 + rng.normal(0, 3))
            out += augment.placed(samples, rng, spread=1.0)
        return augment.in_room(
            out, int(rng.integers(augment.ROOMS)), wet=float(rng.uniform(0.3, 1))
        )

    def _speech(self, rng: np.random.Generator) -> Source:
        return self._from(self.material.pick("speech", rng), rng, 0.0)

    def _song_crop(
        self,
        rng: np.random.Generator,
        within: str,
        *,
        recorded: float = 0.75,
        ratio: float = 1.0,
        draws: int = 1,
    ) -> list[Source]:
        """The stems within a concept that sound somewhere in a song, as they were made.

        `ratio` is the speed at which they are played; of several `draws` that in which most roles
        sound is kept.
        """
        by_song = self._recorded if rng.random() < recorded else self._rendered
        songs = by_song.get(within) or self._recorded.get(within) or self._rendered.get(within)
        if not songs:
            return []
        song, members = songs[int(rng.integers(len(songs)))]
        voices = [i for i in members if "vocals" in self.material.store.labels[i].true]
        frames = self._frames_at(ratio)
        best: list[Source] = []
        for _ in range(draws):
            anchors = voices if voices and rng.random() < 0.6 else members
            anchor = anchors[int(rng.integers(len(anchors)))]
            start = self.material.sounding_start(anchor, frames, rng)
            found = self.material.song_sources(song, start, frames, within=within)
            if _roles(found) > _roles(best):
                best = found
        return [replace(s, samples=self._played(s.samples, ratio)) for s in best]

    def _from(self, index: int, rng: np.random.Generator, level_db: float) -> Source:
        """A segment as a source, varied, at `level_db` over the usual -18 dBFS."""
        config = self.config.augment
        ratio = 1.0
        if rng.random() < config.speed:
            ratio = float(2 ** (rng.uniform(-4, 4) / 12))
        source = self.material.source(index, self._frames_at(ratio), rng)
        source = replace(source, samples=self._played(source.samples, ratio))
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
            samples = source.samples
            if rng.random() < self.config.augment.equaliser:
                samples = augment.equalised(samples, rng)
            samples = augment.placed(samples, rng, spread=0.2)
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
        if not rest:
            return [speech]
        gain = gain_to(rest, -18 - snr_db)
        rest = [replace(s, samples=s.samples * gain) for s in rest]
        cutoff = speech.bandwidth_hz
        # Without this the treble would tell the two apart: most speech here ends at 8 kHz.
        if cutoff < 9000 and rng.random() < 0.8:
            rest = [replace(s, samples=augment.low_passed(s.samples, cutoff * 0.98)) for s in rest]
        return [speech, *rest]

    def _frames_at(self, ratio: float) -> int:
        """The frames to read for an example that is played `ratio` times as fast."""
        return self.frames if ratio == 1.0 else int(self.frames * ratio) + 16

    def _played(self, samples: Floats, ratio: float) -> Floats:
        if ratio == 1.0:
            return samples
        out = augment.resampled(samples, ratio)[:, : self.frames]
        return np.pad(out, ((0, 0), (0, self.frames - out.shape[1])))

    def _songs_with(self, wanted: Callable[[str], bool]) -> dict[str, list[tuple[str, list[int]]]]:
        """For music, its instruments and each role: the songs that have it, and those stems."""
        labels = self.material.store.labels
        out: dict[str, list[tuple[str, list[int]]]] = {}
        for within in ("music", "instrumental", *ROLES):
            for song, stems in self.material.songs.items():
                members = [i for i in stems if within in labels[i].true]
                if members and wanted(song):
                    out.setdefault(within, []).append((song, members))
        return out


def akin(first: str, second: str, vocabulary: Vocabulary) -> bool:
    """Whether two instruments are of one family, or known to be taken for each other."""
    families = vocabulary.ancestors(first) & vocabulary.ancestors(second)
    return bool(families - FAR) or frozenset((first, second)) in ALIKE


def _roles(sources: list[Source]) -> int:
    """How many of the four roles sound in `sources`; a voice counts twice."""
    sounding = [role for role in ROLES if any(role in s.label.true for s in sources)]
    return len(sounding) + ("vocals" in sounding) + bool(sources)
