"""The ask task: its data's share, its objective, its checks."""

from pathlib import Path

import pytest
import torch
from tests.train.toy import FRAMES, NETWORK, ToyStream

from sayso.errors import DataError
from sayso.networks.ask import AskNet
from sayso.train.ask_task import AskTask, Config, LossConfig, Objective, build
from sayso.train.checkpoint import save_model
from sayso.train.data.stream import StreamConfig


def config(**changes: object) -> Config:
    data = StreamConfig(store=Path("unused"), frames=FRAMES)
    return Config.model_validate({"network": NETWORK, "data": data, "workers": 0, **changes})


def test_processes_share_the_stream_without_overlap() -> None:
    task = AskTask(config(), ToyStream())
    second = task.batches(3, rank=1, world=2)
    for index in (7, 9):
        assert (next(second).mix == ToyStream().batch(index).mix).all()


@pytest.mark.parametrize("waveform", [0.0, 0.5])
def test_the_objective_reaches_every_weight(waveform: float) -> None:
    torch.manual_seed(0)
    net = AskNet(NETWORK)
    task = AskTask(config(), ToyStream())
    batch = ToyStream().batch(0)
    objective = Objective(net, LossConfig(waveform=waveform), compiled=False)
    ids = task._ids(batch.queries)
    losses = objective(torch.from_numpy(batch.mix), torch.from_numpy(batch.targets), ids)
    losses["loss"].backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_weights_can_be_taken_over(tmp_path: Path) -> None:
    torch.manual_seed(9)
    net = AskNet(NETWORK)
    save_model(tmp_path / "best.safetensors", net.state_dict(), {"kind": "ask"})
    task = AskTask(config(start_from=tmp_path / "best.safetensors"), ToyStream())
    assert torch.equal(task.net.to_fine.weight, net.to_fine.weight)


def test_frames_off_the_grid_are_refused_with_the_nearest() -> None:
    data = StreamConfig(store=Path("unused"), frames=FRAMES + 1)
    with pytest.raises(DataError, match=f"use {FRAMES}"):
        build(config(data=data))
