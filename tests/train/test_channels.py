"""A network for one channel begun at the weights of one for two."""

import torch
from tests.train.toy import NETWORK

from sayso.networks.ask import AskNet
from sayso.train.channels import fold_channels


@torch.no_grad()
def test_on_equal_channels_the_folded_network_answers_the_mean_of_both() -> None:
    torch.manual_seed(0)
    stereo = AskNet(NETWORK).eval()
    mono = AskNet(NETWORK.model_copy(update={"channels": 1})).eval()
    mono.load_state_dict(fold_channels(stereo.state_dict(), mono.state_dict()))
    one = torch.randn(1, 2, 8, NETWORK.n_fft // 2)
    ids = torch.randint(1, NETWORK.buckets, (2, NETWORK.text_length))
    both = stereo.ask_unbounded(stereo.encode(torch.cat((one, one), 1)), ids)
    folded = mono.ask_unbounded(mono.encode(one), ids)
    torch.testing.assert_close(folded, (both[:, :2] + both[:, 2:]) / 2, atol=1e-4, rtol=1e-3)


def test_what_is_not_stereo_is_passed_on() -> None:
    stored = {"split.weights.0": torch.ones(2, 5, 3), "elsewhere": torch.zeros(1)}
    like = {"split.weights.0": torch.ones(2, 3, 3)}
    assert fold_channels(stored, like) == stored
