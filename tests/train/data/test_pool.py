from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.train.conftest import ROWS, write_pool

from sayso.errors import DataError
from sayso.train.data.pool import attributions, read_pool, split_of
from sayso.train.data.vocabulary import load_vocabulary

words = load_vocabulary()


def test_every_good_file_is_a_clip(pool_root: Path):
    pool = read_pool(pool_root, words)
    assert len(pool.clips) == len(ROWS)
    assert not pool.skipped


def test_splits_go_by_source():
    assert split_of("songs", "songs/3-sodium", "kick.ogg") == "valid"
    assert split_of("speech", "speech/librispeech/27", "27-1-2.ogg") == "valid"
    assert split_of("speech", "speech/librispeech/271", "271-1-2.ogg") == "train"
    held = [split_of("sounds", "x", f"sound-{n}.ogg") for n in range(2000)].count("valid")
    assert 150 < held < 250


def test_bad_rows_are_counted_by_reason(tmp_path: Path):
    rows = (*ROWS[:3], ("songs/one/what.wav", "songs", "ambiguous"))
    root = write_pool(tmp_path, rows, seconds=0.2)
    (root / "songs/one/kick.wav").unlink()
    pool = read_pool(root, words)
    assert len(pool.clips) == 2
    assert pool.skipped == {"file missing": 1, "label without a concept": 1}


def test_a_stem_longer_than_its_song_is_left_out(tmp_path: Path):
    root = write_pool(tmp_path, ROWS[:4], seconds=0.2)
    rows = list(csv.reader((root / "manifest.csv").read_text().splitlines()))
    rows[1][6] = "60.0"
    with (root / "manifest.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows(rows)
    assert read_pool(root, words).skipped == {"stem longer than its song": 1}


def test_no_manifest_no_columns_nothing_usable(tmp_path: Path):
    with pytest.raises(DataError, match="manifest"):
        read_pool(tmp_path, words)
    (tmp_path / "manifest.csv").write_text("file,label\n")
    with pytest.raises(DataError, match="columns"):
        read_pool(tmp_path, words)
    (tmp_path / "manifest.csv").write_text("file,pool,label,licence,author,origin,seconds\n")
    with pytest.raises(DataError, match="no usable"):
        read_pool(tmp_path, words)


def test_a_manifest_that_a_hand_wrote(tmp_path: Path):
    write_pool(tmp_path, ROWS[:1], seconds=0.2)
    file, pool, label = ROWS[0]
    (tmp_path / file).rename(tmp_path / "beside.wav")
    head = "file,pool,label,licence,author,origin,seconds\n"
    row = f"beside.wav,{pool},{label},CC0,me,here"
    (tmp_path / "manifest.csv").write_text(f"{head}{row},0.2\nshort,{pool}\n")
    pool_read = read_pool(tmp_path, words)
    assert [clip.file for clip in pool_read.clips] == ["beside.wav"]
    assert sum(pool_read.skipped.values()) == 1
    (tmp_path / "manifest.csv").write_text(f"{head}{row},long\n")
    with pytest.raises(DataError, match="'long' seconds; expected a number"):
        read_pool(tmp_path, words)


def test_attributions_name_origin_licence_and_count(pool_root: Path):
    assert attributions(read_pool(pool_root, words).clips) == [f"here (CC0-1.0): {len(ROWS)} files"]
