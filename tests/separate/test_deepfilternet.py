"""DeepFilterNet3: transform and features as libDF has them, and its graphs are asked as they want.

The graphs here are made for the test, with the names of the released ones: gains of 1, and filters
that let the present frame through or the one before it.
"""

from __future__ import annotations

import io
import tarfile
from itertools import pairwise

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import ModelError, UnknownTargetError
from sayso.networks.graph import Graph
from sayso.separate.deepfilternet import (
    BANDS,
    BINS,
    HOP,
    ORDER,
    RATE,
    DeepFilterNetSeparator,
    analyse,
    band_widths,
    features,
    synthesise,
)


def shaped_like(graph, feature, shape, value):
    """`value` in a tensor `[1, ...shape]` whose axis of frames is as long as `feature`'s."""
    zero = graph.add(
        "Mul", graph.add("ReduceMax", feature, axes=[1, 3], keepdims=0), constant(graph, 0)
    )
    frames = graph.add("Reshape", zero, graph.array(np.array(shape)))
    return graph.add("Add", frames, constant(graph, value))


def constant(graph, value):
    return graph.array(np.asarray(value, np.float32))


def archive_of(path, *, gain=1.0, tap=2):
    """The released archive's layout: three graphs."""
    encoder = Graph()
    erb, spec = "feat_erb", "feat_spec"
    outputs = {
        name: shaped_like(encoder, erb, [1, 1, -1, 1], 0) for name in ("e0", "e1", "e2", "e3")
    }
    outputs["emb"] = shaped_like(encoder, erb, [1, -1, 1], 0)
    outputs["c0"] = encoder.add("Add", spec, constant(encoder, 0))
    shapes = {erb: (1, 1, "S", BANDS), spec: (1, 2, "S", BINS)}
    files = {"enc": encoder.model(shapes, outputs)}
    bands = Graph()
    gains = shaped_like(bands, "e0", [1, 1, -1, 1], np.full((1, 1, 1, BANDS), gain))
    inputs = dict.fromkeys(("e3", "e2", "e1", "e0"), (1, 1, "S", 1)) | {"emb": (1, "S", 1)}
    files["erb_dec"] = bands.model(inputs, {"m": gains})
    filters = Graph()
    taps = np.zeros((BINS, ORDER, 2))
    taps[:, tap, 0] = 1
    coefs = shaped_like(filters, "c0", [1, -1, 1, 1], taps.reshape(1, 1, BINS, 2 * ORDER))
    files["df_dec"] = filters.model({"emb": (1, "S", 1), "c0": (1, 2, "S", BINS)}, {"coefs": coefs})
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"tmp/export/{name}.onnx")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def voice(seconds, rate=RATE, channels=1):
    rng = np.random.default_rng(2)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype("f4"), rate)


def test_the_transform_is_undone():
    signal = voice(0.31).samples[0]
    assert np.abs(synthesise(analyse(signal), len(signal)) - signal).max() < 1e-6


def test_bands_are_equally_wide_to_the_ear():
    # The widths of libDF for 48 kHz, 960 samples, 32 bands of at least 2 bins.
    assert band_widths().tolist() == [2] * 13 + [
        5, 5, 7, 7, 8, 10, 12, 13, 15, 18, 20, 24, 28, 31, 37, 42, 50, 56, 67,
    ]  # fmt: skip


def test_features_are_normalised_by_running_means():
    rng = np.random.default_rng(1)
    spectrum = (rng.standard_normal((40, 481)) + 1j * rng.standard_normal((40, 481))) * 1e-2
    bands, low = features(spectrum.astype(np.complex64))
    edges = np.concatenate([[0], np.cumsum(band_widths())])
    mean, size = np.linspace(-60, -90, BANDS), np.linspace(1e-3, 1e-4, BINS)
    for frame in range(40):
        power = np.abs(spectrum[frame]) ** 2
        level = [10 * np.log10(power[a:b].mean() + 1e-10) for a, b in pairwise(edges)]
        mean = 0.01 * np.array(level) + 0.99 * mean
        size = 0.01 * np.abs(spectrum[frame, :BINS]) + 0.99 * size
        assert np.allclose(bands[frame], (level - mean) / 40, atol=1e-5)
        assert np.allclose(low[frame], spectrum[frame, :BINS] / np.sqrt(size), atol=1e-5)


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (16_000, 2), (44_100, 1)])
def test_filters_that_let_all_through_change_nothing(tmp_path, rate, channels):
    separator = DeepFilterNetSeparator(archive_of(tmp_path / "a.tar.gz"), threads=1)
    mix = voice(0.5, rate, channels)
    speech = separator.separate(mix, ["speech"])["speech"]
    assert speech.samples.shape == mix.samples.shape
    off = speech.samples - mix.samples
    # Other rates are resampled there and back, which costs the very highest frequencies.
    assert np.mean(off**2) < (1e-10 if rate == RATE else 0.1) * np.mean(mix.samples**2)


def test_taps_reach_two_frames_back(tmp_path):
    separator = DeepFilterNetSeparator(archive_of(tmp_path / "a.tar.gz", gain=0.0, tap=1))
    mix = Audio(np.sin(np.arange(RATE) * 2 * np.pi * 200 / RATE, dtype=np.float32)[None], RATE)
    speech = separator.separate(mix, ["speech"])["speech"].samples[0]
    # One tap before the present one: all is a hop late. 200 Hz has whole periods in a hop.
    assert np.abs(speech[4 * HOP : -4 * HOP] - mix.samples[0, 4 * HOP : -4 * HOP]).max() < 2e-2


def test_chunks_join_to_what_one_chunk_gives(tmp_path):
    archive, mix = archive_of(tmp_path / "a.tar.gz", tap=1), voice(30)
    whole = DeepFilterNetSeparator(archive).separate(mix, ["speech"])["speech"].samples
    cut = DeepFilterNetSeparator(archive, segment_s=5).separate(mix, ["speech"])["speech"].samples
    assert np.abs(cut - whole).max() < 1e-6


def test_another_archive_is_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz"):
        pass
    with pytest.raises(ModelError, match=r"enc\.onnx is missing"):
        DeepFilterNetSeparator(tmp_path / "a.tar.gz")
    with pytest.raises(ModelError, match="no such file"):
        DeepFilterNetSeparator(tmp_path / "b.tar.gz")
    separator = DeepFilterNetSeparator(archive_of(tmp_path / "c.tar.gz"))
    with pytest.raises(UnknownTargetError, match="speech"):
        separator.separate(voice(0.1), ["vocals"])
