"""How speech is cleaned: a section a stage, in the order in which they run.

A stage that is None is left out. What depends on the machine (where models are, how many threads
there are) is no part of it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sayso.configuration import Frozen


class Preprocess(Frozen):
    """What is brought in order first.

    Attributes:
        sample_rate: of the work and of the output, in Hz; None keeps the source's.
        channels: "mono" mixes down.
        remove_dc: whether a constant offset is taken out.
        highpass_hz: below it rumble is taken out; None leaves it.
        level_lufs: loudness that the stages work at. It is taken back at the end, unless the
            loudness stage sets another. None leaves the source's.
    """

    sample_rate: int | None = Field(default=None, ge=2_000, le=768_000)
    channels: Literal["keep", "mono"] = "keep"
    remove_dc: bool = True
    highpass_hz: float | None = Field(default=None, ge=20, le=400)
    level_lufs: float | None = Field(default=None, ge=-70, le=0)


class First(Frozen):
    """What is taken out of the recording before a separator hears it.

    Attributes:
        model: as `sayso.separate.load` takes it.
        target: what it keeps: of a model of music the "vocals".
    """

    model: str
    target: str = "vocals"


class Hearing(Frozen):
    """One separator, and what it is asked for.

    Attributes:
        model: as `sayso.separate.load` takes it; None takes the best of our own, if it has learned.
        instead: what is asked, and told, where `model` is not installed.
        after: what it hears is what this model kept of the recording; None takes the recording.
        optional: whether it is left out, and nothing said, where `model` or `after` is not
            installed.
        target: the sound that is the speech to this separator: "speech", of Demucs "vocals".
        weight: in fusions that weigh, above 0.
        shifts: how often it is asked, each time begun at another place within half a second; the
            mean counts.
        segment_s: seconds that `model` hears at a time; None leaves it to the model.
        overlap: share of a segment that is heard twice; None leaves it.
    """

    model: str | None = None
    instead: str | None = None
    after: First | None = None
    optional: bool = False
    target: str = "speech"
    weight: float = Field(default=1.0, gt=0)
    shifts: int = Field(default=1, ge=1, le=20)
    segment_s: float | None = Field(default=None, ge=0.5, le=600)
    overlap: float | None = Field(default=None, ge=0, le=0.5)

    @property
    def cutting(self) -> dict[str, float]:
        """Segment and overlap, as far as they are asked for."""
        asked = {"segment_s": self.segment_s, "overlap": self.overlap}
        return {name: value for name, value in asked.items() if value is not None}


class Restore(Frozen):
    """Speech given back that the separators took: see `sayso.clean.restore`.

    It runs after separators only.

    Attributes:
        beta: how much the rest counts against the speech where the speech is the stronger; less
            gives back more.
        levelled: whether the rest counts as if it were as loud as the speech: less is given back
            the further it lies below, where separators err less.
        floor_db: how far the rest is turned down at most, below 0.
        enough_db: how far below the speech it need not be turned down further.
    """

    beta: float = Field(default=0.3, gt=0, le=100)
    levelled: bool = False
    floor_db: float = Field(default=-15.0, ge=-60, lt=0)
    enough_db: float = Field(default=-30.0, ge=-100, le=0)


class Denoise(Frozen):
    """Noise out of speech.

    Attributes:
        model: a separator that supports speech; None takes the spectral estimator, which needs no
            weights: see `sayso.clean.spectral`.
        instead: the separator that is asked, and told, where `model` is not installed.
        wet: the share of the denoised sound, the rest is what came in.
        floor_db: how far the spectral estimator turns noise down, below 0.
    """

    model: str | None = None
    instead: str | None = None
    wet: float = Field(default=1.0, ge=0, le=1)
    floor_db: float = Field(default=-12.0, ge=-60, lt=0)


class Fusion(Frozen):
    """How stems of one target become one.

    Attributes:
        kind: "mean" of waveforms, weighted; or of masks the greatest ("mask_max"), the weighted
            mean ("mask_mean"), or the weighted power mean ("mask_power").
        power: of the power mean; 1 is the mean, more leans towards the greatest.
        exponent: e of the masks; 2 makes them those of Wiener.
    """

    kind: Literal["mean", "mask_max", "mask_mean", "mask_power"] = "mean"
    power: float = Field(default=2.0, gt=0, le=20)
    exponent: float = Field(default=1.0, gt=0, le=4)


class Separation(Frozen):
    """Speech out of everything else.

    Attributes:
        separators: one or several.
        fusion: of several. The default keeps at each point of the spectrogram the greatest of
            their soft masks |V|^2 / (|V|^2 + |A|^2), where A is what a separator left of the mix.
        least_lu: loudness of the speech relative to the recording; below it there is none.
        stand_in: what runs instead where nothing that has learned can be asked, unless there is a
            denoiser anyway; None leaves the sound as it is.
    """

    separators: tuple[Hearing, ...] = Field(default=(Hearing(),), min_length=1)
    fusion: Fusion = Fusion(kind="mask_max", exponent=2.0)
    least_lu: float = Field(default=-10.0, ge=-100, le=0)
    stand_in: Denoise | None = Denoise()


class PostMask(Frozen):
    """A Wiener mask of the speech found so far, V, against the rest of the mix, A.

    Its gain on V is |V|^2 / (|V|^2 + beta |A|^2): leakage is where A is the stronger. It runs
    after separators only: what the spectral denoiser takes away says nothing of leakage.

    Attributes:
        beta: how much the rest counts.
        floor_db: the least gain.
    """

    beta: float = Field(default=0.5, gt=0, le=100)
    floor_db: float = Field(default=-12.0, ge=-60, lt=0)


class PauseGate(Frozen):
    """Pauses turned down.

    Attributes:
        told_by: what a pause is: where the "level" is low, or where no "voice" is heard, whatever
            else sounds and however softly a word ends.
        threshold_lu: level, relative to the loudness of the speech, below which it closes.
        range_db: how far it closes, below 0.
        enough_db: how far below the loud moments the pauses, by their median, need not be turned
            down further, where the voice tells what they are.
        attack_s: time in which it opens; it begins that much before a word.
        release_s: time in which it closes.
    """

    told_by: Literal["level", "voice"] = "level"
    threshold_lu: float = Field(default=-32.0, ge=-70, le=0)
    range_db: float = Field(default=-10.0, ge=-80, lt=0)
    enough_db: float = Field(default=-60.0, ge=-200, le=0)
    attack_s: float = Field(default=0.01, ge=0.001, le=1)
    release_s: float = Field(default=0.15, ge=0.005, le=5)


class TargetLoudness(Frozen):
    """The loudness of the result.

    Attributes:
        lufs: integrated, by one gain.
        ceiling_db: no true peak passes it, in dBTP.
    """

    lufs: float = Field(default=-23.0, ge=-70, le=0)
    ceiling_db: float = Field(default=-1.0, ge=-20, le=0)


class Cleaning(Frozen):
    """The whole of the cleaning: its stages, of which None leaves one out.

    Attributes:
        preprocess: rate in Hz, channels and level in LUFS before anything else.
        separation: the separators that take out the speech, and how their answers are fused.
        restore: gives back what of the speech they took.
        denoise: a model that takes noise out of what is left.
        postmask: turns down what the speech is weaker than.
        dry: the share of the recording that is mixed into what was found so far, 0 to 1.
        gate: turns pauses down, by dB.
        loudness: what the result is brought to, in LUFS, under a ceiling in dBTP.
    """

    preprocess: Preprocess = Preprocess()
    separation: Separation | None = None
    restore: Restore | None = None
    denoise: Denoise | None = None
    postmask: PostMask | None = None
    dry: float = Field(default=0.0, ge=0, lt=1)
    gate: PauseGate | None = None
    loudness: TargetLoudness | None = None


SPEECH_ONLY = Cleaning(
    preprocess=Preprocess(level_lufs=-23.0),
    separation=Separation(
        separators=(Hearing(), Hearing(after=First(model="htdemucs"), optional=True, weight=2)),
        fusion=Fusion(kind="mean"),
    ),
    restore=Restore(beta=0.08, levelled=True, floor_db=-60.0, enough_db=-100.0),
    gate=PauseGate(told_by="voice", range_db=-40.0, enough_db=-75.0),
)
"""What a bare `clean` means: the best separator that is here, at the level that the speech has."""
