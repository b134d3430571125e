"""BSSEval v4, checked against museval's own code."""

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.signal import lfilter

from sayso.errors import EmptyAudioError, NotFiniteError, RangeError, ShapeError, SilenceError
from sayso.measure import bss_eval as ours

RATE = 4000


@pytest.fixture(scope="module")
def museval() -> ModuleType:
    """The `metrics.py` of museval alone: the package around it wants an ffmpeg program."""
    package = importlib.util.find_spec("museval")
    assert package is not None
    assert package.submodule_search_locations is not None
    path = Path(package.submodule_search_locations[0]) / "metrics.py"
    spec = importlib.util.spec_from_file_location("museval_metrics", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _material(sources: int, channels: int, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Coloured, partly correlated sources and filtered, leaking, noisy estimates of them."""
    rng = np.random.default_rng(sources * 10 + channels)
    colours = rng.uniform(0, 0.95, sources)
    references = rng.standard_normal((sources, channels, frames))
    references = np.stack(
        [lfilter([1], [1, -c], r) for c, r in zip(colours, references, strict=True)]
    )
    references += 0.3 * references[:, ::-1]
    estimates = references + 0.2 * references[::-1] + 0.1 * rng.standard_normal(references.shape)
    return lfilter([1, 0.2, -0.1], [1], estimates), references


@pytest.mark.parametrize(
    ("sources", "channels", "window_s", "hop_s", "taps"),
    [
        (2, 1, 1.0, 1.0, 512),
        (2, 2, 1.0, 0.5, 64),
        (3, 1, 0.75, 0.3, 32),
        (2, 2, math.inf, math.inf, 64),
        (1, 1, 1.0, 1.0, 1),
    ],
)
def test_agrees_with_museval(
    museval: ModuleType, sources: int, channels: int, window_s: float, hop_s: float, taps: int
) -> None:
    estimates, references = _material(sources, channels, 4 * RATE + 123)
    found = ours.bss_eval(
        estimates, references, sample_rate=RATE, window_s=window_s, hop_s=hop_s, taps=taps
    )
    expected = museval.bss_eval(
        references.transpose(0, 2, 1),
        estimates.transpose(0, 2, 1),
        window=window_s * RATE,
        hop=hop_s * RATE,
        filters_len=taps,
    )
    for name, metrics, theirs in zip(found._fields, found, expected[:4], strict=True):
        assert metrics.shape == theirs.shape
        # One source alone has no interference: the ratio is that of two rounding errors.
        if not (name == "sir" and sources == 1):
            np.testing.assert_allclose(metrics, theirs, atol=1e-3, err_msg=name)


def test_long_windows_and_long_tracks_go_block_by_block(
    museval: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_BLOCK", 1024)
    monkeypatch.setattr(ours, "_TOGETHER", 3)
    estimates, references = _material(2, 2, 3 * RATE)
    found = ours.bss_eval(estimates, references, sample_rate=RATE, window_s=math.inf, taps=50)
    expected = museval.bss_eval(
        references.transpose(0, 2, 1), estimates.transpose(0, 2, 1), window=math.inf, filters_len=50
    )
    for metrics, theirs in zip(found, expected[:4], strict=True):
        np.testing.assert_allclose(metrics, theirs, atol=1e-3)


def test_windows_with_a_silent_source_count_for_nothing(museval: ModuleType) -> None:
    estimates, references = _material(2, 1, 3 * RATE)
    references[1, :, RATE : 2 * RATE] = 0
    found = ours.bss_eval(estimates, references, sample_rate=RATE, taps=16)
    theirs = museval.bss_eval(
        references.transpose(0, 2, 1),
        estimates.transpose(0, 2, 1),
        window=RATE,
        hop=RATE,
        filters_len=16,
    )
    assert np.isnan(found.sdr[:, 1]).all()
    np.testing.assert_allclose(found.sdr, theirs[0], atol=1e-3)
    medians = ours.medians(estimates, references, sample_rate=RATE)
    assert np.isfinite(medians["sdr"]).all()


def test_ratios_mean_what_their_names_say() -> None:
    _, references = _material(2, 1, 4 * RATE)
    noise = np.random.default_rng(5).standard_normal(references.shape)
    leak = ours.medians(references + 0.1 * references[::-1], references, sample_rate=RATE)
    hiss = ours.medians(references + 0.1 * noise, references, sample_rate=RATE)
    quiet = ours.medians(0.5 * references, references, sample_rate=RATE)
    assert leak["sir"].max() < 40 < leak["sar"].min()
    assert hiss["sar"].max() < 40
    np.testing.assert_allclose(quiet["isr"], 20 * np.log10(2), atol=0.05)


def test_nothing_but_silent_windows_gives_nan() -> None:
    estimates, references = _material(2, 1, 2 * RATE)
    references[0, :, :RATE] = 0
    references[1, :, RATE:] = 0
    medians = ours.medians(estimates, references, sample_rate=RATE)
    assert all(np.isnan(metrics).all() for metrics in medians.values())


def test_what_cannot_be_compared_is_refused() -> None:
    estimates, references = _material(2, 1, 2000)
    with pytest.raises(ShapeError):
        ours.bss_eval(estimates[0], references[0], sample_rate=RATE)
    with pytest.raises(ShapeError):
        ours.bss_eval(estimates[..., 1:], references, sample_rate=RATE)
    with pytest.raises(EmptyAudioError):
        ours.bss_eval(estimates[..., :0], references[..., :0], sample_rate=RATE)
    with pytest.raises(SilenceError, match="number 1 of the references"):
        ours.bss_eval(estimates, references * [[[1.0]], [[0.0]]], sample_rate=RATE)
    with pytest.raises(NotFiniteError):
        ours.bss_eval(estimates * np.inf, references, sample_rate=RATE)
    with pytest.raises(RangeError, match="taps=0"):
        ours.bss_eval(estimates, references, sample_rate=RATE, taps=0)
