"""Batches in real worker processes: what is made, what is left alone, and what a kill costs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio, read, write
from sayso.batch import (
    MODULES,
    Batch,
    clean_settings,
    find_sources,
    read_manifest,
    render_settings,
)
from sayso.batch.storage import sha256_of
from sayso.batch.work import clean
from sayso.clean import load_config
from sayso.desk import Adjust, Desk, Extract, Gain, apply
from sayso.errors import ConfigError, OutputError
from sayso.jobs import Context, JobQueue, Workers

SAYSO = [sys.executable, "-m", "sayso"]
QUIETER = apply(Desk(), Adjust(target="mix", effects=(Gain(db=-6.0),)))
SETTINGS = render_settings(QUIETER, pattern="{track}.{target}.{ext}")


def make_sources(folder: Path, count: int, *, seconds: float = 0.2) -> Path:
    rng = np.random.default_rng(3)
    for number in range(count):
        samples = 0.1 * rng.standard_normal((1, round(8000 * seconds)))
        write(folder / f"{number:03}.wav", Audio(samples.astype(np.float32), 8000))
    return folder


def run(out, *inputs, settings=SETTINGS, **options):
    batch = Batch.open(out, settings)
    batch.add(find_sources(inputs))
    with JobQueue(batch.default_queue) as queue:
        waiting = sum(item.state == "queued" for item in batch.items.values())
        with Workers(queue.url, MODULES, processes=1, polling_s=0.02):
            return batch.run(queue, **options), waiting


def outputs(out):
    """Every file of a batch's folder, but those that the next run needs, by its hash."""
    kept = ("manifest", ".sayso/jobs.sqlite")
    paths = {str(p.relative_to(out)): p for p in Path(out).rglob("*") if p.is_file()}
    return {name: sha256_of(p) for name, p in paths.items() if not name.startswith(kept)}


def states(out):
    _, items = read_manifest(out)
    return {alias: item.state for alias, item in items.items()}


def test_a_batch_ends_goes_on_and_does_nothing_twice(tmp_path):
    out, sources = tmp_path / "out", make_sources(tmp_path / "in", 3)
    write(sources / "more" / "000.flac", read(sources / "000.wav"))
    (sources / "bad.wav").write_text("no sound")
    summary, _ = run(out, sources, tmp_path / "in" / "more" / "000.flac")
    assert states(out) == {
        "000": "done",
        "001": "done",
        "002": "done",
        "bad": "failed",
        "more/000": "done",
    }
    made = {f"{alias}.mix.wav" for alias in ("000", "001", "002", "more/000")}
    assert set(outputs(out)) == made
    half = read(out / "001.mix.wav").samples / read(sources / "001.wav").samples
    assert np.allclose(np.nanmedian(half), 10 ** (-6 / 20), atol=1e-3)
    for item in summary.items:
        assert item.source_sha256 == (sha256_of(Path(item.source)) if item.outputs else None)
        for output in item.outputs:
            path = out / output.path
            assert (sha256_of(path), path.stat().st_size) == (output.sha256, output.size)
    assert "bad.wav" in str(summary.error)
    assert (summary.pace.done, summary.pace.failed, summary.pace.share) == (4, 1, 1.0)

    # Again: nothing waits, and no output is touched.
    before = {name: (out / name).stat().st_mtime_ns for name in made}
    _, waiting = run(out, sources)
    assert waiting == 0
    assert {name: (out / name).stat().st_mtime_ns for name in made} == before

    # What is gone, or came of what has changed, is made anew; what failed, when it is asked for.
    (out / "000.mix.wav").unlink()
    write(sources / "001.wav", read(sources / "002.wav"))
    bad = (sources / "bad.wav").stat()
    write(sources / "bad.wav", read(sources / "002.wav"))
    os.truncate(sources / "bad.wav", 0)
    (sources / "bad.wav").write_text("no sound")
    os.utime(sources / "bad.wav", ns=(bad.st_atime_ns, bad.st_mtime_ns))
    summary, _ = run(out, sources, retry_failed=True)
    after = {name: (out / name).stat().st_mtime_ns for name in made}
    assert {name for name in made if after[name] != before[name]} == {"000.mix.wav", "001.mix.wav"}
    assert sha256_of(out / "001.mix.wav") == sha256_of(out / "002.mix.wav")
    assert states(out)["bad"] == "failed"


def test_what_ends_after_the_clock_was_set_back_is_seen_to_end(tmp_path):
    batch = Batch.open(tmp_path / "out", SETTINGS)
    batch.add(find_sources([make_sources(tmp_path / "in", 60)]))
    done = []

    def check():
        if done:
            next_one = queue.find(states=("queued", "running"), limit=1)[0]
            queue.wait(next_one.id, timeout_s=60)
            done.append(queue.counts()["done"])
            raise KeyboardInterrupt
        if count := queue.counts().get("done", 0):
            done.append(count)
            with queue.engine.begin() as connection:
                connection.exec_driver_sql(
                    "UPDATE workflow_status SET completed_at = completed_at + 86400000"
                )

    with (
        JobQueue(batch.default_queue) as queue,
        Workers(queue.url, MODULES, processes=1, polling_s=0.02),
        pytest.raises(KeyboardInterrupt),
    ):
        batch.run(queue, check=check)
    assert list(states(tmp_path / "out").values()).count("done") >= done[1] > done[0]


