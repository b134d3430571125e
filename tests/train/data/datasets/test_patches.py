"""Batches have the promised shapes, are functions of the step, and survive unreadable songs."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from sayso.errors import DataError
from sayso.networks.unet_shapes import UNetConfig, unet_shapes
from sayso.train.data.datasets.layouts import read_data_set
from sayso.train.data.datasets.patches import (
    Excerpts,
    PairedStream,
    PatchConfig,
    UnpairedStream,
)
from sayso.train.data.datasets.record import Track

NETWORK = UNetConfig(sample_rate=2048, n_fft=64, hop=32, levels=2, width=2, frames=10)
PATCHES = PatchConfig(batch_size=3, excerpt_s=0.5, cache_size=4, replaced=1, workers=0)
SHAPES = unet_shapes(NETWORK.bins, NETWORK.frames, levels=NETWORK.levels)
RATE = 4096


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Track, ...]:
    """Three songs whose sources are tones of their own pitch and level."""
    root = tmp_path_factory.mktemp("songs")
    time = np.arange(2 * RATE) / RATE
    for number in range(3):
        (root / f"{number}").mkdir()
        for stem, hz in (("vocals", 100 + 60 * number), ("accompaniment", 500 + 60 * number)):
            wave = 0.1 * (number + 1) * np.sin(2 * np.pi * hz * time)
            soundfile.write(root / f"{number}" / f"{stem}.wav", wave, RATE, subtype="FLOAT")
    return read_data_set("folder", root).tracks


def test_paired_batches_hold_a_mix_with_context_and_its_sources(tracks: tuple[Track, ...]) -> None:
    batch = PairedStream(Excerpts(NETWORK, PATCHES), tracks, seed=(0,)).batch(0)
    assert batch.mix.shape == (3, NETWORK.bins, SHAPES.input[1])
    assert batch.sources.shape == (3, 2, NETWORK.bins, SHAPES.output[1])
    context = SHAPES.context_frames
    inner = batch.mix[..., context : context + SHAPES.output[1]]
    # Two tones far apart hardly meet in a bin, so magnitudes nearly add up.
    np.testing.assert_allclose(inner, batch.sources.sum(axis=1), atol=0.05 * inner.max())


@pytest.mark.parametrize("stream", [PairedStream, UnpairedStream])
def test_a_batch_is_a_function_of_seed_and_step(stream, tracks: tuple[Track, ...]) -> None:
    straight = stream(Excerpts(NETWORK, PATCHES), tracks, seed=(1, 0))
    batches = [straight.batch(step) for step in range(4)]
    threaded = PATCHES.model_copy(update={"workers": 2})
    resumed = stream(Excerpts(NETWORK, threaded), tracks, seed=(1, 0))
    for name in ("mix", "sources"):
        np.testing.assert_array_equal(getattr(resumed.batch(3), name), getattr(batches[3], name))
    other = stream(Excerpts(NETWORK, PATCHES), tracks, seed=(2, 0)).batch(3)
    assert not np.array_equal(other.mix, batches[3].mix)
    assert not np.array_equal(batches[2].mix, batches[3].mix)
    straight.close()
    resumed.close()


def test_unpaired_batches_mix_songs(tracks: tuple[Track, ...]) -> None:
    config = PATCHES.model_copy(update={"batch_size": 24, "cache_size": 12})
    batch = UnpairedStream(Excerpts(NETWORK, config), tracks, seed=(0,)).batch(0)
    assert batch.mix.shape == (24, NETWORK.bins, SHAPES.input[1])
    assert batch.sources.shape == (24, 2, NETWORK.bins, SHAPES.output[1])
    # Each song has its own level: examples whose two sources differ in it are of two songs.
    levels = batch.sources.max(axis=(2, 3)).round(0)
    assert (levels[:, 0] != levels[:, 1]).any()


def test_amplification_multiplies_every_source(tracks: tuple[Track, ...]) -> None:
    still = Excerpts(NETWORK, PATCHES).paired(tracks[:1], 0, seed=(0,)).sources
    config = PatchConfig(**{**PATCHES.model_dump(), "amplify": (0.2, 1.2)})
    factors = []
    for number in range(30):
        moved = Excerpts(NETWORK, config).paired(tracks[:1], number, seed=(0,)).sources
        factors.append(moved.max(axis=(1, 2)) / still.max(axis=(1, 2)))
    assert np.min(factors) > 0.15
    assert np.max(factors) < 1.25
    assert np.ptp(factors) > 0.7
    for wrong in ({"amplify": (1.2, 0.2)}, {"amplify": (0.2, 1.2), "gain_db": 3}):
        with pytest.raises(ValidationError):
            PatchConfig(**wrong)


def test_gains_move_levels_but_keep_mixes_the_sum(tracks: tuple[Track, ...]) -> None:
    still = Excerpts(NETWORK, PATCHES).paired(tracks[:1], 0, seed=(0,))
    moved = Excerpts(NETWORK, PATCHES.model_copy(update={"gain_db": 12.0})).paired(
        tracks[:1], 0, seed=(0,)
    )
    ratios = moved.sources.max(axis=(1, 2)) / still.sources.max(axis=(1, 2))
    assert (np.abs(ratios - 1) > 0.01).all()
    assert (ratios > 10 ** (-12 / 20)).all()
    assert (ratios < 10 ** (12 / 20)).all()


def test_fixed_excerpts_stay_the_same(tracks: tuple[Track, ...]) -> None:
    first, second = (Excerpts(NETWORK, PATCHES).fixed(tracks) for _ in range(2))
    assert len(first) == 3
    assert first[0].mix.shape[0] == PATCHES.validation_excerpts
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.mix, other.mix)
        np.testing.assert_array_equal(one.sources, other.sources)


def test_unreadable_songs_are_counted_and_drawn_anew(
    tracks: tuple[Track, ...], tmp_path: Path
) -> None:
    bad = tmp_path / "vocals.wav"
    bad.write_bytes(b"no audio")
    part = tracks[0].stems["vocals"][0]._replace(path=bad)
    spoilt = Track("folder", "spoilt", (part,), {"vocals": (part,)}, sample_rate=RATE, frames=RATE)
    excerpts = Excerpts(NETWORK, PATCHES)
    for number in range(12):
        excerpts.single([*tracks, spoilt], "mix", number=number, seed=(0,))
    assert set(excerpts.unreadable) == {"folder: spoilt"}
    with pytest.raises(
        DataError, match=r"8 excerpts in a row could not be read, of folder: spoilt"
    ):
        excerpts.single([spoilt], "mix", number=0, seed=(0,))


def test_songs_shorter_than_an_excerpt_end_in_silence(tracks: tuple[Track, ...]) -> None:
    long = PATCHES.model_copy(update={"excerpt_s": 4.0})
    pair = Excerpts(NETWORK, long).paired(tracks, 0, seed=(0,))
    assert pair.mix[:, 50].max() > 1
    assert pair.mix[:, -1].max() == 0
