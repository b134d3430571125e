from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from sayso.checkpoints import fit  # noqa: E402
from sayso.errors import ModelError  # noqa: E402


def network():
    return nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2))


def test_fit_copies_half_precision_and_sets_to_evaluate():
    state = {k: v.half() for k, v in network().state_dict().items() if "num_batches" not in k}
    state["old.position_ids"] = torch.ones(3)
    net = network()
    fit(net, state, path=Path("a.pt"), unused=("old.",))
    assert not net.training
    assert torch.equal(net[0].weight, state["0.weight"].float())


def test_fit_names_the_file_and_the_keys():
    state = network().state_dict()
    state["extra"] = state.pop("0.bias")
    state["1.weight"] = torch.ones(5)
    with pytest.raises(ModelError) as caught:
        fit(network(), state, path=Path("a.pt"))
    for part in ("a.pt", "1 missing (0.bias)", "1 unknown (extra)", "1.weight [5] instead of [2]"):
        assert part in str(caught.value)
