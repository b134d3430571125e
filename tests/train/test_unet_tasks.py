"""Tiny runs of both U-Net tasks: losses fall, the critics' gap moves, kill -9 changes nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
import torch

from sayso.audio import Audio
from sayso.errors import ConfigError, DataError, ModelError
from sayso.networks.unet import UNet
from sayso.networks.unet_shapes import UNetConfig
from sayso.separate.unet import UNetSeparator
from sayso.train import checkpoint
from sayso.train.config import RunConfig, parse_config
from sayso.train.export import export
from sayso.train.loop import Report
from sayso.train.run import run
from sayso.train.song_scores import score_run, summarise
from sayso.train.unet_task import middle, supervised_loss, torch_separator
from sayso.watch import Watch

RATE = 2048
PARTS = {"supervised": 2, "unsupervised": 3, "validation": 1, "test": 2}
CYCLE = 3  # two steps of the critics and one of the separator


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chords for the band and bursts of noise for the voice."""
    root = tmp_path_factory.mktemp("songs")
    rng = np.random.default_rng(0)
    time = np.arange(3 * RATE) / RATE
    for part, count in PARTS.items():
        for number in range(count):
            folder = root / part / f"{number:02d}"
            folder.mkdir(parents=True)
            band = sum(np.sin(2 * np.pi * hz * time) for hz in rng.uniform(60, 500, 3))
            bursts = rng.standard_normal(len(time)) * (np.sin(2 * np.pi * 3 * time) > 0)
            soundfile.write(folder / "accompaniment.wav", 0.1 * band, RATE, subtype="FLOAT")
            soundfile.write(folder / "vocals.wav", 0.1 * bursts, RATE, subtype="FLOAT")
    return root


def _values(kind: str, songs: Path, folder: Path, steps: int) -> dict[str, Any]:
    adversarial = {"critic_steps": CYCLE - 1, "critic_width": 2, "critic_rate": 3e-3}
    return {
        "kind": kind,
        "folder": str(folder),
        "loop": {
            "max_steps": steps,
            "warmup_steps": 0,
            "validate_steps": 30,
            "log_steps": CYCLE,
            "average_decay": 0.9,
            "precision": "32-true",
            "accelerator": "cpu",
            "tensorboard": False,
            "threads": 1,
        },
        "task": {
            "songs": {part: [{"layout": "folder", "root": str(songs / part)}] for part in PARTS},
            "network": {
                "sample_rate": RATE,
                "n_fft": 64,
                "hop": 32,
                "levels": 2,
                "width": 4,
                "frames": 16,
            },
            "patches": {
                "batch_size": 4,
                "excerpt_s": 1.0,
                "cache_size": 4,
                "replaced": 0.5,
                "workers": 1,
                "validation_excerpts": 2,
            },
            "learning_rate": 3e-3,
            **(adversarial if kind == "adversarial" else {}),
        },
    }


@pytest.fixture
def config(songs: Path, tmp_path: Path) -> Callable[..., RunConfig]:
    def made(kind: str, *, steps: int, name: str = "run") -> RunConfig:
        return parse_config(_values(kind, songs, tmp_path / name, steps), "test")

    return made


def _train(config: RunConfig, **options: Any) -> list[Report]:
    reports: list[Report] = []
    run(config, on_progress=reports.append, **options)
    return reports


def test_supervised_loss_falls(config: Callable[..., RunConfig]) -> None:
    made = config("unet", steps=60)
    reports = _train(made)
    losses = [report.losses["loss"] for report in reports if report.losses]
    assert losses[-1] < 0.6 * losses[0]
    errors = [report.metrics["mse"] for report in reports if report.metrics]
    assert errors[-1] < errors[0]
    assert reports[-1].metrics["unreadable"] == 0


def test_adversarial_loss_falls_and_the_gap_moves(config: Callable[..., RunConfig]) -> None:
    reports = _train(config("adversarial", steps=90))
    told = [report.losses for report in reports]
    supervised = [losses["supervised"] for losses in told if "supervised" in losses]
    gaps = [losses["gap"] for losses in told if "gap" in losses]
    assert np.mean(supervised[-5:]) < 0.8 * np.mean(supervised[:3])
    assert abs(gaps[-1]) > 5 * abs(gaps[0])
    assert max(losses["penalty"] for losses in told if "penalty" in losses) > 0
    for losses in told:
        if losses:
            parts = [losses[name] for name in losses if name.startswith("gap_")]
            assert len(parts) >= 2
            assert sum(parts) == pytest.approx(losses["gap"], abs=1e-5)
            assert "loss" not in losses
            assert "loss_critics" in losses


