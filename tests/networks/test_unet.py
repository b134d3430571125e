"""The U-Net: shapes, masks, and the promise of valid convolutions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.errors import RangeError, ShapeError
from sayso.networks.unet import UNet
from sayso.networks.unet_shapes import UNetConfig, unet_shapes

TINY = UNetConfig(n_fft=64, hop=32, levels=2, width=3, frames=8)


@pytest.fixture(scope="module")
def net() -> UNet:
    torch.manual_seed(0)
    return UNet(TINY).eval()


def test_the_paper_s_shapes() -> None:
    shapes = unet_shapes(256, 64, levels=4)
    assert shapes.input == (350, 158)
    assert shapes.output == (258, 66)
    assert shapes.context_frames == 46


@settings(max_examples=60, deadline=None)
@given(bins=st.integers(1, 40), frames=st.integers(1, 40), levels=st.integers(1, 3))
def test_shapes_are_what_the_convolutions_make_of_them(bins: int, frames: int, levels: int) -> None:
    shapes = unet_shapes(bins, frames, levels=levels)
    for wanted, before, after in zip((bins, frames), shapes.input, shapes.output, strict=True):
        assert after >= wanted
        assert after - wanted < 2 ** (levels + 1)  # a smaller output would not do
        length = before - 2
        for _ in range(levels):
            assert length % 2 == 0
            length = length // 2 - 2
        for _ in range(levels):
            length = 2 * length - 2
        assert length == after


@pytest.mark.parametrize("wrong", [(0, 4, 2), (4, 0, 2), (4, 4, 0)])
def test_impossible_shapes_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(RangeError, match="at least 1"):
        unet_shapes(wrong[0], wrong[1], levels=wrong[2])


def test_masks_have_the_promised_shape_and_range(net: UNet) -> None:
    shapes = unet_shapes(TINY.bins, TINY.frames, levels=TINY.levels)
    masks = net(torch.rand(3, TINY.bins, shapes.input[1]))
    assert masks.shape == (3, 2, TINY.bins, shapes.output[1])
    assert masks.min() >= 0
    assert masks.max() <= 1


def test_a_chunk_equals_the_whole(net: UNet) -> None:
    step = 2**TINY.levels
    small = unet_shapes(TINY.bins, 8, levels=TINY.levels)
    large = unet_shapes(TINY.bins, 60, levels=TINY.levels)
    spec = torch.rand(1, TINY.bins, large.input[1])
    whole = net(spec)
    for start in range(0, large.output[1] - small.output[1] + 1, step):
        part = net(spec[..., start : start + small.input[1]])
        torch.testing.assert_close(part, whole[..., start : start + small.output[1]])


def test_magnitudes_of_a_wrong_size_are_refused(net: UNet) -> None:
    frames = unet_shapes(TINY.bins, 8, levels=TINY.levels).input[1]
    for wrong in [(1, TINY.bins, frames + 1), (1, TINY.bins - 1, frames), (1, TINY.bins, 4)]:
        with pytest.raises(ShapeError, match="expected"):
            net(torch.rand(*wrong))


def test_every_source_has_its_own_mask_and_every_weight_a_gradient() -> None:
    torch.manual_seed(1)
    net = UNet(TINY.model_copy(update={"sources": ("drums", "bass", "vocals")}))
    frames = unet_shapes(TINY.bins, 8, levels=TINY.levels).input[1]
    masks = net(torch.rand(2, TINY.bins, frames) * 10)
    assert masks.shape[1] == 3
    masks.square().sum().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_stored_figures() -> None:
    """A fixed input and weights of a simple pattern give figures worked out once and stored."""
    net = UNet(TINY)
    counter = 0
    with torch.no_grad():
        for weight in net.parameters():
            index = torch.arange(counter, counter + weight.numel(), dtype=torch.float32)
            weight.copy_((torch.sin(index) * 0.3).view_as(weight))
            counter += weight.numel()
    frames = unet_shapes(TINY.bins, 8, levels=TINY.levels).input[1]
    spec = torch.sin(torch.arange(TINY.bins * frames).float()).abs().view(1, TINY.bins, frames)
    masks = net(spec)[0].detach().numpy()
    np.testing.assert_allclose(masks[:, 5, 3], [0.5284940, 0.4962114], rtol=1e-5)
