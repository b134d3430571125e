"""Stretches of sound for a player: exact joins, little on the line, and the first seconds early."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
import soundfile
from tests.service.conftest import wav_bytes

from sayso.audio import Audio, read, write
from sayso.desk import Desk
from sayso.errors import RangeError
from sayso.jobs import Context
from sayso.service.renders import make_tracks, opened
from sayso.service.segments import segment


def heard(kept, start, frames):
    data, gain = segment(kept, start, frames)
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    assert rate == 48_000
    return samples.T * gain


def test_stretches_join_to_the_sample_and_peaks_above_full_scale_are_kept(tmp_path):
    samples = 0.5 * np.random.default_rng(5).standard_normal((2, 50_000)).astype(np.float32)
    samples[:, 30_000:] *= 4.0
    kept = write(tmp_path / "kept.wav", Audio(samples, 48_000), encoding="float32")
    parts = [heard(kept, at, 7_001) for at in range(0, 50_000, 7_001)]
    joined = np.concatenate(parts, axis=1)
    assert joined.shape == samples.shape
    assert np.abs(samples).max() > 4
    wrong = np.abs(joined - samples)
    assert wrong.max() <= 16 * 2.0**-20  # a peak above eight
    assert wrong[:, :28_004].max() <= 4 * 2.0**-20
    # What 16 bits hold comes back as it is.
    exact = np.rint(samples[:, :9_000].clip(-1, 0.99) * 32768) / np.float32(32768)
    kept = write(tmp_path / "exact.wav", Audio(exact, 48_000), encoding="float32")
    assert np.array_equal(heard(kept, 100, 8_000), exact[:, 100:8_100])
    with pytest.raises(RangeError, match=r"frame 9000 .* one of 0 to 8999"):
        segment(kept, 9_000, 1)


def test_the_service_gives_stretches_of_recordings_and_tracks(person):
    session = person.open(data=wav_bytes(2.0))
    source = session["source"]
    began = time.perf_counter()
    answer = person.ask("GET", f"{source['url']}/segment?start=1000&frames=30000")
    assert time.perf_counter() - began < 3.0  # a tenth of that where nothing else runs
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["sayso-gain"] == "1"
    assert "immutable" in answer.headers["cache-control"]
    samples, rate = soundfile.read(io.BytesIO(answer.content))
    assert (len(samples), rate) == (30_000, 22_050)
    assert len(answer.content) < 0.6 * samples.astype(np.float32).nbytes
    render = person.ask(
        "POST", f"/sessions/{session['id']}/renders", json={"targets": ["vocals"]}, status=202
    )
    (track,) = person.wait(render)["tracks"]
    answer = person.ask("GET", f"{track['url']}/segment?start=44000&frames=30000")
    assert len(soundfile.read(io.BytesIO(answer.content))[0]) == track["frames"] - 44_000
    beyond = f"{source['url']}/segment?start={source['frames']}&frames=1"
    assert "expected one of 0 to" in person.ask("GET", beyond, status=422)["detail"]
    person.ask("GET", f"{render['url']}/opening/0/segment?start=0&frames=1", status=404)


def test_the_first_seconds_of_stems_are_there_while_the_rest_is_separated(tmp_path, monkeypatch):
    # Told at every step: a quick machine is done before a second is over.
    monkeypatch.setattr("sayso.jobs.kinds._PROGRESS_S", 0.0)
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "source.wav").write_bytes(wav_bytes(100.0, channels=1, rate=8_000))
    out = folder / "renders" / "one"
    seen = []
    arguments = {
        "source": str(folder / "source.wav"),
        "out": str(out),
        "desk": Desk(deliver=("vocals", "drums")).model_dump(mode="json"),
        "model": "simple",
        "cache": str(tmp_path / "stems"),
        "models": None,
    }

    def tell(done: float) -> None:
        seen.append((done, [track["target"] for track in opened(out)]))

    context = Context("one", tell=tell, stopped=lambda: False, threads=1)
    whole = make_tracks(arguments, context)["tracks"][0]["frames"]
    assert whole == 800_000
    first = next(done for done, there in seen if there == ["vocals", "drums"])
    assert 0.1 < first < 0.7
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    (vocals, drums) = (read(out / "opening" / f"{at}.wav").samples for at in (0, 1))
    assert vocals.shape == drums.shape == (1, 96_000)
    assert np.abs(vocals).max() > 0.01
    # What is brief, and what is no stem, is made at once.
    edited = Desk(strips={"vocals": {"mute": True}}).model_dump(mode="json")
    make_tracks({**arguments, "desk": edited, "out": str(folder / "renders" / "two")}, context)
    assert opened(folder / "renders" / "two") == []
