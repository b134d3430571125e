"""The stages together, with separators of our own making."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, integrated_lufs, true_peak_db
from sayso.clean import clean_audio, load_config
from sayso.clean.config import CleanConfig
from sayso.desk.cleaning import SPEECH_ONLY, Denoise, Hearing, PostMask, Separation, TargetLoudness
from sayso.errors import ModelError, SilenceError
from sayso.measure.si_sdr import si_sdr
from sayso.separate.ensemble import Fusion
from sayso.watch import SILENT

RATE = 16_000


def knows(speech, *, share=0.8):
    """A separator that leaves the rest in by `1 - share`, at any level of the mix."""

    def separate(mix, targets, watch=SILENT):
        gain = float(np.vdot(mix.samples, mix.samples) / np.vdot(speech.mix, speech.mix)) ** 0.5
        found = gain * (share * speech.samples + (1 - share) * speech.mix)
        return {target: Audio(found.astype(np.float32), mix.sample_rate) for target in targets}

    return separate


class Known:
    def __init__(self, samples, mix):
        self.samples, self.mix = samples, mix


@pytest.fixture
def scene(speak, tone):
    clean = speak(4.0)
    music = sum(
        0.05 * tone(4.0, hz=hz, channels=1, rate=RATE).samples for hz in (220, 277, 330, 880)
    )
    mix = Audio((clean.samples + music).astype(np.float32), RATE)
    return clean, mix, Known(clean.samples, mix.samples)


def test_separators_are_asked_fused_and_masked(scene):
    clean, mix, known = scene
    config = CleanConfig(
        separation=Separation(
            separators=(Hearing(model="one"), Hearing(model="two", target="vocals")),
        ),
        postmask=PostMask(beta=1.0, floor_db=-20),
    )
    asked, stages = [], []

    def open_model(name, target, **cutting):
        asked.append((name, target))
        return knows(known, share=0.5 if name == "one" else 0.9)

    keep = lambda stage, audio: stages.append((stage, audio))  # noqa: E731
    found = clean_audio(mix, config, open_model=open_model, keep=keep)
    assert asked == [("one", "speech"), ("two", "vocals")]
    assert [stage for stage, _ in stages] == ["preprocess", "separation", "postmask"]
    levels = [
        float(si_sdr(audio.samples[0], clean.samples[0]))
        for audio in (mix, stages[1][1], found.audio)
    ]
    assert levels[0] + 3 < levels[1] < levels[2]
    assert found.gain_db == 0


def test_level_is_for_the_stages_alone(scene):
    _, mix, known = scene
    quiet = Audio(0.01 * mix.samples, RATE)
    config = load_config("best", ["loudness=null", "gate=null"])
    open_model = lambda name, target: knows(known)  # noqa: E731
    loud, soft = (clean_audio(audio, config, open_model=open_model) for audio in (mix, quiet))
    np.testing.assert_allclose(100 * soft.audio.samples, loud.audio.samples, atol=1e-4)


def test_loudness_and_ceiling_are_met(scene):
    _, mix, _ = scene
    config = CleanConfig(loudness=TargetLoudness(lufs=-18, ceiling_db=-3))
    found = clean_audio(mix, config)
    assert integrated_lufs(found.audio) == pytest.approx(-18, abs=0.1)
    assert true_peak_db(found.audio) <= -3
    soft = clean_audio(mix, CleanConfig(loudness=TargetLoudness(lufs=-40)))
    gain = np.float32(10 ** (soft.gain_db / 20))
    np.testing.assert_allclose(soft.audio.samples, gain * soft.speech.samples, atol=1e-6)


def test_nothing_asked_changes_nothing(scene):
    _, mix, _ = scene
    config = CleanConfig(preprocess={"remove_dc": False})
    np.testing.assert_array_equal(clean_audio(mix, config).audio.samples, mix.samples)


def test_wet_and_dry_are_mixed(noisy):
    _, mix = noisy(3.0)
    dry, half, wet = (
        clean_audio(mix, CleanConfig(denoise=Denoise(wet=wet))).audio.samples
        for wet in (0.0, 0.5, 1.0)
    )
    np.testing.assert_allclose(half, (dry + wet) / 2, atol=1e-6)


def test_without_a_trained_separator_it_is_left_out_and_said(scene, noisy):
    _, mix = noisy(3.0)
    config = load_config("best")
    found = clean_audio(mix, config, open_model=lambda name, target: None)
    assert "no trained separator" in found.notes[0]
    rest = config.model_copy(update={"separation": None, "denoise": Denoise()})
    np.testing.assert_array_equal(found.audio.samples, clean_audio(mix, rest).audio.samples)
    alone = load_config("best", ["separation.stand_in=null"])
    left = clean_audio(mix, alone, open_model=lambda name, target: None)
    assert "left as it is" in left.notes[0]
    nothing = config.model_copy(update={"separation": None})
    np.testing.assert_array_equal(left.audio.samples, clean_audio(mix, nothing).audio.samples)


def test_silence_and_music_alone_are_refused(scene):
    _, mix, _ = scene
    with pytest.raises(SilenceError, match="silent throughout"):
        clean_audio(Audio(np.zeros((1, RATE), np.float32), RATE), load_config("best"))
    whisper = Known(1e-4 * mix.samples, 1e-4 * mix.samples)
    faint = knows(whisper)

    def hears_nothing(mix, targets, watch=SILENT):
        found = faint(mix, targets)
        return {target: Audio(1e-3 * audio.samples, RATE) for target, audio in found.items()}

    config = load_config("best")
    with pytest.raises(SilenceError, match="no speech was found"):
        clean_audio(mix, config, open_model=lambda name, target: hears_nothing)


def test_the_published_fusion_takes_the_greatest_mask(scene):
    _, mix, known = scene
    fusion = Fusion(kind="mask_max", exponent=2.0)
    shares = {"one": 0.3, "two": 0.9}

    def heard(names):
        separation = Separation(separators=tuple(Hearing(model=n) for n in names), fusion=fusion)
        return clean_audio(
            mix,
            CleanConfig(separation=separation),
            open_model=lambda name, target: knows(known, share=shares[name]),
        ).audio.samples

    both, other = heard(("one", "two")), heard(("two", "one"))
    np.testing.assert_array_equal(both, other)
    assert np.linalg.norm(both) > 0


def begun_with(mix, stem):
    """A stem with the silence before it that a shifted mix has."""
    early = mix.frames - stem.frames
    return Audio(np.pad(stem.samples, ((0, 0), (early, 0))), stem.sample_rate)


def test_what_is_not_installed_is_replaced_once_and_said(scene):
    clean, mix, known = scene
    asked = []

    def open_model(name, target, **cutting):
        if name not in ("htdemucs", "deepfilternet3"):
            raise ModelError(f"{name} needs a file that is not here")

        def separate(mix, targets, watch=SILENT):
            asked.append((name, *targets))
            stems = knows(known)(mix, targets)
            return {target: begun_with(mix, stem) for target, stem in stems.items()}

        return separate

    config = load_config("published", ["postmask=null", "gate=null", "loudness=null"])
    cleaned = clean_audio(mix, config, open_model=open_model)
    assert asked == [*4 * [("htdemucs", "vocals")], ("deepfilternet3", "speech")]
    assert cleaned.notes == (
        "htdemucs_ft is not installed: htdemucs was asked instead",
        "mdx_extra_q is not installed: htdemucs was asked instead",
        "dns64 is not installed: deepfilternet3 was asked instead",
    )
    assert si_sdr(cleaned.audio.samples, clean.samples) > si_sdr(mix.samples, clean.samples) + 5


def test_without_the_one_named_and_without_another_it_says_how_to_get_the_one_named(scene):
    _, mix, _ = scene

    def open_model(name, target, **cutting):
        raise ModelError(f"{name} needs a file that is not here")

    with pytest.raises(ModelError, match="htdemucs_ft needs a file"):
        clean_audio(mix, load_config("published"), open_model=open_model)
    alone = CleanConfig(separation=Separation(separators=(Hearing(model="one"),)))
    with pytest.raises(ModelError, match="one needs a file"):
        clean_audio(mix, alone, open_model=open_model)


def test_what_music_models_keep_is_heard_as_well_where_they_are_there(scene):
    _, mix, known = scene
    asked = []

    def opener(*there):
        def open_model(name, target, **cutting):
            if name is not None and name not in there:
                raise ModelError(f"{name} needs a file that is not here")

            def separate(mix, targets, watch=SILENT):
                asked.append((name, *targets))
                return knows(known, share=0.5)(mix, targets)

            return separate

        return open_model

    config = load_config("best", ["restore=null", "gate=null", "loudness=null"])
    with_it = clean_audio(mix, config, open_model=opener("htdemucs"))
    assert asked == [(None, "speech"), ("htdemucs", "vocals"), (None, "speech")]
    asked.clear()
    without = clean_audio(mix, config, open_model=opener())
    assert asked == [(None, "speech")]
    assert with_it.notes == without.notes == ()
    only = load_config("light", ["restore=null", "gate=null", "loudness=null"])
    light = clean_audio(mix, only, open_model=opener("htdemucs"))
    np.testing.assert_array_equal(light.audio.samples, without.audio.samples)


def test_the_default_is_the_same_in_words_and_in_files():
    stages = load_config("best").stages
    assert stages.model_copy(update={"loudness": None}) == SPEECH_ONLY
