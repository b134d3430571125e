"""Losses: equal to their definition, independent of loudness; transforms: as in the audio room."""

import numpy as np
import pytest
import torch

from sayso.audio import stft
from sayso.networks.ask import bounded
from sayso.train.losses import answer_loss, error_weights, masked_errors, waveform_error
from sayso.train.spectra import apply_mask, spectrogram, waveform


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_masked_errors_are_the_weighted_distances() -> None:
    spec, target, weights = draw(2, 4, 9, 8), draw(2, 3, 4, 9, 8, seed=1), draw(2, 2, 9, 8).abs()
    mask = draw(2, 3, 4, 9, 8, seed=2)
    error = apply_mask(bounded(mask, 1.5), spec[:, None]) - target
    found = masked_errors(mask, spec, target, weights, bound=1.5)
    for one, size, weight in (
        (found.absolute, error.abs(), weights[:, 0]),
        (found.squared, error.square(), weights[:, 1]),
        (found.energy, target.square(), weights[:, 1]),
    ):
        expected = (size.sum(2) * weight[:, None]).sum((2, 3))
        torch.testing.assert_close(one, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("gain", [0.01, 1.0, 10.0])
def test_silence_costs_about_one_at_any_level(gain: float) -> None:
    spec = gain * draw(1, 4, 64, 128)
    mask = torch.zeros(1, 1, 4, 64, 128)
    for error in masked_errors(mask, spec, spec[:, None], error_weights(spec), bound=1.5):
        assert 0.85 < float(error) < 1.15


def test_a_guess_at_half_strength_beats_silence_and_absence_is_a_level() -> None:
    """Where a sparse target hides in a mixture, silence must not be the best constant."""
    there = draw(1, 1, 4, 64, 128) * (draw(1, 1, 1, 64, 128, seed=1) > 1)
    spec = there[:, 0] + 0.5 * draw(1, 4, 64, 128, seed=2)
    weights = error_weights(spec)

    def loss(gain: float, target: torch.Tensor) -> float:
        mask = torch.zeros(1, 1, 4, 64, 128)
        mask[:, :, 0::2] = gain
        errors = masked_errors(mask, spec, target, weights, bound=1e3)
        return float(answer_loss(errors, absent=1.0, floor=1e-3))

    assert loss(0.3, there) < loss(0.0, there)
    assert loss(0.0, torch.zeros_like(there)) == 0.0
    assert loss(0.2, torch.zeros_like(there)) == pytest.approx(0.2, rel=0.15)


def test_waveform_error_is_zero_for_the_truth_and_ignores_level() -> None:
    mix, target = draw(1, 2, 4096), draw(1, 1, 2, 4096, seed=1)
    assert float(waveform_error(target, target, mix)) == 0
    loud = waveform_error(torch.zeros_like(target), target, mix)
    quiet = waveform_error(torch.zeros_like(target), target * 0.1, mix * 0.1)
    torch.testing.assert_close(loud, quiet, rtol=1e-2, atol=0)


def test_spectrogram_is_that_of_the_audio_room_and_inverts() -> None:
    waves = draw(3, 2, 64 * 16)
    waves[1] = 0
    spec = spectrogram(waves, 64, hop=16)
    assert spec.shape == (3, 4, 65, 32)
    reference = stft(waves[0].numpy(), 64, hop=16)[:, :-1].swapaxes(1, 2)
    # The two may extend the ends differently; inside they agree.
    np.testing.assert_allclose(spec[0, 0::2, 2:-2], reference.real[:, 2:-2], atol=1e-4)
    np.testing.assert_allclose(spec[0, 1::2, 2:-2], reference.imag[:, 2:-2], atol=1e-4)


def test_waveform_inverts_what_lies_below_half_the_rate() -> None:
    time = torch.arange(64 * 16)
    waves = torch.stack([torch.sin(0.3 * time), torch.cos(0.1 * time)])[None]
    spec = spectrogram(waves, 64, hop=16)
    back = waveform(spec, 64, hop=16, frames=waves.shape[-1])
    # The mirrored ends are no tones and reach the bin that is left out.
    torch.testing.assert_close(back[..., 64:-64], waves[..., 64:-64], atol=1e-3, rtol=0)