def test_what_does_not_fit_is_told(tmp_path):
    out, sources = tmp_path / "out", make_sources(tmp_path / "in", 1)
    batch = Batch.open(out, SETTINGS)
    batch.add(find_sources([sources]))
    batch.save()
    other = Batch.open(out, render_settings(QUIETER, pattern=SETTINGS.pattern, format="mp3"))
    assert (batch.manifest, other.manifest) == ("manifest.jsonl", "manifest-2.jsonl")
    (out / "manifest.jsonl").write_text("{}")
    with pytest.raises(ConfigError, match="damaged"):
        Batch.open(out, SETTINGS)
    with pytest.raises(OutputError, match="the same name"):
        render_settings(QUIETER, pattern="{target}.{ext}")
    with pytest.raises(OutputError, match="the same name"):
        two = apply(Desk(), Extract(targets=("vocals", "drums")))
        render_settings(two, pattern="{track}.{ext}")
    with pytest.raises(OutputError, match="not a format"):
        clean_settings(load_config("embedded"), format="doc")


def test_cleaning_from_and_to_another_file_system(tmp_path):
    import fsspec

    system = fsspec.filesystem("memory")
    path = write(
        tmp_path / "take.wav", read(make_sources(tmp_path / "in", 1, seconds=2.0) / "000.wav")
    )
    system.pipe("/bucket/in/take.wav", path.read_bytes())
    settings = clean_settings(load_config("fast"), format="flac").model_dump(mode="json")
    arguments = {
        "out": "memory://bucket/out",
        "alias": "day/take",
        "source": "memory://bucket/in/take.wav",
        "settings": settings,
    }
    context = Context("job", tell=lambda done: None, stopped=lambda: False)
    made = clean(arguments, context)
    assert made["state"] == "done"
    assert made["row"]["source"] == arguments["source"]
    assert made["row"]["output"] == "day/take.flac"
    found = system.find("/bucket/out")
    assert found == ["/bucket/out/day/take.flac"]
    system.rm("/bucket", recursive=True)


class Command:
    """`sayso ask` on a folder, as a process group that can be killed."""

    def __init__(self, folder, out, *options):
        words = "make it 6 dB quieter"
        command = [*SAYSO, "ask", str(folder), words, "-o", str(out), "--filename"]
        self.process = subprocess.Popen(
            [*command, "{track}.{target}.{ext}", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kill(self, *, group: bool):
        if group:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.communicate()

    def end(self, timeout_s=300):
        told, complaints = self.process.communicate(timeout=timeout_s)
        assert "Traceback" not in complaints
        return self.process.returncode, told, complaints


def until(true, timeout_s=240.0):
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def wavs(out):
    return len(list(Path(out).glob("*.wav")))


@pytest.mark.parametrize("options", [(), ("-j", "2")], ids=["here", "queue"])
def test_a_killed_batch_goes_on_where_it_was(tmp_path, options):
    sources = make_sources(tmp_path / "in", 40)
    assert Command(sources, tmp_path / "whole").end()[0] == 0
    dice = random.Random(5)
    out, seen = tmp_path / "out", {}
    for group, more in ((True, 1), (False, 12)):
        command = Command(sources, out, *options)
        before = wavs(out)
        until(lambda before=before, more=more: wavs(out) >= before + more)
        time.sleep(dice.uniform(0.0, 0.1))
        command.kill(group=group)
        # Finished ones are never made again. Here a file is finished once it is in its place; in
        # the queue when its job has ended, too, which the last ones' may not have.
        latest_ns = time.time_ns() - (2_000_000_000 if options else 0)
        for path in out.glob("*.wav"):
            made_ns = path.stat().st_mtime_ns
            assert seen.get(path.name, made_ns) == made_ns
            if made_ns < latest_ns:
                seen[path.name] = made_ns
    code, told, _ = Command(sources, out, *options).end()
    assert code == 0
    assert "40" in told
    assert outputs(out) == outputs(tmp_path / "whole")
    assert set(states(out).values()) == {"done"}
    assert all((out / n).stat().st_mtime_ns == at for n, at in seen.items())


def test_ctrl_c_leaves_nothing_half_written(tmp_path):
    sources, out = make_sources(tmp_path / "in", 200), tmp_path / "out"
    command = Command(sources, out)
    until(lambda: wavs(out) > 4)
    os.killpg(command.process.pid, signal.SIGINT)
    code, _, complaints = command.end()
    assert code == 130
    assert "of 200 files are through; the same command goes on" in complaints
    assert all(name.endswith(".mix.wav") for name in outputs(out))
    head = json.loads((out / "manifest.jsonl").read_text().splitlines()[0])
    assert head["settings"]["desk"]["strips"]["mix"]
    done = sum(state == "done" for state in states(out).values())
    assert 0 < done < 200


def test_workers_elsewhere_take_the_files_and_take_over_from_a_dead_one(tmp_path, fresh_database):
    sources, out = make_sources(tmp_path / "in", 40), tmp_path / "out"
    queue = ("--queue", fresh_database)
    with JobQueue(fresh_database):
        pass
    workers = [
        subprocess.Popen(
            [*SAYSO, "worker", *queue], stderr=subprocess.DEVNULL, start_new_session=True
        )
        for _ in range(2)
    ]
    try:
        command = Command(sources, out, *queue, "-j", "0")
        until(lambda: wavs(out) >= 5)
        os.killpg(workers[0].pid, signal.SIGKILL)
        code, told, _ = command.end()
        assert code == 0
        assert "40" in told
        workers[1].terminate()
        assert workers[1].wait(120) == 0
    finally:
        for worker in workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    assert set(states(out).values()) == {"done"}
    assert len(outputs(out)) == 40