def test_a_mean_is_over_the_steps_that_gave_it(config: Callable[..., RunConfig]) -> None:
    made = config("adversarial", steps=2 * CYCLE)
    rare = made.model_copy(update={"loop": made.loop.model_copy(update={"log_steps": 2 * CYCLE})})
    often = rare.model_copy(
        update={
            "folder": made.folder.with_name("often"),
            "loop": made.loop.model_copy(update={"log_steps": 1}),
        }
    )
    (mean,) = [report.losses for report in _train(rare) if report.losses]
    each = [report.losses for report in _train(often) if report.losses]
    for name in ("supervised", "gap"):
        values = [losses[name] for losses in each if name in losses]
        assert mean[name] == pytest.approx(np.mean(values), rel=1e-4, abs=1e-7)


def test_a_resume_that_fails_changes_nothing(config: Callable[..., RunConfig]) -> None:
    made = config("unet", steps=2)
    run(made)
    before = {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    last = made.folder / "last.safetensors"
    checkpoint.save_model(last, {"other/weight": torch.zeros(1)}, {"state": {}, "groups": {}})
    before[last] = last.read_bytes()
    loop = made.loop.model_copy(update={"max_steps": 9})
    with pytest.raises(ModelError, match="does not fit") as caught:
        run(made.model_copy(update={"loop": loop}), resume=True)
    assert "\n" not in str(caught.value)
    after = {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    assert after == before


SCRIPT = """
import json, os, signal, sys
from sayso.train.config import parse_config
from sayso.train.run import run

def watch(report):
    if report.losses and report.step >= {stop}:
        os.kill(os.getpid(), signal.SIGKILL)

run(parse_config(json.loads(sys.argv[1]), "test"), on_progress=watch)
"""


@pytest.mark.parametrize("kind", ["unet", "adversarial"])
def test_kill_9_and_resume_give_the_weights_of_an_unbroken_run(
    kind: str, songs: Path, tmp_path: Path
) -> None:
    broken = _values(kind, songs, tmp_path / "broken", 15)
    broken["loop"] |= {"save_minutes": 0.0, "validate_steps": 6}
    whole = {**broken, "folder": str(tmp_path / "whole")}
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(stop=9), json.dumps(broken)], timeout=120
    )
    assert killed.returncode == -9
    assert checkpoint.read(tmp_path / "broken" / "last.safetensors")[1]["state"]["step"] < 15
    run(parse_config(broken, "test"), resume=True)
    run(parse_config(whole, "test"))
    for name in ("last", "average", "best"):
        first = checkpoint.read(tmp_path / "broken" / f"{name}.safetensors")[0]
        second = checkpoint.read(tmp_path / "whole" / f"{name}.safetensors")[0]
        assert first.keys() == second.keys()
        for key in first:
            assert torch.equal(first[key], second[key]), f"{name}: {key}"


def test_the_best_weights_are_rebuilt_and_scored(config: Callable[..., RunConfig]) -> None:
    made = config("unet", steps=60)
    run(made)
    metadata = checkpoint.read(made.folder / "best.safetensors")[1]
    assert metadata["kind"] == "unet"
    assert metadata["data"] == "no track left out"
    seen: list[float] = []
    scores = score_run(made.folder, watch=Watch(seen.append))
    assert [score.title for score in scores] == ["folder test: 00", "folder test: 01"]
    assert seen == [0.5, 1.0]
    medians = summarise(scores)
    assert set(medians) == {"accompaniment", "vocals"}
    assert medians["accompaniment"]["sdr"] > 3
    assert 0 < medians["accompaniment"]["nsdr"] < medians["accompaniment"]["sdr"]
    assert set(medians["vocals"]) == {"sdr", "nsdr", "isr", "sir", "sar", "snr", "nsnr", "usdr"}
    assert medians["accompaniment"]["snr"] >= medians["accompaniment"]["usdr"] - 0.01


# A warning of torch about its own code.
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_an_exported_network_separates_as_torch_does(
    config: Callable[..., RunConfig], tmp_path: Path
) -> None:
    made = config("adversarial", steps=6)
    run(made)
    (path,) = export(made.folder, tmp_path / "model.onnx", half=False)
    separator = UNetSeparator.load(path, threads=1)
    assert separator.name == "model"
    tensors, metadata = checkpoint.read(made.folder / "average.safetensors")
    network = UNet(UNetConfig.model_validate(metadata["config"])).eval()
    network.load_state_dict(tensors)
    wave = np.random.default_rng(0).standard_normal((2, 30_000)).astype(np.float32) * 0.1
    mix = Audio(wave, 11_025)
    ours = separator.separate(mix, ["vocals", "accompaniment"])
    theirs = torch_separator(network).separate(mix, ["vocals", "accompaniment"])
    for name, stem in theirs.items():
        np.testing.assert_allclose(ours[name].samples, stem.samples, atol=2e-5)


