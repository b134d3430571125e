"""AskNet: shapes, loudness, asking many; stored outputs of a tiny net."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from sayso.networks.ask import AskConfig, AskNet
from sayso.networks.ngrams import batch_ids, ngram_ids, ngrams

STORED = Path(__file__).parent / "stored" / "ask_tiny.safetensors"
TINY = AskConfig(
    sample_rate=8000,
    n_fft=64,
    hop=16,
    bands=((8, 1), (4, 2), (4, 4)),
    widths=(8, 8, 8),
    depths=(1, 1),
    dilations=(1, 2),
    ask_width=8,
    context_width=8,
    buckets=64,
    text_length=24,
    text_width=8,
)


def tiny_net() -> AskNet:
    torch.manual_seed(0)
    return AskNet(TINY).eval()


def spectrogram(frames: int = 8, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, 4, frames, 32, generator=torch.Generator().manual_seed(1))


def ids(*texts: str) -> torch.Tensor:
    return torch.tensor(batch_ids(texts, TINY.buckets, length=TINY.text_length))


@torch.no_grad()
def test_shapes_and_bound() -> None:
    net, spec = tiny_net(), spectrogram()
    masks = net(spec, torch.stack([ids("dog", "cat", "drums"), ids("voice", "bass", "rain")]))
    assert masks.shape == (2, 3, 4, 8, 32)
    assert masks.abs().max() <= TINY.mask_bound


@torch.no_grad()
def test_one_channel_is_heard_and_masked_alone() -> None:
    torch.manual_seed(0)
    net = AskNet(TINY.model_copy(update={"channels": 1})).eval()
    spec = spectrogram()[:, :2]
    masks = net(spec, torch.stack([ids("dog", "cat"), ids("voice", "bass")]))
    assert masks.shape == (2, 2, 2, 8, 32)
    louder = net(100 * spec, torch.stack([ids("dog", "cat"), ids("voice", "bass")]))
    torch.testing.assert_close(louder, masks, atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_asking_together_equals_asking_apart() -> None:
    net, spec = tiny_net(), spectrogram()
    questions = torch.stack([ids("dog", "cat"), ids("voice", "bass")])
    together = net(spec, questions)
    for b in range(2):
        features = net.encode(spec[b : b + 1])
        for q in range(2):
            alone = net.ask(features, questions[b, q][None])
            torch.testing.assert_close(alone[0], together[b, q], atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("level_db", [-40.0, -20.0, 20.0])
def test_masks_do_not_depend_on_level(level_db: float) -> None:
    net, spec = tiny_net(), spectrogram()
    questions = ids("dog", "cat")[:, None]
    quiet = net(spec * 10 ** (level_db / 20), questions)
    torch.testing.assert_close(quiet, net(spec, questions), atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_silence_gives_finite_masks() -> None:
    assert tiny_net()(torch.zeros(1, 4, 8, 32), ids("dog")[None]).isfinite().all()


@torch.no_grad()
def test_another_question_is_a_small_share() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    config = AskConfig(depths=(2, 2, 2))
    with torch.device("meta"):
        net = AskNet(config)
        spec = torch.empty(1, 4, 256, config.n_fft // 2)
        words = torch.zeros(1, config.text_length, dtype=torch.long)
        with FlopCounterMode(display=False) as encoding:
            features = net.encode(spec)
        with FlopCounterMode(display=False) as asking:
            net.ask(features, words)
    first = encoding.get_total_flops() + asking.get_total_flops()
    assert asking.get_total_flops() < 0.1 * first
    assert first / (256 * config.hop / config.sample_rate) < 8e9


def test_configurations_that_do_not_fit_fail() -> None:
    with pytest.raises(ValidationError, match="bands cover"):
        AskConfig(n_fft=2048)
    with pytest.raises(ValidationError, match="depths"):
        AskConfig(widths=(96, 128, 192))


@torch.no_grad()
def test_stored_outputs() -> None:
    """Weights of a year ago must still say the same: names, order of axes, arithmetic."""
    stored = load_file(STORED)
    net = AskNet(TINY).eval()
    net.load_state_dict({k[4:]: v for k, v in stored.items() if k.startswith("net.")})
    masks = net(stored["spec"], stored["ids"])
    torch.testing.assert_close(masks, stored["masks"], atol=1e-5, rtol=1e-4)


def test_ngrams_are_stable_and_share_with_neighbours() -> None:
    # CRC-32 is fixed: these numbers must never change, or shipped weights lose their words.
    assert ngram_ids("dog", 8192, length=6) == [1366, 3313, 768, 3736, 1864, 7780]
    assert ngram_ids("", 64, length=3) == [0, 0, 0]
    assert len(set(ngrams("saxophone")) & set(ngrams("saxophon"))) >= 10
    assert list(ngrams("Hi-Hat!")) == list(ngrams("hi  hat"))
