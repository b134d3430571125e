from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.audio import Audio, Chunking, overlap_add
from sayso.errors import Cancelled, RangeError
from sayso.watch import Watch


@st.composite
def chunkings(draw):
    context, crossfade = draw(st.integers(0, 40)), draw(st.integers(0, 30))
    return Chunking(2 * context + 2 * crossfade + draw(st.integers(1, 90)), context, crossfade)


@given(chunking=chunkings(), frames=st.integers(1, 900))
def test_what_changes_nothing_gives_the_mix_back(chunking, frames):
    samples = np.random.default_rng(3).standard_normal((2, frames)).astype(np.float32)
    mix = Audio(samples, 8000)
    same, double = overlap_add(mix, lambda b: np.stack([b, 2 * b]), chunking, sources=2)
    assert np.abs(same.samples - samples).max() < 1e-6
    assert np.abs(double.samples - 2 * samples).max() < 1e-6


@given(chunking=chunkings(), frames=st.integers(1, 900))
def test_edges_within_the_context_never_come_out(chunking, frames):
    mix = Audio(np.ones((1, frames), np.float32), 8000)

    def wrong_at_the_edges(block):
        out = block.copy()
        if block.shape[1] == chunking.segment and frames > chunking.segment:
            out[:, : chunking.context] = 1e6
            out[:, block.shape[1] - chunking.context :] = 1e6
        return out[None]

    (out,) = overlap_add(mix, wrong_at_the_edges, chunking, sources=1)
    assert np.array_equal(out.samples, mix.samples)


def test_a_filter_in_chunks_equals_the_filter_at_once(noise):
    mix = noise(0.5)
    kernel = np.hanning(65).astype(np.float32)

    def smooth(block):
        return np.stack([np.convolve(channel, kernel, "same") for channel in block])[None]

    (chunked,) = overlap_add(mix, smooth, Chunking(4096, 64, 256), sources=1)
    assert np.abs(chunked.samples - smooth(mix.samples)[0]).max() < 1e-4


def test_progress_rises_to_one_and_cancelling_stops(noise):
    mix, told = noise(0.5), []
    chunking = Chunking(4096, 64, 256)
    overlap_add(mix, lambda b: b[None], chunking, sources=1, watch=Watch(told.append))
    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        overlap_add(
            mix, lambda b: b[None], chunking, sources=1, watch=Watch(cancelled=lambda: True)
        )


@given(chunking=chunkings(), frames=st.integers(1, 900), grid=st.integers(1, 16))
def test_evened_chunks_are_as_many_and_no_longer(chunking, frames, grid):
    lengths = []

    def note(block):
        lengths[-1].append(block.shape[1])
        return block[None]

    mix = Audio(np.ones((1, frames), np.float32), 8000)
    for cutting in (chunking, chunking.evened(frames, grid=grid)):
        lengths.append([])
        overlap_add(mix, note, cutting, sources=1)
        assert (chunking.segment - cutting.segment) % grid == 0
    whole, even = lengths
    assert len(even) == len(whole)
    assert sum(even) <= sum(whole)


def test_evened_chunks_share_what_the_last_would_lack():
    chunking = Chunking(160, 10, 20)  # cores of 140, a new one every 120 frames
    assert chunking.evened(300) == Chunking(134, 10, 20)
    assert chunking.evened(300, grid=8) == Chunking(136, 10, 20)
    assert chunking.evened(160) == chunking


def test_a_chunk_without_a_core_is_refused():
    with pytest.raises(RangeError, match="expected a segment"):
        Chunking(100, 50, 0)
