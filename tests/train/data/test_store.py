from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.train.conftest import ROWS, write_pool

from sayso.errors import DataError
from sayso.train.data.build import build, decode
from sayso.train.data.shards import pack, read_shard, unpack
from sayso.train.data.store import PartWriter, Segment, Store, active_spans, bandwidth_hz
from sayso.train.data.vocabulary import load_vocabulary
from sayso.watch import Watch

words = load_vocabulary()
RATE = 44_100


def about(**changes: object) -> Segment:
    segment = Segment(
        part="p",
        file="f",
        pool="renders",
        text="=piano",
        source="s",
        song="",
        split="train",
        licence="CC0-1.0",
        author="",
        origin="",
        channels=0,
        frames=0,
        pieces=(),
    )
    return replace(segment, **changes)


def gapped(channels: int = 2) -> np.ndarray:
    rng = np.random.default_rng(0)
    samples = np.zeros((channels, 6 * RATE), np.float32)
    for start in (RATE, 4 * RATE):
        samples[:, start : start + RATE] = 0.3 * rng.standard_normal((channels, RATE))
    return samples / np.float32(np.abs(samples).max() * 2)


def test_what_is_read_is_what_was_written_and_silence_costs_nothing(tmp_path: Path):
    samples = gapped()
    with PartWriter(tmp_path, "p") as writer:
        segment = writer.append(samples, about(), normalise=False)
    store = Store(tmp_path, words)
    back = store.read(0, 0, samples.shape[1])
    assert np.abs(back - samples).max() < 1e-4
    assert len(segment.pieces) == 2
    assert segment.active_frames < 0.5 * segment.frames
    part = store.read(0, RATE + 100, 4 * RATE)
    assert np.abs(part - samples[:, RATE + 100 : 5 * RATE + 100]).max() < 1e-4


def test_reading_past_the_ends_gives_silence(tmp_path: Path):
    with PartWriter(tmp_path, "p") as writer:
        writer.append(gapped(1), about())
    store = Store(tmp_path, words)
    assert store.read(0, 6 * RATE, 1000).shape == (1, 1000)
    assert not store.read(0, 10 * RATE, 1000).any()


def test_parts_grow_and_equal_channels_are_stored_once(tmp_path: Path):
    mono = np.repeat(gapped(1), 2, axis=0)
    for file in ("a", "b"):
        with PartWriter(tmp_path, "p") as writer:
            writer.append(mono, about(file=file))
    store = Store(tmp_path, words)
    assert [s.file for s in store.segments] == ["a", "b"]
    assert store.segments[0].channels == 1
    assert np.array_equal(store.read(0, RATE, RATE), store.read(1, RATE, RATE))


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros((1, 1000), np.float32), "silence"),
        (np.full((1, 1000), np.nan, np.float32), "finite"),
        (np.ones((3, 1000), np.float32), "shape"),
    ],
)
def test_bad_samples_are_refused(tmp_path: Path, samples: np.ndarray, says: str):
    with PartWriter(tmp_path, "p") as writer, pytest.raises(DataError, match=says):
        writer.append(samples, about())


def test_a_missing_or_damaged_store_is_said(tmp_path: Path):
    with pytest.raises(DataError, match="no store"):
        Store(tmp_path, words)
    with PartWriter(tmp_path, "p") as writer:
        writer.append(gapped(), about())
    (tmp_path / "audio" / "p.i16").write_bytes(b"\0\0")
    with pytest.raises(DataError, match="past its audio"):
        Store(tmp_path, words)
    (tmp_path / "index" / "p.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match="damaged"):
        Store(tmp_path, words)


def test_the_fingerprint_changes_with_the_content(tmp_path: Path):
    with PartWriter(tmp_path, "p") as writer:
        writer.append(gapped(), about())
        before = Store(tmp_path, words).fingerprint()
        assert Store(tmp_path, words).fingerprint() == before
        writer.append(gapped(), about(file="g"))
    assert Store(tmp_path, words).fingerprint() != before


def test_bandwidth_and_spans():
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 5000 * t).astype(np.float32)[None]
    assert 4900 < bandwidth_hz(tone * np.hanning(RATE).astype(np.float32)) < 5300
    assert active_spans(np.zeros((1, 500), np.float32)) == []


def test_build_takes_what_is_good_once_and_counts_the_rest(tmp_path: Path):
    pool = write_pool(tmp_path / "pool", ROWS[:6], seconds=0.3)
    (pool / ROWS[0][0]).write_bytes(b"no sound at all")
    soundfile.write(pool / ROWS[1][0], np.zeros((8000, 1)), RATE)
    heard: list[float] = []
    report = build(pool, tmp_path / "store", watch=Watch(heard.append))
    assert report.stored == 4
    assert report.skipped == {"cannot be decoded": 1, "silence (peak under -80 dBFS)": 1}
    assert heard[-1] == 1.0
    again = build(pool, tmp_path / "store")
    assert (again.stored, again.already) == (0, 4)


def test_decoding_says_what_is_wrong(tmp_path: Path):
    soundfile.write(tmp_path / "slow.wav", np.ones(2000) * 0.1, 2000)
    with pytest.raises(DataError, match="rate"):
        decode(tmp_path / "slow.wav")
    soundfile.write(tmp_path / "low.wav", 0.1 * np.ones((4000, 1)), 16_000)
    samples, edge_hz = decode(tmp_path / "low.wav")
    assert samples.shape == (1, 11025) and edge_hz == 8000


def test_shards_rebuild_a_store(store_root: Path, tmp_path: Path):
    shards = pack(store_root, tmp_path / "out", shard_bytes=150_000)
    assert len(shards) > 1
    assert all(path.stat().st_size <= 150_000 for path in shards)
    assert unpack(shards, tmp_path / "copy") == len(Store(store_root, words).segments)
    old, new = Store(store_root, words), Store(tmp_path / "copy", words)
    where = {segment.file: number for number, segment in enumerate(new.segments)}
    for number in (0, 9):
        twin = where[old.segments[number].file]
        a, b = old.read(number, 0, 60_000), new.read(twin, 0, 60_000)
        assert a.shape == b.shape
        low = slice(2000, 50_000)  # Vorbis is lossy: alike, not equal
        assert np.corrcoef(a[0, low], b[0, low])[0, 1] > 0.95


def test_damaged_shards_are_refused(store_root: Path, tmp_path: Path):
    bad = tmp_path / "bad.sayso"
    bad.write_bytes(b"something else")
    with pytest.raises(DataError, match="not a shard"):
        list(read_shard(bad))
    whole = pack(store_root, tmp_path, parts=["speech"])[0].read_bytes()
    bad.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut short|missing"):
        list(read_shard(bad))
    with pytest.raises(DataError, match="nothing to pack"):
        pack(store_root, tmp_path, parts=["no such"])
