"""One file in and one out: twice the same, whole or not at all, and what cannot be cleaned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio, integrated_lufs, read, write
from sayso.clean import load_config
from sayso.errors import Cancelled, InputError, ModelError, OutputError
from sayso.reports import clean_file
from sayso.watch import Watch

FAST = load_config("fast")


@pytest.fixture
def source(tmp_path: Path, noisy) -> Path:
    return write(tmp_path / "in.wav", noisy(2.0)[1])


def test_the_same_work_gives_the_same_bytes_and_row(source, tmp_path):
    rows, told = [], []
    for name in ("a", "b"):
        to = tmp_path / name / "out.wav"
        rows.append(clean_file(source, to, load_config("embedded"), watch=Watch(told.append)))
    a, b = (Path(row.output).read_bytes() for row in rows)
    assert a == b
    assert rows[0].model_copy(update={"output": rows[1].output}) == rows[1]
    assert told[-1] == 1.0
    assert (rows[0].status, rows[0].sample_rate, rows[0].channels) == ("cleaned", 16_000, 1)
    metrics = rows[0].metrics
    assert metrics["lufs_after"] == pytest.approx(-23, abs=0.1)
    assert metrics["music_to_speech_db_after"] < metrics["music_to_speech_db_before"] - 3
    assert metrics["background_db_after"] < metrics["background_db_before"]


@pytest.mark.parametrize(
    ("rate", "channels", "encoding"),
    [(8_000, 1, "pcm16"), (44_100, 2, "float32"), (96_000, 2, None)],
)
def test_any_rate_and_channels_come_out_as_they_went_in(tmp_path, noisy, rate, channels, encoding):
    _, mix = noisy(1.5, rate=rate)
    # Far above full scale, as float files may be.
    loud = Audio(np.repeat(3 * mix.samples, channels, axis=0), rate)
    source = write(tmp_path / "in.wav", loud, encoding=encoding)
    row = clean_file(source, tmp_path / "out.flac", FAST)
    out = read(tmp_path / "out.flac")
    assert (out.sample_rate, out.channels, out.frames) == (rate, channels, loud.frames)
    assert integrated_lufs(out) == pytest.approx(-23, abs=0.1)
    assert row.metrics["true_peak_db_after"] <= -1


def test_clipping_is_counted(tmp_path, speak):
    clipped = Audio(np.clip(20 * speak(2.0).samples, -1, 1), 16_000)
    row = clean_file(write(tmp_path / "in.wav", clipped), tmp_path / "out.wav", FAST)
    assert row.metrics["clipped_share_before"] > 0.05


def test_what_cannot_be_read_fails_and_what_is_silent_is_skipped(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "empty.wav").touch()
    write(tmp_path / "silent.wav", Audio(np.zeros((2, 8_000), np.float32), 8_000))
    nan = np.full((1, 100), np.nan, np.float32)
    write(tmp_path / "nan.wav", Audio(nan, 8_000), encoding="float32")
    (tmp_path / "out.wav").write_text("from before")
    for name, reason in (
        ("text", "not audio"),
        ("empty", "0 bytes"),
        ("nan", "not a number"),
        ("missing", "no such file"),
    ):
        with pytest.raises(InputError, match=reason):
            clean_file(tmp_path / f"{name}.wav", tmp_path / "out.wav", FAST)
    row = clean_file(tmp_path / "silent.wav", tmp_path / "out.wav", FAST)
    assert (row.status, row.output) == ("skipped", None)
    assert "silent throughout" in row.reason
    assert (tmp_path / "out.wav").read_text() == "from before"


def test_an_exported_network_is_asked(source, tmp_path):
    tiny = Path(__file__).parents[1] / "separate" / "stored" / "tiny.onnx"
    given = f"separation.separators=[{{model: '{tiny}', target: vocals}}]"
    config = load_config("embedded", [given, "separation.least_lu=-100", "threads=1"])
    row = clean_file(source, tmp_path / "out.wav", config)
    assert (row.status, row.notes) == ("cleaned", ())
    assert read(tmp_path / "out.wav").frames == read(source).frames


def test_a_measure_whose_model_is_missing_says_how_to_get_it(source, tmp_path):
    config = FAST.model_copy(update={"measures": ("dnsmos",), "models": tmp_path / "none"})
    with pytest.raises(ModelError, match=r"sig_bak_ovr\.onnx"):
        clean_file(source, tmp_path / "out.wav", config)
    assert not (tmp_path / "out.wav").exists()


def test_stages_are_kept_where_asked(source, tmp_path):
    config = FAST.model_copy(update={"keep_stages": True})
    clean_file(source, tmp_path / "o" / "take.wav", config)
    names = sorted(path.name for path in (tmp_path / "o" / "take.stages").iterdir())
    assert names == ["1-preprocess.wav", "2-denoise.wav", "3-gate.wav", "4-loudness.wav"]


def test_a_file_that_breaks_off_is_cleaned_and_noted(tmp_path, noisy):
    whole = write(tmp_path / "in.flac", noisy(4.0)[1])
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    row = clean_file(whole, tmp_path / "out.wav", FAST)
    assert row.status == "cleaned"
    assert "was read" in row.notes[0]


def test_stopping_and_refusing_leave_nothing(source, tmp_path):
    with pytest.raises(Cancelled):
        clean_file(source, tmp_path / "o" / "out.wav", FAST, watch=Watch(cancelled=lambda: True))
    assert not (tmp_path / "o").exists()
    before = source.read_bytes()
    with pytest.raises(OutputError, match="replace the source"):
        clean_file(source, source, FAST)
    assert source.read_bytes() == before
