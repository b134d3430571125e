"""The loop: it learns, it goes on after kill -9 as if nothing had happened, it stops when asked."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.train.toy import toy_loop, toy_run

from sayso.errors import ConfigError, ModelError, OutputError
from sayso.train.checkpoint import read, save_model
from sayso.train.loop import Report


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return read(folder / "last.safetensors")[0]


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for key in one:
        assert torch.equal(one[key], other[key]), key


def test_the_loss_falls_and_metrics_are_kept(tmp_path: Path) -> None:
    reports: list[Report] = []
    outcome = toy_run(tmp_path, reports=reports, max_steps=100, tensorboard=True, validate_steps=25)
    losses = [r.losses for r in reports if r.losses]
    assert losses[-1]["loss"] < losses[0]["loss"] - 0.2
    assert losses[-1]["sdr_db"] > losses[0]["sdr_db"] + 2
    assert outcome.reason == "finished"
    scores = [r.metrics["score"] for r in reports if r.metrics]
    assert outcome.state.best == max(scores) > scores[0]
    assert {"toy/low", "toy/high", "absent_db"} <= reports[-1].metrics.keys()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["group"] == "valid"] == [
        25,
        50,
        75,
        100,
    ]
    _, metadata = read(tmp_path / "best.safetensors")
    assert metadata["kind"] == "ask"
    assert metadata["training"]["step"] == outcome.state.best_step
    assert list((tmp_path / "board").iterdir())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    """Runs of one sitting, each made once: `unbroken(precision, steps)`; never to be changed."""
    root = tmp_path_factory.mktemp("unbroken")

    def run(precision: str, steps: int) -> Path:
        folder = root / f"{precision}-{steps}"
        if not folder.exists():
            toy_run(folder, precision=precision, max_steps=steps)
        return folder

    return run


WHOLE, PART, PRECISION = 24, 13, toy_loop().precision
Runs = Callable[[str, int], Path]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_two_sittings_equal_one(tmp_path: Path, unbroken: Runs, precision: str) -> None:
    parts = Path(shutil.copytree(unbroken(precision, PART), tmp_path / "parts"))
    toy_run(parts, precision=precision, resume=True)
    assert_same(tensors(parts), tensors(unbroken(precision, WHOLE)))


def test_resume_after_kill_9_gives_the_weights_of_an_unbroken_run(
    tmp_path: Path, unbroken: Runs
) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    program = [sys.executable, "-m", "tests.train.toy", str(tmp_path / "killed")]
    process = subprocess.Popen(program, cwd=root, env=environment)
    checkpoint = tmp_path / "killed" / "last.safetensors"
    deadline = time.monotonic() + 60
    while not checkpoint.exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    process.kill()
    process.wait()
    step = read(checkpoint)[1]["state"]["step"]
    assert 0 < step < 24, "the program ended before it was killed"
    toy_run(tmp_path / "killed", resume=True, precision="32-true")
    assert_same(tensors(tmp_path / "killed"), tensors(unbroken("32-true", WHOLE)))


@pytest.mark.parametrize(("file", "room"), [("log.jsonl", 20), ("average.safetensors", 5000)])
def test_a_full_disk_ends_a_sitting_which_goes_on_from_its_checkpoint(
    tmp_path: Path, unbroken: Runs, file: str, room: int
) -> None:
    shutil.copytree(unbroken(PRECISION, PART), tmp_path / "full")
    log = tmp_path / "full" / "log.jsonl"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + room, limits[1]))
    try:
        with pytest.raises(OutputError, match=f"{file}: cannot be written"):
            toy_run(tmp_path / "full", resume=True, validate_steps=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read(tmp_path / "full" / "last.safetensors")[1]["state"]["step"] == 13
    assert not list((tmp_path / "full").glob("*.part"))
    toy_run(tmp_path / "full", resume=True)
    assert_same(tensors(tmp_path / "full"), tensors(unbroken(PRECISION, WHOLE)))
    steps = [json.loads(line)["step"] for line in log.read_text().splitlines()]
    assert steps[-2:] == [20, 24]


def test_sigterm_ends_with_a_checkpoint(tmp_path: Path) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    before = signal.getsignal(signal.SIGTERM)
    outcome = toy_run(tmp_path, max_steps=100_000)
    timer.join()
    assert outcome.reason == "stopped"
    assert signal.getsignal(signal.SIGTERM) is before
    assert read(tmp_path / "last.safetensors")[1]["state"]["step"] == outcome.state.step


def test_minutes_and_patience_end_a_sitting(tmp_path: Path) -> None:
    outcome = toy_run(tmp_path / "minutes", max_steps=100_000, max_minutes=0.005)
    assert outcome.reason == "minutes"
    # With a learning rate of (nearly) nothing the score cannot improve.
    outcome = toy_run(
        tmp_path / "patience", validate_steps=1, warmup_steps=10**9, patience=2, max_steps=100
    )
    assert outcome.reason == "patience"


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path: Path) -> None:
    toy_run(tmp_path, max_steps=1)
    with pytest.raises(ConfigError, match="holds a run already"):
        toy_run(tmp_path, max_steps=1)


def test_a_checkpoint_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    toy_run(tmp_path, max_steps=1)
    last = tmp_path / "last.safetensors"
    content, metadata = read(last)
    metadata["state"]["figures"] = metadata["state"].pop("metrics") | {"score": 3.0}
    save_model(last, content, metadata)
    outcome = toy_run(tmp_path, max_steps=1, resume=True)
    assert outcome.state.metrics["score"] == 3.0


def test_damaged_and_foreign_checkpoints_are_named(tmp_path: Path) -> None:
    toy_run(tmp_path, max_steps=1)
    last = tmp_path / "last.safetensors"
    last.write_bytes(last.read_bytes()[:1000])
    with pytest.raises(ModelError, match="no checkpoint of ours"):
        toy_run(tmp_path, resume=True)
    (tmp_path / "average.safetensors").replace(last)
    with pytest.raises(ModelError, match="does not fit"):
        toy_run(tmp_path, resume=True)
