"""The U-Net as a separator, with known masks in place of a trained network."""

from collections.abc import Callable

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import Cancelled, ModelError, UnknownTargetError
from sayso.networks.unet_shapes import UNetConfig, unet_shapes
from sayso.separate.unet import UNetSeparator, predict_masks
from sayso.watch import Watch

CONFIG = UNetConfig(sample_rate=8192, n_fft=128, hop=64, levels=2, width=2, frames=16)
SOURCES = CONFIG.sources
CONTEXT = unet_shapes(CONFIG.bins, 1, levels=CONFIG.levels).context_frames


def constant(share: float) -> Callable[[np.ndarray], np.ndarray]:
    """A network that gives `share` of everything to the first source and the rest to the second."""

    def masks(magnitude: np.ndarray) -> np.ndarray:
        inner = magnitude[..., CONTEXT:-CONTEXT]
        return np.stack([np.full_like(inner, share), np.full_like(inner, 1 - share)], axis=1)

    return masks


def local(magnitude: np.ndarray) -> np.ndarray:
    """A network whose masks depend on the sound around each cell, as far as its context."""
    padded = np.log1p(magnitude)
    around = sum(
        padded[..., CONTEXT + d : padded.shape[-1] - CONTEXT + d]
        for d in (-CONTEXT, -3, 0, CONTEXT)
    )
    first = around / (around + 1)
    return np.stack([first, 1 - first], axis=1).astype(np.float32)


def noise(seconds: float, rate: int, channels: int = 2) -> Audio:
    wave = np.random.default_rng(0).standard_normal((channels, round(seconds * rate)))
    return Audio((0.1 * wave).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [4000, 8192, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_stems_are_like_the_mix_and_add_up_to_it(rate: int, channels: int) -> None:
    mix = noise(1.3, rate, channels)
    stems = UNetSeparator(CONFIG, local).separate(mix, SOURCES)
    for stem in stems.values():
        assert stem.samples.shape == mix.samples.shape
        assert stem.sample_rate == rate
    total = sum(stem.samples for stem in stems.values())
    # Below the network's rate the mix goes up to it and back; the very top of its band is lost.
    atol = 0.12 if rate < CONFIG.sample_rate else 2e-4
    np.testing.assert_allclose(total, mix.samples, atol=atol)


def test_the_high_band_follows_the_masks_below_it() -> None:
    time = np.arange(44_100) / 44_100
    tones = 0.1 * np.sin(2 * np.pi * 3900 * time) + 0.1 * np.sin(2 * np.pi * 12_000 * time)
    mix = Audio(tones[None].astype(np.float32), 44_100)
    stems = UNetSeparator(CONFIG, constant(0.75)).separate(mix, SOURCES)
    np.testing.assert_allclose(
        stems[SOURCES[0]].samples[0, 2000:-2000], 0.75 * mix.samples[0, 2000:-2000], atol=2e-3
    )


def test_a_high_band_without_a_witness_follows_the_whole_frame() -> None:
    time = np.arange(44_100) / 44_100
    tones = 0.3 * np.sin(2 * np.pi * 300 * time) + 0.1 * np.sin(2 * np.pi * 12_000 * time)
    mix = Audio(tones[None].astype(np.float32), 44_100)
    stems = UNetSeparator(CONFIG, constant(0.25)).separate(mix, SOURCES)
    inner = stems[SOURCES[0]].samples[0, 4000:-4000]
    np.testing.assert_allclose(inner, 0.25 * mix.samples[0, 4000:-4000], atol=5e-3)


def test_patches_equal_one_pass() -> None:
    rng = np.random.default_rng(1)
    magnitude = rng.random((2, CONFIG.bins, 1500)).astype(np.float32)
    found = predict_masks(magnitude, CONFIG, local)
    padded = np.pad(magnitude, ((0, 0), (0, 0), (CONTEXT, CONTEXT)))
    np.testing.assert_allclose(found, local(padded), atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 15, 16, 17, 512, 513])
def test_any_number_of_frames(frames: int) -> None:
    magnitude = np.ones((1, CONFIG.bins, frames), np.float32)
    assert predict_masks(magnitude, CONFIG, constant(0.5)).shape == (1, 2, CONFIG.bins, frames)


@pytest.mark.parametrize("rate", [8192, 44_100])
def test_chunks_equal_the_whole(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    mix = noise(5.0, rate, 1)
    whole = UNetSeparator(CONFIG, local).separate(mix, SOURCES)
    monkeypatch.setattr("sayso.separate.unet._SEGMENT_S", 1.0)
    chunked = UNetSeparator(CONFIG, local).separate(mix, SOURCES)
    for source in SOURCES:
        np.testing.assert_allclose(chunked[source].samples, whole[source].samples, atol=5e-4)


@pytest.mark.parametrize("frames", [1, 10, 300])
def test_very_short_audio(frames: int) -> None:
    mix = Audio(np.full((1, frames), 0.1, np.float32), 44_100)
    stems = UNetSeparator(CONFIG, constant(0.5)).separate(mix, SOURCES)
    assert all(stem.frames == frames for stem in stems.values())


def test_silence_stays_silent() -> None:
    stems = UNetSeparator(CONFIG, local).separate(
        Audio(np.zeros((2, 10_000), np.float32), 44_100), SOURCES
    )
    assert not any(stem.samples.any() for stem in stems.values())


def test_an_unknown_target_is_named() -> None:
    separator = UNetSeparator(CONFIG, local, name="mine")
    assert separator.supports("vocals")
    with pytest.raises(UnknownTargetError, match="mine cannot hear tuba; it hears accompaniment"):
        separator.separate(noise(0.1, 8192), ["vocals", "tuba"])


def test_targets_come_in_the_order_asked_for() -> None:
    stems = UNetSeparator(CONFIG, constant(0.9)).separate(noise(0.5, 8192), ["vocals"])
    assert list(stems) == ["vocals"]


def test_progress_and_cancelling() -> None:
    seen: list[float] = []
    separator = UNetSeparator(CONFIG, constant(0.5))
    separator.separate(noise(50, 8192, 1), ["vocals"], watch=Watch(seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(Cancelled):
        separator.separate(noise(0.1, 8192), ["vocals"], watch=Watch(cancelled=lambda: True))


def test_what_is_no_model_is_refused(tmp_path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        UNetSeparator.load(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="damaged or no exported model"):
        UNetSeparator.load(tmp_path / "bad.onnx")