# A warning of torch about its own code.
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_linear_outputs_learn_and_are_exported(songs: Path, tmp_path: Path) -> None:
    """The ONNX file says that it writes magnitudes; they get the mix's phases."""
    values = _values("unet", songs, tmp_path / "run", 240)
    values["task"]["network"]["output"] = "linear"
    reports = _train(parse_config(values, "test"))
    losses = [report.losses["loss"] for report in reports if report.losses]
    assert np.mean(losses[-3:]) < 0.2 * losses[0]
    (path,) = export(tmp_path / "run", tmp_path / "model.onnx", half=False)
    separator = UNetSeparator.load(path, threads=1)
    assert separator.config.output == "linear"
    tensors, metadata = checkpoint.read(tmp_path / "run" / "average.safetensors")
    network = UNet(UNetConfig.model_validate(metadata["config"])).eval()
    network.load_state_dict(tensors)
    wave = soundfile.read(songs / "test" / "00" / "accompaniment.wav")[0].astype(np.float32)
    mix = Audio(np.stack([wave, wave]), RATE)
    ours = separator.separate(mix, ["accompaniment"])["accompaniment"].samples
    theirs = torch_separator(network).separate(mix, ["accompaniment"])["accompaniment"].samples
    np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert np.corrcoef(ours[0], wave)[0, 1] > 0.8
    for silence in (np.zeros((1, RATE), np.float32), np.full((1, 999), 1e-20, np.float32)):
        for stem in separator.separate(Audio(silence, RATE), separator.stems).values():
            assert np.isfinite(stem.samples).all()


def test_decoded_songs_train_and_resume_alike(songs: Path, tmp_path: Path) -> None:
    whole = _values("adversarial", songs, tmp_path / "whole", 12)
    whole["task"]["patches"]["decoded"] = {"folder": str(tmp_path / "decoded")}
    broken = {**whole, "folder": str(tmp_path / "broken")}
    run(parse_config({**broken, "loop": {**broken["loop"], "max_steps": 6}}, "test"))
    run(parse_config(broken, "test"), resume=True)
    run(parse_config(whole, "test"))
    first, second = (
        checkpoint.read(tmp_path / name / "last.safetensors")[0] for name in ("whole", "broken")
    )
    for key in first:
        assert torch.equal(first[key], second[key]), key
    assert len(list((tmp_path / "decoded").glob("*.f32"))) > 4


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    identity = onnx.helper.make_node("Identity", ["x"], ["y"])
    ends = [onnx.helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([identity], "g", ends[:1], ends[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.helper.set_model_props(model, {"kind": "ask"})
    onnx.save(model, tmp_path / "ask.onnx")
    with pytest.raises(ModelError, match="of kind 'ask'; expected 'unet'"):
        UNetSeparator.load(tmp_path / "ask.onnx")


def test_adversarial_training_needs_unpaired_songs(songs: Path, tmp_path: Path) -> None:
    values = _values("adversarial", songs, tmp_path, 3)
    del values["task"]["songs"]["unsupervised"]
    with pytest.raises(DataError, match="needs unsupervised songs"):
        run(parse_config(values, "test"))


def test_bad_data_stops_a_run_before_it_starts(songs: Path, tmp_path: Path) -> None:
    values = _values("unet", songs, tmp_path, 3)
    values["task"]["songs"]["test"][0]["root"] = str(tmp_path / "nowhere")
    with pytest.raises(DataError, match="not a folder"):
        run(parse_config(values, "test"))
    values["task"]["songs"]["test"][0]["layout"] = "fma"
    with pytest.raises(ConfigError, match="no known data set"):
        parse_config(values, "test")


def test_songs_left_out_are_named_in_the_checkpoint(songs: Path, tmp_path: Path) -> None:
    values = _values("unet", songs, tmp_path / "run", 2)
    lame = tmp_path / "lame"
    for name in ("good", "bad"):
        (lame / name).mkdir(parents=True)
        for stem in ("vocals", "accompaniment"):
            wave = soundfile.read(songs / "test" / "00" / f"{stem}.wav")[0]
            soundfile.write(lame / name / f"{stem}.wav", wave * (name == "good"), RATE)
    values["task"]["songs"]["test"][0]["root"] = str(lame)
    run(parse_config(values, "test"))
    metadata = checkpoint.read(tmp_path / "run" / "average.safetensors")[1]
    assert metadata["data"].startswith("1 track left out: folder: bad")


def test_the_loss_is_zero_for_the_truth_and_sums_over_sources() -> None:
    truth = torch.rand(2, 3, 5, 4)
    assert supervised_loss(truth, truth).item() == 0
    off = torch.expm1(torch.log1p(truth) + 0.5)
    assert supervised_loss(off, truth).item() == pytest.approx(3 * 0.25, rel=1e-5)


def test_the_middle_leaves_the_context_out() -> None:
    assert middle(torch.arange(10), 4).tolist() == [3, 4, 5, 6]
