"""Reports of a small batch, and judging it anew through the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio, read, write
from sayso.clean import load_config
from sayso.cli import main
from sayso.errors import ConfigError, DataError
from sayso.reports import clean_file, evaluation, measure_rows, read_rows, write_report
from sayso.reports.evaluation import by_name, compare, read_transcripts
from sayso.reports.report import worst_first
from sayso.reports.rows import CleanRow
from sayso.reports.snippets import most_removed_s

FAST = load_config("fast")


@pytest.fixture(scope="module")
def batch(tmp_path_factory, noisy) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    rows = []
    for number, level in enumerate((0.01, 0.06)):
        clean, mix = noisy(2.0, level=level)
        source = write(folder / "in" / f"take{number}.wav", mix)
        write(folder / "clean" / f"take{number}.flac", clean)
        rows.append(clean_file(source, folder / "out" / source.name, FAST))
    silence = Audio(np.zeros((1, 8_000), np.float32), 8_000)
    write(folder / "in" / "bad<b>.wav", silence)
    rows.append(clean_file(folder / "in" / "bad<b>.wav", folder / "out" / "bad.wav", FAST))
    write_report(folder / "out", rows)
    return folder


def test_tables_hold_a_row_a_file(batch):
    rows = read_rows(batch / "out")
    assert [row.status for row in rows] == ["cleaned", "cleaned", "skipped"]
    with (batch / "out" / "metrics.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["source"] for line in lines] == [row.source for row in rows]
    assert float(lines[0]["lufs_after"]) == rows[0].metrics["lufs_after"]
    assert lines[2]["lufs_after"] == "" and "silent" in lines[2]["reason"]
    summary = (batch / "out" / "summary.md").read_text()
    assert "2 of 3 files" in summary and "bad<b>.wav" in summary


BEFORE_THE_NAMES_CHANGED = """[
 {"source": "/in/quiet.wav", "output": null, "status": "passed_over", "reason": "it is silent",
  "notes": [], "config": "fast", "duration_s": 1.0, "sample_rate": 16000, "channels": 1,
  "figures": {}},
 {"source": "/in/talk.wav", "output": "talk.wav", "status": "cleaned", "reason": null,
  "notes": [], "config": "fast", "duration_s": 2.0, "sample_rate": 16000, "channels": 1,
  "figures": {"lufs_before": -17.5519, "lufs_after": -23.0, "gain_db": -5.3545}}
]"""


def test_the_tables_of_earlier_versions_are_read(tmp_path):
    (tmp_path / "metrics.json").write_text(BEFORE_THE_NAMES_CHANGED)
    rows = read_rows(tmp_path)
    assert [row.status for row in rows] == ["skipped", "cleaned"]
    assert rows[1].metrics["lufs_after"] == -23.0
    write_report(tmp_path, rows, overwrite=True)
    assert read_rows(tmp_path) == rows
    assert "figures" not in (tmp_path / "metrics.json").read_text()


def test_the_page_needs_nothing_else_and_escapes_names(batch):
    text = (batch / "out" / "report.html").read_text()
    assert 'src="data:audio/mpeg;base64,' in text and 'src="data:image/png;base64,' in text
    assert "http" not in text.replace("http-equiv", "") and "<link" not in text
    assert "bad&lt;b&gt;.wav" in text and "bad<b>" not in text
    assert text.count("<article>") == 2


def test_the_worst_come_first_and_can_be_heard(batch):
    rows = worst_first(read_rows(batch / "out"))
    assert [Path(row.source).stem for row in rows] == ["take1", "take0"]
    snippets = sorted((batch / "out" / "snippets").iterdir())
    assert [path.name for path in snippets] == [
        f"{rank:02}-{take}-{word}.mp3"
        for rank, take in ((1, "take1"), (2, "take0"))
        for word in ("after", "before")
    ]
    before, after = read(snippets[1]), read(snippets[0])
    assert before.duration_s == pytest.approx(after.duration_s, abs=0.01)


def test_the_telling_seconds_are_those_with_most_removed():
    before, after = np.full(400, -20.0), np.full(400, -20.0)
    after[200:320] = -40.0
    assert most_removed_s(before, after) == pytest.approx(10.0)


def test_measuring_anew_adds_references(batch, capsys):
    out = batch / "out"
    assert main(["measure", str(out), "--reference", str(batch / "clean"), "--json"]) == 0
    rows = [CleanRow.model_validate(row) for row in json.loads(capsys.readouterr().out)]
    assert rows == read_rows(out)
    for row in rows[:2]:
        assert row.metrics["si_sdr_after"] > row.metrics["si_sdr_before"]
        assert row.metrics["speech_loss_db_after"] < 1
        assert 0 < row.metrics["stoi_before"] <= 1
    assert rows[2].status == "skipped" and not rows[2].metrics
    assert "SI-SDR" in (out / "summary.md").read_text()


def test_words_are_compared_with_transcripts_or_with_the_source(batch, tmp_path):
    out = batch / "out"
    listed = tmp_path / "said.csv"
    listed.write_text("file,text\ntake0.wav,one two three\n")
    (row, *_) = measure_rows(out, read_rows(out)[:1], transcripts=listed)
    assert row.metrics["wer_after"] > 0  # made-up syllables are no words
    assert "wer_before" in row.metrics
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "take1.txt").write_text("hello")
    assert read_transcripts(tmp_path / "texts") == {"take1": "hello"}
    listed.write_text("text,file\nhello,take1.wav\ncut short\n")
    assert read_transcripts(listed)["take1"] == "hello"


def test_references_are_found_by_name_and_nearest_folder(tmp_path):
    for name in ("a/x.wav", "b/x.flac", "b/y.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    find = by_name(tmp_path)
    assert find("s3://bucket/b/x.wav") == tmp_path / "b" / "x.flac"
    assert find("y.mp3") == tmp_path / "b" / "y.wav"
    assert find("z.wav") is None
    with pytest.raises(DataError, match="may both belong"):
        find("elsewhere/x.wav")


def test_what_cannot_be_judged_is_refused(batch, tmp_path, capsys, noise):
    with pytest.raises(DataError, match="expected the same"):
        compare(noise(1.0), noise(1.5))
    with pytest.raises(ConfigError, match="folder of a finished batch"):
        read_rows(tmp_path)
    with pytest.raises(DataError, match="columns"):
        read_transcripts(tmp_path / "none.csv")
    assert main(["measure", str(batch / "out"), "--reference", str(tmp_path / "none")]) == 8
    assert "expected one of recordings" in capsys.readouterr().err


def test_a_long_pair_is_compared_piece_by_piece(speak, monkeypatch):
    monkeypatch.setattr(evaluation, "_PIECE_S", 2.0)
    clean = speak(5.0)
    noise = 0.01 * np.random.default_rng(0).standard_normal(clean.samples.shape)
    mix = Audio((clean.samples + noise).astype(np.float32), 16_000)
    metrics = compare(mix, clean)
    assert metrics["si_sdr"] == pytest.approx(20, abs=1)
    assert compare(Audio(0.5 * mix.samples, 16_000), clean, gain_db=6.0206) == pytest.approx(
        metrics, abs=1e-3
    )
