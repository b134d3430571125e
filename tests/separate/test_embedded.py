"""The embedded separator on a tiny exported model: shapes, rates, levels, words, errors."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import Cancelled, ModelError, UnknownTargetError
from sayso.separate.embedded import EmbeddedSeparator
from sayso.watch import Watch

TINY = Path(__file__).parent / "stored" / "tiny.onnx"


@pytest.fixture(scope="module")
def separator() -> EmbeddedSeparator:
    return EmbeddedSeparator(TINY, threads=1)


def noise(frames: int, *, channels: int = 2, rate: int = 8000, level: float = 0.1) -> Audio:
    samples = level * np.random.default_rng(0).standard_normal((channels, frames))
    return Audio(samples.astype(np.float32), rate)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
@pytest.mark.parametrize(
    ("rate", "frames"), [(8000, 3001), (44_100, 5000), (11_025, 1), (8000, 40)]
)
def test_stems_are_like_the_mix(
    separator: EmbeddedSeparator, channels: int, rate: int, frames: int
) -> None:
    mix = noise(frames, channels=channels, rate=rate)
    stems = separator.separate(mix, ["vocals", "drums"])
    assert list(stems) == ["vocals", "drums"]
    for stem in stems.values():
        assert stem.samples.shape == mix.samples.shape
        assert stem.sample_rate == rate
        assert np.isfinite(stem.samples).all()


def test_level_goes_through(separator: EmbeddedSeparator) -> None:
    mix = noise(8000)
    quiet = Audio(mix.samples * np.float32(0.01), mix.sample_rate)
    loud, soft = (separator.separate(x, ["vocals"])["vocals"].samples for x in (mix, quiet))
    np.testing.assert_allclose(soft * 100, loud, atol=1e-4)
    silence = separator.separate(Audio(np.zeros_like(mix.samples), 8000), ["vocals"])["vocals"]
    assert not silence.samples.any()


def test_long_audio_equals_one_piece(separator: EmbeddedSeparator) -> None:
    """Chunks of a steady sound join without a seam."""
    mix = noise(8000 * 40)
    whole = separator.separate(mix, ["vocals"])["vocals"].samples
    patient = EmbeddedSeparator(TINY, threads=1, segment_s=100.0)
    once = patient.separate(mix, ["vocals"])["vocals"].samples
    # At the very ends chunks see silence beyond, one piece sees its mirror image.
    inner = slice(8000, -8000)
    np.testing.assert_allclose(whole[:, inner], once[:, inner], atol=1e-4)


def test_asking_together_equals_asking_apart(separator: EmbeddedSeparator) -> None:
    mix = noise(9000)
    both = separator.separate(mix, ["vocals", "a barking dog"])
    alone = separator.separate(mix, ["a barking dog"])
    np.testing.assert_array_equal(both["a barking dog"].samples, alone["a barking dog"].samples)


def test_words(separator: EmbeddedSeparator) -> None:
    for heard in ("vocals", "Vocals!", "the dogs", "dog barking", "drum", "acoustic guitars"):
        assert separator.supports(heard), heard
    for unheard in ("", "qwxyz", "the"):
        assert not separator.supports(unheard), unheard
    with pytest.raises(UnknownTargetError, match="nearest"):
        separator.separate(noise(100), ["qwxyz"])


def test_other_words_for_the_same_sound_are_the_same_question(
    separator: EmbeddedSeparator,
) -> None:
    answers = separator.separate(noise(9000), ["Dog barking", "dog bark", "the dogs", "vocals"])
    plain, listed, unlisted, vocals = (stem.samples for stem in answers.values())
    np.testing.assert_array_equal(plain, listed)
    np.testing.assert_array_equal(plain, unlisted)
    assert np.abs(plain - vocals).max() > 0


def test_progress_and_cancelling(separator: EmbeddedSeparator) -> None:
    told: list[float] = []
    separator.separate(noise(8000 * 40), ["vocals"], watch=Watch(told.append))
    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        separator.separate(noise(8000), ["vocals"], watch=Watch(cancelled=lambda: True))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedSeparator:
    """The tiny model with a network of its own, of one channel, for animals."""
    folder = tmp_path_factory.mktemp("two")
    for stored, name in (("tiny", "tiny"), ("one", "tiny.named")):
        for end in (".onnx", ".ask.onnx"):
            shutil.copy(TINY.with_name(stored + end), folder / (name + end))
    return EmbeddedSeparator(folder / "tiny.onnx", threads=1)


def test_each_question_goes_to_the_network_that_knows_it_better(
    two: EmbeddedSeparator, separator: EmbeddedSeparator
) -> None:
    mix = noise(9000, channels=1)
    both = two.separate(mix, ["vocals", "dog barking"])
    alone = separator.separate(mix, ["vocals", "dog barking"])
    np.testing.assert_array_equal(both["vocals"].samples, alone["vocals"].samples)
    assert np.abs(both["dog barking"].samples - alone["dog barking"].samples).max() > 0
    assert two.version != separator.version


def test_equal_channels_are_heard_as_one_and_others_each_by_itself(
    two: EmbeddedSeparator,
) -> None:
    # Three channels of one recording: unlike each other, none of them turned over.
    own = noise(9000, channels=3)
    mix = Audio(own.samples[:1] + np.float32(0.3) * own.samples, 8000)
    dogs = two.separate(mix, ["a barking dog"])["a barking dog"].samples
    assert dogs.shape == (3, 9000)
    assert all(np.abs(dogs[a] - dogs[b]).max() > 1e-3 for a, b in ((0, 1), (0, 2), (1, 2)))
    mono = Audio(mix.samples[:1], 8000)
    alone = two.separate(mono, ["a barking dog"])["a barking dog"].samples
    twice = two.separate(Audio(np.repeat(mono.samples, 2, axis=0), 8000), ["a barking dog"])
    np.testing.assert_allclose(
        twice["a barking dog"].samples, np.repeat(alone, 2, axis=0), atol=1e-6
    )


def test_a_sentence_about_several_sounds_asks_for_their_sum(two: EmbeddedSeparator) -> None:
    mix = noise(9000)
    words = "a dog barks while drums play and the guitar joins in"
    answers = two.separate(mix, [words, "dog", "drums", "guitar"])
    whole, *parts = (stem.samples for stem in answers.values())
    np.testing.assert_allclose(whole, np.sum(parts, axis=0), atol=1e-6)
    assert two.supports(words)


def test_missing_damaged_and_other_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        EmbeddedSeparator(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="damaged"):
        EmbeddedSeparator(tmp_path / "bad.onnx")
