"""SDR, uSDR and SI-SDR: known values, invariances, refusals."""

import numpy as np
import pytest

from sayso.errors import EmptyAudioError, NotFiniteError, ShapeError, SilenceError
from sayso.measure import sdr as plain
from sayso.measure import si_sdr as invariant

rng = np.random.default_rng(0)
CLEAN = rng.standard_normal((2, 4000))
NOISE = rng.standard_normal((2, 4000))


def test_usdr_is_the_formula_of_the_challenge() -> None:
    estimate = CLEAN + 0.1 * NOISE
    expected = 10 * np.log10(((CLEAN**2).sum() + 1e-7) / (((CLEAN - estimate) ** 2).sum() + 1e-7))
    assert float(plain.usdr(estimate, CLEAN)) == pytest.approx(expected)


def test_usdr_is_finite_for_silence_and_perfection() -> None:
    silence = np.zeros((2, 100))
    assert float(plain.usdr(silence, silence)) == 0.0
    assert np.isfinite(plain.usdr(CLEAN, CLEAN))


def test_usdr_of_a_batch_is_one_figure_a_track() -> None:
    batch = np.stack([CLEAN, NOISE])
    metrics = plain.usdr(batch * 0.9, batch)
    assert metrics.shape == (2,)
    np.testing.assert_allclose(metrics, 20.0, atol=1e-4)


@pytest.mark.parametrize(("gain", "db"), [(0.9, 20.0), (0.99, 40.0), (0.0, 0.0), (2.0, 0.0)])
def test_plain_sdr_of_a_wrong_gain(gain: float, db: float) -> None:
    np.testing.assert_allclose(plain.sdr(gain * CLEAN, CLEAN), [db, db], atol=1e-9)


def test_plain_sdr_of_a_perfect_estimate_is_infinite() -> None:
    assert np.isinf(plain.sdr(CLEAN, CLEAN)).all()


def test_si_sdr_ignores_level_and_offset() -> None:
    estimate = CLEAN + 0.3 * NOISE
    metrics = invariant.si_sdr(estimate, CLEAN)
    np.testing.assert_allclose(invariant.si_sdr(7 * estimate + 2, CLEAN), metrics, atol=1e-9)
    np.testing.assert_allclose(invariant.si_sdr(estimate, 0.01 * CLEAN), metrics, atol=1e-9)


def test_si_sdr_of_noise_that_is_orthogonal() -> None:
    time = np.arange(8000) / 8000
    clean, noise = np.sin(2 * np.pi * 440 * time), np.cos(2 * np.pi * 440 * time)
    assert float(invariant.si_sdr(clean + 0.1 * noise, clean)) == pytest.approx(20.0, abs=1e-6)


def test_si_sdr_of_silence_is_minus_infinity() -> None:
    assert np.isneginf(invariant.si_sdr(np.zeros_like(CLEAN), CLEAN)).all()


@pytest.mark.parametrize("metric", [plain.sdr, plain.usdr, invariant.si_sdr])
def test_what_cannot_be_compared_is_refused(metric) -> None:
    with pytest.raises(ShapeError, match="shape"):
        metric(CLEAN[:, :10], CLEAN)
    with pytest.raises(EmptyAudioError):
        metric(CLEAN[:, :0], CLEAN[:, :0])
    with pytest.raises(NotFiniteError, match="estimate"):
        metric(np.full_like(CLEAN, np.nan), CLEAN)


@pytest.mark.parametrize("metric", [plain.sdr, invariant.si_sdr])
def test_a_silent_reference_is_refused(metric) -> None:
    with pytest.raises(SilenceError):
        metric(CLEAN, np.zeros_like(CLEAN))
