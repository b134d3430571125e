"""Packed layers give what torch's own give."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from sayso.networks.packed import PackedAttention, PackedLinear, is_of_use, pack  # noqa: E402

pytestmark = pytest.mark.skipif(not is_of_use(), reason="packed on x86 with oneDNN only")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5, 24), (2, 700, 24)])
def test_a_linear_layer(shape, bias):
    linear, x = nn.Linear(24, 40, bias=bias), torch.randn(shape)
    with torch.inference_mode():
        torch.testing.assert_close(PackedLinear(linear)(x), linear(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("lengths", [(7, 7), (1300, 600)])  # within a block, and over several
def test_an_attention(lengths, batch_first):
    theirs = nn.MultiheadAttention(32, 4, batch_first=batch_first).eval()
    nn.init.normal_(theirs.in_proj_bias)
    order = (0, 1, 2) if batch_first else (1, 0, 2)
    asked, heard = (torch.randn(2, length, 32).permute(order) for length in lengths)
    with torch.inference_mode():
        wanted, _ = theirs(asked, heard, heard, need_weights=False)
        found, weights = PackedAttention(theirs)(
            asked, heard, heard, attn_mask=None, need_weights=False
        )
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert weights is None


def test_every_layer_of_a_network_is_packed():
    network = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Conv1d(8, 8, 1), nn.Linear(3, 2)))
    x = torch.randn(8, 8, 3)
    network.eval()
    with torch.inference_mode():
        wanted = network[1](x)
        packed = pack(network)
        torch.testing.assert_close(packed[1](x), wanted, atol=1e-5, rtol=1e-5)
    assert [type(packed[0]), type(packed[1][1])] == [PackedLinear, PackedLinear]
